"""The coarse pass of the search: dot products from 8-bit codes, and how wrong they can be at most.

A row x is kept as its place around the centre of all rows, x = centre + scale·code + rest, where code holds whole
numbers from -127 to 127. A probe is taken apart in the same way. What the two rests can add to the dot product is
bounded by the inequality of Cauchy and Schwarz; people's embeddings point in much the same direction, so that the
places around their centre are short and the bound is tight (`docs/matching.md` has figures).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from time import perf_counter
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from engine.types import FloatArray

_LARGEST_CODE = 127
_BLOCK = 32_768
"""Rows a thread takes at once: few enough to stay in the cache for the scaling and for the next probe."""
GROUP = 256
"""Rows of which the largest score is kept, so that few of the others need be looked at; a block is made of such."""
_PER_THREAD = 4 * _BLOCK
"""A second thread is started only where each has as many rows as this; starting one takes 0.1 ms."""
_MOST_THREADS = 8
_QUANTISED_AT_ONCE = 8192
_ROUNDING = 1e-5
"""More than single precision can add to a bound on dot products of vectors of unit length."""
_SMALLEST_SCALE = 1e-30

_Codes = NDArray[np.int8]


class Scores(NamedTuple):
    """Approximate dot products of P probes with K rows: `values` plus the probe's offset.

    Attributes:
        values: (P, K) float32.
        peaks: (P, G) float32, the largest value of each `GROUP` rows, the last of which may be fewer.
        offsets: (P,) float64.
        errors: (P,) float64, how far off one can be at most.
    """

    values: FloatArray
    peaks: FloatArray
    offsets: NDArray[np.float64]
    errors: NDArray[np.float64]


class Codes:
    """K rows of unit length in a quarter of their size; rows can be added, overwritten and taken off the end."""

    def __init__(self, centre: FloatArray) -> None:
        """Start without rows.

        Args:
            centre: (D,) what the rows have in common; any vector gives right bounds, their mean gives tight ones.
        """
        self.centre = centre.astype(np.float32)
        self._count = 0
        self._codes: _Codes = np.empty((0, len(centre)), np.int8)
        self._scales: FloatArray = np.empty(0, np.float32)
        self._biases: FloatArray = np.empty(0, np.float32)
        self._longest_rest = 0.0
        self._longest_code = 0.0
        # Kept between searches: having the system hand out and clear so much memory takes as long as filling it.
        self._values: FloatArray = np.empty(0, np.float32)

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """Memory in use."""
        return self._codes.nbytes + self._scales.nbytes + self._biases.nbytes + self._values.nbytes

    def append(self, vectors: FloatArray) -> None:
        """Add rows at the end, (A, D) of unit length."""
        self._reserve(self._count + len(vectors))
        for start in range(0, len(vectors), _QUANTISED_AT_ONCE):
            block = vectors[start : start + _QUANTISED_AT_ONCE]
            self._write(slice(self._count, self._count + len(block)), block)
            self._count += len(block)

    def keep(self, count: int, holes: NDArray[np.intp], movers: NDArray[np.intp]) -> None:
        """Move rows from the end into holes, and keep the first `count`. Bounds stay those of all rows ever added."""
        for array in (self._codes, self._scales, self._biases):
            array[holes] = array[movers]
        self._count = count

    def scores(self, probes: FloatArray) -> Scores:
        """Approximate the dot product of each probe, (P, D), with each row; valid until the next call."""
        places = [_Place.of(probe, self) for probe in probes]
        if self._values.size < len(probes) * self._count:
            self._values = np.empty(len(probes) * len(self._codes), np.float32)
        values = self._values[: len(probes) * self._count].reshape(len(probes), self._count)
        peaks = np.empty((len(probes), -(-self._count // GROUP)), np.float32)
        blocks = [slice(at, min(at + _BLOCK, self._count)) for at in range(0, self._count, _BLOCK)]

        def work(taken: Iterable[slice]) -> None:
            room = torch.empty(min(_BLOCK, self._count))
            for rows in taken:
                scaled = room[: rows.stop - rows.start]
                scales, biases = torch.from_numpy(self._scales[rows]), torch.from_numpy(self._biases[rows])
                for place, into, tops in zip(places, values, peaks, strict=True):
                    # Each pass over the block counts: two, and one more for the peaks.
                    torch.mul(torch.from_numpy(integer_sums(self._codes[rows], place.code)), scales, out=scaled)
                    torch.add(biases, scaled, alpha=place.scale, out=torch.from_numpy(into[rows]))
                    _write_peaks(into[rows], tops[rows.start // GROUP :])

        _share(work, blocks, min(self._count // _PER_THREAD, _MOST_THREADS))
        return Scores(values, peaks, np.array([place.offset for place in places]), np.array([p.error for p in places]))

    def _write(self, rows: slice, vectors: FloatArray) -> None:
        apart = vectors - self.centre
        scales = np.maximum(np.abs(apart).max(axis=1) / _LARGEST_CODE, _SMALLEST_SCALE).astype(np.float32)
        codes = np.rint(apart / scales[:, None])
        coded = codes * scales[:, None]
        self._codes[rows], self._scales[rows] = codes, scales
        self._biases[rows] = apart.astype(np.float64) @ self.centre.astype(np.float64)
        self._longest_rest = max(self._longest_rest, _longest(apart - coded))
        self._longest_code = max(self._longest_code, _longest(coded))

    def _reserve(self, rows: int) -> None:
        """Make room, with a sixteenth to spare, so that single rows are added in constant time."""
        if rows <= len(self._codes):
            return
        room = rows + max(rows // 16, 64)
        for name in ("_codes", "_scales", "_biases"):
            old: NDArray[np.generic] = getattr(self, name)
            new = np.empty((room, *old.shape[1:]), old.dtype)
            new[: self._count] = old[: self._count]
            setattr(self, name, new)


def _write_peaks(values: FloatArray, peaks: FloatArray) -> None:
    whole = len(values) // GROUP
    values[: whole * GROUP].reshape(whole, GROUP).max(axis=1, out=peaks[:whole])
    if whole * GROUP < len(values):
        peaks[whole] = values[whole * GROUP :].max()


def _longest(vectors: FloatArray) -> float:
    return float(np.sqrt(np.einsum("ij,ij->i", vectors, vectors).max(initial=0.0)))


class _Place(NamedTuple):
    """A probe around the rows' centre: its code (D,), the code's scale, q·centre, and the bound on the error."""

    code: _Codes
    scale: float
    offset: float
    error: float

    @classmethod
    def of(cls, probe: FloatArray, codes: Codes) -> _Place:
        wide, centre = probe.astype(np.float64), codes.centre.astype(np.float64)
        apart = wide - centre
        scale = max(float(np.abs(apart).max(initial=0.0)) / _LARGEST_CODE, _SMALLEST_SCALE)
        code = np.rint(apart / scale)
        rest = float(np.linalg.norm(apart - code * scale))
        bound = float(np.linalg.norm(apart)) * codes._longest_rest + rest * codes._longest_code
        rounding = _ROUNDING * (1 + float(np.linalg.norm(wide)) + float(np.linalg.norm(apart)))
        return cls(code.astype(np.int8), scale, float(wide @ centre), bound + rounding)


def integer_sums(codes: _Codes, probe: _Codes) -> NDArray[np.int32]:
    """Dot products of codes (K, D) with one (D,): exact, whichever instructions do it. Returns (K,)."""
    return _in_bytes(codes, probe) if _has_byte_products() else _in_floats(codes, probe)


def _in_bytes(codes: _Codes, probe: _Codes) -> NDArray[np.int32]:
    product: NDArray[np.int32] = torch._int_mm(torch.from_numpy(codes), torch.from_numpy(probe)[:, None]).numpy()
    return product[:, 0]


def _in_floats(codes: _Codes, probe: _Codes) -> NDArray[np.int32]:
    # Sums of up to 1,040 products of 127² are whole numbers below 2²⁴, which single precision holds exactly.
    wide = probe.astype(np.float32 if len(probe) <= 1040 else np.float64)
    sums = np.empty(len(codes), np.int32)
    for start in range(0, len(codes), 4096):
        sums[start : start + 4096] = codes[start : start + 4096].astype(wide.dtype) @ wide
    return sums


@cache
def _has_byte_products() -> bool:
    """Whether this processor multiplies bytes faster than single-precision numbers; tried once."""
    codes, probe = np.ones((8192, 128), np.int8), np.ones(128, np.int8)

    def fastest(way: Callable[[_Codes, _Codes], object]) -> float:
        times = []
        for _ in range(5):
            start = perf_counter()
            way(codes, probe)
            times.append(perf_counter() - start)
        return min(times)

    try:
        return fastest(_in_bytes) < fastest(_in_floats)
    except RuntimeError:
        return False


def _share(work: Callable[[Iterable[slice]], None], blocks: Sequence[slice], threads: int) -> None:
    """Have blocks worked on by a few threads, each taking the next one when it is done with its last.

    torch would share out a product evenly beforehand and wait for the slower half: where another program keeps one
    core busy, that takes longer than doing it alone.
    """
    before = torch.get_num_threads()
    taken, lock = iter(blocks), threading.Lock()

    def following() -> Iterator[slice]:
        while True:
            with lock:
                block = next(taken, None)
            if block is None:
                return
            yield block

    def alone() -> None:
        # Holds for the thread that calls it; torch keeps the number for threads to come as well, put back below.
        torch.set_num_threads(1)
        work(following())

    helpers = [threading.Thread(target=alone, name="search") for _ in range(min(threads, before) - 1)]
    try:
        for helper in helpers:
            helper.start()
        alone()
    finally:
        for helper in helpers:
            if helper.ident is not None:
                helper.join()
        torch.set_num_threads(before)
