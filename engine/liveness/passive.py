"""Passive liveness: how the face and what is around it look, over at least eight frames of one track."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import nn

from engine.liveness.weights import PassiveNetworks
from engine.liveness_values import Answer, Cue
from engine.networks.minifasnet import CLASSES, INPUT_SIZE_PX, LIVE_CLASS
from engine.types import Box, FloatArray, PixelArray

LEAST_FRAMES, MOST_FRAMES = 8, 24
FORGET_S = 4.0
"""Older frames of a track say nothing of now."""
LIVE_FROM, ATTACK_TO = 0.70, 0.40
"""Mean probability of a living face from which it is live, and up to which an attack; between them it abstains."""
_SIDE, _DOWN = 1.03, 0.096
"""Side of the square, and how far its middle lies lower, in square roots of our box's area: what the networks' own
detector would have marked, fitted on its three published boxes (benchmarks/pad.py)."""
_MOVE_BACK = "Move back a little, so that more around the face can be seen."
_TIGHT = 3.0
"""Below this scale the clamp has cut away most of what the wider crop is for."""


class PassiveScore(NamedTuple):
    """What one frame says of one face.

    Attributes:
        live: mean probability of a living face, 0..1.
        clamped: whether the frame has no room for the wider crop.
        probabilities: (N, 3) of each network, in its order.
    """

    live: float
    clamped: bool
    probabilities: FloatArray


def their_box(box: Box) -> Box:
    """Return the square that the networks were trained on for a face that one of our detectors has marked.

    MTCNN marks upright rectangles and MMOD squares; both have nearly the same area and middle.
    """
    root = sqrt(box.area)
    side = _SIDE * root
    x, y = box.centre
    return Box(x - side / 2, y + _DOWN * root - side / 2, side, side)


def crop_scale(size: tuple[int, int], box: Box, scale: float) -> float:
    """How much larger than a box the crop can be within a picture of (width, height), at most `scale`."""
    return min((size[1] - 1) / box.height, (size[0] - 1) / box.width, scale)


def crop(pixels: PixelArray, box: Box, scale: float) -> PixelArray:
    """Cut a box, grown about its middle and pushed into the picture, at the networks' size.

    Args:
        pixels: (H, W, 3) uint8 of any colour order.
        box: in the convention of `their_box`.
        scale: as large as `crop_scale` allows.

    Returns:
        (80, 80, 3) uint8.
    """
    height, width = pixels.shape[:2]
    half_width, half_height = box.width * scale / 2, box.height * scale / 2
    x, y = box.centre
    x = min(max(x, half_width), width - 1 - half_width)
    y = min(max(y, half_height), height - 1 - half_height)
    left, top = max(int(x - half_width), 0), max(int(y - half_height), 0)
    right, bottom = int(x + half_width) + 1, int(y + half_height) + 1
    cut = cv2.resize(pixels[top:bottom, left:right], (INPUT_SIZE_PX, INPUT_SIZE_PX))
    return cut.astype(np.uint8, copy=False)


class PassiveScorer:
    """Scores faces by both networks."""

    def __init__(self, networks: PassiveNetworks, device: torch.device | None = None) -> None:
        self.model = networks.model
        self._device = device or torch.device("cpu")
        self._networks: list[tuple[float, nn.Module]] = [
            (scale, network.to(self._device)) for scale, network in networks.networks
        ]

    def score(self, pixels: PixelArray, boxes: Sequence[Box]) -> list[PassiveScore]:
        """Score faces of one picture.

        Args:
            pixels: (H, W, 3) uint8 RGB.
            boxes: in the convention of `their_box`.
        """
        if not boxes:
            return []
        # Red first calls every attack a living face.
        blue_first = np.ascontiguousarray(pixels[:, :, ::-1])
        size = (pixels.shape[1], pixels.shape[0])
        cuts: dict[tuple[int, float], PixelArray] = {}
        for number, box in enumerate(boxes):
            for scale, _ in self._networks:
                fits = crop_scale(size, box, scale)
                if (number, fits) not in cuts:
                    cuts[number, fits] = crop(blue_first, box, fits)
        found = np.zeros((len(boxes), len(self._networks), CLASSES), np.float32)
        for place, (scale, network) in enumerate(self._networks):
            batch = np.stack([cuts[number, crop_scale(size, box, scale)] for number, box in enumerate(boxes)])
            with torch.inference_mode():
                tensor = torch.from_numpy(batch).to(self._device).permute(0, 3, 1, 2).float()
                found[:, place] = torch.softmax(network(tensor), dim=1).cpu().numpy()
        widest = max(scale for scale, _ in self._networks)
        return [
            PassiveScore(float(rows[:, LIVE_CLASS].mean()), crop_scale(size, box, widest) < min(widest, _TIGHT), rows)
            for rows, box in zip(found, boxes, strict=True)
        ]


class PassiveTrack:
    """One face's scores over time, fused into an answer. Never from one frame."""

    def __init__(self) -> None:
        self._scores: deque[tuple[float, PassiveScore]] = deque(maxlen=MOST_FRAMES)

    def add(self, time_s: float, score: PassiveScore) -> None:
        """Take in a frame's score; one from before the latest starts over."""
        if self._scores and time_s < self._scores[-1][0]:
            self._scores.clear()
        self._scores.append((time_s, score))
        while time_s - self._scores[0][0] > FORGET_S:
            self._scores.popleft()

    @property
    def last_s(self) -> float:
        """When the face was last scored."""
        return self._scores[-1][0] if self._scores else float("-inf")

    def cue(self) -> Cue:
        """What the frames so far say together."""
        count = len(self._scores)
        if count < LEAST_FRAMES:
            return Cue("passive", Answer.UNSURE, 0.0, count, "Look at the camera for a moment.")
        mean = float(np.mean([score.live for _, score in self._scores]))
        clamped = sum(score.clamped for _, score in self._scores) > count / 2
        if mean >= LIVE_FROM:
            return Cue("passive", Answer.LIVE, mean, count)
        help_ = _MOVE_BACK if clamped else "Use more even light, and look at the camera."
        return Cue("passive", Answer.ATTACK if mean <= ATTACK_TO else Answer.UNSURE, mean, count, help_)
