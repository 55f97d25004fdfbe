"""Searching by a graph, against comparing with everyone."""

from __future__ import annotations

import gc
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.matching import graph_recall, index
from engine.matching.axes import Axes
from engine.matching.fusion import unit_length
from engine.matching.graph import Graph, Ids
from engine.matching.graph_keeper import Plan
from engine.matching.index import Found
from engine.matching.people_index import PeopleIndex
from engine.matching.strangers import draw as draw_like
from engine.matching.strangers import made_up_strangers, moments
from engine.packs.pack import DEFAULT_PACK
from engine.types import FloatArray, Metric

PLAN = Plan(from_people=4, first_wait_s=0, quiet_s=0)
LONG_S = 60


@dataclass(frozen=True)
class State:
    """A gallery's templates: those of ids are rows of a pool; a person's number is the template's plus a thousandth."""

    matrix: FloatArray
    person_ids: Ids
    template_ids: Ids
    lineage: object
    names: MappingProxyType[int, str] = field(default_factory=lambda: MappingProxyType({}))


class Gallery:
    """People who come, change and go: a pool of templates, and whose each is."""

    def __init__(self, pool: FloatArray) -> None:
        self.pool, self.owner = pool, {}
        self.lineage = object()

    def give(self, templates: range, people: range) -> None:
        self.owner.update(zip(templates, people, strict=True))

    def take(self, templates: range) -> None:
        for template in templates:
            self.owner.pop(template, None)

    @property
    def state(self) -> State:
        ids = np.array(sorted(self.owner), np.int64)
        people = np.array([self.owner[int(id_)] for id_ in ids], np.int64)
        return State(self.pool[ids], people, ids, self.lineage)


class Store:
    """Keeps what is written in memory."""

    def __init__(self) -> None:
        self.content: memoryview | None = None
        self.claimed: bytes | None = None
        self.writing: Callable[[], None] = lambda: None

    @property
    def kept(self) -> bool:
        return self.content is not None

    def claim(self) -> bytes | None:
        self.claimed = self.claimed or secrets.token_bytes(8)
        return self.claimed

    def read(self, proceed: Callable[[], None]) -> memoryview | None:
        proceed()
        return self.content

    def write(self, parts: tuple[bytes, memoryview], proceed: Callable[[], None]) -> None:
        self.writing()
        proceed()
        self.content, self.claimed = memoryview(parts[0] + bytes(parts[1])), secrets.token_bytes(8)

    def remove(self) -> None:
        self.content = self.claimed = None


@pytest.fixture(autouse=True)
def _graph_whatever_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "_SMALL", 0)


@pytest.fixture(scope="module")
def strangers() -> FloatArray:
    mean, factor = moments(made_up_strangers(DEFAULT_PACK.id))
    return draw_like(mean, factor, 3200, 1)


@pytest.fixture
def people() -> Iterator[PeopleIndex]:
    made = PeopleIndex()
    yield made
    made.close()


def exactly(state: State, probes: FloatArray, count: int, metric: Metric, within: float = -np.inf) -> list[Found]:
    everyone = PeopleIndex()
    everyone.follow(state)
    return everyone.search(probes, count, metric, within)


def recall(found: list[Found], expected: list[Found]) -> float:
    return float(np.mean([np.isin(one.ids, other.ids).mean() for one, other in zip(expected, found, strict=True)]))


def ready(people: PeopleIndex) -> PeopleIndex:
    assert people.settle(LONG_S)
    assert people.by_graph
    return people


@pytest.mark.parametrize("metric", [Metric.COSINE, Metric.L2, Metric.SQUARED_L2])
def test_that_a_graph_finds_nearly_all_of_the_nearest_before_and_after_edits(
    people: PeopleIndex, strangers: FloatArray, metric: Metric
) -> None:
    pool, probes = strangers[:3000], strangers[3000:]
    gallery = Gallery(pool)
    gallery.give(range(2500), range(1, 2501))
    people.allow_graph(plan=PLAN)
    people.follow(gallery.state)
    ready(people)
    assert recall(people.search(probes, 5, metric), exactly(gallery.state, probes, 5, metric)) >= 0.99
    gallery.take(range(300))
    gallery.give(range(2500, 3000), range(2001, 2501))
    people.follow(gallery.state)
    for _ in range(2):
        assert recall(people.search(probes, 5, metric), exactly(gallery.state, probes, 5, metric)) >= 0.99
        ready(people)


