"""Films of real faces: a picture as a relief that turns before a camera, and another face faded into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from scipy.interpolate import RBFInterpolator

from engine.pipeline import Pipeline
from engine.types import FloatArray, Frame, PixelArray

SIDE = 480
PLACES = np.array([(205, 200), (275, 200), (240, 245), (212, 282), (268, 282)], np.float32)
"""Where eyes, nose tip and corners of the mouth are in every frame that looks straight."""


def portrait(pipeline: Pipeline, pixels: PixelArray) -> PixelArray:
    """A picture with its face's five points moved to `PLACES`, (480, 480, 3) uint8."""
    (found,) = pipeline.detector.detect([pixels], 60)
    points = max(found, key=lambda one: one.box.area).points
    assert points is not None
    # Of an affine one with shear, three of five points may agree by accident.
    move, _ = cv2.estimateAffinePartial2D(points.astype(np.float32), PLACES, method=cv2.LMEDS)
    there = points @ move[:, :2].T + move[:, 2]
    edges = np.array([(0, 0), (SIDE, 0), (0, SIDE), (SIDE, SIDE)], np.float32)
    bent = RBFInterpolator(np.concatenate([PLACES, edges]), np.concatenate([there, edges]))
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    source = bent(np.stack([x.ravel(), y.ravel()], axis=1)).reshape(SIDE, SIDE, 2) - move[:, 2]
    source = source @ np.linalg.inv(move[:, :2]).T
    maps = source[..., 0].astype(np.float32), source[..., 1].astype(np.float32)
    return cv2.remap(pixels, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)


def _relief() -> FloatArray:
    """Height of a head in pixels: an ellipsoid about the face, and a nose on it."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    apart = float(PLACES[1, 0] - PLACES[0, 0])
    inside = 1 - ((x - 240) / (1.35 * apart)) ** 2 - ((y - 241) / (1.9 * apart)) ** 2
    bump = np.exp(-(((x - 240) / (0.28 * apart)) ** 2) - ((y - 245 + 0.1 * apart) / (0.4 * apart)) ** 2)
    height = apart * np.sqrt(np.clip(inside, 0, 1)) + 0.35 * apart * bump * (inside > 0)
    return cv2.GaussianBlur(height.astype(np.float32), (0, 0), 2.0)


RELIEF = _relief()


def turned(pixels: PixelArray, yaw_deg: float) -> PixelArray:
    """The relief turned to the picture's right: each place moves by its height."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    middle, shift = float(RELIEF.max()) * 0.7, np.float32(np.tan(np.radians(yaw_deg)))
    there = RELIEF
    for _ in range(3):
        source_x = x - (there - middle) * shift
        there = cv2.remap(RELIEF, source_x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    made = cv2.remap(pixels, source_x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return made.astype(np.uint8)


def film(
    faces: Sequence[PixelArray], yaws_deg: Sequence[float], shares: Sequence[float], fps: float, start_s: float
) -> Iterator[Frame]:
    """Frames of a camera: how far the head is turned, and how much of the second face is in it, frame by frame."""
    for number, (yaw, share) in enumerate(zip(yaws_deg, shares, strict=True)):
        mixed = cv2.addWeighted(faces[0], 1 - share, faces[-1], share, 0).astype(np.uint8)
        pixels = turned(mixed, yaw)
        yield Frame(np.ascontiguousarray(pixels), "Webcam", start_s + number / fps, kind="camera")
