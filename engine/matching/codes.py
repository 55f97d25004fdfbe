"""The coarse pass of the search: dot products from 8-bit codes, and how wrong they can be at most.

A row x is kept as its place around the centre of all rows and along their axes, x = centre + axes·(scale·code + rest)
+ tail, where code holds whole numbers from -127 to 127. A probe is taken apart in the same way. What rests and tails
can add to the dot product is bounded by the inequality of Cauchy and Schwarz; people's embeddings point in much the
same direction and along few axes, so that all three are short and the bound is tight (`docs/matching.md` has figures).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from engine.matching.axes import PART, Axes
from engine.matching.products import integer_sums
from engine.types import FloatArray

CPU = torch.device("cpu")
_LARGEST_CODE = 127
_BLOCK = 131_072
"""Rows taken at once: so few that they are read from memory once for all probes, so many that calls cost nothing."""
GROUP = 256
"""Rows of which the largest score is kept, so that few of the others need be looked at; a block is made of such."""
_QUANTISED_AT_ONCE = 8192
_ROUNDING = 1e-5
"""More than single precision can add to a bound on dot products of vectors of unit length."""
_SMALLEST_SCALE = 1e-30
_COLUMNS = 8
"""A GPU's product of bytes takes probes by eights."""


class Scores(NamedTuple):
    """Approximate dot products of one probe with K rows: `values` plus `offset`.

    Attributes:
        values: (K,) float32, where the codes are.
        peaks: (G,) float32, the largest value of each `GROUP` rows, the last of which may be fewer.
        offset: what all values lack.
        error: how far off one can be at most.
    """

    values: torch.Tensor
    peaks: FloatArray
    offset: float
    error: float

    def nth(self, count: int) -> float:
        """A value no larger than the `count`-th largest, and near it; minus infinity where there are fewer."""
        if count > len(self.values):
            return -np.inf
        # The peaks of so many groups are values of so many rows: the last of them can only be too small.
        enough = self.peaks if len(self.peaks) > GROUP > count else self.values.cpu().numpy()
        return float(np.partition(enough, len(enough) - count)[len(enough) - count])

    def at_least(self, bar: float) -> NDArray[np.intp]:
        """The rows whose values are not under the bar, ascending."""
        if self.values.device != CPU:
            passed: NDArray[np.intp] = torch.nonzero(self.values >= bar)[:, 0].cpu().numpy()
            return passed
        # Not by torch, whose threads would still be waiting busily when the next search begins.
        values, whole = self.values.numpy(), len(self.values) // GROUP
        groups = np.flatnonzero(self.peaks[:whole] >= bar)
        if len(groups) * 2 > len(self.peaks):
            return np.flatnonzero(values >= bar)
        row, column = np.nonzero(values[: whole * GROUP].reshape(whole, GROUP)[groups] >= bar)
        return np.concatenate(
            [groups[row] * GROUP + column, whole * GROUP + np.flatnonzero(values[whole * GROUP :] >= bar)]
        )


