"""Fusion and 1:N decisions against brute force."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.matching.distances import distances
from engine.matching.fusion import fuse
from engine.matching.identification import match_faces
from engine.types import FloatArray, Metric


@dataclass
class Templates:
    matrix: FloatArray
    person_ids: NDArray[np.int64]

    @property
    def names(self) -> dict[int, str]:
        return {int(person): f"Person {person}" for person in self.person_ids}


def _templates(seed: int, count: int, people: int) -> Templates:
    drawn = np.random.default_rng(seed)
    matrix = drawn.normal(size=(count, 8)).astype(np.float32)
    return Templates(matrix, drawn.integers(1, people + 1, count))


def test_that_fusion_takes_each_persons_nearest_template() -> None:
    apart = np.random.default_rng(0).random((4, 30)).astype(np.float32)
    owners = np.random.default_rng(1).integers(0, 7, 30)
    fused, people = fuse(apart, owners)
    assert people.tolist() == sorted(set(owners.tolist()))
    for column, person in enumerate(people):
        np.testing.assert_array_equal(fused[:, column], apart[:, owners == person].min(axis=1))


def test_that_no_templates_mean_nobody() -> None:
    empty = Templates(np.empty((0, 8), np.float32), np.empty(0, np.int64))
    match = match_faces(np.ones((2, 8), np.float32), empty, Metric.L2, 1.0)
    assert [one.person for one in match] == [None, None]
    assert [one.candidates for one in match] == [(), ()]


@given(st.integers(0, 5_000), st.integers(1, 4), st.integers(1, 4), st.floats(0.05, 0.9))
def test_that_the_assignment_is_the_best_there_is(seed: int, faces: int, people: int, share: float) -> None:
    templates = _templates(seed, 9, people)
    probes = np.random.default_rng(seed + 1).normal(size=(faces, 8)).astype(np.float32)
    fused, ids = fuse(distances(probes, templates.matrix, Metric.L2), templates.person_ids)
    threshold = float(np.quantile(fused, share))
    found = [one.person for one in match_faces(probes, templates, Metric.L2, threshold)]

    given_out = [person.person_id for person in found if person]
    assert len(given_out) == len(set(given_out)), "nobody is found twice"
    cost = sum(person.distance if person else threshold for person in found)
    best = np.inf
    for choice in product([*range(len(ids)), None], repeat=faces):
        chosen = [column for column in choice if column is not None]
        if len(chosen) == len(set(chosen)):
            costs = [threshold if column is None else fused[face, column] for face, column in enumerate(choice)]
            if all(column is None or fused[face, column] <= threshold for face, column in enumerate(choice)):
                best = min(best, float(np.sum(costs)))
    assert cost == pytest.approx(best, rel=1e-5)


def test_that_candidates_are_ranked_and_the_margin_is_to_the_second() -> None:
    templates = _templates(3, 40, 10)
    probe = np.random.default_rng(4).normal(size=(1, 8)).astype(np.float32)
    match = match_faces(probe, templates, Metric.COSINE, 2.0, top=4)[0]
    apart = [candidate.distance for candidate in match.candidates]
    assert len(apart) == 4
    assert apart == sorted(apart)
    assert match.margin == pytest.approx(apart[1] - apart[0])
    assert match.person == match.candidates[0]


def test_that_a_face_beyond_the_threshold_is_unknown() -> None:
    templates = _templates(3, 40, 10)
    probe = np.random.default_rng(4).normal(size=(1, 8)).astype(np.float32)
    nearest = match_faces(probe, templates, Metric.COSINE, 2.0)[0].candidates[0].distance
    assert match_faces(probe, templates, Metric.COSINE, nearest)[0].person is not None
    assert match_faces(probe, templates, Metric.COSINE, float(np.nextafter(np.float32(nearest), 0)))[0].person is None
