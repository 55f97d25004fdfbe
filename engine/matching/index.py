"""1:N search: a coarse pass over 8-bit codes, or a graph, and the exact distances of the few rows that are left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import inf
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from engine.errors import PackError, PackMismatchError
from engine.matching.axes import Axes, Spread
from engine.matching.codes import CPU, Codes
from engine.types import FloatArray, Metric

_SMALL = 512
"""Up to so many rows all exact distances take less time than a coarse pass saves."""
_PROBES_AT_ONCE = 8
_EXACT_AT_ONCE = 16_384
_UNIT_TOLERANCE = 2e-6
"""Rows that are further from unit length are always compared exactly."""

Ids = NDArray[np.int64]
Vectors = Callable[[Ids], FloatArray]
Near = Callable[[FloatArray, int], Ids | None]
_FEWEST_NEAR = 64
_MOST_NEAR = 4096
"""Where more rows than this might be within a limit, the coarse pass finds them sooner."""


class Found(NamedTuple):
    """What a search found for one probe: ids (S,) and float32 distances (S,), nearest first, ties by id."""

    ids: Ids
    distances: FloatArray


class SearchIndex:
    """Finds the nearest of K rows. What it finds is what comparing with every row finds, in the same order.

    The coarse pass knows each dot product to within a bound E. Of the rows that seem nearest the n-th largest dot
    product is computed; the n nearest rows have approximate ones of at least as much less E, so that no other row need
    be looked at; and the same goes for a limit. This holds for all metrics that are functions of the dot product
    between unit vectors. L1 is compared with every row.

    Attributes:
        near: proposes about so many of the rows nearest to a probe, (D,), in place of the coarse pass: then what is
            found is nearly always the same. None where it cannot, or there is no such way.
    """

    near: Near | None = None

    def __init__(self, vectors: Vectors, device: torch.device = CPU) -> None:
        """Start empty.

        Args:
            vectors: gives the rows of ids, (S, D) float32, as they were put in.
            device: where the coarse pass is made: the processor, or a CUDA device.
        """
        self._vectors = vectors
        self._device = device
        self._ids: Ids = np.empty(0, np.int64)
        self._uneven: set[int] = set()
        self._codes: Codes | None = None
        self._laid_out_at = 0

    def __len__(self) -> int:
        return len(self._codes) if self._codes is not None else 0

    @property
    def ids(self) -> Ids:
        """The ids there are, (K,), in no order."""
        return self._ids[: len(self)].copy()

    @property
    def nbytes(self) -> int:
        """Memory in use, without the rows themselves."""
        return self._ids.nbytes + (self._codes.nbytes if self._codes is not None else 0)

    def put(self, ids: Ids, vectors: FloatArray) -> None:
        """Add rows (A, D) under ids that differ; those that are there already are replaced.

        Raises:
            PackError: a value is not finite; nothing was added.
            PackMismatchError: the rows are of another length than those before.
        """
        if not np.isfinite(vectors).all():
            raise PackError("An embedding holds values that are no numbers. Enroll the picture again.")
        if not len(ids):
            return
        codes = self._codes
        if codes is None:
            codes = self._lay_out(_spread([vectors]), len(ids))
        if vectors.shape[1] != len(codes.axes.centre):
            raise _mismatch(vectors.shape[1], len(codes.axes.centre))
        self.remove(ids)
        room = len(self) + len(ids)
        if room > len(self._ids):
            self._ids = np.concatenate([self._ids[: len(self)], np.empty(len(ids) + room // 16 + 64, np.int64)])
        self._ids[len(self) : room] = ids
        codes.append(vectors)
        lengths = np.linalg.norm(vectors, axis=1)
        self._uneven.update(ids[np.abs(lengths - 1) > _UNIT_TOLERANCE].tolist())
        if len(self) > 2 * self._laid_out_at and len(self) > _SMALL:
            self._lay_out_again()

    def remove(self, ids: Ids) -> None:
        """Take rows out; ids that are not there are passed over."""
        count = len(self)
        if self._codes is None or not count or not len(ids):
            return
        gone = np.isin(self._ids[:count], ids)
        rows = np.flatnonzero(gone)
        if not len(rows):
            return
        left = count - len(rows)
        holes = rows[rows < left]
        movers = left + np.flatnonzero(~gone[left:])
        self._ids[holes] = self._ids[movers]
        self._codes.keep(left, holes, movers)
        self._uneven.difference_update(ids.tolist())

    def search(self, probes: FloatArray, count: int, metric: Metric, within: float = -inf) -> list[Found]:
        """Find for each probe the `count` nearest rows, and all others that are not further than `within`.

        Args:
            probes: (P, D) float32.

        Raises:
            PackMismatchError: probes and rows are of different lengths.
            PackError: a value is not finite, or a vector is zero where an angle is asked for.
        """
        if not np.isfinite(probes).all():
            raise PackError("An embedding holds values that are no numbers. Enroll the picture again.")
        codes = self._codes
        if codes is None or not len(codes):
            return [Found(np.empty(0, np.int64), np.empty(0, np.float32)) for _ in probes]
        if probes.shape[1] != len(codes.axes.centre):
            raise _mismatch(probes.shape[1], len(codes.axes.centre))
        count = min(count, len(codes))
        return [
            self._exact(probe, ids, count, metric, within)
            for probe, ids in self._not_ruled_out(codes, probes, count, metric, within)
        ]

    def _not_ruled_out(
        self, codes: Codes, probes: FloatArray, count: int, metric: Metric, within: float
    ) -> Iterator[tuple[FloatArray, Ids]]:
        """Each probe, with the rows that may be among its answers."""
        everyone = self._ids[: len(codes)]
        if len(codes) <= _SMALL or metric is Metric.L1 or count == len(codes):
            yield from ((probe, everyone) for probe in probes)
            return
        uneven = np.array(sorted(self._uneven), np.int64)
        for start in range(0, len(probes), _PROBES_AT_ONCE):
            some = probes[start : start + _PROBES_AT_ONCE]
            if (proposed := self._proposed(some, count, metric, within)) is not None:
                yield from ((probe, np.union1d(ids, uneven)) for probe, ids in zip(some, proposed, strict=True))
                continue
            for probe, scores in zip(some, codes.scores(some), strict=True):
                # Uneven rows are compared anyway; were they among the best scores, others must take their place.
                first = everyone[scores.at_least(scores.nth(count + len(uneven)))]
                bar = min(
                    self._nth_dot_product(probe, np.setdiff1d(first, uneven), count),
                    _dot_product_at(within, probe, metric),
                )
                ids = everyone[scores.at_least(bar - scores.offset - scores.error)]
                yield probe, np.union1d(ids, uneven) if len(uneven) else ids

    def _proposed(self, probes: FloatArray, count: int, metric: Metric, within: float) -> list[Ids] | None:
        """For each probe the rows that are proposed without a coarse pass; None where it has to be made."""
        if self.near is None:
            return None
        found = []
        for probe in probes:
            if (ids := self._proposed_for(self.near, probe, count, _dot_product_at(within, probe, metric))) is None:
                return None
            found.append(ids)
        return found

    def _proposed_for(self, near: Near, probe: FloatArray, count: int, bar: float) -> Ids | None:
        wanted = max(_FEWEST_NEAR, 4 * count)
        while wanted <= _MOST_NEAR:
            ids = near(probe, wanted)
            if ids is None or len(ids) < count:
                return None
            # Among the furthest of them some may be missing: the limit must lie well before these.
            inside = 0 if bar == inf else np.count_nonzero(self._vectors(ids) @ probe.astype(np.float64) >= bar)
            if 2 * inside < wanted:
                return ids
            wanted *= 2
        return None

    def _nth_dot_product(self, probe: FloatArray, ids: Ids, count: int) -> float:
        """The `count`-th largest dot product among these rows; minus infinity where they are fewer."""
        if len(ids) < count:
            return -inf
        products = np.concatenate(
            [self._vectors(some) @ probe.astype(np.float64) for some in portions(ids, _EXACT_AT_ONCE)]
        )
        return float(np.partition(products, len(products) - count)[len(products) - count])

    def _exact(self, probe: FloatArray, ids: Ids, count: int, metric: Metric, within: float) -> Found:
        apart = np.empty(len(ids), np.float32)
        for start in range(0, len(ids), _EXACT_AT_ONCE):
            rows = slice(start, start + _EXACT_AT_ONCE)
            apart[rows] = exact_distances(probe, self._vectors(ids[rows]), metric)
        order = np.lexsort((ids, apart))
        wanted = max(count, int(np.count_nonzero(apart <= within)))
        return Found(ids[order[:wanted]], apart[order[:wanted]])

    def _lay_out(self, axes: Axes, count: int) -> Codes:
        self._codes, self._laid_out_at = Codes(axes, self._device), count
        return self._codes

    def _lay_out_again(self) -> None:
        """Make the codes anew along the axes of all rows, each time their number has doubled."""
        ids = self._ids[: len(self)]
        blocks = portions(ids, _EXACT_AT_ONCE)
        codes = self._lay_out(_spread(self._vectors(block) for block in blocks), len(ids))
        for block in blocks:
            codes.append(self._vectors(block))


def portions(ids: Ids, most: int) -> list[Ids]:
    """Ids (K,) in pieces of at most so many."""
    return [ids[start : start + most] for start in range(0, len(ids), most)]


def _spread(blocks: Iterable[FloatArray]) -> Axes:
    spread = Spread()
    for block in blocks:
        spread.add(block)
    return spread.axes()


def exact_distances(probe: FloatArray, rows: FloatArray, metric: Metric) -> FloatArray:
    """Distances of a probe (D,) to rows (S, D), computed in double precision from the differences.

    Rows that are the same get the same distance, wherever they stand.

    Returns:
        (S,) float32.

    Raises:
        PackError: a vector is zero where an angle is asked for.
    """
    one, many = probe.astype(np.float64), rows.astype(np.float64)
    if metric is Metric.COSINE:
        one, many = _scaled(one[None])[0], _scaled(many)
    apart = many - one
    if metric is Metric.L1:
        return np.asarray(np.abs(apart).sum(axis=1), np.float32)
    squares = np.einsum("ij,ij->i", apart, apart)
    if metric is Metric.L2:
        squares = np.sqrt(squares)
    elif metric is Metric.COSINE:
        squares = squares * 0.5
    return np.asarray(squares, np.float32)


def _scaled(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not lengths.all():
        raise PackError("An embedding is zero and has no direction. Enroll the picture again.")
    scaled: NDArray[np.float64] = vectors / lengths
    return scaled


def _dot_product_at(distance: float, probe: FloatArray, metric: Metric) -> float:
    """The dot product of a probe with a unit vector that is so far from it."""
    length = float(np.linalg.norm(probe.astype(np.float64)))
    if metric is Metric.COSINE:
        return (1 - distance) * length
    if metric is Metric.L2:
        distance = distance * distance if distance >= 0 else -inf
    return (length * length + 1 - distance) / 2


def _mismatch(one: int, other: int) -> PackMismatchError:
    return PackMismatchError(f"Embeddings of {one} and {other} values cannot be compared. Enroll again.")
