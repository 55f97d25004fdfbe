"""The people of a gallery as rows of a search index: one fused template each, kept up with the gallery's changes."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import inf
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from engine.device import DEVICE_FAILURES
from engine.matching.codes import CPU
from engine.matching.graph_keeper import GraphKeeper, GraphStore, Plan, View
from engine.matching.index import Found, SearchIndex
from engine.matching.layout import NOBODY, Layout
from engine.types import FloatArray, Metric

_PEOPLE_AT_ONCE = 16_384
PLAN = Plan()
log = logging.getLogger(__name__)


class References(Protocol):
    """The templates of one pack, laid out for matching; never changed once made."""

    @property
    def matrix(self) -> FloatArray:
        """(N, D) float32 embeddings."""

    @property
    def person_ids(self) -> NDArray[np.int64]:
        """(N,) whose template each is."""

    @property
    def template_ids(self) -> NDArray[np.int64]:
        """(N,), ascending."""

    @property
    def names(self) -> Mapping[int, str]:
        """Every person's name by id."""

    @property
    def lineage(self) -> object:
        """The same for all states of a gallery in which a template of one id has one embedding."""


class PeopleIndex:
    """Searches among people. Fused templates are made when they are compared; only their codes are kept."""

    def __init__(self, device: torch.device = CPU) -> None:
        """Start without people.

        Args:
            device: the networks' device. A CUDA device searches as well; where it gives out, or is another, the
                processor does.
        """
        self._device = device if device.type == "cuda" else CPU
        self._references: References | None = None
        self._matrix: FloatArray = np.empty((0, 0), np.float32)
        self._layout = NOBODY
        self._index = SearchIndex(self.fused, self._device)
        self._plan: tuple[Plan, GraphStore | None] | None = None
        self._keeper: GraphKeeper | None = None

    def __len__(self) -> int:
        return len(self._index)

    @property
    def nbytes(self) -> int:
        """Memory in use beside the references."""
        order = 0 if self._layout.order is None else self._layout.order.nbytes
        graph = 0 if self._keeper is None else self._keeper.nbytes
        return self._index.nbytes + self._layout.people.nbytes + self._layout.starts.nbytes + order + graph

    @property
    def by_graph(self) -> bool:
        """Whether people are searched by a graph now: nearly always exactly."""
        return self._keeper is not None and self._keeper.ready

    def settle(self, timeout_s: float) -> bool:
        """Wait until there is nothing left to do on the graph, for tests and measurements; whether it got so far."""
        return self._keeper is None or self._keeper.settle(timeout_s)

    def allow_graph(self, store: GraphStore | None = None, plan: Plan | None = None) -> None:
        """Have a graph made of many people, from the next references of another lineage on; `close` ends it.

        Args:
            store: where it is kept between sessions; in memory only where there is none.
            plan: of how many people, and how; `PLAN` where None.
        """
        if self._plan is None:
            self._plan = plan or PLAN, store

    def close(self) -> None:
        """Forget the graph, and end the work on it; everyone is compared from now on."""
        self._plan, keeper = None, self._keeper
        self._keeper = self._index.near = None
        if keeper is not None:
            keeper.close()

    def follow(self, references: References) -> None:
        """Search among these references from now on.

        Where they are another state of those before, only people whose templates have changed are indexed again. Where
        that fails the index is empty, and made anew when it is to follow the next time.

        Raises:
            PackError: an embedding holds values that are no numbers.
        """
        before = self._references
        if before is references:
            return
        with self._wholly(references):
            try:
                self._follow(before, references)
            except DEVICE_FAILURES as error:
                self._leave_device(error, references)

    @contextmanager
    def _wholly(self, references: References) -> Iterator[None]:
        """Nobody may search among half of the people and take them for all."""
        self._references = None
        try:
            yield
        except BaseException:
            self._layout, self._index = NOBODY, SearchIndex(self.fused, self._device)
            raise
        self._references = references

    def _follow(self, before: References | None, references: References) -> None:
        self._layout, self._matrix = Layout.of(references.person_ids), references.matrix
        if before is None or before.lineage is not references.lineage:
            self._index, changed = SearchIndex(self.fused, self._device), self._layout.people
            self._begin_graph()
        else:
            changed = _changed_people(before, references)
            if self._keeper is not None:
                self._keeper.follow(View(self._layout, self._matrix), changed)
            self._index.remove(changed[~np.isin(changed, self._layout.people)])
        there = changed[np.isin(changed, self._layout.people)]
        for start in range(0, len(there), _PEOPLE_AT_ONCE):
            some = there[start : start + _PEOPLE_AT_ONCE]
            self._index.put(some, self.fused(some))

    def _begin_graph(self) -> None:
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None
        if self._plan is not None:
            keeper = self._keeper = GraphKeeper(*self._plan)
            self._index.near = keeper.candidates
            # Whoever drops the index without closing it must not be left with its thread.
            weakref.finalize(self, keeper.stop)
            keeper.follow(View(self._layout, self._matrix), self._layout.people[:0])

    def fused(self, people: NDArray[np.int64]) -> FloatArray:
        """Fused templates of people who are there, (S, D), in the order asked for."""
        return self._layout.fused(self._matrix, people)

    def search(self, probes: FloatArray, count: int, metric: Metric, within: float = -inf) -> list[Found]:
        """Find the nearest people; see `SearchIndex.search`."""
        try:
            return self._index.search(probes, count, metric, within)
        except DEVICE_FAILURES as error:
            self._leave_device(error, self._references)
        return self._index.search(probes, count, metric, within)

    def _leave_device(self, error: RuntimeError, references: References | None) -> None:
        """Index everyone again with the processor."""
        if self._device == CPU or references is None:
            raise error
        log.warning("The device gave out; people are searched on the processor from now on: %s", error)
        self._device = CPU
        with self._wholly(references):
            self._follow(None, references)


def _changed_people(before: References, after: References) -> NDArray[np.int64]:
    """Who has templates in one state that they have not in the other."""
    old, new = before.template_ids, after.template_ids
    if len(new) >= len(old) and np.array_equal(new[: len(old)], old):
        kept, there = np.arange(len(old)), np.ones(len(old), np.bool_)
    else:
        kept = np.searchsorted(new, old)
        there = kept < len(new)
        there[there] = new[kept[there]] == old[there]
    moved = np.zeros(len(old), np.bool_)
    moved[there] = before.person_ids[there] != after.person_ids[kept[there]]
    added = np.ones(len(new), np.bool_)
    added[kept[there]] = False
    return np.unique(
        np.concatenate(
            [
                before.person_ids[~there],
                before.person_ids[moved],
                after.person_ids[kept[moved]],
                after.person_ids[added],
            ]
        )
    )
