"""What a camera is asked for. Importing this loads nothing heavy: the window does it at its start."""

from __future__ import annotations

from dataclasses import dataclass

from engine.settings import Settings


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