Edit = tuple[str, int, int]


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 1000),
    edits=st.lists(
        st.tuples(st.sampled_from(["give", "take", "undo"]), st.integers(0, 59), st.integers(1, 12)), max_size=6
    ),
    metric=st.sampled_from([*Metric]),
    waits=st.booleans(),
)
def test_that_what_is_found_among_few_is_what_comparing_with_everyone_finds(
    *, seed: int, edits: list[Edit], metric: Metric, waits: bool
) -> None:
    random = np.random.default_rng(seed)
    gallery = Gallery(unit_length(random.normal(size=(72, 16)).astype(np.float32) + 1))
    gallery.give(range(30), range(1, 31))
    probes = unit_length(random.normal(size=(2, 16)).astype(np.float32) + 1)
    people, before = PeopleIndex(), dict(gallery.owner)
    people.allow_graph(Store(), PLAN)
    try:
        people.follow(gallery.state)
        assert people.settle(LONG_S)
        for kind, start, count in edits:
            now = dict(gallery.owner)
            if kind == "give":
                gallery.give(range(start, start + count), range(start + 1, start + 1 + count))
            elif kind == "take":
                gallery.take(range(start, start + count))
            else:
                gallery.owner = dict(before)
            before = now
            if not gallery.owner:
                break
            people.follow(gallery.state)
            if waits:
                assert people.settle(LONG_S)
            within = float(np.median(exactly(gallery.state, probes, 8, metric)[0].distances))
            for one, other in zip(
                people.search(probes, 3, metric, within), exactly(gallery.state, probes, 3, metric, within), strict=True
            ):
                np.testing.assert_array_equal(one.ids, other.ids)
                np.testing.assert_array_equal(one.distances, other.distances)
    finally:
        people.close()


def test_that_everyone_within_a_limit_is_found_however_many(people: PeopleIndex) -> None:
    random = np.random.default_rng(0)
    pool = unit_length(np.eye(1, 64, dtype=np.float32) * 4 + random.normal(size=(900, 64)).astype(np.float32))
    gallery = Gallery(pool)
    gallery.give(range(900), range(1, 901))
    people.allow_graph(plan=PLAN)
    people.follow(gallery.state)
    ready(people)
    probe = pool.mean(axis=0, keepdims=True)
    limit = float(np.quantile(exactly(gallery.state, probe, 900, Metric.COSINE)[0].distances, 0.4))
    found = people.search(probe, 5, Metric.COSINE, limit)
    expected = exactly(gallery.state, probe, 5, Metric.COSINE, limit)
    assert len(expected[0].ids) == 360
    assert recall(found, expected) >= 0.99


def test_that_a_deleted_person_is_never_found_and_leaves_nothing(people: PeopleIndex, strangers: FloatArray) -> None:
    gallery, store = Gallery(strangers), Store()
    gallery.give(range(600), range(1, 601))
    people.allow_graph(store, PLAN)
    people.follow(gallery.state)
    ready(people)
    assert people._keeper is not None
    graph = people._keeper._graph
    assert graph is not None
    codes = [code.tobytes() for code in graph.coded(unit_length(strangers[:600]))]
    assert store.content is not None
    assert all(code in bytes(store.content) for code in codes)

    gallery.take(range(40))
    stale = store.content
    with people._keeper._in_use:
        # The thread cannot come to it: what it has not taken out of the graph yet is not found either.
        people.follow(gallery.state)
        assert store.content is None
        assert not np.isin(people.search(strangers[:40], 5, Metric.COSINE)[0].ids, range(1, 41)).any()
    found = np.concatenate([one.ids for one in people.search(strangers[:40], 5, Metric.COSINE)])
    assert not np.isin(found, range(1, 41)).any()
    ready(people)
    found = np.concatenate([one.ids for one in people.search(strangers[:40], 5, Metric.COSINE)])
    assert not np.isin(found, range(1, 41)).any()
    kept = bytes(store.content)
    assert not any(code in kept for code in codes[:40])
    assert sum(code in kept for code in codes[40:]) == 560

    # An old file put back is read, and nobody is found by it who has gone since.
    people.close()
    store.content = stale
    again = PeopleIndex()
    again.allow_graph(store, PLAN)
    try:
        again.follow(gallery.state)
        assert not np.isin(again.search(strangers[:40], 5, Metric.COSINE)[0].ids, range(1, 41)).any()
        ready(again)
        found = np.concatenate([one.ids for one in again.search(strangers[:40], 5, Metric.COSINE)])
        assert not np.isin(found, range(1, 41)).any()
        assert not any(code in bytes(store.content) for code in codes[:40])
    finally:
        again.close()


