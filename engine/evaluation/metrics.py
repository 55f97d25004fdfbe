"""Error rates from distances: counted, never interpolated.

A distance is smaller for faces that are more alike. A distance that is not finite stands for a failure to acquire: it
is never accepted, so that it counts as an error of a genuine pair (ISO/IEC 19795-1).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from engine.types import FloatArray

Flags = NDArray[np.bool_]
Distances = NDArray[np.floating]

CONFIDENCE = 0.95
FOLDS = 10
_MOST_POINTS = 300
_BINS = 60


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate and how sure it is.

    Attributes:
        value: share, 0..1.
        low, high: 95 % interval.
        count, total: what was counted; 0 where the rate is no plain share.
        bounded: whether the data is too small for the operating point, so that the rate is one at a stricter point:
            "at least" for an acceptance, "at most" for an error.
        people: over how many the interval goes; 0 where it goes over trials.
    """

    value: float
    low: float
    high: float
    count: int = 0
    total: int = 0
    bounded: bool = False
    people: int = 0

    @property
    def text(self) -> str:
        """The rate for people, in percent."""
        interval = f"{self.low:.2%} to {self.high:.2%}"
        if self.bounded:
            return f"at most {self.high:.2%} ({self.count} of {self.total:,})"
        return f"{self.value:.2%} ({interval})"


def error_rate(errors: int, total: int) -> Rate:
    """A share of errors with its exact interval (Clopper and Pearson, 1934).

    Without any error the upper end is the one-sided bound, about 3 / total (the rule of three, ISO/IEC 19795-1 annex
    B), and the rate is told as "at most".
    """
    if not total:
        return Rate(nan, 0.0, 1.0, 0, 0, bounded=True)
    if not errors:
        return Rate(0.0, 0.0, float(1 - (1 - CONFIDENCE) ** (1 / total)), 0, total, bounded=True)
    tail = (1 - CONFIDENCE) / 2
    low = float(beta.ppf(tail, errors, total - errors + 1))
    high = float(beta.ppf(1 - tail, errors + 1, total - errors)) if errors < total else 1.0
    return Rate(errors / total, low, high, errors, total)


def threshold_at(distances: Distances, genuine: Flags, false_match_rate: float) -> float:
    """Largest distance that is a match where at most that share of impostor pairs may be: pairs at or below it match.

    Below one allowed pair it lies just under the closest impostor; -inf without a finite genuine distance there.
    """
    impostors = np.sort(_worst(distances[~genuine]))
    if not len(impostors):
        return float("inf")
    allowed = int(np.floor(false_match_rate * len(impostors) + 1e-9))
    if allowed >= len(impostors):
        return float(impostors[-1])
    return float(np.nextafter(impostors[allowed], -np.inf, dtype=impostors.dtype))


def tar_at(distances: Distances, genuine: Flags, false_match_rate: float) -> float:
    """True acceptance rate where at most that share of impostor pairs is accepted."""
    limit = threshold_at(distances, genuine, false_match_rate)
    return float((_worst(distances[genuine]) <= limit).mean()) if genuine.any() else nan


def supported(impostors: int, false_match_rate: float) -> bool:
    """Whether that many impostor pairs can show such a rate: at least one of them may match."""
    return impostors * false_match_rate >= 1 - 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """FMR and FNMR at every threshold, ascending.

    Attributes:
        thresholds: distances at or below which a pair matches.
    """

    thresholds: NDArray[np.float64]
    fmr: NDArray[np.float64]
    fnmr: NDArray[np.float64]

    @property
    def eer(self) -> float:
        """Equal error rate: the mean of FMR and FNMR at the threshold where they are nearest."""
        nearest = int(np.abs(self.fmr - self.fnmr).argmin())
        return float((self.fmr[nearest] + self.fnmr[nearest]) / 2)

    def points(self, most: int = _MOST_POINTS) -> tuple[tuple[float, float], ...]:
        """(FMR, FNMR) for drawing, thinned evenly along the curve."""
        keep = np.flatnonzero(np.diff(self.fmr, prepend=-1) + np.abs(np.diff(self.fnmr, prepend=2)) > 0)
        if len(keep) > most:
            # Evenly in the logarithm of FMR as in FNMR: a DET curve is drawn on logarithmic axes.
            place = np.log10(self.fmr[keep] + 1e-7) - np.log10(self.fnmr[keep] + 1e-7)
            keep = keep[
                np.unique(np.searchsorted(place, np.linspace(place[0], place[-1], most)).clip(0, len(keep) - 1))
            ]
        return tuple((float(x), float(y)) for x, y in zip(self.fmr[keep], self.fnmr[keep], strict=True))


