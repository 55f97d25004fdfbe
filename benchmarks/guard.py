"""How often does the guard take chance for progress? Two networks without any difference, by people held out."""

from __future__ import annotations

import argparse

import numpy as np
from common import ROOT  # noqa: F401 - finds the engine

from engine.evaluation.bootstrap import LEAST_PEOPLE, all_pairs, paired_difference

RATE = 1e-2
PICTURES = 5
RESAMPLES = 200


def main() -> None:
    """Print both rules for each number of people."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=300)
    trials = parser.parse_args().trials
    print(f"{trials} pairs of equally good networks each, TAR at FMR {RATE:g}, {RESAMPLES} resamples")
    for people in (2, 3, 4, 5, 6, 8, 12, 24):
        alone = guarded = 0
        for seed in range(trials):
            random = np.random.default_rng(seed)
            labels = np.repeat(np.arange(people), PICTURES)
            places, pairs = all_pairs(labels)
            # Some people are harder than others, for both networks.
            apart = np.where(pairs.genuine, 0.0, 2.0) + 0.3 * random.normal(size=people)[labels][places].sum(axis=1)
            before, after = (apart + random.normal(0, 0.7, len(apart)) for _ in range(2))
            found = paired_difference(before, after, pairs, RATE, seed=seed, repeats=RESAMPLES, least_people=2)
            alone += found.change.low > 0
            guarded += found.change.low > 0 and people >= LEAST_PEOPLE
        told = f"by the interval alone {alone / trials:.1%}, by the guard {guarded / trials:.1%}"
        print(f"{people:3} people: “better” {told}")


if __name__ == "__main__":
    main()
