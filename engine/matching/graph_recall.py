"""How many of the nearest people a graph finds, measured with people whom it does not hold."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from engine.matching.graph import Graph, Ids
from engine.types import FloatArray

WANTED = 0.995
"""More than is promised (0.99): the measure is a sample, and the graph grows."""
MOST_EFFORT = 2048
"""Beyond this, comparing with everyone takes no longer."""
TOP = 5
CANDIDATES = 64
"""At least so many of whom the graph finds are compared exactly."""
_PROBES = 200


def probes(people: int) -> int:
    """How many of so many people are left out of the graph at first, to measure it with."""
    return min(_PROBES, people // 4)


def nearest(vectors: FloatArray, blocks: Iterable[tuple[Ids, FloatArray]]) -> Ids:
    """The nearest `TOP` of all rows to each probe.

    Args:
        vectors: probes, (P, D).
        blocks: ids (A,) and rows (A, D) of unit length.

    Returns:
        (P, TOP); -1 where there are fewer.
    """
    ids: Ids = np.full((len(vectors), TOP), -1, np.int64)
    best: NDArray[np.float32] = np.full((len(vectors), TOP), -np.inf, np.float32)
    for some, rows in blocks:
        products = np.concatenate([best, vectors @ rows.T], axis=1)
        kept = np.argpartition(products, -TOP, axis=1)[:, -TOP:]
        those = np.concatenate([ids, np.broadcast_to(some, (len(vectors), len(some)))], axis=1)
        ids, best = np.take_along_axis(those, kept, axis=1), np.take_along_axis(products, kept, axis=1)
    return ids


def share(graph: Graph, vectors: FloatArray, expected: Ids) -> float:
    """The share of the nearest rows, (P, TOP), that the graph proposes for probes (P, D)."""
    found = [np.isin(ids, graph.search(probe, CANDIDATES)) for probe, ids in zip(vectors, expected, strict=True)]
    there = expected >= 0
    return float((np.array(found).reshape(expected.shape) & there).sum() / max(int(there.sum()), 1))
