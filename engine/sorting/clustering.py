"""Which faces are one person, without knowing anybody.

First every face takes the group that most of its very near neighbours have, until nothing changes (Biemann, "Chinese
Whispers", 2006). That follows people through their ages and poses, but leaves faces with few neighbours alone. Then
average linkage joins what is left: two groups are as far apart as their faces are on average, which for unit vectors is
one product of their means, and the nearest are joined first (Sokal and Michener, 1958). Two single faces must be very
near to be one person, since there are so many pairs of strangers; means of many faces vary less, so that the limit
widens with their numbers towards that of a 1:1 decision. Both limits are false match rates of the pack's calibration.
`docs/sorting.md` has it measured against DBSCAN, HDBSCAN and each of the two steps alone.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.matching.calibration import Calibration
from engine.types import CancelToken, FloatArray, Metric

PAIR_SHARE, LARGE_SHARE = 0.03, 0.5
"""Shares of the wanted false match rate that two single faces, and two very large groups, may have."""
_NEIGHBOURS = 48
"""How many nearest others each group is compared with in one pass; passes follow until no two groups are near."""
_ROUNDS = 10
_ROWS_AT_ONCE = 512
_LOOK_EVERY = 256


class Limits(NamedTuple):
    """Largest average cosine distance at which groups are joined: of two single faces, and of two very large groups."""

    pair: float
    large: float

    def between(self, size: NDArray[np.float64] | float, other: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """The limit for groups of so many faces."""
        return np.asarray(self.large - (self.large - self.pair) / np.sqrt(np.multiply(size, other)))

    @classmethod
    def of(cls, calibration: Calibration, false_match_rate: float) -> Limits:
        """The limits that follow from a false match rate for 1:1 decisions."""
        rates = false_match_rate * PAIR_SHARE, false_match_rate * LARGE_SHARE
        return cls(*(calibration.threshold(Metric.COSINE, rate) for rate in rates))


def cluster(
    embeddings: FloatArray,
    pictures: Sequence[int],
    limits: Limits,
    seeds: Sequence[int] = (),
    token: CancelToken | None = None,
    *,
    rounds: int = _ROUNDS,
) -> NDArray[np.int64]:
    """Group faces by person.

    Faces of one picture are different people.

    Args:
        embeddings: (N, D) float32 of unit length.
        pictures: (N,) the picture of each face.
        limits: how near groups must be.
        seeds: (N,) faces of one number from 0 up are known to be together, and apart from other numbers; -1 is unknown.
        token: stops it.
        rounds: of whispering at the most; none leaves plain average linkage.

    Returns:
        (N,) the group of each face, numbered from 0 by size, the largest first.

    Raises:
        OperationCancelledError: the token was turned.
    """
    token = token or CancelToken()
    groups = _whispered(_first_groups(embeddings, pictures, seeds), limits, rounds, token)
    while (joined := _pass(groups, limits, token)) is not groups:
        groups = joined
    labels = np.zeros(len(embeddings), np.int64)
    for number, group in enumerate(sorted(groups, key=lambda group: (-len(group.faces), min(group.faces)))):
        labels[group.faces] = number
    return labels


@dataclass(slots=True)
class _Group:
    """Faces that are together so far: their places, the sum of their embeddings, their pictures, their seed."""

    faces: list[int]
    total: FloatArray
    pictures: set[int]
    seed: int = -1
    near: set[int] = field(default_factory=set)

    @property
    def mean(self) -> FloatArray:
        return self.total / np.float32(len(self.faces))

    def may_join(self, other: _Group) -> bool:
        return (self.seed < 0 or other.seed < 0) and self.pictures.isdisjoint(other.pictures)

    def joined(self, other: _Group) -> _Group:
        return _Group(
            self.faces + other.faces,
            self.total + other.total,
            self.pictures | other.pictures,
            max(self.seed, other.seed),
            self.near | other.near,
        )


def _first_groups(embeddings: FloatArray, pictures: Sequence[int], seeds: Sequence[int]) -> list[_Group]:
    seeded: dict[int, _Group] = {}
    groups: list[_Group] = []
    for face, (embedding, picture) in enumerate(zip(embeddings, pictures, strict=True)):
        seed = seeds[face] if len(seeds) else -1
        one = _Group([face], embedding.astype(np.float32), {int(picture)}, int(seed))
        if seed < 0:
            groups.append(one)
        else:
            seeded[seed] = seeded[seed].joined(one) if seed in seeded else one
    return groups + list(seeded.values())


def _whispered(groups: list[_Group], limits: Limits, rounds: int, token: CancelToken) -> list[_Group]:
    """Let every face take the group that most of its near neighbours have.

    Groups that somebody made keep their name; nobody takes one that holds another face of the same picture.
    """
    neighbours: dict[int, list[tuple[int, float]]] = {}
    for beyond, one, other in _neighbours(groups, limits, token) if rounds else ():
        alike = 1 - limits.pair - beyond
        neighbours.setdefault(one, []).append((other, alike))
        neighbours.setdefault(other, []).append((one, alike))
    names = list(range(len(groups)))
    pictures = [Counter(group.pictures) for group in groups]
    rng = np.random.default_rng(0)
    movable = np.array([one for one in neighbours if groups[one].seed < 0], np.int64)
    for _ in range(rounds):
        token.check()
        moved = False
        for one in rng.permutation(movable).tolist():
            votes: dict[int, float] = {}
            for other, alike in neighbours[one]:
                votes[names[other]] = votes.get(names[other], 0.0) + alike
            own = groups[one].pictures
            free = [name for name in votes if name == names[one] or not any(pictures[name][each] for each in own)]
            best = max(free, key=votes.__getitem__, default=names[one])
            if best != names[one]:
                pictures[names[one]].subtract(own)
                pictures[best].update(own)
                names[one], moved = best, True
        if not moved:
            break
    joined: dict[int, _Group] = {}
    for name, group in zip(names, groups, strict=True):
        joined[name] = joined[name].joined(group) if name in joined else group
    return list(joined.values())


def _pass(groups: list[_Group], limits: Limits, token: CancelToken) -> list[_Group]:
    """Join what is near, nearest first; the same list when nothing is."""
    waiting = _neighbours(groups, limits, token)
    alive: dict[int, _Group] = dict(enumerate(groups))
    means = np.zeros((2 * len(groups), len(groups[0].total) if groups else 0), np.float32)
    sizes = np.zeros(2 * len(groups))
    for number, group in alive.items():
        means[number], sizes[number] = group.mean, len(group.faces)
    following = len(groups)
    while waiting:
        _, one, other = heapq.heappop(waiting)
        if one not in alive or other not in alive or not alive[one].may_join(alive[other]):
            continue
        if following % _LOOK_EVERY == 0:
            token.check()
        both = alive.pop(one).joined(alive.pop(other))
        both.near -= {one, other}
        alive[following] = both
        means[following], sizes[following] = both.mean, len(both.faces)
        near = np.fromiter(both.near, np.int64, len(both.near))
        excess = 1 - means[near] @ means[following] - limits.between(sizes[near], sizes[following])
        for number, beyond in zip(near.tolist(), excess.tolist(), strict=True):
            neighbour = alive[number].near
            neighbour -= {one, other}
            neighbour.add(following)
            if beyond <= 0:
                heapq.heappush(waiting, (beyond, number, following))
        following += 1
    return groups if following == len(groups) else list(alive.values())


def _neighbours(groups: list[_Group], limits: Limits, token: CancelToken) -> list[tuple[float, int, int]]:
    """Note for each group which others are near, and return the pairs that may be joined as a heap.

    A pair's place in the heap is how far it is within its limit.
    """
    for group in groups:
        group.near = set()
    means = np.stack([group.mean for group in groups]) if groups else np.zeros((0, 0), np.float32)
    sizes = np.array([len(group.faces) for group in groups], np.float64)
    heap: list[tuple[float, int, int]] = []
    for start in range(0, len(groups), _ROWS_AT_ONCE):
        token.check()
        apart = 1 - means[start : start + _ROWS_AT_ONCE] @ means.T
        for row, column in enumerate(range(start, min(start + _ROWS_AT_ONCE, len(groups)))):
            apart[row, column] = np.inf
        for row in np.flatnonzero((apart <= limits.large).any(axis=1)).tolist():
            one, others = start + row, np.flatnonzero(apart[row] <= limits.large)
            excess = apart[row, others] - limits.between(sizes[one], sizes[others])
            if len(others) > _NEIGHBOURS:
                nearest = np.argpartition(excess, _NEIGHBOURS)[:_NEIGHBOURS]
                others, excess = others[nearest], excess[nearest]
            for other, beyond in zip(others.tolist(), excess.tolist(), strict=True):
                if not groups[one].may_join(groups[other]) or other in groups[one].near:
                    continue
                groups[one].near.add(other)
                groups[other].near.add(one)
                if beyond <= 0:
                    heap.append((beyond, one, other))
    heapq.heapify(heap)
    return heap
