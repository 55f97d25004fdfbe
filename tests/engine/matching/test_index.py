"""The search index against brute force in double precision, and against faiss."""

from __future__ import annotations

import faiss
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.errors import PackError, PackMismatchError
from engine.matching import codes, index, products
from engine.matching.axes import Axes, Spread
from engine.matching.codes import GROUP, Codes
from engine.matching.distances import distances
from engine.matching.index import Found, SearchIndex, exact_distances
from engine.matching.strangers import made_up_strangers
from engine.packs.pack import DEFAULT_PACK
from engine.types import FloatArray, Metric


@pytest.fixture(autouse=True)
def _coarse_pass_whatever_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "_SMALL", 0)


def unit(vectors: NDArray[np.floating]) -> FloatArray:
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def drawn(seed: int, count: int, dimension: int = 24, spread: float = 1.0) -> FloatArray:
    """Unit vectors around a common direction, as faces are; the smaller the spread, the more alike."""
    noise = np.random.default_rng(seed).normal(size=(count, dimension)) * spread
    return unit(np.eye(1, dimension)[0] * np.sqrt(dimension) + noise)


class Rows:
    """Vectors by id, and an index over them."""

    def __init__(self) -> None:
        self.by_id: dict[int, FloatArray] = {}
        self.index = SearchIndex(lambda ids: np.stack([self.by_id[int(id_)] for id_ in ids]))

    def put(self, ids: NDArray[np.int64], vectors: FloatArray) -> None:
        self.by_id.update(zip(ids.tolist(), vectors, strict=True))
        self.index.put(ids, vectors)

    def remove(self, ids: list[int]) -> None:
        for id_ in ids:
            self.by_id.pop(id_, None)
        self.index.remove(np.array(ids, np.int64))

    def brute_force(self, probe: FloatArray, count: int, metric: Metric, within: float) -> Found:
        ids = np.array(sorted(self.by_id), np.int64)
        if not len(ids):
            return Found(ids, np.empty(0, np.float32))
        apart = exact_distances(probe, np.stack([self.by_id[int(id_)] for id_ in ids]), metric)
        order = np.argsort(apart, kind="stable")
        wanted = max(min(count, len(ids)), int((apart <= within).sum()))
        return Found(ids[order[:wanted]], apart[order[:wanted]])

    def check(self, probes: FloatArray, count: int, metric: Metric, within: float = -np.inf) -> None:
        found = self.index.search(probes, count, metric, within)
        assert len(found) == len(probes)
        for probe, one in zip(probes, found, strict=True):
            expected = self.brute_force(probe, count, metric, within)
            np.testing.assert_array_equal(one.ids, expected.ids)
            np.testing.assert_array_equal(one.distances, expected.distances)


def filled(vectors: FloatArray, seed: int = 0) -> Rows:
    rows = Rows()
    rows.put(np.random.default_rng(seed).permutation(10 * len(vectors))[: len(vectors)].astype(np.int64), vectors)
    return rows


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(1, 400),
    top=st.integers(1, 8),
    spread=st.sampled_from([1e-4, 0.01, 0.3, 1.0, 30.0]),
    metric=st.sampled_from(list(Metric)),
    share=st.none() | st.floats(0, 1),
    copies=st.integers(0, 30),
)
def test_that_what_is_found_is_what_comparing_with_everyone_finds(
    *, seed: int, count: int, top: int, spread: float, metric: Metric, share: float | None, copies: int
) -> None:
    vectors = drawn(seed, count, spread=spread)
    vectors = np.concatenate([vectors, np.repeat(vectors[:1], copies, axis=0)])
    probes = np.concatenate([drawn(seed + 1, 2, spread=spread), vectors[-1:]])
    within = -np.inf if share is None else float(np.quantile(exact_distances(probes[0], vectors, metric), share))
    filled(vectors, seed).check(probes, top, metric, within)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), steps=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8))
def test_that_it_stays_right_while_rows_come_change_and_go(seed: int, steps: list[tuple[int, int]]) -> None:
    random, rows = np.random.default_rng(seed), Rows()
    for number, (added, removed) in enumerate(steps):
        ids = random.permutation(100)[:added].astype(np.int64)
        rows.put(ids, drawn(seed + number, added, spread=0.3))
        gone = random.permutation(110)[:removed].tolist()
        rows.remove(gone)
        assert sorted(rows.index.ids.tolist()) == sorted(rows.by_id)
        for metric in (Metric.COSINE, Metric.L2):
            rows.check(drawn(seed + 100 + number, 2, spread=0.3), 5, metric)


def test_that_a_deleted_row_is_never_found_again() -> None:
    vectors = drawn(1, 3000, spread=0.3)
    rows = filled(vectors)
    nearest = int(rows.index.search(vectors[:1], 1, Metric.COSINE)[0].ids[0])
    rows.remove([nearest])
    for probe in vectors[:5]:
        assert nearest not in rows.index.search(probe[None], 3000, Metric.COSINE, 2.0)[0].ids
    rows.check(vectors[:3], 5, Metric.COSINE)


