"""Least-squares similarity transforms between point sets in the plane."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Real = TypeVar("Real", np.float32, np.float64)


def similarities(source: NDArray[Real], targets: NDArray[Real]) -> NDArray[Real]:
    """Rotation and scale that best map the centred source onto each centred target.

    Umeyama, "Least-Squares Estimation of Transformation Parameters Between Two Point Patterns", 1991, in the plane and
    without reflection.

    Args:
        source: (K, 2) points.
        targets: (N, K, 2) points.

    Returns:
        (N, 2, 2) matrices that are multiplied from the left with column vectors.
    """
    x, y = (source - source.mean(axis=0)).T
    moved = targets - targets.mean(axis=1, keepdims=True)
    u, v = moved[:, :, 0], moved[:, :, 1]
    norm = (x * x + y * y).sum()
    cosine, sine = (u @ x + v @ y) / norm, (v @ x - u @ y) / norm
    return np.stack([np.stack([cosine, -sine], axis=1), np.stack([sine, cosine], axis=1)], axis=1)
