"""What every face detector does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from engine.types import Box, Detection, PixelArray


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


@runtime_checkable
class Follower(Protocol):
    """A detector that can look at a place alone, far faster than at the whole picture."""

    def follow(self, frame: PixelArray, boxes: Sequence[Box]) -> list[Detection | None]:
        """Look for a face at each place where one is expected.

        Args:
            frame: (H, W, 3) uint8 RGB.
            boxes: where the faces should be, within about a fifth of their size.

        Returns:
            For each the face there, or None.
        """
