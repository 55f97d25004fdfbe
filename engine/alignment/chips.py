"""Aligned chips: the face turned upright, scaled and cut out as the embedding network was trained on it.

The geometry is dlib's: a similarity transform brings the five landmarks onto their mean places, and a large face is
halved until bilinear sampling no longer skips pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.alignment.similarity import similarities
from engine.types import FloatArray, PixelArray

CHIP_SIZE_PX = 150
CHIP_PADDING = 0.25
"""Space around the landmarks' square, as a share of its side: what dlib's network was trained with."""

MEAN_PLACES = np.array(
    [
        (0.8595674595992, 0.2134981538014),
        (0.6460604764104, 0.2289674387677),
        (0.1205750620789, 0.2137274526848),
        (0.3340850613712, 0.2290642403242),
        (0.4901123135679, 0.6277975316475),
    ],
    np.float32,
)
"""Mean places of the landmarks in the unit square, from dlib's `get_face_chip_details`."""

_HALVED_ORIGIN = (1.25, 0.75)
"""Where dlib takes the first pixel of a halved picture to lie, in halved pixels; it lies at (1, 1)."""


def extract_chips(
    pixels: PixelArray, landmarks: FloatArray, size_px: int = CHIP_SIZE_PX, padding: float = CHIP_PADDING
) -> PixelArray:
    """Cut aligned faces out of a picture.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        landmarks: (N, 5, 2) in pixels, dlib's order.
        size_px: side of the chips.
        padding: space around the face, as a share of the landmarks' square.

    Returns:
        (N, size_px, size_px, 3) uint8 RGB, black where the chip reaches over the picture's edge.
    """
    chips = np.empty((len(landmarks), size_px, size_px, 3), np.uint8)
    for chip, transform in zip(chips, _chip_to_picture(landmarks, size_px, padding), strict=True):
        chip[:] = _cut(pixels, transform, size_px)
    return chips


def _chip_to_picture(landmarks: FloatArray, size_px: int, padding: float) -> NDArray[np.float64]:
    """Affine maps (N, 2, 3) from chip pixels to picture pixels."""
    places = ((MEAN_PLACES + padding) / (1 + 2 * padding) * size_px).astype(np.float64)
    turns = similarities(places, landmarks.astype(np.float64))
    centres = landmarks.mean(axis=1) + turns @ (size_px / 2 - places.mean(axis=0))
    # dlib lays the chip's outer pixels on the outer pixels of a square that includes its last row and column.
    sides = np.linalg.norm(turns[:, :, 0], axis=1) * size_px
    turns = turns * (((sides - 1) / sides) * (size_px / (size_px - 1)))[:, None, None]
    middle = np.full(2, (size_px - 1) / 2)
    return np.concatenate([turns, (centres - turns @ middle)[:, :, None]], axis=2)


def _cut(pixels: PixelArray, transform: NDArray[np.float64], size_px: int) -> PixelArray:
    halvings = _halvings(float(np.linalg.norm(transform[:, 0])) * (size_px - 1) + 1, size_px)
    corners = transform @ np.array([(x, y, 1) for x in (0, size_px - 1) for y in (0, size_px - 1)]).T
    margin = 2 ** (halvings + 2)
    height, width = pixels.shape[:2]
    left, top = np.clip(np.floor(corners.min(axis=1)) - margin, 0, (width, height)).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(axis=1)) + margin, 0, (width, height)).astype(int)
    region = pixels[top:bottom, left:right]
    local = transform.copy()
    local[:, 2] -= left, top
    for _ in range(halvings):
        region = _halved(region)
        local /= 2
        local[:, 2] -= _HALVED_ORIGIN
    if not region.size:
        return np.zeros((size_px, size_px, 3), np.uint8)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    chip = cv2.warpAffine(region, local, (size_px, size_px), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return _blackened(chip.astype(np.uint8, copy=False), region, local)


def _blackened(chip: PixelArray, region: PixelArray, transform: NDArray[np.float64]) -> PixelArray:
    """Blacken what was sampled beyond the region's outermost pixels: dlib has no half-transparent edge."""
    steps = np.arange(len(chip))
    last = np.array(region.shape[1::-1])[:, None, None] - 1
    # x and y of each pixel's sample, by chip column along the last axis and chip row along the one before.
    places = (
        transform[:, 0, None, None] * steps + transform[:, 1, None, None] * steps[:, None] + transform[:, 2, None, None]
    )
    corners = places[:, :: len(chip) - 1, :: len(chip) - 1]
    if ((corners < 0) | (corners >= last)).any():
        chip[((places < 0) | (places >= last)).any(axis=0)] = 0
    return chip


def _halvings(side_px: float, size_px: int) -> int:
    """How often a square can be halved before it is smaller than the chip."""
    count = 0
    while (side_px := (side_px - 1) / 2 + 1) > size_px:
        count += 1
    return count


def _halved(region: PixelArray) -> PixelArray:
    """Halve a picture with a 5x5 Gaussian, leaving out pixels for which it would reach over the edge."""
    height, width = region.shape[:2]
    if min(height, width) < 5:
        return region[:0]
    return cv2.pyrDown(region)[1 : (height - 1) // 2, 1 : (width - 1) // 2].astype(np.uint8, copy=False)
