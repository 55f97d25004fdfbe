"""Distances between embeddings; smaller always means more alike."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.errors import PackError, PackMismatchError
from engine.types import FloatArray, Metric

_BLOCK_BYTES = 32 * 2**20
"""L1 needs every difference at once; probes are taken in blocks that keep them within this."""

_CANCELLATION = 0.01
"""Share of x² + y² below which a squared distance has lost digits worth getting back."""


def distances(probes: FloatArray, references: FloatArray, metric: Metric) -> FloatArray:
    """Compare every probe with every reference.

    For unit vectors ||x - y||² = 2 - 2 cos(x, y): squared L2 is twice the cosine distance.

    Args:
        probes: (P, D) float32.
        references: (N, D) float32.
        metric: which distance. Cosine is 1 - cos(x, y) and scales the vectors itself; the others take them as they are.

    Returns:
        (P, N) float32.

    Raises:
        PackMismatchError: the embeddings are of different lengths.
        PackError: a vector is not finite, or is zero where an angle is asked for.
    """
    if probes.shape[1] != references.shape[1]:
        raise PackMismatchError(
            f"Embeddings of {probes.shape[1]} and {references.shape[1]} values cannot be compared. Enroll again."
        )
    if not (np.isfinite(probes).all() and np.isfinite(references).all()):
        raise PackError("An embedding holds values that are no numbers. Enroll the picture again.")
    return _METRICS[metric](probes, references).astype(np.float32)


def _squared_l2(probes: FloatArray, references: FloatArray) -> FloatArray:
    own, others = (probes * probes).sum(axis=1)[:, None], (references * references).sum(axis=1)
    squares: FloatArray = own + others - 2 * (probes @ references.T)
    # Nearly equal vectors cancel in x² + y² - 2xy; those few are taken from their differences.
    probe, reference = np.nonzero(squares < _CANCELLATION * (own + others))
    differences = probes[probe] - references[reference]
    squares[probe, reference] = (differences * differences).sum(axis=1)
    return squares


def _l2(probes: FloatArray, references: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt(_squared_l2(probes, references)), np.float32)


def _l1(probes: FloatArray, references: FloatArray) -> FloatArray:
    result = np.empty((len(probes), len(references)), np.float32)
    block = max(1, _BLOCK_BYTES // max(1, references.nbytes))
    for start in range(0, len(probes), block):
        rows = slice(start, start + block)
        result[rows] = np.abs(probes[rows, None] - references).sum(axis=2)
    return result


def _cosine(probes: FloatArray, references: FloatArray) -> FloatArray:
    return _squared_l2(_scaled(probes), _scaled(references)) * np.float32(0.5)


def _scaled(vectors: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not lengths.all():
        raise PackError("An embedding is zero and has no direction. Enroll the picture again.")
    scaled: FloatArray = vectors / lengths
    return scaled


_METRICS: dict[Metric, Callable[[FloatArray, FloatArray], FloatArray]] = {
    Metric.SQUARED_L2: _squared_l2,
    Metric.L2: _l2,
    Metric.L1: _l1,
    Metric.COSINE: _cosine,
}
