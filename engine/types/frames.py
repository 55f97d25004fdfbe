"""Frames, and where in them a face is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float32]
PixelArray: TypeAlias = NDArray[np.uint8]
FrameKind: TypeAlias = Literal["picture", "camera", "virtual", "video", "folder"]
"""What gave a frame. Only "camera" can ever count as live."""


def frozen(array: NDArray[np.generic]) -> None:
    """Make an array read-only in place."""
    array.setflags(write=False)


class Box(NamedTuple):
    """An upright rectangle: left, top, width, height in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Area in square pixels."""
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        """Middle point (x, y)."""
        return self.x + self.width / 2, self.y + self.height / 2

    def scaled(self, factor: float) -> Box:
        """Return the box in a picture that is `factor` times as large."""
        return Box(self.x * factor, self.y * factor, self.width * factor, self.height * factor)

    def iou(self, other: Box) -> float:
        """Intersection over union with another box, 0..1."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        shared = max(width, 0.0) * max(height, 0.0)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture on its way through the engine.

    Attributes:
        pixels: (H, W, 3) uint8 RGB, upright.
        source: where it came from, for people: a file name, a camera name.
        time_s: capture time on the monotonic clock for a camera, position for a video; 0 for a still picture.
        notes: what the reader had to decide, in words ("3 frames, the first is used").
        kind: what gave it.
    """

    pixels: PixelArray
    source: str
    time_s: float = 0.0
    notes: tuple[str, ...] = ()
    kind: FrameKind = "picture"

    def __post_init__(self) -> None:
        """Check the shape and make the pixels read-only."""
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3 or self.pixels.dtype != np.uint8:
            raise ValueError(f"a frame is (H, W, 3) uint8, not {self.pixels.shape} {self.pixels.dtype}")
        frozen(self.pixels)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


Picture: TypeAlias = Path | bytes | Frame
"""What the engine takes for a picture: a file, an encoded picture, or pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A face as a detector reports it.

    Attributes:
        box: in frame pixels; may reach over the edge.
        score: the detector's own, higher is surer.
        points: (5, 2) float32 left eye, right eye, nose tip, left and right mouth corner, as seen in the picture;
            None where the detector gives none.
    """

    box: Box
    score: float
    points: FloatArray | None = None
