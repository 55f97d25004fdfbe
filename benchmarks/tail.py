"""Limits at rates that the pairs of a calibration cannot show: extrapolated against clamped to the closest pair.

Pairs are drawn from the shipped calibration's own distribution, which says what each limit really means.
"""

from __future__ import annotations

import numpy as np
from common import ROOT  # noqa: F401 - finds the engine

from engine.matching.calibration import Calibration
from engine.packs.pack import DEFAULT_PACK
from engine.types import Metric

DRAWS = 200


def main() -> None:
    """Print what both sides' limits let in, for a few sizes of the calibration."""
    whole = Calibration.load(DEFAULT_PACK.id)
    table = whole.distances[Metric.COSINE]

    def true_rate(limit: float) -> float:
        return float(np.exp(np.interp(limit, table, np.log(whole.rates))))

    for pairs in (1000, 3000, 30_000):
        random = np.random.default_rng(0)
        rows: dict[float, list[tuple[float, float]]] = {1e-4: [], 1e-5: []}
        for _ in range(DRAWS):
            drawn = np.interp(np.log(random.random(pairs)), np.log(whole.rates), table).astype(np.float32)
            made = Calibration.measured({Metric.COSINE: drawn})
            for rate, both in rows.items():
                clamped = float(made.distances[Metric.COSINE][0])
                both.append((true_rate(clamped), true_rate(made.threshold(Metric.COSINE, rate))))
        for rate, both in rows.items():
            clamped, ours = (1 / float(np.mean(side)) for side in zip(*both, strict=True))
            print(f"{pairs:6,} pairs, asked 1 in {1 / rate:,.0f}: clamped 1 in {clamped:,.0f}, ours 1 in {ours:,.0f}")


if __name__ == "__main__":
    main()
