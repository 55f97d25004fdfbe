"""What a distance means: how often a stranger gets that close, measured once per pack and shipped with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from math import isfinite

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import beta

from engine.errors import PackError
from engine.types import FalseMatchRate, FloatArray, Metric

FALSE_POSITIVE_IDENTIFICATION_RATE = 0.01
"""How often a stranger may be taken for anyone at all in the gallery, whatever its size."""
_CONFIDENCE = 0.95
OWN_RATE = 1e-2
"""At which false match rate the user's own gallery is compared with the table: rarer ones take more pairs than most
galleries have."""
_PRIOR_PAIRS = 500
_TAIL, _TAIL_POINTS = 0.02, 3
"""The tail are the pairs closer than that share of them is, and at least so many points of the table."""
RATES = sorted([*(step * 10.0**-power for power in range(1, 7) for step in (1, 2, 5)), 1.0])
"""At which false match rates a calibration keeps the distance."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Cosine distances of impostor pairs, as a table.

    Between unit vectors every other metric is a function of the cosine distance but L1, which has a table of its own.

    Attributes:
        pairs: how many impostor pairs were compared.
        rates: (K,) ascending false match rates.
        distances: for each metric (K,) the distance at or below which that share of impostor pairs lies.
        own_pairs: how many pairs of people in the user's own gallery were compared as well.
        own_close: how many of them are nearer than one stranger in 100 is.
        floor: no limit is below it; distances have 0, sums of weighted components nothing.
    """

    pairs: int
    rates: NDArray[np.float64]
    distances: dict[Metric, NDArray[np.float64]]
    own_pairs: int = 0
    own_close: int = 0
    floor: float = 0.0

    def adapted(self, own_close: int, own_pairs: int) -> Calibration:
        """Take the user's own gallery into account, whose people are strangers to one another.

        Where they look more alike than the strangers of the table, every rate is raised by one logistic shift: the
        log-odds at the distance of `OWN_RATE` become those seen in the gallery, with `_PRIOR_PAIRS` pairs of the table
        as a prior, so that a small gallery moves little. Rates are never lowered: a gallery of very different people
        says nothing of the next stranger.
        """
        seen = (own_close + _PRIOR_PAIRS * OWN_RATE) / (own_pairs + _PRIOR_PAIRS)
        shift = max(0.0, float(logit(seen) - logit(OWN_RATE)))
        inner = np.clip(self.rates, 0, 1 - 1e-12)
        rates = np.where(self.rates < 1, expit(logit(inner) + shift), 1.0)
        return replace(self, rates=rates, own_pairs=own_pairs, own_close=own_close)

    @classmethod
    def load(cls, pack_id: str) -> Calibration:
        """Read the calibration that ships with a pack.

        Raises:
            PackError: there is none, or it cannot be read.
        """
        try:
            return cls.from_json(files("assets").joinpath("calibrations", f"{pack_id}.json").read_text("utf-8"))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PackError(f"The calibration of “{pack_id}” cannot be read. Install Visavis again.") from error

    @classmethod
    def measured(cls, impostors: Mapping[Metric, FloatArray]) -> Calibration:
        """Make a calibration from distances of impostor pairs, (N,) for each metric.

        Rates that so few pairs cannot show are left out.
        """
        ordered = {metric: np.sort(apart) for metric, apart in impostors.items()}
        pairs = min(len(apart) for apart in ordered.values())
        rates = np.array([rate for rate in RATES if rate * pairs >= 1])
        places = np.maximum(0, (rates * pairs).astype(int) - 1)
        table = {metric: np.round(apart[places].astype(np.float64), 6) for metric, apart in ordered.items()}
        return cls(pairs, rates, table)

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """Read what `as_json` wrote.

        Raises:
            ValueError, KeyError, TypeError: it is something else.
        """
        stored = json.loads(text)
        table = {Metric(key): np.array(values, np.float64) for key, values in stored["distances"].items()}
        return cls(int(stored["pairs"]), np.array(stored["rates"], np.float64), table)

    def as_json(self) -> str:
        """Write the calibration as text."""
        distances = {metric.value: values.tolist() for metric, values in self.distances.items()}
        return json.dumps({"pairs": self.pairs, "rates": self.rates.tolist(), "distances": distances}, indent=1) + "\n"

    def threshold(self, metric: Metric, false_match_rate: float, templates: int = 1) -> float:
        """Largest distance that is a match, 1:1, at a false match rate.

        A person of T templates has T chances to look like a stranger, so that each is held to 1/T of the rate
        (Bonferroni's inequality; `docs/matching.md` has it measured). A rate below what the pairs can show is
        extrapolated (`extrapolated`); `shows` says which are.
        """
        wanted, table = false_match_rate / templates, self.distances[metric]
        if not self.shows(wanted):
            return self.extrapolated(metric, wanted)
        return float(np.interp(np.log(wanted), np.log(self.rates), table))

    def shows(self, false_match_rate: float) -> bool:
        """Whether the pairs can show a rate: at least one of them is that close."""
        return bool(false_match_rate >= self.rates[0] * (1 - 1e-9))

    def extrapolated(self, metric: Metric, false_match_rate: float) -> float:
        """Limit at a rate that is rarer than the pairs can show, by a logistic model of their tail.

        The log-odds of the rates are fitted by a straight line in the distance, each point weighing as many pairs as
        it rests on. Tails of distances fall faster than that, so that the limit errs on the strict side
        (`docs/matching.md` has it measured). It is never above the closest impostor pair.
        """
        table = self.distances[metric]
        tail = self.rates < max(_TAIL, *self.rates[:_TAIL_POINTS]) + 1e-12
        tail &= self.rates < 1
        closest = float(table[0])
        if len(np.unique(table[tail])) < 2:
            return self.floor if isfinite(self.floor) else closest
        slope, base = np.polyfit(table[tail], logit(self.rates[tail]), 1, w=np.sqrt(self.rates[tail] * self.pairs))
        if slope <= 0:
            return closest
        return max(self.floor, min(closest, float((logit(false_match_rate) - base) / slope)))

    def identification_threshold(self, metric: Metric, false_match_rate: float, people: int, templates: int) -> float:
        """Largest distance that is a match, 1:N.

        Over N people a stranger is taken for someone with probability 1 - (1 - FMR)^N, about N times the false match
        rate (ISO/IEC 19795-1). The rate per person is therefore at most 1 % divided by N, and each of the templates
        shares it as in `threshold`.
        """
        return self.threshold(metric, self.per_template(false_match_rate, people, templates))

    @staticmethod
    def per_template(false_match_rate: float, people: int, templates: int) -> float:
        """The false match rate each template of a gallery is held to, 1:N."""
        per_person = FALSE_POSITIVE_IDENTIFICATION_RATE / max(people, 1)
        return min(false_match_rate, per_person) * max(people, 1) / max(templates, 1)

    def false_match_rate(self, metric: Metric, distance: float, templates: int = 1) -> FalseMatchRate:
        """How often a stranger gets this close to a person, with the exact upper bound (Clopper and Pearson, 1934)."""
        table = self.distances[metric]
        rate = float(np.exp(np.interp(distance, table, np.log(self.rates)))) if distance >= table[0] else 0.0
        matched = round(rate * self.pairs)
        upper = float(beta.ppf(_CONFIDENCE, matched + 1, self.pairs - matched)) if matched < self.pairs else 1.0
        return FalseMatchRate(min(rate * templates, 1.0), min(upper * templates, 1.0), self.pairs)