class Codes:
    """K rows of unit length in a quarter of their size or less; rows can be added, and taken out."""

    def __init__(self, axes: Axes, device: torch.device = CPU) -> None:
        """Start without rows.

        Args:
            axes: along which rows are taken apart; any give right bounds, the rows' own give tight ones.
            device: where the codes are kept and multiplied: the processor's memory, or a CUDA device's.
        """
        self.axes = axes
        self._device = device
        self._count = 0
        self._parts = [self._empty(0, PART, dtype=torch.int8) for _ in range(-(-axes.width // PART))]
        self._scales = self._empty(0)
        self._biases = self._empty(0)
        self._longest_rest = 0.0
        self._longest_code = 0.0
        self._longest_tail = 0.0
        # Kept between searches: having the system hand out and clear so much memory takes as long as filling it.
        self._values = self._empty(0)
        self._sums = torch.empty(2, 0, 1, dtype=torch.int32)

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """Memory in use."""
        return sum(kept.nbytes for kept in (*self._parts, self._scales, self._biases, self._values, self._sums))

    def append(self, vectors: FloatArray) -> None:
        """Add rows at the end, (A, D) of unit length."""
        self._reserve(self._count + len(vectors))
        for start in range(0, len(vectors), _QUANTISED_AT_ONCE):
            block = vectors[start : start + _QUANTISED_AT_ONCE]
            self._write(slice(self._count, self._count + len(block)), block)
            self._count += len(block)

    def keep(self, count: int, holes: NDArray[np.intp], movers: NDArray[np.intp]) -> None:
        """Move rows from the end into holes, and keep the first `count`. Bounds stay those of all rows ever added."""
        into, from_ = (torch.from_numpy(rows).to(self._device) for rows in (holes, movers))
        for kept in (*self._parts, self._scales, self._biases):
            kept[into] = kept[from_]
        self._count = count

    def scores(self, probes: FloatArray) -> list[Scores]:
        """Approximate the dot product of each probe, (P, D), with each row; valid until the next call."""
        places = [_Place.of(probe, self) for probe in probes]
        if self._values.numel() < len(probes) * self._count:
            self._values = self._empty(len(probes) * len(self._scales))
        values = self._values[: len(probes) * self._count].view(len(probes), self._count)
        peaks = self._empty(len(probes), -(-self._count // GROUP))
        if self._device == CPU:
            self._in_blocks(places, values, peaks)
        else:
            self._at_once(places, values, peaks)
        tops = peaks.cpu().numpy()
        return [
            Scores(row, top, place.offset, place.error) for row, top, place in zip(values, tops, places, strict=True)
        ]

    def _in_blocks(self, places: Sequence[_Place], values: torch.Tensor, peaks: torch.Tensor) -> None:
        if self._sums.shape[1] < (most := min(self._count, _BLOCK)):
            self._sums = torch.empty(2, most, 1, dtype=torch.int32)
        for start in range(0, self._count, _BLOCK):
            rows = slice(start, min(start + _BLOCK, self._count))
            parts, scales, biases = [part[rows] for part in self._parts], self._scales[rows], self._biases[rows]
            for place, into, tops in zip(places, values, peaks, strict=True):
                scored = into[rows]
                scored.copy_(integer_sums(parts, place.code, self._sums))
                torch.addcmul(biases, scored, scales, value=place.scale, out=scored)
                _write_peaks(scored, tops[start // GROUP :])

    def _at_once(self, places: Sequence[_Place], values: torch.Tensor, peaks: torch.Tensor) -> None:
        """All rows and probes in one product a part, as a GPU wants it."""
        codes = torch.zeros(len(self._parts) * PART, -(-len(places) // _COLUMNS) * _COLUMNS, dtype=torch.int8)
        for column, place in enumerate(places):
            codes[:, column] = place.code
        codes = codes.to(self._device)
        # It also wants more than sixteen rows, which the room to spare has.
        rows = max(self._count, _COLUMNS * 4)
        sums = torch._int_mm(self._parts[0][:rows], codes[:PART])
        for at, part in enumerate(self._parts[1:], 1):
            sums += torch._int_mm(part[:rows], codes[at * PART : (at + 1) * PART])
        for column, (place, into, tops) in enumerate(zip(places, values, peaks, strict=True)):
            biases, scales = self._biases[: self._count], self._scales[: self._count]
            torch.addcmul(biases, sums[: self._count, column], scales, value=place.scale, out=into)
            _write_peaks(into, tops)

    def _write(self, rows: slice, vectors: FloatArray) -> None:
        apart, tails = self.axes.apart(vectors)
        scales = np.maximum(np.abs(apart).max(axis=1) / _LARGEST_CODE, _SMALLEST_SCALE).astype(np.float32)
        codes = np.rint(apart / scales[:, None])
        coded = codes * scales[:, None]
        for part, of_part in zip(self._parts, _in_parts(codes), strict=True):
            part[rows] = of_part.to(self._device)
        centre = self.axes.centre
        biases = (vectors - centre).astype(np.float64) @ centre.astype(np.float64)
        self._scales[rows] = torch.from_numpy(scales).to(self._device)
        self._biases[rows] = torch.from_numpy(biases.astype(np.float32)).to(self._device)
        self._longest_rest = max(self._longest_rest, _longest(apart - coded))
        self._longest_code = max(self._longest_code, _longest(coded))
        self._longest_tail = max(self._longest_tail, _longest(tails))

    def _reserve(self, rows: int) -> None:
        """Make room, with a sixteenth to spare, so that single rows are added in constant time."""
        if rows <= len(self._scales):
            return
        room = rows + max(rows // 16, 64)
        self._parts = [self._grown(part, room) for part in self._parts]
        self._scales, self._biases = self._grown(self._scales, room), self._grown(self._biases, room)

    def _grown(self, old: torch.Tensor, room: int) -> torch.Tensor:
        new = self._empty(room, *old.shape[1:], dtype=old.dtype)
        new[: self._count] = old[: self._count]
        return new

    def _empty(self, *shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        return torch.empty(shape, dtype=dtype, device=self._device)


def _in_parts(codes: NDArray[np.floating]) -> list[torch.Tensor]:
    """Codes (A, width) as int8 in parts of 64 columns, the last filled up with zeros, which add nothing."""
    filled = np.zeros((len(codes), -(-codes.shape[1] // PART) * PART), np.int8)
    filled[:, : codes.shape[1]] = codes
    return [torch.from_numpy(filled[:, at : at + PART]) for at in range(0, filled.shape[1], PART)]


def _write_peaks(values: torch.Tensor, peaks: torch.Tensor) -> None:
    whole = len(values) // GROUP
    if whole:
        torch.amax(values[: whole * GROUP].view(whole, GROUP), dim=1, out=peaks[:whole])
    if whole * GROUP < len(values):
        peaks[whole] = values[whole * GROUP :].max()


def _longest(vectors: NDArray[np.floating]) -> float:
    return float(np.sqrt(np.einsum("ij,ij->i", vectors, vectors).max(initial=0.0)))


class _Place(NamedTuple):
    """A probe among the rows: its code (64 * parts,), the code's scale, q·centre, and the bound on the error."""

    code: torch.Tensor
    scale: float
    offset: float
    error: float

    @classmethod
    def of(cls, probe: FloatArray, codes: Codes) -> _Place:
        wide, centre = probe.astype(np.float64), codes.axes.centre.astype(np.float64)
        (apart,), (tail,) = codes.axes.apart(wide[None])
        scale = max(float(np.abs(apart).max(initial=0.0)) / _LARGEST_CODE, _SMALLEST_SCALE)
        code = np.rint(apart / scale)
        rest = float(np.linalg.norm(apart - code * scale))
        bound = float(np.linalg.norm(apart)) * codes._longest_rest + rest * codes._longest_code
        bound += float(np.linalg.norm(tail)) * codes._longest_tail
        rounding = _ROUNDING * (1 + float(np.linalg.norm(wide)) + float(np.linalg.norm(wide - centre)))
        parts = torch.cat(_in_parts(code[None]), dim=1)[0]
        return cls(parts, scale, float(wide @ centre), bound + rounding)