def test_that_a_stored_graph_is_used_again_with_those_who_have_changed(
    people: PeopleIndex, strangers: FloatArray, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery, store = Gallery(strangers), Store()
    gallery.give(range(1000), range(1, 1001))
    people.allow_graph(store, PLAN)
    people.follow(gallery.state)
    ready(people)
    people.close()
    gallery.give(range(1000, 1100), range(951, 1051))
    put: list[int] = []
    monkeypatch.setattr(Graph, "put", _counted(Graph.put, put))
    again = PeopleIndex()
    again.allow_graph(store, PLAN)
    try:
        again.follow(gallery.state)
        ready(again)
        assert sorted(put) == list(range(951, 1051))
        probes = strangers[3000:]
        expected = exactly(gallery.state, probes, 5, Metric.COSINE)
        assert recall(again.search(probes, 5, Metric.COSINE), expected) >= 0.99
    finally:
        again.close()


def _counted(way: Callable[[Graph, Ids, FloatArray], None], put: list[int]) -> Callable[[Graph, Ids, FloatArray], None]:
    def counting(graph: Graph, ids: Ids, vectors: FloatArray) -> None:
        put.extend(ids.tolist())
        way(graph, ids, vectors)

    return counting


def test_that_closing_ends_the_building_at_once(people: PeopleIndex, strangers: FloatArray) -> None:
    gallery, store = Gallery(strangers), Store()
    gallery.give(range(3000), range(1, 3001))
    people.allow_graph(store, PLAN._replace(portion=1))
    people.follow(gallery.state)
    keeper = people._keeper
    assert keeper is not None
    thread = keeper._thread
    assert thread is not None
    people.close()
    assert not thread.is_alive()
    assert store.content is None
    assert keeper._graph is None
    assert len(keeper._view.layout.people) == 0
    assert people.search(strangers[:1], 1, Metric.COSINE)[0].ids.tolist() == [1]


def test_that_an_index_that_is_dropped_takes_its_thread_along(strangers: FloatArray) -> None:
    gallery, people = Gallery(strangers), PeopleIndex()
    gallery.give(range(100), range(1, 101))
    people.allow_graph(plan=PLAN)
    people.follow(gallery.state)
    ready(people)
    assert people._keeper is not None
    thread = people._keeper._thread
    assert thread is not None
    del people
    gc.collect()
    thread.join(LONG_S)
    assert not thread.is_alive()


def test_that_nobody_waits_for_a_graph_that_is_busy(people: PeopleIndex, strangers: FloatArray) -> None:
    gallery = Gallery(strangers)
    gallery.give(range(500), range(1, 501))
    people.allow_graph(plan=PLAN)
    people.follow(gallery.state)
    ready(people)
    assert people._keeper is not None
    with people._keeper._in_use:
        found = people.search(strangers[3000:], 5, Metric.COSINE)
    for one, other in zip(found, exactly(gallery.state, strangers[3000:], 5, Metric.COSINE), strict=True):
        np.testing.assert_array_equal(one.ids, other.ids)


def test_that_what_changes_while_it_is_stored_is_not_stored(people: PeopleIndex, strangers: FloatArray) -> None:
    gallery, store = Gallery(strangers), Store()
    gallery.give(range(300), range(1, 301))
    begun, go_on = threading.Event(), threading.Event()

    def wait_once() -> None:
        begun.set()
        assert go_on.wait(LONG_S)

    store.writing = wait_once
    people.allow_graph(store, PLAN)
    people.follow(gallery.state)
    assert begun.wait(LONG_S)
    gallery.take(range(10))
    people.follow(gallery.state)
    go_on.set()
    ready(people)
    assert store.content is not None
    assert sorted(Graph.of(store.content).ids.tolist()) == list(range(11, 301))


def test_that_nothing_is_stored_while_a_deletion_is_not_followed(people: PeopleIndex, strangers: FloatArray) -> None:
    gallery, store = Gallery(strangers), Store()
    gallery.give(range(300), range(1, 301))
    begun, go_on = threading.Event(), threading.Event()

    def wait_once() -> None:
        begun.set()
        assert go_on.wait(LONG_S)

    store.writing = wait_once
    people.allow_graph(store, PLAN)
    people.follow(gallery.state)
    assert begun.wait(LONG_S)
    # Somebody was deleted, here or in another window, and nobody has searched since.
    gallery.take(range(10))
    store.remove()
    go_on.set()
    assert people.settle(LONG_S)
    assert store.content is None
    people.follow(gallery.state)
    ready(people)
    assert store.content is not None
    assert sorted(Graph.of(store.content).ids.tolist()) == list(range(11, 301))


def test_that_the_thread_ends_at_whatever_moment_it_is_told_to(
    people: PeopleIndex, strangers: FloatArray, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = Gallery(strangers)
    gallery.give(range(300), range(1, 301))
    people.allow_graph(plan=PLAN)
    people.follow(gallery.state)
    ready(people)
    keeper = people._keeper
    assert keeper is not None
    assert keeper._thread is not None
    clear = keeper._news.clear

    def stop_first() -> None:
        keeper.stop()
        clear()

    monkeypatch.setattr(keeper._news, "clear", stop_first)
    keeper._news.set()
    keeper._thread.join(LONG_S)
    assert not keeper._thread.is_alive()


def test_that_a_graph_that_cannot_be_stored_is_not_written_again_and_again(
    people: PeopleIndex, strangers: FloatArray
) -> None:
    gallery, store, tried = Gallery(strangers), Store(), 0
    gallery.give(range(300), range(1, 301))

    def fail() -> None:
        nonlocal tried
        tried += 1
        raise OSError(28, "No space left on device")

    store.writing = fail
    people.allow_graph(store, PLAN)
    people.follow(gallery.state)
    ready(people)
    assert tried == 1
    gallery.take(range(1))
    people.follow(gallery.state)
    ready(people)
    assert tried == 2


def test_that_a_graph_that_finds_too_few_is_not_used(
    people: PeopleIndex, strangers: FloatArray, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(graph_recall, "WANTED", 1.1)
    gallery = Gallery(strangers)
    gallery.give(range(300), range(1, 301))
    people.allow_graph(plan=PLAN)
    people.follow(gallery.state)
    assert people.settle(LONG_S)
    assert not people.by_graph
    assert "everyone is compared instead" in caplog.text
    caplog.clear()
    assert people.search(strangers[:1], 1, Metric.COSINE)[0].ids.tolist() == [1]


def test_that_there_is_no_graph_of_few(people: PeopleIndex, strangers: FloatArray) -> None:
    gallery = Gallery(strangers)
    gallery.give(range(300), range(1, 301))
    people.allow_graph(plan=PLAN._replace(from_people=301))
    people.follow(gallery.state)
    assert people._keeper is not None
    assert people._keeper._thread is None
    gallery.give(range(300, 301), range(301, 302))
    people.follow(gallery.state)
    ready(people)


@settings(deadline=None, max_examples=20)
@given(cut=st.integers(0, 4000))
def test_that_content_of_another_kind_is_refused(cut: int) -> None:
    graph = Graph(Axes.around(np.zeros(8, np.float32)), 0.01)
    graph.put(np.arange(50), np.eye(50, 8, dtype=np.float32))
    whole = graph.content()[0] + bytes(graph.content()[1])
    if cut < len(whole):
        with pytest.raises(ValueError, match="graph"):
            Graph.of(memoryview(whole[:cut]))
    assert sorted(Graph.of(memoryview(whole)).ids.tolist()) == list(range(50))
