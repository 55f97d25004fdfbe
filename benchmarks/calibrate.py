"""Measure how close strangers get, and write it where the default pack's calibration ships.

One picture of each person of LFW, every pair of people: all pairs are impostors.
"""

from __future__ import annotations

import numpy as np
from common import ROOT, LfwFaces, arguments, averaged

from engine.matching.calibration import RATES, Calibration
from engine.matching.distances import distances
from engine.packs.pack import DEFAULT_PACK
from engine.types import Metric


def main() -> None:
    """Write assets/calibrations/PACK.json."""
    options = arguments(__doc__, cache=True)
    faces = LfwFaces(options.shared, options.cache, options.precision)
    views = faces.embed([(name, 1) for name in faces.people()])
    embeddings = averaged(views[~np.isnan(views).any(axis=(1, 2))])
    pairs = np.triu_indices(len(embeddings), 1)
    made = Calibration.measured({metric: distances(embeddings, embeddings, metric)[pairs] for metric in Metric})
    for metric, table in made.distances.items():
        print(f"{metric.value}: 1e-4 of {made.pairs:,} pairs at {table[RATES.index(1e-4)]}")
    place = ROOT / "assets" / "calibrations" / f"{DEFAULT_PACK.id}.json"
    place.write_text(made.as_json(), "utf-8")


if __name__ == "__main__":
    main()
