"""Intervals by resampling people.

Pairs that share a person are not independent: a person who is hard to recognise spoils all of their pairs together.
People are therefore drawn with replacement, and a pair counts as often as its people were drawn together (Bolle, Ratha
and Pankanti, "Error analysis of pattern recognition systems: the subsets bootstrap", 2004).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.metrics import CONFIDENCE, Distances, Flags, Rate, supported, tar_at

REPEATS = 1000
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
    """Distances sorted once, for weighted acceptance rates."""

    def __init__(self, distances: Distances, genuine: Flags) -> None:
        worst = np.where(np.isfinite(distances), distances, np.inf)
        self._genuine = np.flatnonzero(genuine)
        others = np.flatnonzero(~genuine)
        self._others = others[np.argsort(worst[others], kind="stable")]
        # How many impostors, in order, are strictly nearer than each genuine pair lets in.
        self._before = np.searchsorted(worst[self._others], worst[self._genuine], side="right")
        self._finite = np.isfinite(worst[self._genuine])

    def tar(self, weights: NDArray[np.float64], false_match_rate: float) -> float:
        """Weighted true acceptance rate."""
        own, others = weights[self._genuine], np.concatenate([[0.0], np.cumsum(weights[self._others])])
        if own.sum() == 0 or others[-1] == 0:
            return float("nan")
        accepted = (others[self._before] <= false_match_rate * others[-1] + 1e-9) & self._finite
        return float(own[accepted].sum() / own.sum())


def tar_with_interval(
    distances: Distances, pairs: Pairs, false_match_rate: float, seed: int = 0, repeats: int = REPEATS
) -> Rate:
    """True acceptance rate at a false match rate, with the interval over people.

    With too few impostor pairs for that rate the value is the one at which none of them matches.
    """
    order = _Sorted(distances, pairs.genuine)
    values = np.array([order.tar(weights, false_match_rate) for weights in pairs.weights(seed, repeats)])
    low, high = np.nanquantile(values, _TAILS) if np.isfinite(values).any() else (0.0, 1.0)
    impostors = int((~pairs.genuine).sum())
    return Rate(
        tar_at(distances, pairs.genuine, false_match_rate), float(low), float(high),
        bounded=not supported(impostors, false_match_rate),
        count=int(pairs.genuine.sum()), total=impostors,
    )  # fmt: skip


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
    def better_beyond_chance(self) -> bool:
        """Whether the lower end of the change's interval is above 0."""
        return self.change.low > 0


def paired_difference(
    before: Distances, after: Distances, pairs: Pairs, false_match_rate: float, *, seed: int = 0, repeats: int = REPEATS
) -> Difference:
    """Compare two networks: the same people are drawn for both in every resample."""
    orders = [_Sorted(distances, pairs.genuine) for distances in (before, after)]
    values = np.array(
        [[order.tar(weights, false_match_rate) for order in orders] for weights in pairs.weights(seed, repeats)]
    )
    values = values[np.isfinite(values).all(axis=1)]
    bounded = not supported(int((~pairs.genuine).sum()), false_match_rate)
    counts = int(pairs.genuine.sum()), int((~pairs.genuine).sum())
    rates = []
    for column, distances in enumerate((before, after)):
        low, high = np.quantile(values[:, column], _TAILS)
        value = tar_at(distances, pairs.genuine, false_match_rate)
        rates.append(Rate(value, float(low), float(high), *counts, bounded))
    low, high = np.quantile(values[:, 1] - values[:, 0], _TAILS)
    change = Rate(rates[1].value - rates[0].value, float(low), float(high), *counts, bounded)
    return Difference(rates[0], rates[1], change)


def all_pairs(labels: NDArray[np.int64], most_impostors: int = 0, seed: int = 0) -> tuple[NDArray[np.int64], Pairs]:
    """All pairs of some pictures, or all genuine ones and a sample of the impostor ones.

    Args:
        labels: (N,) whose each picture is, 0 .. P - 1.
        most_impostors: how many impostor pairs at most; 0 for all.
        seed: of the sample.

    Returns:
        Places of both pictures of each pair, (M, 2), and the pairs.
    """
    first, second = np.triu_indices(len(labels), 1)
    genuine = labels[first] == labels[second]
    if most_impostors and (~genuine).sum() > most_impostors:
        sample = np.random.default_rng(seed).choice(np.flatnonzero(~genuine), most_impostors, replace=False)
        keep = np.sort(np.concatenate([np.flatnonzero(genuine), sample]))
        first, second, genuine = first[keep], second[keep], genuine[keep]
    return np.column_stack([first, second]), Pairs(genuine, np.column_stack([labels[first], labels[second]]))
