"""Intervals by resampling people.

Pairs that share a person are not independent: a person who is hard to recognise spoils all of their pairs together.
People are therefore drawn with replacement, and a pair counts as often as its people were drawn together (Bolle, Ratha
and Pankanti, "Error analysis of pattern recognition systems: the subsets bootstrap", 2004).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.metrics import CONFIDENCE, Distances, Flags, Rate, curve, supported, tar_at

REPEATS = 1000
LEAST_PEOPLE = 6
"""With fewer, resamples are so alike that their interval misses the truth far too often: of two networks without any
difference one seems better beyond chance in 39 of 100 tests with two people, in 1 of 200 with six
(`benchmarks/guard.py`)."""
_DENSE = 4
"""Where a sample is a larger part than one in so many, all pairs are listed first."""
_TAILS = ((1 - CONFIDENCE) / 2, 1 - (1 - CONFIDENCE) / 2)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Compared pairs.

    Attributes:
        genuine: (N,) whether both pictures show one person.
        people: (N, 2) whose pictures they are, 0 .. P - 1.
    """

    genuine: Flags
    people: NDArray[np.int64]

    @property
    def judged(self) -> int:
        """How many people have a genuine pair."""
        return len(np.unique(self.people[self.genuine, 0]))

    def weights(self, seed: int, repeats: int = REPEATS) -> Iterator[NDArray[np.float64]]:
        """Yield how often each pair counts in each resample, (N,).

        A genuine pair counts as often as its person was drawn, an impostor pair as often as the product of both.
        """
        random = np.random.default_rng(seed)
        count = int(self.people.max()) + 1
        for _ in range(repeats):
            drawn = np.bincount(random.integers(0, count, count), minlength=count).astype(np.float64)
            first, second = drawn[self.people[:, 0]], drawn[self.people[:, 1]]
            yield np.where(self.genuine, first, first * second)


