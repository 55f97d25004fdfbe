"""The check-up's arithmetic against plain loops, and its findings on made-up people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.care import FindingKind
from engine.errors import OperationCancelledError
from engine.matching import confusion
from engine.matching.calibration import Calibration
from engine.matching.checkup import CheckUp
from engine.matching.confusion import leave_one_out, near_pairs, nearest_other
from engine.packs.pack import DEFAULT_PACK
from engine.types import FloatArray

from .test_rejections import unit_vectors

RATE = 1e-3


@dataclass
class Gallery:
    matrix: FloatArray
    person_ids: NDArray[np.int64]

    @property
    def template_ids(self) -> NDArray[np.int64]:
        return np.arange(len(self.matrix)) + 1000

    @property
    def names(self) -> dict[int, str]:
        return {int(person): f"Person {person}" for person in self.person_ids}


def near(vector: FloatArray, seed: int, apart: float) -> FloatArray:
    """A unit vector at a cosine distance from another."""
    away = np.random.default_rng(seed).normal(size=len(vector))
    away -= vector * (away @ vector)
    made = (1 - apart) * vector + np.sqrt(1 - (1 - apart) ** 2) * away / np.linalg.norm(away)
    return made.astype(np.float32)


def crowd(people: int = 12, templates: int = 4, apart: float = 0.02) -> Gallery:
    """People far from one another, whose templates are close."""
    means = unit_vectors(3, people, 128)
    made = [near(mean, 100 * number + t, apart) for number, mean in enumerate(means) for t in range(templates)]
    return Gallery(np.stack(made), np.repeat(np.arange(people) + 1, templates))


def check_up(gallery: Gallery, **told: object) -> CheckUp:
    return CheckUp(gallery, Calibration.load(DEFAULT_PACK.id), RATE, **told)  # type: ignore[arg-type]


@given(st.integers(0, 500), st.integers(2, 40), st.floats(0.2, 1.2), st.integers(1, 60))
def test_that_near_pairs_are_all_pairs_sorted(seed: int, count: int, within: float, most: int) -> None:
    vectors = unit_vectors(seed, count)
    found = near_pairs(vectors, within, most)
    apart = 1 - vectors @ vectors.T
    rows, columns = np.triu_indices(count, 1)
    expected = np.sort(apart[rows, columns][apart[rows, columns] <= within])[:most]
    np.testing.assert_allclose(found.apart, expected, atol=1e-6)
    assert (found.first < found.second).all()
    np.testing.assert_allclose(apart[found.first, found.second], found.apart, atol=1e-6)


def test_that_tiles_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = unit_vectors(5, 300)
    whole, nearest = near_pairs(vectors, 0.5, 100), nearest_other(vectors[:50], np.arange(50), vectors)
    monkeypatch.setattr(confusion, "_ROWS", 7)
    monkeypatch.setattr(confusion, "_COLUMNS", 31)
    tiled, again = near_pairs(vectors, 0.5, 100), nearest_other(vectors[:50], np.arange(50), vectors)
    np.testing.assert_array_equal(whole.first, tiled.first)
    np.testing.assert_array_equal(whole.second, tiled.second)
    np.testing.assert_array_equal(nearest[1], again[1])


def test_that_a_template_is_held_against_the_mean_of_the_others() -> None:
    gallery = Gallery(unit_vectors(1, 6), np.array([4, 4, 4, 9, 9, 7]))
    own = leave_one_out(gallery.matrix, gallery.person_ids)
    for row, person in enumerate(gallery.person_ids):
        others = gallery.matrix[(gallery.person_ids == person) & (np.arange(6) != row)]
        if not len(others):
            assert np.isnan(own[row])
            continue
        mean = others.sum(axis=0) / np.linalg.norm(others.sum(axis=0))
        assert own[row] == pytest.approx(1 - mean @ gallery.matrix[row], abs=1e-5)


def test_that_the_nearest_other_is_never_the_own_person() -> None:
    people = unit_vectors(2, 5)
    apart, rows = nearest_other(people, np.arange(5), people)
    expected = 1 - people @ people.T + 9 * np.eye(5)
    np.testing.assert_array_equal(rows, expected.argmin(axis=1))
    np.testing.assert_allclose(apart, expected.min(axis=1), atol=1e-6)
    assert nearest_other(people[:1], np.zeros(1, np.int64), people[:1])[1].tolist() == [-1]


def test_that_a_gallery_that_is_right_has_no_findings() -> None:
    review = check_up(crowd()).review()
    assert (review.findings, review.people, review.left_out) == ((), 12, 0)
    assert check_up(Gallery(np.empty((0, 128), np.float32), np.empty(0, np.int64))).review().findings == ()


def test_that_one_person_under_two_names_is_proposed_for_merging_until_told_otherwise() -> None:
    gallery = crowd()
    gallery.person_ids[2:4] = 77
    (found,) = check_up(gallery).review().findings
    assert (found.kind, found.person_id, found.other_id) == (FindingKind.SAME_PERSON, 1, 77)
    assert "Merge" in found.advice
    assert "“Person 1”" in found.sentence
    assert {found.template_id, found.other_template_id} <= {1000, 1001, 1002, 1003}
    assert check_up(gallery, kept_apart={(1, 77)}).review().findings == ()


def test_that_look_alikes_come_with_how_much_and_what_would_help() -> None:
    calibration = Calibration.load(DEFAULT_PACK.id)
    gallery = crowd(people=3, templates=1, apart=0.0)
    limit = check_up(gallery)._limit(RATE)
    gallery.matrix[1] = near(gallery.matrix[0], 1, limit * 0.98)
    (found,) = check_up(gallery).review().findings
    assert found.kind is FindingKind.LOOK_ALIKE
    assert found.distance == pytest.approx(limit * 0.98, rel=1e-2)
    assert found.passing == found.pictures == 2
    assert found.few == (("Person 1", 1), ("Person 2", 1))
    assert found.stricter == 1e-4
    assert found.false_match.rate == pytest.approx(RATE, rel=0.3)
    assert "more pictures of “Person 1”, who has 1" in found.advice
    assert "1 stranger in 10,000" in found.advice
    assert calibration.pairs == found.false_match.pairs


@pytest.mark.parametrize("templates", [2, 3, 5])
def test_that_a_picture_of_somebody_else_is_pointed_out_alone(templates: int) -> None:
    gallery = crowd(templates=templates)
    gallery.matrix[templates] = near(gallery.matrix[0], 9, 0.02)
    (found,) = check_up(gallery).review().findings
    assert (found.kind, found.person_id, found.other_id) == (FindingKind.OUTLIER, 2, 1)
    assert found.template_id == 1000 + templates
    assert found.other_distance < found.distance
    assert "Move it to “Person 1”" in found.advice
    assert check_up(gallery, confirmed={1000 + templates}).review().findings == ()


def test_that_a_picture_of_a_stranger_is_pointed_out_too() -> None:
    gallery = crowd(people=1)
    gallery.matrix[1] = unit_vectors(99, 1, 128)[0]
    (found,) = check_up(gallery).review().findings
    assert (found.kind, found.other_id, found.template_id) == (FindingKind.OUTLIER, None, 1001)
    assert found.advice.startswith("Delete")


def test_that_two_pictures_astray_of_one_person_are_both_found() -> None:
    gallery = crowd(templates=6)
    gallery.matrix[0] = near(gallery.matrix[10], 9, 0.02)
    gallery.matrix[1] = near(gallery.matrix[20], 9, 0.02)
    found = check_up(gallery).review().findings
    assert {one.template_id for one in found} == {1000, 1001}


def test_that_the_look_can_be_stopped() -> None:
    def stop(_done: int, _total: int) -> None:
        raise OperationCancelledError

    with pytest.raises(OperationCancelledError):
        check_up(crowd()).review(stop)
