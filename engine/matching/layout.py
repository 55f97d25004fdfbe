"""Where each person's templates are among all of a gallery's."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.matching.fusion import unit_length
from engine.types import FloatArray


class Layout(NamedTuple):
    """Where people's templates are: those of person k are the rows order[starts[k] : starts[k + 1]].

    Attributes:
        people: (K,) ascending.
        starts: (K + 1,).
        order: (N,), or None where it would be 0, 1, 2 and so on.
    """

    people: NDArray[np.int64]
    starts: NDArray[np.intp]
    order: NDArray[np.intp] | None

    @classmethod
    def of(cls, person_ids: NDArray[np.int64]) -> Layout:
        """Lay out templates by whose each is, (N,)."""
        order = None
        if (person_ids[1:] < person_ids[:-1]).any():
            order = np.argsort(person_ids, kind="stable")
            person_ids = person_ids[order]
        changes = np.flatnonzero(person_ids[1:] != person_ids[:-1]) + 1
        first = np.concatenate([[0], changes]) if len(person_ids) else changes
        return cls(person_ids[first], np.append(first, len(person_ids)), order)

    def fused(self, matrix: FloatArray, people: NDArray[np.int64]) -> FloatArray:
        """The fused templates of some people who are there, (S, D), in the order asked for; see `fuse`."""
        places = np.searchsorted(self.people, people)
        first, counts = self.starts[places], self.starts[places + 1] - self.starts[places]
        if (counts == 1).all():
            return unit_length(matrix[first if self.order is None else self.order[first]])
        ends = np.cumsum(counts)
        rows = np.arange(ends[-1]) + np.repeat(first - ends + counts, counts)
        templates = matrix[rows if self.order is None else self.order[rows]]
        return unit_length(np.add.reduceat(templates, ends - counts, axis=0))


NOBODY = Layout(np.empty(0, np.int64), np.zeros(1, np.intp), None)
