"""Aligned chips: the face turned upright, scaled and cut out as the embedding network was trained on it.

The geometry is dlib's: a similarity transform brings the five landmarks onto their mean places, and a large face is
halved until bilinear sampling no longer skips pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.alignment.similarity import similarities
from engine.types import ChipFrame, FloatArray, PixelArray

DLIB_FRAME = ChipFrame(150, 0.25)
"""What dlib's network was trained with."""
CROP_FRAME = ChipFrame(256, 0.5)
"""Of the crop that people see and the gallery keeps: a chip of any smaller window can be cut from it."""

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


def extract_chips(pixels: PixelArray, landmarks: FloatArray, frame: ChipFrame = DLIB_FRAME) -> PixelArray:
    """Cut aligned faces out of a picture.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        landmarks: (N, 5, 2) in pixels, dlib's order.
        frame: which window of the aligned face.

    Returns:
        (N, S, S, 3) uint8 RGB, S being the frame's size; black where the chip reaches over the picture's edge.
    """
    chips = np.empty((len(landmarks), frame.size_px, frame.size_px, 3), np.uint8)
    for chip, transform in zip(chips, _chip_to_picture(landmarks, frame), strict=True):
        chip[:] = _cut(pixels, transform, frame.size_px)
    return chips


def chip_of_crop(crop: PixelArray, frame: ChipFrame) -> PixelArray:
    """Cut a chip from a crop, when the picture is gone.

    Args:
        crop: (256, 256, 3) uint8 RGB, as `Face.crop`.
        frame: which window; black where it reaches over the crop's edge.

    Returns:
        (S, S, 3) uint8 RGB.
    """
    unit_px = CROP_FRAME.size_px / (1 + 2 * CROP_FRAME.padding)
    step = unit_px * (1 + 2 * frame.padding) / frame.size_px
    middle, own = (CROP_FRAME.size_px - 1) / 2, (frame.size_px - 1) / 2
    transform = np.array([[step, 0, middle - step * own], [0, step, middle + frame.down * unit_px - step * own]])
    size = (frame.size_px, frame.size_px)
    chip = cv2.warpAffine(crop, transform, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return chip.astype(np.uint8, copy=False)


def _chip_to_picture(landmarks: FloatArray, frame: ChipFrame) -> NDArray[np.float64]:
    """Affine maps (N, 2, 3) from chip pixels to picture pixels."""
    size_px, padding = frame.size_px, frame.padding
    places = ((MEAN_PLACES + padding) / (1 + 2 * padding) * size_px).astype(np.float64)
    turns = similarities(places, landmarks.astype(np.float64))
    middle_place = np.array([size_px / 2, size_px / 2 + frame.down * size_px / (1 + 2 * padding)])
    centres = landmarks.mean(axis=1) + turns @ (middle_place - places.mean(axis=0))
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
