"""Two detectors, one after the other: what the first does not see, the second may."""

from __future__ import annotations

from collections.abc import Sequence

from engine.detection.detector import Detector, Follower
from engine.types import Box, Detection, PixelArray


class SecondLook:
    """Asks a second detector about the pictures in which the first finds nobody."""

    def __init__(self, first: Detector, second: Detector) -> None:
        self._first, self._second = first, second

    @property
    def name(self) -> str:
        """Both detectors, for people."""
        return f"{self._first.name}, then {self._second.name}"

    def detect(self, frames: Sequence[PixelArray], smallest_face_px: float) -> list[list[Detection]]:
        """Find the faces of every picture; see `Detector.detect`."""
        found = self._first.detect(frames, smallest_face_px)
        empty = [number for number, detections in enumerate(found) if not detections]
        if empty:
            again = self._second.detect([frames[number] for number in empty], smallest_face_px)
            for number, detections in zip(empty, again, strict=True):
                found[number] = detections
        return found

    def follow(self, frame: PixelArray, boxes: Sequence[Box]) -> list[Detection | None]:
        """Look at the places of known faces by the first detector, where it can; see `Follower.follow`."""
        if isinstance(self._first, Follower):
            return self._first.follow(frame, boxes)
        return [None] * len(boxes)
