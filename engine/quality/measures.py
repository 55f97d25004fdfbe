"""Quality measures of a face and the reasons that follow from them.

The measures are components of ISO/IEC 29794-5 as far as five landmarks and the aligned chip allow. Their limits let at
least 99 % of LFW's faces pass each, and refuse what is blurred, dark, burnt, tiny or turned away (docs/matching.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, radians

import cv2
import numpy as np

from engine.quality.components import BURNT, DARK, FACE, Seen, components
from engine.quality.pose import eye_distances, poses
from engine.types import Box, Component, FloatArray, Measure, PixelArray, Quality

_BLUR_SIGMA_PX = 2.0


@dataclass(frozen=True, slots=True)
class _Limit:
    """What a measure may be, and what to tell the user when it is not."""

    key: str
    unit: str
    reason: str
    low: float = float("-inf")
    high: float = float("inf")

    def measure(self, value: float) -> Measure:
        fits = self.low <= value <= self.high
        return Measure(self.key, round(value, 4), self.unit, "" if fits else self.reason)


_LIMITS = (
    _Limit("detector_score", "", "It is not sure that this is a face. Use a clearer picture.", low=0.75),
    _Limit("eye_distance", "px", "The face is too small. Come closer, or use a larger picture.", low=24),
    _Limit("visible", "share", "The face is cut off by the edge of the picture. Show all of it.", low=0.75),
    _Limit("sharpness", "", "The face is blurred. Hold still, or focus the camera.", low=0.06),
    _Limit("brightness", "0..255", "The face is too dark or too bright. Change the light.", low=45, high=210),
    _Limit("contrast", "0..127", "The face has too little contrast. Use more even, brighter light.", low=12),
    _Limit("underexposed", "share", "Much of the face is black. Put more light on it.", high=0.35),
    _Limit("overexposed", "share", "Much of the face is burnt out. Use less or softer light.", high=0.20),
    _Limit("yaw", "°", "The head is turned too far aside. Look at the camera.", low=-40, high=40),
    _Limit("pitch", "°", "The head is tilted too far back. Look at the camera.", high=40),
    _Limit("roll", "°", "The head leans too far to one side. Hold it upright.", low=-45, high=45),
)


def assess(
    chips: PixelArray, landmarks: FloatArray, scores: FloatArray, frame_size: tuple[int, int], boxes: Sequence[Box]
) -> list[Quality]:
    """Measure the faces of one picture.

    Args:
        chips: (N, 150, 150, 3) uint8 RGB.
        landmarks: (N, 5, 2) in frame pixels.
        scores: (N,) of the detector.
        frame_size: width and height of the frame in pixels.
        boxes: of the N faces in frame pixels.
    """
    eyes, middles = eye_distances(landmarks), landmarks[:, :4].mean(axis=1)
    found = []
    for number, (chip, box, pose) in enumerate(zip(chips, boxes, poses(landmarks), strict=True)):
        values = {
            "detector_score": float(scores[number]),
            # A turned head is as large as a straight one, though its eyes are closer together.
            "eye_distance": float(eyes[number]) / max(cos(radians(pose.yaw_deg)), 0.5),
            "visible": _visible_share(box, frame_size),
            "yaw": pose.yaw_deg,
            "pitch": pose.pitch_deg,
            "roll": pose.roll_deg,
            **_light(chip),
        }
        others = max((other.area for other in boxes if other is not box), default=0.0)
        middle = float(middles[number, 0]), float(middles[number, 1])
        rival = others / box.area if box.area else 1.0
        seen = Seen(middle, values["eye_distance"], box, frame_size, rival, values["visible"] >= 1)
        scored = components(chip, seen, pose, values["sharpness"])
        measures = tuple(limit.measure(values[limit.key]) for limit in _LIMITS)
        found.append(Quality(measures, pose, tuple(Component(*one) for one in scored.items())))
    return found


def _visible_share(box: Box, frame_size: tuple[int, int]) -> float:
    """Share of the box that lies inside the frame."""
    width = min(box.x + box.width, frame_size[0]) - max(box.x, 0)
    height = min(box.y + box.height, frame_size[1]) - max(box.y, 0)
    return max(width, 0) * max(height, 0) / box.area if box.area else 0.0


def _light(chip: PixelArray) -> dict[str, float]:
    """Sharpness, brightness, contrast and exposure of the face in a chip."""
    grey = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY)[FACE]
    contrast = float(grey.std())
    fine = cv2.absdiff(grey, cv2.GaussianBlur(grey, (0, 0), _BLUR_SIGMA_PX))
    return {
        # Detail finer than the blur, relative to the contrast, so that soft light does not read as blur.
        "sharpness": float(fine.mean()) / max(contrast, 1.0),
        "brightness": float(grey.mean()),
        "contrast": contrast,
        "underexposed": float(np.count_nonzero(grey <= DARK)) / grey.size,
        "overexposed": float(np.count_nonzero(grey >= BURNT)) / grey.size,
    }
