"""Landmarks of detected faces, whichever detector found them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from engine.alignment.shape_predictor import ShapePredictor
from engine.packs.pack import DLIB_FIVE_POINTS
from engine.types import Box, Detection, FloatArray, PixelArray

# Where dlib's frontal detector puts its square, in units of the five points' root-mean-square distance from their mean,
# fitted on 281 LFW pictures in which both detectors found one face (docs/detectors-and-landmarks.md).
_SIDE, _RIGHT, _DOWN = 1.744, -0.054, -0.046


class Landmarker:
    """Places dlib's five landmarks on detections."""

    def __init__(self) -> None:
        """Load the shape predictor.

        Raises:
            PackError: its file is missing or altered.
        """
        self._predictor = _predictor()

    def locate(self, pixels: PixelArray, detections: Sequence[Detection]) -> FloatArray:
        """Find the landmarks of each detection.

        Args:
            pixels: (H, W, 3) uint8 RGB.
            detections: N faces in that picture.

        Returns:
            (N, 5, 2) float32 in pixels, dlib's order (see `Face.landmarks`).
        """
        return self._predictor.predict(pixels, [_square(detection) for detection in detections])


@cache
def _predictor() -> ShapePredictor:
    """The trees, read once: taking the file apart is a second's work, and they never change."""
    return ShapePredictor(DLIB_FIVE_POINTS.read())


def _square(detection: Detection) -> Box:
    """The square in which the shape predictor expects the face."""
    if detection.points is None:
        return detection.box
    centre = detection.points.mean(axis=0)
    spread = float(np.sqrt(((detection.points - centre) ** 2).sum()))
    side = _SIDE * spread
    x, y = (centre + np.array((_RIGHT, _DOWN)) * spread - side / 2).tolist()
    return Box(x, y, side, side)
