"""What every face detector does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from engine.types import Detection, PixelArray


class Detector(Protocol):
    """Finds faces in pictures."""

    @property
    def name(self) -> str:
        """The detector for people."""

    def detect(self, frames: Sequence[PixelArray], smallest_face_px: float) -> list[list[Detection]]:
        """Find the faces of every picture.

        Args:
            frames: (H, W, 3) uint8 RGB pictures of any sizes.
            smallest_face_px: faces narrower than this need not be found; decides how large a picture is looked at.

        Returns:
            The detections of each picture, surest first.
        """