class _Sorted:
    """Distances sorted once, for weighted rates."""

    def __init__(self, distances: Distances, genuine: Flags) -> None:
        worst = np.where(np.isfinite(distances), distances, np.inf)
        self._genuine = np.flatnonzero(genuine)
        others = np.flatnonzero(~genuine)
        self._others = others[np.argsort(worst[others], kind="stable")]
        # How many impostors, in order, are strictly nearer than each genuine pair lets in.
        self._before = np.searchsorted(worst[self._others], worst[self._genuine], side="right")
        self._finite = np.isfinite(worst[self._genuine])
        self._nearest = np.argsort(worst[self._genuine], kind="stable")

    def tar(self, weights: NDArray[np.float64], false_match_rate: float) -> float:
        """Weighted true acceptance rate."""
        own, others = self._split(weights)
        if own.sum() == 0 or others[-1] == 0:
            return nan
        accepted = (others[self._before] <= false_match_rate * others[-1] + 1e-9) & self._finite
        return float(own[accepted].sum() / own.sum())

    def eer(self, weights: NDArray[np.float64]) -> float:
        """Weighted equal error rate, at the genuine distance where both errors are nearest."""
        own, others = self._split(weights)
        if own.sum() == 0 or others[-1] == 0:
            return nan
        order = self._nearest[self._finite[self._nearest]]
        fmr = np.concatenate([[0.0], others[self._before[order]] / others[-1]])
        fnmr = 1 - np.concatenate([[0.0], np.cumsum(own[order])]) / own.sum()
        place = int(np.abs(fmr - fnmr).argmin())
        return float((fmr[place] + fnmr[place]) / 2)

    def _split(self, weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weights of the genuine pairs, and of the impostor pairs summed up in order."""
        return weights[self._genuine], np.concatenate([[0.0], np.cumsum(weights[self._others])])


def interval_of(values: Sequence[float], value: float, people: int) -> tuple[float, float]:
    """The 95 % interval that resamples of people give.

    Where none of them shows an error (or a success), it is the exact one-sided bound of so many people without one:
    about 3 / people (the rule of three). One person alone says nothing.
    """
    finite = np.array([one for one in values if isfinite(one)])
    if people < 2 or not len(finite) or not isfinite(value):
        return 0.0, 1.0
    low, high = (float(one) for one in np.quantile(finite, _TAILS))
    unseen = 1 - (1 - CONFIDENCE) ** (1 / people)
    if low == high == 1.0:
        return 1 - unseen, 1.0
    if low == high == 0.0:
        return 0.0, unseen
    return min(low, value), max(high, value)


def tar_with_interval(
    distances: Distances, pairs: Pairs, false_match_rate: float, seed: int = 0, repeats: int = REPEATS
) -> Rate:
    """True acceptance rate at a false match rate, with the interval over people.

    With too few impostor pairs for that rate the value is the one at which none of them matches.
    """
    return rates_with_intervals(distances, pairs, (false_match_rate,), seed, repeats)[0][0]


def rates_with_intervals(
    distances: Distances, pairs: Pairs, false_match_rates: Sequence[float], seed: int = 0, repeats: int = REPEATS
) -> tuple[tuple[Rate, ...], Rate]:
    """True acceptance rates at false match rates, and the equal error rate, with intervals over people."""
    order = _Sorted(distances, pairs.genuine)
    drawn = [
        (*(order.tar(weights, rate) for rate in false_match_rates), order.eer(weights))
        for weights in pairs.weights(seed, repeats)
    ]
    *columns, eers = zip(*drawn, strict=True)
    own, impostors, people = int(pairs.genuine.sum()), int((~pairs.genuine).sum()), pairs.judged
    tars = []
    for rate, values in zip(false_match_rates, columns, strict=True):
        value = tar_at(distances, pairs.genuine, rate)
        bounded = not supported(impostors, rate)
        tars.append(Rate(value, *interval_of(values, value, people), own, impostors, bounded, people))
    eer = curve(distances, pairs.genuine).eer
    return tuple(tars), Rate(eer, *interval_of(eers, eer, people), own, impostors, people=people)


def accuracy_with_interval(right: Flags, pairs: Pairs, seed: int = 0, repeats: int = REPEATS) -> Rate:
    """Share of pairs decided rightly, genuine and impostor ones counting alike, with the interval over people."""

    def accuracy(weights: NDArray[np.float64]) -> float:
        shares = []
        for kind in (pairs.genuine, ~pairs.genuine):
            whole = weights[kind].sum()
            shares.append(weights[kind & right].sum() / whole if whole else nan)
        return float(np.mean(shares))

    value = accuracy(np.ones(len(right)))
    drawn = [accuracy(weights) for weights in pairs.weights(seed, repeats)]
    people = pairs.judged
    return Rate(value, *interval_of(drawn, value, people), int(right.sum()), len(right), people=people)


def share_with_interval(right: Flags, person: NDArray[np.int64], seed: int = 0, repeats: int = REPEATS) -> Rate:
    """Share of trials that came out right, with the interval over the people they are about.

    Args:
        right: (N,).
        person: (N,) whose trial each is.
    """
    _, number = np.unique(person, return_inverse=True)
    people = int(number.max(initial=-1)) + 1
    won, all_ = np.bincount(number, right, people), np.bincount(number, minlength=people)
    random = np.random.default_rng(seed)
    drawn = [random.integers(0, people, people) for _ in range(repeats)] if people else []
    value = float(right.mean()) if len(right) else nan
    values = [float(won[places].sum() / all_[places].sum()) for places in drawn]
    return Rate(value, *interval_of(values, value, people), int(right.sum()), len(right), people=people)


@dataclass(frozen=True, slots=True, eq=False)
class Probes:
    """Probes against a gallery.

    Attributes:
        distances: (N,) of an enrolled person's probe to its own person, infinite where another one is nearer; of an
            unknown person's to the nearest.
        mated: (N,) whether the person is enrolled.
        person: (N,) whose probe each is.
    """

    distances: Distances
    mated: Flags
    person: NDArray[np.int64]


def detection_with_interval(probes: Probes, fpir: float, seed: int = 0, repeats: int = REPEATS) -> Rate:
    """Detection and identification rate at a false positive identification rate, with the interval over people."""
    _, number = np.unique(probes.person, return_inverse=True)
    order, random = _Sorted(probes.distances, probes.mated), np.random.default_rng(seed)
    count = int(number.max(initial=-1)) + 1
    values = [
        order.tar(np.bincount(random.integers(0, count, count), minlength=count).astype(np.float64)[number], fpir)
        for _ in range(repeats)
    ]
    value, people = tar_at(probes.distances, probes.mated, fpir), len(np.unique(probes.person[probes.mated]))
    own, unknown = int(probes.mated.sum()), int((~probes.mated).sum())
    return Rate(value, *interval_of(values, value, people), own, unknown, not supported(unknown, fpir), people)


@dataclass(frozen=True, slots=True)
class Difference:
    """Two networks on the same pairs.

    Attributes:
        before, after: true acceptance rates at the same false match rate, each at a threshold of its own.
        change: after minus before, with the paired interval over people.
    """

    before: Rate
    after: Rate
    change: Rate

    @property
    def enough_people(self) -> bool:
        """Whether there are enough people to tell anything from chance."""
        return self.change.people >= LEAST_PEOPLE

    @property
    def better_beyond_chance(self) -> bool:
        """Whether the lower end of the change's interval is above 0, over enough people."""
        return self.enough_people and self.change.low > 0


def paired_difference(
    before: Distances,
    after: Distances,
    pairs: Pairs,
    false_match_rate: float,
    *,
    seed: int = 0,
    repeats: int = REPEATS,
    least_people: int = LEAST_PEOPLE,
) -> Difference:
    """Compare two networks: the same people are drawn for both in every resample.

    With fewer people than `least_people` the interval is everything that is possible.
    """
    orders = [_Sorted(distances, pairs.genuine) for distances in (before, after)]
    values = np.array(
        [[order.tar(weights, false_match_rate) for order in orders] for weights in pairs.weights(seed, repeats)]
    )
    values = values[np.isfinite(values).all(axis=1)]
    people = pairs.judged
    bounded = not supported(int((~pairs.genuine).sum()), false_match_rate)
    counts = int(pairs.genuine.sum()), int((~pairs.genuine).sum())
    rates = []
    for column, distances in enumerate((before, after)):
        value = tar_at(distances, pairs.genuine, false_match_rate)
        rates.append(Rate(value, *interval_of(values[:, column].tolist(), value, people), *counts, bounded, people))
    low, high = -1.0, 1.0
    if people >= least_people and len(values):
        low, high = (float(one) for one in np.quantile(values[:, 1] - values[:, 0], _TAILS))
    change = Rate(rates[1].value - rates[0].value, low, high, *counts, bounded, people)
    return Difference(rates[0], rates[1], change)


def all_pairs(labels: NDArray[np.int64], most_impostors: int = 0, seed: int = 0) -> tuple[NDArray[np.int64], Pairs]:
    """All pairs of some pictures, or all genuine ones and a sample of the impostor ones.

    Args:
        labels: (N,) whose each picture is, 0 .. P - 1.
        most_impostors: how many impostor pairs at most; 0 for all.
        seed: of the sample.

    Returns:
        Places of both pictures of each pair in order, (M, 2), and the pairs.
    """
    labels = np.asarray(labels, np.int64)
    counts = np.bincount(labels)
    impostors = (len(labels) ** 2 - int((counts**2).sum())) // 2
    random = np.random.default_rng(seed)
    if not most_impostors or impostors <= _DENSE * most_impostors:
        places = np.column_stack(np.triu_indices(len(labels), 1))
        others = np.flatnonzero(labels[places[:, 0]] != labels[places[:, 1]])
        if most_impostors and len(others) > most_impostors:
            left = np.ones(len(places), np.bool_)
            left[random.choice(others, len(others) - most_impostors, replace=False)] = False
            places = places[left]
    else:
        places = np.concatenate([_genuine_pairs(labels), _some_impostors(labels, most_impostors, random)])
        places = places[np.lexsort((places[:, 1], places[:, 0]))]
    owners = labels[places]
    return places, Pairs(owners[:, 0] == owners[:, 1], owners)


def _genuine_pairs(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    order = np.argsort(labels, kind="stable")
    own = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    found = [places[np.column_stack(np.triu_indices(len(places), 1))] for places in own]
    return np.concatenate(found).reshape(-1, 2)


def _some_impostors(labels: NDArray[np.int64], count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Draw impostor pairs by number, since all of them would not fit into memory."""
    size = len(labels)
    drawn = np.empty(0, np.int64)
    while len(drawn) < count:
        sides = np.sort(random.integers(0, size, (2 * count, 2)), axis=1)
        sides = sides[labels[sides[:, 0]] != labels[sides[:, 1]]]
        drawn = np.unique(np.concatenate([drawn, sides[:, 0] * size + sides[:, 1]]))
    chosen = random.choice(drawn, count, replace=False)
    return np.column_stack([chosen // size, chosen % size])
