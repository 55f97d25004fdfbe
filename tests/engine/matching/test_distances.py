"""Distances against SciPy, and the lecture's identity."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.metrics.pairwise import cosine_distances

from engine.errors import PackError, PackMismatchError
from engine.matching.distances import distances
from engine.types import FloatArray, Metric

SCIPY = {Metric.SQUARED_L2: "sqeuclidean", Metric.L2: "euclidean", Metric.L1: "cityblock", Metric.COSINE: "cosine"}


def vectors(count: int, seed: int, dimension: int = 128, *, unit: bool = False) -> FloatArray:
    drawn = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True) if unit else drawn


@pytest.mark.parametrize("metric", Metric)
def test_that_every_metric_equals_scipys(metric: Metric) -> None:
    probes, references = vectors(7, 1), vectors(31, 2)
    expected = cdist(probes.astype(np.float64), references.astype(np.float64), SCIPY[metric])
    np.testing.assert_allclose(distances(probes, references, metric), expected, rtol=1e-4, atol=1e-5)


def test_that_cosine_equals_scikit_learns() -> None:
    probes, references = vectors(7, 1), vectors(31, 2)
    np.testing.assert_allclose(
        distances(probes, references, Metric.COSINE), cosine_distances(probes, references), rtol=1e-4, atol=1e-5
    )


@given(st.integers(0, 10_000), st.sampled_from([2, 16, 128, 512]))
def test_that_squared_l2_of_unit_vectors_is_two_minus_two_cosines(seed: int, dimension: int) -> None:
    x, y = vectors(3, seed, dimension, unit=True), vectors(5, seed + 1, dimension, unit=True)
    cosines = x.astype(np.float64) @ y.T.astype(np.float64)
    np.testing.assert_allclose(distances(x, y, Metric.SQUARED_L2), 2 - 2 * cosines, atol=2e-6)
    np.testing.assert_allclose(distances(x, y, Metric.SQUARED_L2), 2 * distances(x, y, Metric.COSINE), atol=2e-6)


@pytest.mark.parametrize("metric", Metric)
def test_that_a_vector_is_at_no_distance_from_itself(metric: Metric) -> None:
    x = vectors(20, 3, unit=True)
    assert np.diagonal(distances(x, x, metric)).max() == 0
    near = x + np.float32(1e-4) * vectors(20, 4, unit=True)
    exact = cdist(x.astype(np.float64), near.astype(np.float64), SCIPY[metric])
    np.testing.assert_allclose(np.diagonal(distances(x, near, metric)), np.diagonal(exact), rtol=0.02)


@pytest.mark.parametrize("metric", Metric)
def test_that_blocks_do_not_show(metric: Metric, monkeypatch: pytest.MonkeyPatch) -> None:
    probes, references = vectors(9, 5), vectors(40, 6)
    whole = distances(probes, references, metric)
    monkeypatch.setattr("engine.matching.distances._BLOCK_BYTES", 1)
    np.testing.assert_array_equal(distances(probes, references, metric), whole)


def test_that_other_lengths_are_refused() -> None:
    with pytest.raises(PackMismatchError, match="128 and 512"):
        distances(vectors(1, 1), vectors(1, 2, 512), Metric.COSINE)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_that_broken_embeddings_are_refused(value: float) -> None:
    broken = vectors(2, 1)
    broken[1, 5] = value
    with pytest.raises(PackError):
        distances(vectors(1, 2), broken, Metric.COSINE)


def test_that_a_zero_vector_has_no_angle() -> None:
    with pytest.raises(PackError, match="zero"):
        distances(np.zeros((1, 128), np.float32), vectors(1, 2), Metric.COSINE)
