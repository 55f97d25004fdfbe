"""Variations of aligned faces: what cameras and people do to a face, within what the alignment leaves over."""

from __future__ import annotations

import cv2
import numpy as np

from engine.alignment.chips import CROP_FRAME
from engine.types import ChipFrame, PixelArray

_SHIFT, _SCALE, _TURN_DEG = 0.03, 0.08, 4.0
_LIGHT, _CONTRAST, _COLOUR = 0.15, 0.2, 0.06
_SMALLEST = 0.35
"""A picture may be reduced to this share of its side and enlarged again: a face seen from afar."""


def vary(crop: PixelArray, frame: ChipFrame, random: np.random.Generator) -> PixelArray:
    """Cut a chip from a crop as another picture of the same face might give it.

    Mirrored, shifted, scaled and turned as landmarks are off; lighter, darker, of another contrast or white balance;
    sometimes grey, sometimes of fewer pixels.

    Args:
        crop: (256, 256, 3) uint8 RGB, as `Face.crop`.
        frame: the window that the network sees.
        random: decides everything.

    Returns:
        (S, S, 3) uint8 RGB, S being the frame's size.
    """
    chip = _cut(crop, frame, random)
    if random.random() < 0.5:
        chip = chip[:, ::-1]
    if random.random() < 0.25:
        chip = _from_afar(chip, random.uniform(_SMALLEST, 0.9))
    if random.random() < 0.1:
        grey = cv2.cvtColor(cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        chip = grey.astype(np.uint8, copy=False)
    gain = 1 + random.uniform(-_CONTRAST, _CONTRAST)
    colour = 1 + random.uniform(-_COLOUR, _COLOUR, 3)
    middle = float(np.mean(cv2.mean(chip)[:3]))
    light = middle * (1 + random.uniform(-_LIGHT, _LIGHT))
    # Light, contrast and colour together are one table from old values to new ones for each channel.
    table = np.clip(((np.arange(256) - middle) * gain + light)[:, None] * colour, 0, 255).astype(np.uint8)
    return cv2.LUT(np.ascontiguousarray(chip), table[None]).astype(np.uint8, copy=False)


def _cut(crop: PixelArray, frame: ChipFrame, random: np.random.Generator) -> PixelArray:
    """Cut the frame's window, somewhat displaced."""
    unit_px = CROP_FRAME.size_px / (1 + 2 * CROP_FRAME.padding)
    side = unit_px * (1 + 2 * frame.padding)
    step = side / frame.size_px * (1 + random.uniform(-_SCALE, _SCALE))
    turn = np.radians(random.uniform(-_TURN_DEG, _TURN_DEG))
    across = step * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = (CROP_FRAME.size_px - 1) / 2 + random.uniform(-_SHIFT, _SHIFT, 2) * side + (0, frame.down * unit_px)
    own = (frame.size_px - 1) / 2
    transform = np.column_stack([across, middle - across @ (own, own)])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (frame.size_px, frame.size_px)
    return cv2.warpAffine(crop, transform, size, flags=flags, borderMode=cv2.BORDER_REFLECT).astype(
        np.uint8, copy=False
    )


def _from_afar(chip: PixelArray, share: float) -> PixelArray:
    side = chip.shape[0]
    small = max(8, round(side * share))
    reduced = cv2.resize(chip, (small, small), interpolation=cv2.INTER_AREA)
    return cv2.resize(reduced, (side, side), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
