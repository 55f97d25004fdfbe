"""Leave-one-out: what a template adds to a person's others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.matching.contribution import contributions, leave_one_out_distances
from engine.matching.fusion import unit_length
from engine.matching.strangers import MADE_UP, draw, made_up_strangers, moments
from engine.packs.pack import DEFAULT_PACK
from engine.types import FloatArray

SIZE = 32


def around(random: np.random.Generator, middle: FloatArray, count: int, spread: float) -> FloatArray:
    return unit_length((middle + spread * random.standard_normal((count, SIZE))).astype(np.float32))


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(5)


def test_that_another_persons_picture_hurts(random: np.random.Generator) -> None:
    middle, other = random.standard_normal((2, SIZE)).astype(np.float32)
    own, strangers = around(random, middle, 5, 0.4), around(random, other, 50, 0.3)
    stray = around(random, other, 1, 0.3)
    found = contributions(np.concatenate([own, stray]), strangers)
    assert found[5].margin < 0
    assert found[5].impostor < 0, "strangers are nearer with it"
    assert found[5].own == max(one.own for one in found)
    assert all(one.margin > found[5].margin for one in found[:5])


def test_that_a_copy_adds_less_than_a_new_view(random: np.random.Generator) -> None:
    middle = random.standard_normal(SIZE).astype(np.float32)
    views = around(random, middle, 4, 0.6)
    strangers = around(random, np.zeros(SIZE, np.float32), 200, 1.0)
    with_copy = np.concatenate([views, views[:1]])
    found = contributions(with_copy, strangers)
    assert found[4].margin < found[2].margin


def test_that_what_is_computed_is_what_leaving_out_by_hand_gives(random: np.random.Generator) -> None:
    templates = around(random, random.standard_normal(SIZE).astype(np.float32), 4, 0.5)
    mine, rest = templates[1], np.delete(templates, 1, axis=0)
    gains = []
    most_alike = int((rest @ mine).argmax())
    for number, probe in enumerate(rest):
        if number == most_alike:
            continue
        others = np.delete(rest, number, axis=0)
        with_it = unit_length(np.concatenate([others, mine[None]]).sum(axis=0, keepdims=True))[0]
        without = unit_length(others.sum(axis=0, keepdims=True))[0]
        gains.append((1 - without @ probe) - (1 - with_it @ probe))
    found = contributions(templates, np.empty((0, 0), np.float32))[1]
    assert found.genuine == pytest.approx(np.mean(gains), abs=1e-6)
    assert found.impostor == 0
    assert found.own == pytest.approx(leave_one_out_distances(templates)[1], abs=1e-6)


def test_that_one_and_two_pictures_are_no_special_trouble(random: np.random.Generator) -> None:
    templates = around(random, random.standard_normal(SIZE).astype(np.float32), 2, 0.5)
    (only,) = contributions(templates[:1], templates)
    assert np.isnan(only.own)
    assert np.isnan(leave_one_out_distances(templates[:1])).all()
    assert [one.genuine for one in contributions(templates, templates[:0])] == [0, 0]


@given(st.permutations(range(5)))
def test_that_the_order_of_pictures_changes_nothing(order: list[int]) -> None:
    random = np.random.default_rng(1)
    templates = around(random, random.standard_normal(SIZE).astype(np.float32), 5, 0.5)
    strangers = around(random, np.zeros(SIZE, np.float32), 30, 1.0)
    one, other = contributions(templates, strangers), contributions(templates[order], strangers)
    assert [other[order.index(n)].margin for n in range(5)] == pytest.approx([one[n].margin for n in range(5)])


def test_that_made_up_strangers_are_always_the_same_and_of_unit_length() -> None:
    drawn = made_up_strangers(DEFAULT_PACK.id)
    assert drawn.shape == (MADE_UP, DEFAULT_PACK.dimension)
    assert np.linalg.norm(drawn, axis=1) == pytest.approx(1, abs=1e-5)
    made_up_strangers.cache_clear()
    assert np.array_equal(drawn, made_up_strangers(DEFAULT_PACK.id))
    assert not len(made_up_strangers("a pack of somebody else"))


def test_that_drawn_embeddings_have_the_moments_they_were_drawn_from(random: np.random.Generator) -> None:
    middle = np.full(SIZE, 1.0, np.float32)
    mean, factor = moments(around(random, middle, 4000, 0.1))
    again, spread = moments(draw(mean, factor, 4000))
    assert again == pytest.approx(mean, abs=0.01)
    assert spread @ spread.T == pytest.approx(factor @ factor.T, abs=0.002)
