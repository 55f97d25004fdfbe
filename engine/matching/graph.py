"""An approximate index: a graph over the rows' codes that leads to most of the nearest without looking at all rows.

The graph is usearch's (HNSW: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using
hierarchical navigable small world graphs", 2018). It only proposes: what it finds is compared again, exactly.
"""

from __future__ import annotations

import io
import zipfile
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.matching.axes import Axes
from engine.types import FloatArray

CONNECTIVITY = 32
CARE = 256
"""How many rows are looked at to find the place of a new one."""
LEAST_EFFORT = 64
"""How many rows a search looks at before it is content; raised until the recall is as wanted."""
_LARGEST_CODE = 127
_LEFT_OUT = 1e-4
"""Share of the values that may be cut off at the largest code."""
_FILLERS = 1 << 63
"""Keys from here on are no rows."""
_LENGTH_BYTES = 8

Ids = NDArray[np.int64]


@cache
def can_be_made() -> bool:
    """Whether the library is installed."""
    return find_spec("usearch") is not None


class Graph:
    """Rows by id, in a graph. Used by one thread at a time.

    Attributes:
        effort: how many rows a search looks at; more find more of the nearest, and take longer.
        built: how many rows it had when it was made.
        changed: how many have been put or taken out since.
    """

    def __init__(self, axes: Axes, scale: float) -> None:
        """Start empty.

        Args:
            axes: along which rows are coded.
            scale: what one step of a code is worth.
        """
        self.axes, self.scale = axes, scale
        self.effort = LEAST_EFFORT
        self.built = self.changed = 0
        self._index: Any = _empty(axes.width)
        self._fillers: list[int] = []

    @classmethod
    def along(cls, axes: Axes, sample: FloatArray) -> Graph:
        """Start empty, with steps that fit rows like these, (S, D)."""
        largest = float(np.quantile(np.abs(axes.apart(sample)[0]), 1 - _LEFT_OUT))
        return cls(axes, max(largest, float(np.finfo(np.float32).tiny)) / _LARGEST_CODE)

    def __len__(self) -> int:
        return len(self._index) - len(self._fillers)

    @property
    def nbytes(self) -> int:
        """Memory in use."""
        return int(self._index.memory_usage)

    @property
    def ids(self) -> Ids:
        """The ids there are, in no order."""
        keys = np.asarray(self._index.keys[: len(self._index)], np.uint64)
        return keys[keys < _FILLERS].astype(np.int64)

    def put(self, ids: Ids, vectors: FloatArray) -> None:
        """Add rows (A, D) under ids that differ; those that are there already are replaced."""
        if not len(ids):
            return
        keys = ids.astype(np.uint64)
        there = self._index.contains(keys)
        self._index.remove(keys[there], threads=1)
        # New rows take the places of fillers first.
        for _ in range(min(len(self._fillers), len(ids) - int(there.sum()))):
            self._index.remove(np.uint64(self._fillers.pop()))
        self._index.add(keys, self.coded(vectors), threads=1)
        self.changed += len(ids)

    def remove(self, ids: Ids) -> None:
        """Take rows out, so that nothing of them stays in memory; ids that are not there are passed over."""
        keys = ids.astype(np.uint64)
        keys = keys[self._index.contains(keys)]
        if not len(keys):
            return
        self._index.remove(keys, threads=1)
        # The library keeps a removed row's values until another takes its place.
        first = max(self._fillers, default=_FILLERS - 1) + 1
        fillers = np.arange(first, first + len(keys), dtype=np.uint64)
        # In the corners, far from all rows and from each other, where no search comes by.
        corners = np.random.default_rng(first).choice(
            np.array([-_LARGEST_CODE, _LARGEST_CODE], np.int8), self._shape(keys)
        )
        self._index.add(fillers, corners, threads=1)
        self._fillers += fillers.tolist()
        self.changed += len(keys)

    def search(self, probe: FloatArray, count: int) -> Ids:
        """Find most of the `count` rows that are nearest to a probe (D,), about nearest first."""
        self._index.expansion_search = max(self.effort, count)
        keys = self._index.search(self.coded(probe[None])[0], count, threads=1).keys
        ids: Ids = keys[keys < _FILLERS].astype(np.int64)
        return ids

    def coded(self, vectors: FloatArray) -> NDArray[np.int8]:
        """Rows (A, D) as whole numbers, (A, width)."""
        steps = np.rint(self.axes.apart(vectors)[0] / np.float32(self.scale))
        codes: NDArray[np.int8] = np.clip(steps, -_LARGEST_CODE, _LARGEST_CODE).astype(np.int8)
        return codes

    def lacks(self, ids: Ids, vectors: FloatArray) -> NDArray[np.bool_]:
        """Which of these rows are not there, or were others when they were put, (A,)."""
        keys = ids.astype(np.uint64)
        lacking = ~np.asarray(self._index.contains(keys), np.bool_)
        there = np.flatnonzero(~lacking)
        if len(there):
            kept = np.stack(self._index.get(keys[there], dtype=np.int8))
            lacking[there] = (kept != self.coded(vectors[there])).any(axis=1)
        return lacking

    def content(self) -> tuple[bytes, memoryview]:
        """Everything, in two parts to be kept one after the other."""
        about = io.BytesIO()
        turn = np.empty((0, 0), np.float32) if self.axes.turn is None else self.axes.turn
        numbers = np.array([self.axes.width, self.effort, self.built, self.changed], np.int64)
        np.savez(
            about, library=_library(), centre=self.axes.centre, turn=turn, scale=np.float64(self.scale), numbers=numbers
        )  # fmt: skip
        head = about.getvalue()
        return len(head).to_bytes(_LENGTH_BYTES, "little") + head, memoryview(self._index.save(None))

    @classmethod
    def of(cls, content: memoryview) -> Graph:
        """Make a graph of its content.

        Raises:
            ValueError: another version of the library made it, or it is none.
        """
        try:
            return cls._of(content)
        except (OSError, EOFError, KeyError, RuntimeError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError("it is no graph, or one of another version of the library") from error

    @classmethod
    def _of(cls, content: memoryview) -> Graph:
        start = _LENGTH_BYTES + int.from_bytes(content[:_LENGTH_BYTES], "little")
        with np.load(io.BytesIO(content[_LENGTH_BYTES:start]), allow_pickle=False) as about:
            if str(about["library"]) != _library():
                raise ValueError
            width, effort, built, changed = about["numbers"].tolist()
            turn = about["turn"] if about["turn"].size else None
            graph = cls(Axes(about["centre"], turn, width), float(about["scale"]))
        graph.effort, graph.built, graph.changed = effort, built, changed
        graph._index.load(content[start:])
        keys = np.asarray(graph._index.keys[: len(graph._index)], np.uint64)
        graph._fillers = sorted(keys[keys >= _FILLERS].tolist())
        return graph

    def _shape(self, keys: NDArray[np.uint64]) -> tuple[int, int]:
        return len(keys), self.axes.width


def _empty(width: int) -> Any:
    from usearch.index import Index  # noqa: PLC0415 - needed by large galleries only

    return Index(ndim=width, metric="l2sq", dtype="i8", connectivity=CONNECTIVITY, expansion_add=CARE)


def _library() -> str:
    return f"usearch {version('usearch')}"
