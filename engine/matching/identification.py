"""1:N, open set: who each face of a picture is, nobody twice, strangers unknown."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from scipy.optimize import linear_sum_assignment

from engine.matching.index import Found
from engine.matching.people_index import PeopleIndex, References
from engine.types import Candidate, FloatArray, Metric


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
    index: PeopleIndex | None = None,
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
        index: one that is kept between calls, so that it need not be made anew.
        barred: which faces, by number, are no match for whom, however near; they are still listed as candidates.

    Raises:
        PackMismatchError: probes and references are of different lengths.
    """
    # One without people counts as false.
    index = PeopleIndex() if index is None else index
    index.follow(references)
    found = index.search(probes, max(top, 2), metric, within=threshold)
    assigned = _assign(found, threshold, barred)
    return [_match(one, person, references.names, top) for one, person in zip(found, assigned, strict=True)]


def _assign(found: Sequence[Found], threshold: float, barred: Collection[tuple[int, int]]) -> list[int | None]:
    """For each face the id of its person, or None."""
    # Only people whom some face could be are worth assigning: a handful, however large the gallery.
    close = [one.distances <= threshold for one in found]
    for face, person_id in barred:
        close[face] = close[face] & (found[face].ids != person_id)
    people = np.unique(np.concatenate([one.ids[near] for one, near in zip(found, close, strict=True)]))
    costs = np.full((len(found), len(people) + len(found)), 2 * threshold + 1, np.float64)
    for face, (one, near) in enumerate(zip(found, close, strict=True)):
        costs[face, np.searchsorted(people, one.ids[near])] = one.distances[near]
    # Between a person exactly at the threshold and nobody, the person wins.
    costs[:, len(people) :] = np.nextafter(threshold, inf)
    rows, columns = linear_sum_assignment(costs)
    assigned: list[int | None] = [None] * len(found)
    for row, column in zip(rows, columns, strict=True):
        if column < len(people):
            assigned[row] = int(people[column])
    return assigned


def _match(found: Found, assigned: int | None, names: Mapping[int, str], top: int) -> FaceMatch:
    apart = [float(distance) for distance in found.distances]
    margin = apart[1] - apart[0] if len(apart) > 1 else inf
    ids = found.ids.tolist()
    listed = tuple(Candidate(id_, names[id_], far) for id_, far in zip(ids[:top], apart[:top], strict=True))
    person = None if assigned is None else Candidate(assigned, names[assigned], apart[ids.index(assigned)])
    return FaceMatch(listed, person, margin)
