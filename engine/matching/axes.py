"""The axes along which embeddings are coded for the search: around what they have in common, widest spread first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.types import FloatArray

PART = 64
"""Values that are multiplied at once: a row of bytes that fills one line of the cache, several times as fast as two."""
_SHARE_LEFT_OUT = 1 / 16
"""As much of the spread may be left to the bound. Half the bytes to read are worth some hundred rows looked at."""
_ROWS_PER_AXIS = 8
"""With fewer rows than this per value the spread is not known well enough to leave any of it out."""


class Axes(NamedTuple):
    """A centre and, where fewer than all values are to be coded, turned axes.

    Attributes:
        centre: (D,) float32, what the rows have in common; any vector gives right bounds, their mean gives tight ones.
        turn: (D, D) float32, orthonormal columns; None leaves values as they are.
        width: how many of the turned values are coded; the others are its tail.
    """

    centre: FloatArray
    turn: FloatArray | None
    width: int

    @classmethod
    def around(cls, centre: FloatArray) -> Axes:
        """Leave values as they are, and code all of them."""
        return cls(centre.astype(np.float32), None, len(centre))

    def apart(self, vectors: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Rows (A, D) around the centre, along the axes: what is coded (A, width) and the tails (A, D - width)."""
        apart = vectors - self.centre.astype(vectors.dtype)
        if self.turn is not None:
            apart = apart @ self.turn.astype(vectors.dtype)
        return apart[:, : self.width], apart[:, self.width :]


class Spread:
    """Gathers rows, block by block, of which axes are made."""

    def __init__(self) -> None:
        self._count = 0
        self._sum: NDArray[np.float64] | float = 0.0
        self._squares: NDArray[np.float64] | float = 0.0

    def add(self, vectors: FloatArray) -> None:
        """Take in rows, (A, D)."""
        self._count += len(vectors)
        self._sum = self._sum + vectors.sum(axis=0, dtype=np.float64)
        self._squares = self._squares + (vectors.T @ vectors).astype(np.float64)

    def axes(self) -> Axes:
        """Axes for these rows: principal components, where so few hold nearly all of the spread that bytes are saved.

        The networks' embeddings need fewer values than they have: those of the default pack lie within 80 axes, and 64
        hold 97 % of their spread.
        """
        centre = np.asarray(self._sum / self._count, np.float64)
        whole = Axes.around(centre.astype(np.float32))
        if len(centre) <= PART or self._count < _ROWS_PER_AXIS * len(centre):
            return whole
        spreads, axes = np.linalg.eigh(self._squares / self._count - np.outer(centre, centre))
        tails = np.cumsum(spreads.clip(0)) / max(float(spreads.clip(0).sum()), np.finfo(np.float64).tiny)
        needed = len(centre) - int(np.searchsorted(tails, _SHARE_LEFT_OUT, side="right"))
        width = max(-(-needed // PART), 1) * PART
        return whole._replace(turn=axes[:, ::-1].astype(np.float32), width=width) if width < len(centre) else whole
