"""Who may be confused with whom, and which templates do not belong where they are. Distances are cosine.

Nothing here is quadratic in Python: all pairs are compared in tiles by matrix products, of which only those that are
near enough are kept, and templates are compared with other people only where they are far from their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.types import FloatArray

_ROWS, _COLUMNS = 2048, 2048
"""One tile of similarities: 16 MB."""
_SHORTEST = 1e-6
CLOSER_BY = 0.0
"""How much nearer to another person than to the others of its own a template is that is pointed out."""

Step = Callable[[int, int], None]
"""Told how many of how many steps are done; may raise to stop."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of rows, nearest first: (N,) numbers of the first and the second, and (N,) distances."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    apart: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Strays:
    """Templates that do not look like their person's others.

    Attributes:
        rows: (N,) numbers of the templates.
        own: (N,) distance to the mean of the person's others.
        other: (N,) distance to the nearest other person.
        other_person: (N,) number of that person's row among the fused ones, -1 where there is no other.
    """

    rows: NDArray[np.int64]
    own: FloatArray
    other: FloatArray
    other_person: NDArray[np.int64]


def near_pairs(vectors: FloatArray, within: float, most: int, step: Step | None = None) -> Pairs:
    """Find all pairs of vectors that are at most so far apart.

    Args:
        vectors: (K, D) float32 of unit length.
        within: largest distance.
        most: no more pairs than this are kept, the nearest.
        step: is told of progress.
    """
    found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))]
    kept, least = 0, np.float32(1 - within)
    for start in range(0, len(vectors), _ROWS):
        if step:
            step(start, len(vectors))
        for left in range(start, len(vectors), _COLUMNS):
            alike = vectors[start : start + _ROWS] @ vectors[left : left + _COLUMNS].T
            row, column = np.nonzero(alike >= least)
            row, column, near = row + start, column + left, 1 - alike[row, column]
            # Each pair once.
            upper = row < column
            found.append((row[upper], column[upper], near[upper]))
            kept += int(upper.sum())
        if kept > 4 * most:
            found = [_nearest(found, most)]
            kept, least = most, np.float32(1 - found[0][2][-1])
    return Pairs(*_nearest(found, most))


def _nearest(
    found: list[tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]], most: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]:
    first, second, apart = (np.concatenate(column) for column in zip(*found, strict=True))
    order = np.argsort(apart, kind="stable")[:most]
    return first[order], second[order], np.maximum(apart[order], 0).astype(np.float32)


def leave_one_out(templates: FloatArray, person_ids: NDArray[np.int64]) -> FloatArray:
    """Distance of each template to the mean of its person's others, (N,); NaN for an only one."""
    _, owner, counts = np.unique(person_ids, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), templates.shape[1]), np.float64)
    np.add.at(sums, owner, templates)
    others = sums[owner] - templates
    lengths = np.maximum(np.linalg.norm(others, axis=1), _SHORTEST)
    own = 1 - np.einsum("nd,nd->n", others, templates) / lengths
    return np.where(counts[owner] > 1, own, np.nan).astype(np.float32)


def nearest_other(
    probes: FloatArray, own_rows: NDArray[np.int64], fused: FloatArray
) -> tuple[FloatArray, NDArray[np.int64]]:
    """The nearest person other than a template's own.

    Args:
        probes: (M, D) float32 of unit length.
        own_rows: (M,) which row of `fused` is the template's own person.
        fused: (K, D) float32 of unit length.

    Returns:
        (M,) distances, infinite where there is nobody else, and (M,) rows of `fused`, -1 there.
    """
    apart, rows = np.full(len(probes), np.inf, np.float32), np.full(len(probes), -1, np.int64)
    for left in range(0, len(fused), _COLUMNS):
        part = fused[left : left + _COLUMNS]
        for start in range(0, len(probes), _ROWS):
            block = slice(start, start + _ROWS)
            away = 1 - probes[block] @ part.T
            own = own_rows[block] - left
            inside = np.flatnonzero((own >= 0) & (own < len(part)))
            away[inside, own[inside]] = np.inf
            nearest = away.argmin(axis=1)
            near = away[np.arange(len(away)), nearest]
            better = near < apart[block]
            apart[block] = np.where(better, near, apart[block])
            rows[block] = np.where(better & np.isfinite(near), nearest + left, rows[block])
    return apart, rows


def strays(
    templates: FloatArray,
    person_ids: NDArray[np.int64],
    fused: FloatArray,
    people: NDArray[np.int64],
    *,
    suspect: float,
    far: float,
) -> Strays:
    """Find templates that are nearer to another person than to their person's others, or far from everybody.

    The worst of a person is taken out before the person's next one is looked at, since it pulls the mean of the
    others away from the good ones. Of two templates that look unlike each other only one is named.

    Args:
        templates: (N, D) float32 of unit length.
        person_ids: (N,) whose they are.
        fused: (K, D) mean templates of unit length.
        people: (K,) whose they are, ascending.
        suspect: from this distance to its own others on a template is compared with other people.
        far: from this distance on it is pointed out whoever else is near.
    """
    rows = np.arange(len(templates))
    found: list[tuple[int, float, float, int]] = []
    while len(rows):
        own = leave_one_out(templates[rows], person_ids[rows])
        doubtful = np.flatnonzero(own > suspect)
        if not len(doubtful):
            break
        owner = np.searchsorted(people, person_ids[rows[doubtful]])
        other, other_row = nearest_other(templates[rows[doubtful]], owner, fused)
        astray = (other + CLOSER_BY < own[doubtful]) | (own[doubtful] > far)
        # Of each person the worst: farthest from its own, and of two as far the one that is nearer to somebody else.
        order = np.lexsort((other, -np.round(own[doubtful], 4), person_ids[rows[doubtful]]))
        worst = order[np.unique(person_ids[rows[doubtful]][order], return_index=True)[1]]
        taken = worst[astray[worst]]
        if not len(taken):
            break
        found += [
            (int(rows[doubtful[one]]), float(own[doubtful[one]]), float(other[one]), int(other_row[one]))
            for one in taken
        ]
        # Whoever had none taken out has nothing more to show.
        changed = np.isin(person_ids[rows], person_ids[rows[doubtful[taken]]])
        changed[doubtful[taken]] = False
        rows = rows[changed]
    columns = list(zip(*sorted(found), strict=True)) if found else [(), (), (), ()]
    kinds = (np.int64, np.float32, np.float32, np.int64)
    return Strays(*(np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)))
