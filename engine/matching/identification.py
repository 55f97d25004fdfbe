"""1:N, open set: who each face of a picture is, nobody twice, strangers unknown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import inf
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from engine.matching.distances import distances
from engine.matching.fusion import fuse
from engine.types import Candidate, FloatArray, Metric


class References(Protocol):
    """The templates of one pack, laid out for matching."""

    @property
    def matrix(self) -> FloatArray:
        """(N, D) float32 embeddings."""

    @property
    def person_ids(self) -> NDArray[np.int64]:
        """(N,) whose template each is."""

    @property
    def names(self) -> Mapping[int, str]:
        """Every person's name by id."""


@dataclass(frozen=True, slots=True)
class FaceMatch:
    """What matching says of one face.

    Attributes:
        candidates: nearest people first.
        person: the decision; None means unknown.
        margin: how much further the second candidate is than the first; infinite with fewer than two.
    """

    candidates: tuple[Candidate, ...]
    person: Candidate | None
    margin: float


def match_faces(
    probes: FloatArray,
    references: References,
    metric: Metric,
    threshold: float,
    top: int = 5,
    *,
    barred: Collection[tuple[int, int]] = (),
) -> list[FaceMatch]:
    """Identify the faces of one picture together.

    Each face is given to the person that makes the sum of distances smallest, where nobody is found twice and staying
    unknown costs the threshold (an assignment problem: Kuhn, "The Hungarian Method for the Assignment Problem", 1955).

    Args:
        probes: (P, D) float32, the faces of one picture.
        references: the gallery's templates of the same pack.
        metric: how they are compared.
        threshold: largest distance that is a match.
        top: how many candidates each face lists.
        barred: which faces, by number, are no match for whom, however near; they are still listed as candidates.

    Raises:
        PackMismatchError: probes and references are of different lengths.
    """
    if not len(references.person_ids):
        return [FaceMatch((), None, inf) for _ in probes]
    fused, people = fuse(references.matrix, references.person_ids)
    apart = distances(probes, fused, metric)
    assigned = _assign(_without(apart, people, barred), threshold)
    return [_match(row, people, place, references.names, top) for row, place in zip(apart, assigned, strict=True)]


def _without(apart: FloatArray, people: NDArray[np.int64], barred: Collection[tuple[int, int]]) -> FloatArray:
    """Put barred people out of reach."""
    if not barred:
        return apart
    apart = apart.copy()
    for face, person_id in barred:
        apart[face, people == person_id] = inf
    return apart


def _assign(apart: FloatArray, threshold: float) -> list[int | None]:
    """For each face the column of its person, or None."""
    # Only people whom some face could be are worth assigning: a handful, however large the gallery.
    within = np.flatnonzero((apart <= threshold).any(axis=0))
    faces, people = len(apart), len(within)
    costs = np.full((faces, people + faces), threshold, np.float64)
    costs[:, :people] = np.where(apart[:, within] <= threshold, apart[:, within], 2 * threshold + 1)
    # Between a person exactly at the threshold and nobody, the person wins.
    costs[:, people:] = np.nextafter(threshold, inf)
    rows, columns = linear_sum_assignment(costs)
    assigned: list[int | None] = [None] * faces
    for row, column in zip(rows, columns, strict=True):
        if column < people:
            assigned[row] = int(within[column])
    return assigned


def _match(
    row: FloatArray, people: NDArray[np.int64], place: int | None, names: Mapping[int, str], top: int
) -> FaceMatch:
    count = min(max(top, 2), len(row))
    nearest = np.argpartition(row, count - 1)[:count]
    nearest = nearest[np.argsort(row[nearest], kind="stable")]
    ranked = tuple(_candidate(row, people, int(column), names) for column in nearest)
    margin = ranked[1].distance - ranked[0].distance if len(ranked) > 1 else inf
    person = None if place is None else _candidate(row, people, place, names)
    return FaceMatch(ranked[:top], person, margin)


def _candidate(row: FloatArray, people: NDArray[np.int64], column: int, names: Mapping[int, str]) -> Candidate:
    person_id = int(people[column])
    return Candidate(person_id, names[person_id], float(row[column]))
