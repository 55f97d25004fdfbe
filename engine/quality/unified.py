"""One score for how well a face will be recognised: how far its six views agree in the embedding network.

Views that are cut a little larger, smaller, or mirrored show the same person; where the network sees the face clearly
their embeddings hardly differ. On LFW the faces whose views agree least are those that fail to match
(`benchmarks/quality.py`). Blur and darkness make views agree on nothing, so the score is lowered where the face is
blurred, tiny, badly lit or turned away.
"""

from __future__ import annotations

from dataclasses import replace
from math import cos, log, radians, sqrt

import numpy as np

from engine.packs.pack import DEFAULT_PACK
from engine.quality.components import UNIFIED, UNKNOWN, sigmoid
from engine.types import Component, FloatArray, Quality

_LEAST_VIEWS = 6
_AGREE = 5.4, 0.3
"""Middle and width, of -ln(1 - length of the mean): half of LFW's faces have 5.9 and more, 1 % less than 5.2."""
_SHARP, _LARGE_PX, _BRIGHT, _GLARING = (0.05, 0.02), (15.0, 6.0), (60.0, 20.0), (215.0, 20.0)


def unified_score(quality: Quality, mean: FloatArray, views: int, pack_id: str) -> int:
    """Score a face, 0..100.

    Args:
        quality: what was measured of it.
        mean: (D,) of its views' unit embeddings, not scaled to unit length.
        views: how many.
        pack_id: whose embeddings they are; only the default pack's agreement has been measured.

    Returns:
        -1 where there are too few views or the pack is another.
    """
    if views < _LEAST_VIEWS or pack_id != DEFAULT_PACK.id:
        return UNKNOWN
    apart = max(1 - float(np.linalg.norm(mean.astype(np.float64))), 1e-9)
    return round(100 * sigmoid(-log(apart), *_AGREE) * _fitness(quality))


def with_unified(quality: Quality, score: int) -> Quality:
    """Return the quality with the unified score first."""
    others = tuple(component for component in quality.components if component.key != UNIFIED)
    return replace(quality, components=(Component(UNIFIED, score), *others))


def _fitness(quality: Quality) -> float:
    """How far the face can be seen at all, 0..1."""
    straight = 1.0
    for degrees in quality.pose:
        straight *= max(cos(radians(degrees)), 0.0)
    light = sigmoid(quality["brightness"], *_BRIGHT) * (1 - sigmoid(quality["brightness"], *_GLARING))
    size = sigmoid(quality["eye_distance"], *_LARGE_PX)
    return sigmoid(quality["sharpness"], *_SHARP) * size * light * sqrt(straight)
