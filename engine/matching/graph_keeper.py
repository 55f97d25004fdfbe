"""Keeps a graph over a large gallery's people: made, measured, brought up to date and stored by a thread of its own."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from time import monotonic
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.matching import graph_recall
from engine.matching.axes import Spread
from engine.matching.graph import Graph, Ids, can_be_made
from engine.matching.index import portions
from engine.matching.layout import NOBODY, Layout
from engine.types import FloatArray

GRAPH_FROM = 2_000_000
"""So many people are searched by a graph: where it should become faster, extrapolated in `docs/matching.md`."""
MOST_PENDING = 4096
"""With more people than this to be compared beside the graph, comparing with everyone takes no longer."""
_SAMPLE = 65_536
"""So many rows are enough to know the axes by."""
_READ_AT_ONCE = 4096
_STORED_AGAIN_AT = 1 / 64
"""Share of the people who must be new before the graph is stored again."""
_LOW_PRIORITY = 10
log = logging.getLogger(__name__)


class GraphStore(Protocol):
    """Where a graph outlives the window. What it keeps is never readable by others."""

    @property
    def kept(self) -> bool:
        """Whether anything is; deletions elsewhere remove it."""

    @property
    def claimed(self) -> bytes | None:
        """What stands at its place, told by its beginning; deletions, here and elsewhere, remove it."""

    def claim(self) -> bytes | None:
        """The same, after something was put there where nothing was; None where that is not possible."""

    def read(self, proceed: Callable[[], None]) -> memoryview | None:
        """What was written; None where there is nothing that can be used. `proceed` may raise, to end it."""

    def write(self, parts: tuple[bytes, memoryview], proceed: Callable[[], None]) -> None:
        """Keep this instead of what there was; where `proceed` raises, nothing is kept.

        Raises:
            OSError: it cannot be written.
        """

    def remove(self) -> None:
        """Keep nothing."""


class Plan(NamedTuple):
    """When a graph is made, and how.

    Attributes:
        from_people: with fewer people there is none.
        first_wait_s: after so long; a short command needs none.
        quiet_s: it is stored again when nothing has changed for so long.
        portion: people that are put in at once; nobody waits for more.
    """

    from_people: int = GRAPH_FROM
    first_wait_s: float = 2.0
    quiet_s: float = 60.0
    portion: int = 64


class View(NamedTuple):
    """A state of the gallery's templates, as `References` has them."""

    layout: Layout
    matrix: FloatArray

    def rows(self, ids: Ids) -> tuple[Ids, FloatArray]:
        """Those of some people who are there, with their fused templates."""
        there = ids[self.holds(ids)]
        return there, self.layout.fused(self.matrix, there) if len(there) else self.matrix[:0]

    def holds(self, ids: Ids) -> NDArray[np.bool_]:
        """Who of them is there."""
        people = self.layout.people
        if not len(people):
            return np.zeros(len(ids), np.bool_)
        places = np.searchsorted(people, ids).clip(max=len(people) - 1)
        held: NDArray[np.bool_] = people[places] == ids
        return held