def test_that_copies_tie_and_are_ordered_by_id() -> None:
    rows = Rows()
    one = drawn(0, 1)
    rows.put(np.array([9, 3, 7, 5]), np.repeat(one, 4, axis=0))
    found = rows.index.search(one, 3, Metric.COSINE)[0]
    assert found.ids.tolist() == [3, 5, 7]
    assert found.distances.tolist() == [0, 0, 0]


@pytest.mark.parametrize("metric", [Metric.SQUARED_L2, Metric.L2, Metric.COSINE])
def test_that_faiss_finds_the_same(metric: Metric) -> None:
    vectors, probes = drawn(3, 20_000, 128), drawn(4, 12, 128)
    oracle = faiss.IndexFlatIP(128)
    oracle.add(vectors)
    similar, ids = oracle.search(probes, 5)
    made = SearchIndex(lambda ids: vectors[ids])
    made.put(np.arange(len(vectors)), vectors)
    found = made.search(probes, 5, metric)
    np.testing.assert_array_equal([one.ids for one in found], ids)
    if metric is Metric.COSINE:
        np.testing.assert_allclose([one.distances for one in found], 1 - similar, atol=2e-6)


@pytest.mark.parametrize("metric", list(Metric))
def test_that_distances_are_those_of_the_plain_comparison(metric: Metric) -> None:
    vectors, probe = drawn(5, 300), drawn(6, 1)
    np.testing.assert_allclose(
        exact_distances(probe[0], vectors, metric), distances(probe, vectors, metric)[0], atol=2e-6, rtol=2e-6
    )


def faces(seed: int, count: int, axes: int, dimension: int = 128) -> FloatArray:
    """Unit vectors alike as faces are, spread along few axes as the networks' embeddings are, and a little besides."""
    random = np.random.default_rng(seed)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(dimension, dimension)))[0]
    spread = np.where(np.arange(dimension) < axes, 0.04, 0.002)
    return unit(np.eye(1, dimension)[0] + random.normal(size=(count, dimension)) * spread @ turn)


def check_bounds(made: Codes, vectors: FloatArray, probes: FloatArray) -> None:
    exact = probes.astype(np.float64) @ vectors.T.astype(np.float64)
    for scores, expected in zip(made.scores(probes), exact, strict=True):
        assert np.abs(scores.values.cpu().numpy() + scores.offset - expected).max() <= scores.error
        groups = np.split(scores.values.cpu().numpy(), range(GROUP, len(vectors), GROUP))
        np.testing.assert_array_equal(scores.peaks, [group.max() for group in groups])


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    dimension=st.sampled_from([1, 3, 128, 513]),
    spread=st.sampled_from([0.0, 1e-5, 0.1, 10.0]),
    length=st.sampled_from([1e-3, 1.0, 50.0]),
)
def test_that_no_score_is_further_off_than_its_bound(seed: int, dimension: int, spread: float, length: float) -> None:
    vectors = drawn(seed, 200, dimension, spread)
    probes = drawn(seed + 1, 3, dimension, spread) * np.float32(length)
    made = Codes(Axes.around(vectors[:50].mean(axis=0)))
    made.append(vectors)
    check_bounds(made, vectors, probes)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10_000), axes=st.sampled_from([16, 40, 64, 100, 128]), strangers=st.booleans())
def test_that_what_is_left_out_is_in_the_bound(seed: int, axes: int, strangers: bool) -> None:
    vectors = faces(seed, 1100, axes)
    spread = Spread()
    spread.add(vectors)
    made = Codes(spread.axes())
    assert made.axes.width == (64 if axes <= 64 else 128)
    # Neither rows nor probes need be like those of which the axes were made.
    others = drawn(seed, 50, 128) if strangers else faces(seed + 1, 50, axes)
    made.append(np.concatenate([vectors, others]))
    check_bounds(made, np.concatenate([vectors, others]), np.concatenate([others[:2], faces(seed + 2, 2, axes)]))


@pytest.mark.parametrize("metric", Metric)
def test_that_nothing_is_missed_where_values_are_left_out(metric: Metric) -> None:
    people = made_up_strangers(DEFAULT_PACK.id)
    rows = filled(people[:1990])
    assert rows.index.nbytes < 100 * 1990
    rows.check(people[1990:], 5, metric, float(np.median(exact_distances(people[-1], people, metric))))
    rows.put(np.arange(20_000, 20_300), drawn(3, 300, 128))
    rows.remove(list(rows.by_id)[:700])
    rows.check(np.concatenate([people[1990:], drawn(4, 2, 128)]), 5, metric)


