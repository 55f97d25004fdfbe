"""Grouping embeddings: against a naive version, and its rules."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.errors import OperationCancelledError
from engine.matching.calibration import Calibration
from engine.packs.pack import DEFAULT_PACK
from engine.sorting.clustering import Limits, cluster
from engine.types import CancelToken, FloatArray

LIMITS = Limits(0.05, 0.07)


def people(seed: int, counts: list[int], spread: float = 0.03) -> tuple[FloatArray, NDArray[np.int64]]:
    """Unit vectors around one direction a person, all people near one another as faces are; and whose each is."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=32)
    common /= np.linalg.norm(common)
    middles = common + rng.normal(size=(len(counts), 32)) * 0.06
    whose = np.repeat(np.arange(len(counts)), counts)
    faces = middles[whose] + rng.normal(size=(len(whose), 32)) * spread
    return (faces / np.linalg.norm(faces, axis=1, keepdims=True)).astype(np.float32), whose


def naive(faces: FloatArray, pictures: list[int], limits: Limits) -> set[frozenset[int]]:
    """Join the pair of groups that is furthest within its limit, until there is none."""
    groups = [frozenset([face]) for face in range(len(faces))]
    apart = 1 - faces @ faces.T
    while True:
        best, pair = 0.0, None
        for one, other in combinations(groups, 2):
            if {pictures[face] for face in one} & {pictures[face] for face in other}:
                continue
            excess = apart[np.ix_(sorted(one), sorted(other))].mean() - limits.between(len(one), len(other))
            if excess <= best:
                best, pair = float(excess), (one, other)
        if pair is None:
            return set(groups)
        groups = [group for group in groups if group not in pair] + [pair[0] | pair[1]]


def as_sets(labels: NDArray[np.int64]) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 10_000),
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.sampled_from([0.02, 0.03, 0.04]),
    st.integers(1, 3),
)
def test_that_without_whispers_it_is_average_linkage_with_a_limit_that_widens(
    seed: int, counts: list[int], spread: float, together: int
) -> None:
    faces, _ = people(seed, counts, spread)
    pictures = [face // together for face in range(len(faces))]
    assert as_sets(cluster(faces, pictures, LIMITS, rounds=0)) == naive(faces, pictures, LIMITS)


def test_that_a_person_who_changes_over_the_years_is_one_group() -> None:
    rng = np.random.default_rng(6)
    young, old = rng.normal(size=(2, 32))
    share = np.linspace(0, 0.5, 40)[:, None]
    faces = (1 - share) * young / np.linalg.norm(young) + share * old / np.linalg.norm(old)
    faces = (faces / np.linalg.norm(faces, axis=1, keepdims=True)).astype(np.float32)
    assert 1 - faces[0] @ faces[-1] > LIMITS.large
    assert len(as_sets(cluster(faces, range(40), LIMITS))) == 1
    assert len(as_sets(cluster(faces, range(40), LIMITS, rounds=0))) == 2, "which plain average linkage splits"


def test_that_groups_are_numbered_by_size() -> None:
    faces, whose = people(1, [2, 9, 4, 1], spread=0.01)
    labels = cluster(faces, range(len(faces)), LIMITS)
    assert [int(np.bincount(labels)[number]) for number in range(4)] == [9, 4, 2, 1]
    assert as_sets(labels) == as_sets(whose)


def test_that_faces_of_one_picture_are_never_one_person() -> None:
    faces, _ = people(2, [8], spread=0.001)
    labels = cluster(faces, [0, 0, 1, 1, 2, 2, 3, 3], LIMITS)
    for picture in range(4):
        assert labels[2 * picture] != labels[2 * picture + 1]


def test_that_what_somebody_put_together_stays_together_and_apart_from_the_rest() -> None:
    faces, whose = people(3, [6, 6], spread=0.01)
    seeds = [-1] * 12
    seeds[0], seeds[1], seeds[2], seeds[11] = 7, 7, 4, 4
    labels = cluster(faces, range(12), LIMITS, seeds)
    assert labels[0] == labels[1]
    assert labels[2] == labels[11], "whatever they look like"
    assert labels[0] != labels[2]
    assert all(labels[face] == labels[0] for face in range(3, 6) if whose[face] == 0 and labels[face] != labels[2])


def test_that_someone_with_very_many_pictures_is_one_group_in_bounded_memory() -> None:
    faces, whose = people(4, [700, 400, 3], spread=0.02)
    labels = cluster(faces, range(len(faces)), LIMITS)
    assert as_sets(labels) == as_sets(whose)


def test_that_nothing_and_one_face_are_fine() -> None:
    assert cluster(np.zeros((0, 8), np.float32), [], LIMITS).tolist() == []
    assert cluster(np.eye(1, 8, dtype=np.float32), [5], LIMITS).tolist() == [0]


def test_that_it_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    faces, _ = people(5, [4, 4])
    with pytest.raises(OperationCancelledError):
        cluster(faces, range(8), LIMITS, token=token)


def test_that_limits_are_false_match_rates_of_the_pack() -> None:
    calibration = Calibration.load(DEFAULT_PACK.id)
    strict, lax = (Limits.of(calibration, rate) for rate in (1e-4, 1e-2))
    assert strict.pair < strict.large < lax.large
    assert strict.between(1, 1) == pytest.approx(strict.pair)
    assert strict.pair < float(strict.between(4, 4)) < strict.large
