"""Made-up strangers, for a gallery that has few people to compare with.

They are drawn from the mean and the spread of strangers' embeddings that ship with a pack, always the same ones.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np

from engine.matching.fusion import unit_length
from engine.types import FloatArray, frozen

MADE_UP = 2000
_SEED = 7


@cache
def made_up_strangers(pack_id: str) -> FloatArray:
    """Strangers as a pack would embed them.

    Returns:
        (2000, D) float32 of unit length, read-only; (0, 0) for a pack whose strangers were not measured.
    """
    place = files("assets").joinpath("strangers", f"{pack_id}.npz")
    if not place.is_file():
        return np.empty((0, 0), np.float32)
    with place.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        drawn = draw(stored["mean"].astype(np.float32), stored["factor"].astype(np.float32), MADE_UP)
    frozen(drawn)
    return drawn


def moments(embeddings: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The mean (D,) of embeddings (N, D), and a lower triangle (D, D) that spreads independent noise as they are."""
    spread = np.cov(embeddings.T.astype(np.float64))
    factor = np.linalg.cholesky(spread + 1e-9 * np.eye(len(spread)))
    return embeddings.mean(axis=0), factor.astype(np.float32)


def draw(mean: FloatArray, factor: FloatArray, count: int, seed: int = _SEED) -> FloatArray:
    """Draw made-up embeddings, (count, D) of unit length."""
    noise = np.random.default_rng(seed).standard_normal((count, len(mean))).astype(np.float32)
    return unit_length(mean + noise @ factor.T)
