"""The margin rule against a plain double loop."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.gallery.rejections import Rejected
from engine.matching.identification import match_faces
from engine.matching.rejections import MARGIN, barred
from engine.types import FloatArray, Metric

from .test_identification import Templates


def unit_vectors(seed: int, count: int, dimension: int = 8) -> FloatArray:
    made = np.random.default_rng(seed).normal(size=(count, dimension)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


@given(st.integers(0, 3000), st.integers(1, 4), st.integers(1, 6))
def test_that_a_probe_nearer_to_a_rejected_face_is_barred(seed: int, probes: int, rejected: int) -> None:
    faces, own, tried = (unit_vectors(seed + 5000 * n, rejected if n < 2 else probes) for n in range(3))
    ids = np.random.default_rng(seed).integers(1, 3, rejected)
    found = barred(tried, Rejected(faces, own, ids))
    expected: dict[tuple[int, int], float] = {}
    for number, probe in enumerate(tried):
        for face, person, id_ in zip(faces, own, ids.tolist(), strict=True):
            to_face, to_person = 1 - float(probe @ face), 1 - float(probe @ person)
            if abs(to_face - to_person - MARGIN) < 1e-5:
                return
            if to_face <= to_person + MARGIN:
                expected[number, id_] = min(to_face, expected.get((number, id_), np.inf))
    assert found.keys() == expected.keys()
    for key, apart in found.items():
        np.testing.assert_allclose(apart, expected[key], atol=1e-5)


def test_that_without_rejections_nobody_is_barred() -> None:
    none = Rejected(np.empty((0, 0), np.float32), np.empty((0, 0), np.float32), np.empty(0, np.int64))
    assert barred(unit_vectors(1, 3), none) == {}


def test_that_a_barred_person_is_listed_but_not_the_decision() -> None:
    people = Templates(unit_vectors(1, 3), np.array([11, 12, 13]))
    probe = people.matrix[:1] + np.float32(0.1) * people.matrix[1:2]
    plain = match_faces(probe, people, Metric.COSINE, 2.0)[0]
    assert plain.person is not None
    assert plain.person.person_id == 11
    found = match_faces(probe, people, Metric.COSINE, 2.0, barred={(0, 11)})[0]
    assert found.candidates == plain.candidates
    assert found.person == plain.candidates[1]
    limit = (plain.candidates[0].distance + plain.candidates[1].distance) / 2
    assert match_faces(probe, people, Metric.COSINE, limit, barred={(0, 11)})[0].person is None


def test_that_barring_one_face_leaves_the_person_to_another() -> None:
    people = Templates(unit_vectors(1, 2), np.array([11, 12]))
    probes = np.repeat(people.matrix[:1], 2, axis=0)
    first, second = match_faces(probes, people, Metric.COSINE, 0.01, barred={(0, 11)})
    assert first.person is None
    assert second.person is not None
    assert second.person.person_id == 11
