"""Measure how close strangers get, and write it where the default pack's calibration ships.

One picture of each person of LFW, every pair of people: all pairs are impostors.
"""

from __future__ import annotations

import json

import numpy as np
from common import ROOT, LfwFaces, arguments, averaged

from engine.matching.distances import distances
from engine.packs.pack import DEFAULT_PACK
from engine.types import Metric

RATES = sorted([*(step * 10.0**-power for power in range(1, 7) for step in (1, 2, 5)), 1.0])


def main() -> None:
    """Write assets/calibrations/PACK.json."""
    options = arguments(__doc__, cache=True)
    faces = LfwFaces(options.shared, options.cache, options.precision)
    views = faces.embed([(name, 1) for name in faces.people()])
    embeddings = averaged(views[~np.isnan(views).any(axis=(1, 2))])
    pairs = np.triu_indices(len(embeddings), 1)
    table = {}
    for metric in Metric:
        apart = np.sort(distances(embeddings, embeddings, metric)[pairs])
        places = [max(0, int(rate * len(apart)) - 1) for rate in RATES]
        table[metric.value] = [round(float(apart[place]), 6) for place in places]
        print(f"{metric.value}: 1e-4 of {len(apart):,} pairs at {table[metric.value][RATES.index(1e-4)]}")
    stored = {"people": len(embeddings), "pairs": len(pairs[0]), "rates": RATES, "distances": table}
    place = ROOT / "assets" / "calibrations" / f"{DEFAULT_PACK.id}.json"
    place.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
