"""dlib's detector: one network slides a window over a pyramid of the picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import sqrt

import cv2
import numpy as np
import torch

from engine.detection.pyramid import Layout, draw, lay_out
from engine.device import Device, placed
from engine.networks.mmod import FIRST_CENTRE_PX, STRIDE_PX, WINDOW_PX
from engine.packs.dlib_weights import load_mmod
from engine.packs.pack import DLIB_MMOD
from engine.types import Box, Detection, FloatArray, PixelArray

LEAST_SCORE = 0.0
OVERLAP = 0.3383
"""Largest share that two detections have of the rectangle around both; dlib keeps it in the model file."""
LARGEST_PX = 6_000_000
"""A picture is never enlarged beyond this, and a larger one is reduced to it, whatever face is asked for."""
CPU_CANVAS_PX, GPU_CANVAS_PX = 4_000_000, 64_000_000
"""How much canvas goes through the network at once."""


class MmodDetector:
    """dlib's face detector. Its window is 80 pixels wide, so pictures with smaller faces are enlarged first."""

    name = "MMOD"

    def __init__(self, device: Device) -> None:
        """Load the network.

        Raises:
            PackError: dlib's file is missing or altered.
        """
        self._device = device
        self._network = placed(load_mmod(DLIB_MMOD.read()), device)
        self._canvas_px = CPU_CANVAS_PX if device.torch_device.type == "cpu" else GPU_CANVAS_PX

    def detect(self, frames: Sequence[PixelArray], smallest_face_px: float) -> list[list[Detection]]:
        """Find the faces of every picture; see `Detector.detect`."""
        found: list[list[Detection]] = [[] for _ in frames]
        by_size: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for number, frame in enumerate(frames):
            by_size[frame.shape].append(number)
        for (height, width, _), numbers in by_size.items():
            scale = _scale(width, height, smallest_face_px)
            layout = _layout(width, height, scale)
            for batch in self._batches(numbers, layout):
                pictures = np.stack([_reduced(frames[number], scale) for number in batch])
                for number, scores in zip(batch, self._scores(pictures, layout), strict=True):
                    found[number] = _detections(scores, layout, scale)
        return found

    def _batches(self, numbers: Sequence[int], layout: Layout) -> Iterator[Sequence[int]]:
        at_once = max(1, self._canvas_px // (layout.width * layout.height))
        return (numbers[start : start + at_once] for start in range(0, len(numbers), at_once))

    def _scores(self, pictures: PixelArray, layout: Layout) -> FloatArray:
        with torch.inference_mode(), self._device.autocast():
            canvas = draw(torch.from_numpy(pictures).to(self._device.torch_device), layout)
            scores: FloatArray = self._network(canvas).float().cpu().numpy()
        return scores


def _scale(width: int, height: int, smallest_face_px: float) -> float:
    """How much to enlarge, so that the smallest face fills the window and the work stays bounded."""
    return min(max(1.0, WINDOW_PX / smallest_face_px), sqrt(LARGEST_PX / (width * height)))


def _layout(width: int, height: int, scale: float) -> Layout:
    # dlib's doubling makes a picture this much larger than double: a window sees the very pixels that dlib's does.
    more = (2, 1) if scale > 1 else (0, 0)
    return lay_out(max(1, round(width * scale)) + more[0], max(1, round(height * scale)) + more[1])


def _reduced(frame: PixelArray, scale: float) -> PixelArray:
    """Make a picture smaller; one that must become larger does so on the device."""
    if scale >= 1:
        return frame
    size = max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale))
    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _detections(scores: FloatArray, layout: Layout, scale: float) -> list[Detection]:
    """Turn (H', W') scores into the faces of one picture, surest first."""
    rows, columns = np.nonzero(scores > LEAST_SCORE)
    order = np.argsort(-scores[rows, columns], kind="stable")
    kept: list[tuple[Box, float]] = []
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        x, y = FIRST_CENTRE_PX + STRIDE_PX * column, FIRST_CENTRE_PX + STRIDE_PX * row
        left, top, right, bottom = layout.to_picture(x, y, WINDOW_PX / 2)
        box = Box(left, top, right - left, bottom - top)
        if not any(_same_face(box, surer) for surer, _ in kept):
            kept.append((box, float(scores[row, column])))
    return [Detection(box.scaled(1 / scale), score) for box, score in kept]


def _same_face(one: Box, other: Box) -> bool:
    """Whether two boxes share more than `OVERLAP` of the rectangle around both."""
    width = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    height = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    around_width = max(one.x + one.width, other.x + other.width) - min(one.x, other.x)
    around_height = max(one.y + one.height, other.y + other.height) - min(one.y, other.y)
    return max(width, 0) * max(height, 0) > OVERLAP * around_width * around_height
