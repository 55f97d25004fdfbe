"""What a camera is asked for, and what it gives instead. Importing this loads nothing heavy: the window does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from engine.errors import shown
from engine.settings import Settings

NEAR_RATE, NEAR_EXPOSURE = 1.05, 1.5
"""Up to such a factor a rate or an exposure counts as what was asked for: cameras round."""


@dataclass(frozen=True, slots=True)
class CameraOptions:
    """What a camera is asked for. Videos and folders have no use for any of it.

    Attributes:
        size: width and height in pixels; None as the camera likes.
        fps: pictures a second; 0 as the camera likes.
        exposure_s: exposure time in seconds; 0 is automatic.
        rotation_deg: clockwise turn of every picture: 0, 90, 180 or 270.
    """

    size: tuple[int, int] | None = None
    fps: int = 0
    exposure_s: float = 0.0
    rotation_deg: int = 0

    @classmethod
    def of(cls, settings: Settings) -> CameraOptions:
        """As the settings have it."""
        width, _, height = settings.camera_size.partition("x")
        exposure_s = 1 / settings.camera_exposure if settings.camera_exposure else 0.0
        size = (int(width), int(height)) if height else None
        return cls(size, settings.camera_fps, exposure_s, settings.camera_rotation)


@dataclass(frozen=True, slots=True)
class CameraGives:
    """What an open camera says that it gives.

    Attributes:
        size: width and height in pixels, as the camera takes pictures and not as they are turned.
        fps: pictures a second; 0 where it does not say.
        exposure_s: exposure time in seconds; 0 where it does not say.
        exposure_taken: whether it took an exposure that it was asked for.
    """

    size: tuple[int, int]
    fps: float = 0.0
    exposure_s: float = 0.0
    exposure_taken: bool = True

    def instead_of(self, asked: CameraOptions, name: str) -> str:
        """What is given in place of what was asked for, as a sentence; empty where all was taken."""
        given, wanted, parts = [], [], []
        if asked.size is not None and asked.size != self.size:
            given.append("{} × {}".format(*self.size))
            wanted.append("{} × {}".format(*asked.size))
        if asked.fps and self.fps and not _near(self.fps, asked.fps, NEAR_RATE):
            given.append(f"{self.fps:.0f} {'picture' if round(self.fps) == 1 else 'pictures'} a second")
            wanted.append(f"{asked.fps}")
        if given:
            parts.append(f"gives {' at '.join(given)} in place of {' at '.join(wanted)}")
        if asked.exposure_s and not self.exposure_taken:
            parts.append("keeps its automatic exposure")
        elif asked.exposure_s and self.exposure_s and not _near(self.exposure_s, asked.exposure_s, NEAR_EXPOSURE):
            parts.append(f"exposes for 1/{1 / self.exposure_s:.0f} s in place of 1/{1 / asked.exposure_s:.0f} s")
        return f"“{shown(name)}” {' and '.join(parts)}." if parts else ""


def _near(one: float, other: float, factor: float) -> bool:
    return max(one, other) <= factor * min(one, other)


@runtime_checkable
class Asked(Protocol):
    """A source that was asked for something, and may give something else."""

    @property
    def instead(self) -> str:
        """What it gives in place of what it was asked for, as a sentence; empty where it took everything."""
