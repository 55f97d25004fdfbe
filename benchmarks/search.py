"""One probe among many, top 5: the exact index against faiss's exact index, and against what reading memory takes.

Both sides run in turn, so that other work on the machine meets them alike; what they find is compared. With
--one-thread each side has one thread and its processor time is taken, which other programs disturb least. With
--approximate the exact search is compared with the graph that very large galleries are searched by.
"""

from __future__ import annotations

import os

# A library tuned for another processor than this one would be an unfair other side.
os.environ.pop("OPENBLAS_CORETYPE", None)

import argparse
import statistics
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time, sleep, thread_time
from typing import NamedTuple

import faiss
import numpy as np
import numpy.typing as npt
import torch
from common import ROOT

from engine.gallery.graph_file import GraphFile, graph_path
from engine.matching.graph import Graph
from engine.matching.graph_keeper import Plan
from engine.matching.index import SearchIndex
from engine.matching.people_index import PeopleIndex
from engine.matching.products import _has_byte_products
from engine.matching.strangers import draw
from engine.packs.pack import DEFAULT_PACK
from engine.types import Metric

DIMENSION = 128
TOP = 5
ROUNDS = 41
PROBES = 24
GRAPH_PROBES = 200
KINDS = ("independent", "alike", "strangers")
"""Of the last kind are the embeddings of a gallery: drawn as LFW's people lie."""
_CLOCK: list[Callable[[], float]] = [perf_counter]
Rows = npt.NDArray[np.float32]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--approximate", type=int, nargs="*", default=[], help="sizes at which to build a graph")
    parser.add_argument("--one-thread", action="store_true", help="processor time of one thread, for a busy machine")
    options = parser.parse_args()
    if options.one_thread:
        torch.set_num_threads(1)
        faiss.omp_set_num_threads(1)
        _CLOCK.append(thread_time)
    print(f"torch {torch.get_num_threads()} threads, faiss {faiss.omp_get_max_threads()} threads")
    for size in options.sizes:
        for kind in KINDS:
            _exact(size, kind)
    for size in options.approximate:
        _approximate(size)


