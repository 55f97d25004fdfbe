"""YuNet, an optional pack: a small detector of one look at the whole picture, run by OpenCV.

Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector", 2023.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from engine.device import Device
from engine.errors import PackError
from engine.packs.catalogue import YUNET, YUNET_FILE
from engine.packs.installed import installed_files
from engine.types import Box, Detection, FloatArray, PixelArray

SMALLEST_PX = 16
"""Faces of so many pixels are found surely; smaller ones are not always."""
LONGEST_SIDE_PX = 1600
SCORE, OVERLAP, MOST = 0.7, 0.3, 5000


class YunetDetector:
    """Finds faces down to a dozen pixels; gives eye centres, nose tip and mouth corners. Always on the CPU."""

    name = "YuNet"

    def __init__(self, _device: Device) -> None:
        """Load the network.

        Raises:
            PackError: the pack is not installed, or altered.
        """
        content = np.frombuffer(installed_files(YUNET)[YUNET_FILE].read(), np.uint8)
        level = cv2.utils.logging.getLogLevel()
        # OpenCV 5 warns that its new graph engine knows no targets; none is asked for.
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
        try:
            self._network = cv2.FaceDetectorYN.create(
                "onnx", content, np.empty(0, np.uint8), (320, 320), SCORE, OVERLAP, MOST
            )
        except cv2.error as error:
            raise PackError("OpenCV cannot run YuNet. Choose another detector, or install the pack again.") from error
        finally:
            cv2.utils.logging.setLogLevel(level)

    def detect(self, frames: Sequence[PixelArray], smallest_face_px: float) -> list[list[Detection]]:
        """Find the faces of every picture; see `Detector.detect`."""
        return [self._faces(frame, smallest_face_px) for frame in frames]

    def _faces(self, frame: PixelArray, smallest_face_px: float) -> list[Detection]:
        height, width = frame.shape[:2]
        scale = min(1.0, SMALLEST_PX / smallest_face_px, LONGEST_SIDE_PX / max(height, width))
        # Smaller than one cell of the coarsest map there is nothing to look at.
        size = max(32, round(width * scale)), max(32, round(height * scale))
        smaller = cv2.resize(frame, size, interpolation=cv2.INTER_AREA) if size != (width, height) else frame
        self._network.setInputSize(size)
        # OpenCV's stub does not know that nobody is None.
        found: FloatArray | None = self._network.detect(cv2.cvtColor(smaller, cv2.COLOR_RGB2BGR))[1]  # type: ignore[assignment]
        if found is None:
            return []
        to_picture = np.array([width / size[0], height / size[1]], np.float32)
        detections = [_detection(row, to_picture) for row in found]
        return sorted(detections, key=lambda detection: -detection.score)


def _detection(row: FloatArray, to_picture: FloatArray) -> Detection:
    """One of the network's rows: left, top, width, height, five points, score.

    Its right is the person's own: the eye on the left of the picture comes first, as everywhere here.
    """
    box = (row[:4].reshape(2, 2) * to_picture).reshape(-1)
    points = row[4:14].reshape(5, 2) * to_picture
    return Detection(Box(*box.tolist()), float(row[14]), points.astype(np.float32))