def curve(distances: Distances, genuine: Flags) -> Curve:
    """Count both error rates at every distance that occurs."""
    own, others = (np.sort(_worst(distances[flags])) for flags in (genuine, ~genuine))
    finite = np.unique(np.concatenate([own[np.isfinite(own)], others[np.isfinite(others)]])).astype(np.float64)
    thresholds = np.concatenate([[-np.inf], finite])
    accepted = np.searchsorted(own.astype(np.float64), thresholds, side="right")
    matched = np.searchsorted(others.astype(np.float64), thresholds, side="right")
    return Curve(thresholds, matched / max(len(others), 1), 1 - accepted / max(len(own), 1))


def fold_decisions(distances: Distances, genuine: Flags, folds: NDArray[np.int64]) -> Flags:
    """Which pairs are decided rightly, each at the threshold that is best on the other folds."""
    right = np.zeros(len(genuine), np.bool_)
    for number in np.unique(folds):
        known, unseen = folds != number, folds == number
        limit = best_threshold(distances[known], genuine[known])
        right[unseen] = (_worst(distances[unseen]) <= limit) == genuine[unseen]
    return right


def fold_accuracies(distances: Distances, genuine: Flags, folds: NDArray[np.int64]) -> NDArray[np.float64]:
    """Accuracy of each fold at the threshold that is best on the others (LFW View 2, Huang et al. 2007)."""
    right = fold_decisions(distances, genuine, folds)
    return np.array([right[folds == number].mean() for number in np.unique(folds)])


def best_threshold(distances: Distances, genuine: Flags) -> float:
    """The distance at which most pairs are decided rightly: midway between two neighbours."""
    worst = _worst(distances)
    order = np.argsort(worst, kind="stable")
    gained = np.concatenate([[0], np.cumsum(np.where(genuine[order], 1, -1))])
    ordered = worst[order].astype(np.float64)
    # Equal distances cannot be told apart by a threshold.
    gained[1:-1][ordered[1:] == ordered[:-1]] = np.iinfo(np.int64).min // 2
    gained[1:][~np.isfinite(ordered)] = np.iinfo(np.int64).min // 2
    best = int(gained.argmax())
    if best == 0:
        return -np.inf
    if best == len(ordered) or not np.isfinite(ordered[best]):
        return float(ordered[best - 1])
    return float((ordered[best - 1] + ordered[best]) / 2)


@dataclass(frozen=True, slots=True)
class Histograms:
    """Shares of genuine and impostor pairs by distance, in the same bins."""

    bins: tuple[float, ...]
    genuine: tuple[float, ...]
    impostor: tuple[float, ...]


def histograms(distances: Distances, genuine: Flags, bins: int = _BINS) -> Histograms:
    """Bin the finite distances."""
    finite = np.isfinite(distances)
    highest = float(distances[finite].max()) if finite.any() else 1.0
    edges = np.linspace(0.0, max(highest, 1e-6), bins + 1)
    counts = [np.histogram(distances[finite & flags], edges)[0] for flags in (genuine, ~genuine)]
    own, others = (tuple((count / max(count.sum(), 1)).tolist()) for count in counts)
    return Histograms(tuple(edges.tolist()), own, others)


def cosine_distances(first: FloatArray, second: FloatArray) -> FloatArray:
    """1 - cos of each pair of unit vectors, (N,); NaN where one of them is missing."""
    apart: FloatArray = 1 - np.einsum("nd,nd->n", first, second)
    return apart


def _worst(distances: Distances) -> NDArray[np.floating]:
    """Failures to acquire are further than everything."""
    return np.where(np.isfinite(distances), distances, np.inf)
