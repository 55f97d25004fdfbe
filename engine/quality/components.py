"""Quality components of ISO/IEC 29794-5 as far as five landmarks and an aligned chip allow: whole numbers 0..100.

The mappings are those that the standard's reference implementation documents; `docs/quality.md` lists each, what was
left out, and what is this project's own. -1 means that a component cannot be assessed; it is never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, exp, hypot, log2, pi, radians, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.types import Box, PixelArray, Pose

UNKNOWN = -1
"""A component that cannot be assessed."""
UNIFIED = "unified"
CHIN_BELOW = 1.72
"""Eyes' middle to chin, in distances between the eyes' centres: an average adult face. Five points have no chin."""
FACE = (slice(30, 130), slice(25, 125))
"""The face itself inside a 150-pixel chip, without most of hair and background."""
_RIGHT_CHEEK, _LEFT_CHEEK = (slice(78, 112), slice(32, 58)), (slice(78, 112), slice(92, 118))
"""Beside the nose, below the eyes, as seen in the picture."""
DARK, BURNT = 25, 247
_BINS = 64
_LEAST_PIXELS = 200
_A, _B = (5.0, 25.0), (5.0, 35.0)
_GREY = 1.0
"""Mean chroma under which a picture has no colour."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Where a face is, for the components that depend on it.

    Attributes:
        eyes: middle between the eyes' centres (x, y) in frame pixels.
        eye_distance_px: between the eyes' centres, corrected for a turned head.
        box: of the face.
        frame_size: width and height in pixels.
        rival: area of the largest other face, as a share of this one's.
        whole: whether the box lies inside the frame.
    """

    eyes: tuple[float, float]
    eye_distance_px: float
    box: Box
    frame_size: tuple[int, int]
    rival: float
    whole: bool


def components(chip: PixelArray, seen: Seen, pose: Pose, sharpness: float) -> dict[str, int]:
    """Compute the components of a face but the unified one, which takes its embedding.

    Args:
        chip: (150, 150, 3) uint8 RGB, aligned.
        seen: where the face is.
        pose: how the head is turned.
        sharpness: the measure of that name.
    """
    return {**_place(seen), **_turned(pose), "sharpness": scaled(sharpness, 0.09, 0.02), **_light(chip, seen)}


def sigmoid(x: float, middle: float, width: float) -> float:
    """1 / (1 + exp((middle - x) / width)), without overflow."""
    return 1 / (1 + exp(min((middle - x) / width, 60.0)))


def scaled(raw: float, middle: float, width: float) -> int:
    """A raw measure that is better the larger it is, on 0..100."""
    return _whole(100 * sigmoid(raw, middle, width))


def _whole(value: float) -> int:
    return round(min(max(value, 0.0), 100.0))


def _place(seen: Seen) -> dict[str, int]:
    (x, y), (width, height) = seen.eyes, seen.frame_size
    chin = CHIN_BELOW * seen.eye_distance_px
    off = abs(chin / height - 0.45)
    across = max(seen.eye_distance_px, 1e-6)
    return {
        "single_face": _whole(100 * (1 - min(seen.rival, 1.0))),
        "inter_eye_distance": scaled(seen.eye_distance_px, 70, 20),
        "head_size": _whole(200 * (1 - sigmoid(off, 0, 0.05))),
        "crop_left": scaled(x / across, 0.9, 0.1),
        "crop_right": scaled((width - x) / across, 0.9, 0.1),
        "crop_above": scaled(y / chin if chin else 0, 1.4, 0.1),
        "crop_below": scaled((height - y) / chin if chin else 0, 1.8, 0.1),
    }


def _turned(pose: Pose) -> dict[str, int]:
    angles = {"yaw": pose.yaw_deg, "pitch": pose.pitch_deg, "roll": pose.roll_deg}
    return {f"{key}_frontal": _whole(100 * max(cos(radians(deg)), 0.0) ** 2) for key, deg in angles.items()}


def _light(chip: PixelArray, seen: Seen) -> dict[str, int]:
    grey: PixelArray = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    # Beyond the picture's edge a chip is black, which is not darkness.
    there: NDArray[np.bool_] = (chip.max(axis=2) > 0) | seen.whole
    face = grey[FACE][there[FACE]]
    keys = ("luminance_mean", "luminance_variance", "under_exposure", "over_exposure", "dynamic_range")
    if face.size < _LEAST_PIXELS:
        return dict.fromkeys((*keys, "illumination_uniformity", "natural_colour"), UNKNOWN)
    counts = np.bincount(face, minlength=256) / face.size
    values = np.arange(256) / 255
    mean = float(counts @ values)
    spread = 60 * float(counts @ (values - mean) ** 2)
    filled = counts[counts > 0]
    # 1 - sigmoid at both ends, so that no dark pixel gives 100 and none but dark ones 0.
    last = sigmoid(1, 0.92, 0.05)
    dark, burnt = float(counts[: DARK + 1].sum()), float(counts[BURNT:].sum())
    return {
        "luminance_mean": _whole(100 * sigmoid(mean, 0.2, 0.05) * (1 - sigmoid(mean, 0.8, 0.05))),
        "luminance_variance": _whole(100 * sin(pi * spread / (spread + 1))),
        "under_exposure": _whole(100 * (last - sigmoid(dark, 0.92, 0.05)) / last),
        "over_exposure": _whole(1 / (burnt + 0.01)),
        "dynamic_range": _whole(12.5 * -sum(share * log2(share) for share in filled.tolist())),
        "illumination_uniformity": _uniformity(grey, there),
        "natural_colour": _colour(chip, there),
    }


def _uniformity(grey: PixelArray, there: NDArray[np.bool_]) -> int:
    """How much of the two cheeks' brightness is shared: the overlap of their histograms."""
    sides = [grey[cheek][there[cheek]] for cheek in (_LEFT_CHEEK, _RIGHT_CHEEK)]
    if min(side.size for side in sides) < _LEAST_PIXELS:
        return UNKNOWN
    one, other = (np.bincount(side >> 2, minlength=_BINS) / side.size for side in sides)
    return _whole(100 * float(np.minimum(one, other).sum()) ** 0.3)


def _colour(chip: PixelArray, there: NDArray[np.bool_]) -> int:
    """How far the cheeks' mean colour is from where skin lies in CIELAB."""
    sides = [chip[cheek][there[cheek]] for cheek in (_LEFT_CHEEK, _RIGHT_CHEEK)]
    pixels = np.concatenate(sides)
    if len(pixels) < _LEAST_PIXELS:
        return UNKNOWN
    mean = (pixels.mean(axis=0, keepdims=True)[None] / 255).astype(np.float32)
    _, a, b = cv2.cvtColor(mean, cv2.COLOR_RGB2LAB)[0, 0].tolist()
    if hypot(a, b) < _GREY:
        return UNKNOWN
    off = hypot(max(_A[0] - a, a - _A[1], 0.0), max(_B[0] - b, b - _B[1], 0.0))
    return _whole(200 * (1 - sigmoid(off, 0, 10)))