def rows_like(kind: str, size: int, seed: int = 0) -> Rows:
    """Unit vectors: independent ones, ones whose mean is as long as that of LFW's embeddings, or ones like those."""
    if kind == "strangers":
        moments = np.load(ROOT / "assets" / "strangers" / f"{DEFAULT_PACK.id}.npz")
        mean, factor = moments["mean"].astype(np.float32), moments["factor"].astype(np.float32)
        return draw(mean, factor, size, seed)
    alike = 0.91 if kind == "alike" else 0.0
    random = np.random.default_rng(seed)
    rows = random.standard_normal((size, DIMENSION), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows *= np.float32(np.sqrt(1 - alike**2))
    rows[:, 0] += np.float32(alike)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def _exact(size: int, kind: str) -> None:
    rows, probes = rows_like(kind, size), rows_like(kind, PROBES, 1)
    start = perf_counter()
    index = SearchIndex(lambda ids: rows[ids])
    index.put(np.arange(size), rows)
    built_s = perf_counter() - start
    oracle = faiss.IndexFlatIP(DIMENSION)
    oracle.add(rows)
    _, expected = oracle.search(probes, TOP)
    found = index.search(probes, TOP, Metric.COSINE)
    identical = all(np.array_equal(one.ids, ids) for one, ids in zip(found, expected, strict=True))
    places = iter(range(10**9))

    def probe() -> Rows:
        at = next(places) % PROBES
        return probes[at : at + 1]

    assert index._codes is not None
    read = sum(kept[:size].nbytes for kept in (*index._codes._parts, index._codes._scales, index._codes._biases))
    words = torch.from_numpy(np.random.default_rng(0).integers(0, 9, read // 8))
    ours, theirs, floor = _in_turn(
        lambda: index.search(probe(), TOP, Metric.COSINE), lambda: oracle.search(probe(), TOP), words.sum
    )
    many = _in_turn(
        lambda: index.search(probes[:8], TOP, Metric.COSINE), lambda: oracle.search(probes[:8], TOP), rounds=9
    )
    print(
        f"{size:>9,} x {DIMENSION} {kind:<11}: {_ms(ours)}, faiss IndexFlatIP {_ms(theirs)}, ratio"
        f" {theirs[0] / ours[0]:.1f} (fastest {theirs[1] / ours[1]:.1f}); floor (reading"
        f" {read / 1e6:.0f} MB of codes and scales) {_ms(floor)}, ratio"
        f" {ours[0] / floor[0]:.1f} (fastest {ours[1] / floor[1]:.1f}); eight probes {_ms(many[0])}, faiss"
        f" {_ms(many[1])}; identical {identical}; built in {built_s:.2f} s, {index.nbytes / size:.0f} bytes a row;"
        f" by {'bytes' if _has_byte_products() else 'floats'}",
        flush=True,
    )


def _approximate(size: int) -> None:
    """Search among people by a graph, as the program does, and by comparing with everyone."""
    rows = rows_like("strangers", size + GRAPH_PROBES)
    rows, probes = rows[:size], rows[size:]
    everyone = np.arange(1, size + 1)
    references = _References(rows, everyone, everyone, {}, object())
    exact, graphed = PeopleIndex(), PeopleIndex()
    with TemporaryDirectory() as folder:
        file = GraphFile(Path(folder) / "gallery.db", bytes(32), DEFAULT_PACK.id)
        exact.follow(references)
        start, processor = perf_counter(), process_time()
        graphed.allow_graph(file, Plan(2, 0, 0))
        graphed.follow(references)
        graphed.settle(10 * 3600)
        built_s, built_processor_s = perf_counter() - start, process_time() - processor
        kept_bytes = graph_path(Path(folder) / "gallery.db").stat().st_size
        start, processor = perf_counter(), process_time()
        content = file.read(lambda: None)
        assert content is not None
        effort = Graph.of(content).effort
        read_s, read_processor_s = perf_counter() - start, process_time() - processor
        del content
    assert graphed.by_graph
    expected, found = (index.search(probes, TOP, Metric.COSINE) for index in (exact, graphed))
    recall = statistics.mean(np.isin(one.ids, other.ids).mean() for one, other in zip(expected, found, strict=True))
    places = iter(range(10**9))

    def one_by(index: PeopleIndex) -> object:
        at = next(places) % GRAPH_PROBES
        return index.search(probes[at : at + 1], TOP, Metric.COSINE)

    ours, theirs = _in_turn(lambda: one_by(graphed), lambda: one_by(exact), rounds=GRAPH_PROBES)
    print(
        f"{size:>9,} strangers by a graph: {_ms(ours)}, recall@{TOP} {recall:.4f} at an effort of {effort}; exactly"
        f" {_ms(theirs)}, ratio {theirs[0] / ours[0]:.1f} (fastest {theirs[1] / ours[1]:.1f}); built and stored in"
        f" {built_s:.0f} s ({built_processor_s:.0f} s of processor time), {kept_bytes / size:.0f} bytes a row in the"
        f" file, {(graphed.nbytes - exact.nbytes) / size:.0f} in memory beside {exact.nbytes / size:.0f}; read in"
        f" {read_s:.1f} s ({read_processor_s:.1f} s)",
        flush=True,
    )
    graphed.close()


class _References(NamedTuple):
    matrix: Rows
    person_ids: npt.NDArray[np.int64]
    template_ids: npt.NDArray[np.int64]
    names: dict[int, str]
    lineage: object


def _in_turn(*works: Callable[[], object], rounds: int = ROUNDS) -> list[tuple[float, float]]:
    """Median and shortest time of each, in seconds."""
    times: list[list[float]] = [[] for _ in works]
    for round_ in range(rounds + 1):
        for work, taken in zip(works, times, strict=True):
            # The other side's threads wait busily for some milliseconds after their work.
            sleep(0.03)
            work()
            start = _CLOCK[-1]()
            work()
            if round_:
                taken.append(_CLOCK[-1]() - start)
    return [(statistics.median(taken), min(taken)) for taken in times]


def _ms(times: tuple[float, float]) -> str:
    return f"{times[0] * 1e3:.2f} ms (fastest {times[1] * 1e3:.2f})"


if __name__ == "__main__":
    main()