def test_that_faces_along_few_axes_are_ruled_out_by_half_their_bytes() -> None:
    vectors, compared = faces(1, 20_000, 50), list[int]()
    made = SearchIndex(lambda ids: (compared.append(len(ids)), vectors[ids])[1])
    made.put(np.arange(len(vectors)), vectors)
    assert made.nbytes < 100 * len(vectors)
    compared.clear()
    made.search(faces(2, 1, 50), 5, Metric.COSINE)
    assert sum(compared) < 200


@pytest.mark.parametrize("count", [1, 20, 700])
def test_that_a_gpu_is_given_the_same_work_in_one_piece(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    # The way a GPU is asked, with the processor in its place.
    monkeypatch.setattr(codes, "CPU", torch.device("meta"))
    rows = filled(faces(1, count, 128))
    rows.check(faces(2, 9, 128), 5, Metric.COSINE, 0.4)
    rows.remove(list(rows.by_id)[: count // 2])
    rows.put(np.arange(10_000, 10_030), faces(3, 30, 128))
    rows.check(faces(2, 9, 128), 5, Metric.L2)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_that_a_gpu_finds_the_same() -> None:
    vectors = faces(1, 5000, 64)
    made = SearchIndex(lambda ids: vectors[ids], torch.device("cuda"))
    made.put(np.arange(len(vectors)), vectors)
    plain = SearchIndex(lambda ids: vectors[ids])
    plain.put(np.arange(len(vectors)), vectors)
    probes = faces(2, 9, 64)
    both = zip(made.search(probes, 5, Metric.COSINE), plain.search(probes, 5, Metric.COSINE), strict=True)
    assert all(one.ids.tolist() == other.ids.tolist() for one, other in both)


def test_that_bounds_rule_out_nearly_everyone() -> None:
    vectors = drawn(7, 20_000, 128, 0.4)
    compared: list[int] = []
    made = SearchIndex(lambda ids: (compared.append(len(ids)), vectors[ids])[1])
    made.put(np.arange(len(vectors)), vectors)
    compared.clear()
    made.search(drawn(8, 1, 128, 0.4), 5, Metric.COSINE)
    assert sum(compared) < 200


def test_that_rows_that_are_not_of_unit_length_are_found_too() -> None:
    vectors = drawn(9, 500, spread=0.3)
    vectors[::50] *= np.linspace(0.01, 3, 10, dtype=np.float32)[:, None]
    rows = filled(vectors)
    for metric in Metric:
        rows.check(drawn(10, 3, spread=0.3), 5, metric, 0.3)


def test_that_both_ways_to_multiply_bytes_agree() -> None:
    random = np.random.default_rng(0)
    made, probe = random.integers(-127, 128, (9000, 64)), random.integers(-127, 128, 64)
    made[:2] = probe[:] = 127
    made[1] = -127
    few, one = torch.from_numpy(made.astype(np.int8)), torch.from_numpy(probe.astype(np.int8))
    into = torch.empty(len(few), 1, dtype=torch.int32)
    for way in (products.in_bytes, products.in_floats):
        way(few, one, into)
        np.testing.assert_array_equal(into[:, 0].numpy(), made @ probe)


def test_that_rows_beyond_one_block_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "_BLOCK", 256)
    filled(drawn(11, 2000)).check(drawn(12, 9), 4, Metric.L2)


def test_that_an_empty_index_finds_nobody() -> None:
    made = Rows().index
    assert [len(one.ids) for one in made.search(drawn(0, 2), 5, Metric.COSINE)] == [0, 0]
    made.put(np.empty(0, np.int64), np.empty((0, 24), np.float32))
    made.remove(np.array([1, 2]))
    assert len(made) == 0


def test_that_everyone_is_found_where_more_are_asked_for_than_there_are() -> None:
    rows = filled(drawn(1, 3))
    rows.check(drawn(2, 1), 10, Metric.COSINE)
    rows.remove(list(rows.by_id))
    rows.check(drawn(2, 1), 10, Metric.COSINE)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_that_values_that_are_no_numbers_are_refused_and_change_nothing(value: float) -> None:
    rows = filled(drawn(1, 20))
    bad = drawn(2, 1)
    bad[0, 3] = value
    with pytest.raises(PackError):
        rows.index.put(np.array([777]), bad)
    assert len(rows.index) == 20
    with pytest.raises(PackError):
        rows.index.search(bad, 5, Metric.COSINE)


def test_that_embeddings_of_two_lengths_are_refused() -> None:
    rows = filled(drawn(1, 20))
    with pytest.raises(PackMismatchError):
        rows.index.search(drawn(1, 1, 12), 5, Metric.COSINE)
    with pytest.raises(PackMismatchError):
        rows.index.put(np.array([777]), drawn(1, 1, 12))


def test_that_a_direction_is_not_asked_of_a_zero_vector() -> None:
    rows = filled(drawn(1, 20))
    with pytest.raises(PackError):
        rows.index.search(np.zeros((1, 24), np.float32), 5, Metric.COSINE)
