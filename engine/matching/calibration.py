"""What a distance means: how often a stranger gets that close, measured once per pack and shipped with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from engine.errors import PackError
from engine.types import FalseMatchRate, Metric

FALSE_POSITIVE_IDENTIFICATION_RATE = 0.01
"""How often a stranger may be taken for anyone at all in the gallery, whatever its size."""
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Cosine distances of impostor pairs, as a table.

    Between unit vectors every other metric is a function of the cosine distance but L1, which has a table of its own.

    Attributes:
        pairs: how many impostor pairs were compared.
        rates: (K,) ascending false match rates.
        distances: for each metric (K,) the distance at or below which that share of impostor pairs lies.
    """

    pairs: int
    rates: NDArray[np.float64]
    distances: dict[Metric, NDArray[np.float64]]

    @classmethod
    def load(cls, pack_id: str) -> Calibration:
        """Read the calibration that ships with a pack.

        Raises:
            PackError: there is none, or it cannot be read.
        """
        try:
            stored = json.loads(files("assets").joinpath("calibrations", f"{pack_id}.json").read_text("utf-8"))
            rates = np.array(stored["rates"], np.float64)
            table = {Metric(key): np.array(values, np.float64) for key, values in stored["distances"].items()}
            return cls(int(stored["pairs"]), rates, table)
        except (OSError, ValueError, KeyError) as error:
            raise PackError(f"The calibration of “{pack_id}” cannot be read. Install Visavis again.") from error

    def threshold(self, metric: Metric, false_match_rate: float, templates: int = 1) -> float:
        """Largest distance that is a match, 1:1, at a false match rate.

        A person of T templates has T chances to look like a stranger, so that each is held to 1/T of the rate
        (Bonferroni's inequality; `docs/matching.md` has it measured). A rate below what the pairs can show gives the
        distance of the closest impostor pair.
        """
        return float(np.interp(np.log(false_match_rate / templates), np.log(self.rates), self.distances[metric]))

    def identification_threshold(self, metric: Metric, false_match_rate: float, people: int, templates: int) -> float:
        """Largest distance that is a match, 1:N.

        Over N people a stranger is taken for someone with probability 1 - (1 - FMR)^N, about N times the false match
        rate (ISO/IEC 19795-1). The rate per person is therefore at most 1 % divided by N, and each of the templates
        shares it as in `threshold`.
        """
        per_person = FALSE_POSITIVE_IDENTIFICATION_RATE / max(people, 1)
        rate = min(false_match_rate, per_person)
        return self.threshold(metric, rate * max(people, 1) / max(templates, 1))

    def false_match_rate(self, metric: Metric, distance: float, templates: int = 1) -> FalseMatchRate:
        """How often a stranger gets this close to a person, with the exact upper bound (Clopper and Pearson, 1934)."""
        table = self.distances[metric]
        rate = float(np.exp(np.interp(distance, table, np.log(self.rates)))) if distance >= table[0] else 0.0
        matched = round(rate * self.pairs)
        upper = float(beta.ppf(_CONFIDENCE, matched + 1, self.pairs - matched)) if matched < self.pairs else 1.0
        return FalseMatchRate(min(rate * templates, 1.0), min(upper * templates, 1.0), self.pairs)
