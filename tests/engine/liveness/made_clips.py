"""Made-up clips: squares and heads that move, and photographs that do."""

from __future__ import annotations

import numpy as np

from engine.liveness.clips import Clip, series_of
from engine.networks.temporal import FRAMES, SERIES
from engine.types import Box, Face, Pose, Quality
from tests.engine.liveness.heads import head, photograph


def face(yaw_deg: float = 0.0, *, flat: bool = False) -> Face:
    chip, crop = np.full((150, 150, 3), 90, np.uint8), np.full((256, 256, 3), 90, np.uint8)
    points = photograph(yaw_deg) if flat else head(yaw_deg)
    return Face(Box(250, 120, 120, 150), 1.0, points, chip, crop, Quality((), Pose(yaw_deg, 0, 0)), points=points)


def clip(group: str, *, live: bool, per_frame: float = float("nan"), seed: int = 0) -> Clip:
    """A head that turns, or a photograph of it that does, with noise."""
    draw = np.random.default_rng(seed)
    reach = draw.uniform(14, 25) * draw.choice([-1, 1])
    faces = [face(reach * np.sin(number / 5), flat=not live) for number in range(FRAMES)]
    series = series_of(faces) + draw.normal(0, 0.003, (FRAMES, SERIES)).astype(np.float32)
    pixels = draw.integers(0, 60, (FRAMES, 64, 64, 3), dtype=np.uint8)
    for number in range(FRAMES):
        place = 20 + (number if live else 0)
        pixels[number, 20:44, place : place + 12] = 220
    return Clip(pixels, series, live, group, per_frame)