class GraphKeeper:
    """One graph, for as long as templates of one id stay the same. Its thread ends at once when it is closed."""

    def __init__(self, plan: Plan, store: GraphStore | None = None) -> None:
        """Without people yet.

        Args:
            plan: when a graph is made.
            store: where it is kept; in memory only where there is none.
        """
        self._plan, self._store = plan, store
        self._graph: Graph | None = None
        self._in_use = threading.Lock()
        """Held while the graph is searched or changed; a search that finds it taken does without."""
        self._notes = threading.Lock()
        """Held for a moment only, by whoever looks at or changes what follows."""
        self._view = View(NOBODY, np.empty((0, 0), np.float32))
        self._behind: set[int] = set()
        self._in_hand: frozenset[int] = frozenset()
        self._stored = self._unstorable = False
        self._claim: bytes | None = None
        self._unstored = 0
        self._stop, self._news, self._settled = threading.Event(), threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    # --- asked by the thread that searches ----------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether there is a graph to search by, that nobody is missing from."""
        return self._graph is not None and not self._behind and not self._in_hand

    def settle(self, timeout_s: float) -> bool:
        """Wait until the thread has nothing left to do, for tests and measurements; whether it got so far in time."""
        return self._settled.wait(timeout_s)

    @property
    def nbytes(self) -> int:
        """Memory in use."""
        graph = self._graph
        return graph.nbytes if graph is not None else 0

    def follow(self, view: View, changed: Ids) -> None:
        """Go by another state, in which some people are new, others, or gone."""
        if self._stop.is_set() or not can_be_made():
            return
        with self._notes:
            known = self._view.holds(changed)
            self._view = view
            self._behind.update(changed.tolist())
            self._settled.clear()
            outdated = self._stored and bool(known.any())
            self._stored, self._unstorable = self._stored and not outdated, False
        large = len(view.layout.people) >= self._plan.from_people
        if self._store is not None:
            if outdated:
                # What it holds of them must not outlive them.
                self._store.remove()
            if large or self._thread is not None:
                # Who is deleted from now on takes this away, and what is known of them is not stored any more.
                self._claim = self._store.claim()
        if self._thread is None and large:
            self._thread = threading.Thread(target=self._run, name="graph", daemon=True)
            self._thread.start()
        self._news.set()

    def candidates(self, probe: FloatArray, count: int) -> Ids | None:
        """Who may be among the `count` nearest to a probe (D,): those the graph finds and those it does not hold yet.

        Nobody is among them who is not there. None where everyone must be compared: there is no graph yet, it is busy,
        or too many have changed.
        """
        graph = self._graph
        if graph is None:
            return None
        # Whoever is put in between the two looks is found twice rather than not at all.
        with self._notes:
            if len(self._behind) + len(self._in_hand) > MOST_PENDING:
                return None
            pending = np.array([*self._behind, *self._in_hand], np.int64)
        if not self._in_use.acquire(blocking=False):
            return None
        try:
            if graph is not self._graph:
                return None
            found = np.union1d(graph.search(probe, count), pending)
        finally:
            self._in_use.release()
        return found[self._view.holds(found)]

    def stop(self) -> None:
        """Have the thread end, without waiting for it."""
        self._stop.set()
        self._news.set()

    def close(self) -> None:
        """End the thread, and forget everything."""
        self.stop()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._forget()
        self._store = None

    # --- the thread's own work ----------------------------------------------------------------------------------

    def _run(self) -> None:
        _yield_to_others()
        try:
            if self._stop.wait(self._plan.first_wait_s):
                return
            graph = self._read()
            if graph is None:
                graph = self._made()
            while graph is not None:
                self._graph = graph
                self._tend(graph)
                self._graph = None
                graph = self._made()
        except _StoppedError:
            pass
        except (RuntimeError, MemoryError, ValueError, TypeError) as error:
            log.warning("There is no graph of the people, who are compared one by one: %s.", type(error).__name__)
        finally:
            self.stop()
            self._forget()
            self._settled.set()

    def _forget(self) -> None:
        with self._notes:
            self._graph, self._view = None, View(NOBODY, np.empty((0, 0), np.float32))
            self._behind, self._in_hand = set(), frozenset()

    def _proceed(self) -> None:
        if self._stop.is_set():
            raise _StoppedError

    def _made(self) -> Graph | None:
        """A graph of everyone; None where it finds too few of the nearest, or there are too few people by now."""
        with self._notes:
            view = self._view
            self._behind.clear()
            self._stored = False
        if len(view.layout.people) < max(self._plan.from_people // 2, 2):
            return None
        everyone = np.random.default_rng(0).permutation(view.layout.people)
        # The recall is measured with people whom the graph does not know yet.
        probes, rest = everyone[: graph_recall.probes(len(everyone))], everyone[graph_recall.probes(len(everyone)) :]
        _, sample = view.rows(rest[:_SAMPLE])
        spread = Spread()
        spread.add(sample)
        graph = Graph.along(spread.axes(), sample)
        del view, sample
        self._put(graph, rest)
        if not self._good(graph, probes):
            return None
        self._put(graph, probes)
        graph.built, graph.changed = len(graph), 0
        log.info("A graph of %s people is ready, at an effort of %d.", f"{len(graph):,}", graph.effort)
        return graph

    def _put(self, graph: Graph, people: Ids) -> None:
        for some in portions(people, self._plan.portion):
            self._proceed()
            graph.put(*self._view.rows(some))

    def _good(self, graph: Graph, probes: Ids) -> bool:
        view = self._view
        probes, vectors = view.rows(probes)
        blocks = (view.rows(some) for some in self._blocks(np.setdiff1d(view.layout.people, probes)))
        nearest = graph_recall.nearest(vectors, (_known(graph, *block) for block in blocks))
        while (recall := graph_recall.share(graph, vectors, nearest)) < graph_recall.WANTED:
            self._proceed()
            if graph.effort >= graph_recall.MOST_EFFORT:
                log.warning("A graph found %.3f of the nearest people; everyone is compared instead.", recall)
                return False
            graph.effort += graph.effort // 4
        return True

    def _blocks(self, people: Ids) -> Iterator[Ids]:
        for some in portions(people, _READ_AT_ONCE):
            self._proceed()
            yield some

    def _read(self) -> Graph | None:
        """The graph that was stored, with whoever has changed since noted; None where it is better made anew."""
        with self._notes:
            view = self._view
        content = self._store.read(self._proceed) if self._store is not None else None
        if content is None:
            return None
        try:
            graph = Graph.of(content)
        except ValueError as error:
            log.info("The stored graph of the people is not used: %s.", error)
            return None
        if len(graph.axes.centre) != view.matrix.shape[1]:
            return None
        held = graph.ids
        gone = held[~view.holds(held)]
        others = [ids[graph.lacks(ids, rows)] for ids, rows in map(view.rows, self._blocks(view.layout.people))]
        changed = np.concatenate([gone, *others])
        if (graph.changed + len(changed)) * 2 > graph.built:
            return None
        with self._notes:
            self._behind.update(changed.tolist())
            self._stored, self._unstored = not len(gone), 0
        if len(gone) and self._store is not None:
            self._remove_from(self._store)
        return graph

    def _tend(self, graph: Graph) -> None:
        """Bring the graph up to date and store it, until so much has changed that it is better made anew."""
        quiet_since = -np.inf
        while graph.changed * 2 <= graph.built:
            # In this order: whoever ends the thread says so first, and then that there is news.
            self._news.clear()
            self._proceed()
            if ids := self._take():
                self._catch_up(graph, ids)
                quiet_since = monotonic()
                continue
            store = self._store
            if store is None or self._up_to_date(graph, store) or self._unstorable or store.claimed != self._claim:
                self._rest(None)
                continue
            if monotonic() - quiet_since >= self._plan.quiet_s:
                self._save(graph, store)
                quiet_since = monotonic()
            self._rest(self._plan.quiet_s)

    def _up_to_date(self, graph: Graph, store: GraphStore) -> bool:
        return self._stored and store.kept and self._unstored <= len(graph) * _STORED_AGAIN_AT

    def _rest(self, longest_s: float | None) -> None:
        with self._notes:
            if not self._behind:
                self._settled.set()
        self._news.wait(longest_s)

    def _take(self) -> frozenset[int]:
        with self._notes:
            self._in_hand = frozenset(id_ for id_, _ in zip(self._behind, range(self._plan.portion), strict=False))
            self._behind -= self._in_hand
        return self._in_hand

    def _catch_up(self, graph: Graph, taken: frozenset[int]) -> None:
        ids = np.array(sorted(taken), np.int64)
        there, vectors = self._view.rows(ids)
        with self._in_use:
            graph.remove(np.setdiff1d(ids, there))
            graph.put(there, vectors)
        with self._notes:
            self._in_hand = frozenset()
        self._unstored += len(ids)

    def _save(self, graph: Graph, store: GraphStore) -> None:
        with self._notes:
            if self._behind:
                return
            self._stored = True

        def proceed() -> None:
            self._proceed()
            if not self._stored or store.claimed != self._claim:
                raise _OutdatedError

        try:
            with self._in_use:
                parts = graph.content()
            store.write(parts, proceed)
            self._unstored, self._claim = 0, store.claimed
        except _OutdatedError:
            self._stored = False
            return
        except OSError as error:
            log.warning("The graph of the people was not stored: %s", error.strerror)
            # It is not tried again before something has changed: each time the whole graph is copied.
            self._stored, self._unstorable = False, True
        if not self._stored:
            self._remove_from(store)

    def _remove_from(self, store: GraphStore) -> None:
        """Keep nothing there; the place stays ours unless a deletion has taken it."""
        ours = store.claimed == self._claim
        store.remove()
        if ours:
            self._claim = store.claim()


class _StoppedError(Exception):
    """The graph is not wanted any more."""


class _OutdatedError(Exception):
    """Somebody who is being stored has changed or gone."""


def _known(graph: Graph, ids: Ids, rows: FloatArray) -> tuple[Ids, FloatArray]:
    there = ~graph.lacks(ids, rows)
    return ids[there], rows[there]


def _yield_to_others() -> None:
    """Run at low priority where the system has one for threads."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOW_PRIORITY)
