"""Do the limits keep what they state? FMR with several templates, and strangers taken for somebody in a large gallery.

The other side is the limit that ignores how many templates a person has.
"""

from __future__ import annotations

import numpy as np
from common import LfwFaces, arguments, averaged

from engine.matching.calibration import Calibration
from engine.matching.distances import distances
from engine.matching.fusion import fuse
from engine.packs.pack import DEFAULT_PACK
from engine.settings import Settings
from engine.types import Metric

MOST_TEMPLATES, MOST_PROBES = 5, 10
PEOPLE, WITH_SEVERAL = 1000, 100


def main() -> None:
    """Print stated and measured rates."""
    options = arguments(__doc__, cache=True)
    faces = LfwFaces(options.shared, options.cache)
    calibration = Calibration.load(DEFAULT_PACK.id)
    _verification(faces, calibration)
    _identification(faces, calibration)


def _verification(faces: LfwFaces, calibration: Calibration) -> None:
    counts = faces.people()
    people = [name for name, count in counts.items() if count > MOST_TEMPLATES]
    last = MOST_TEMPLATES + MOST_PROBES
    wanted = [(name, number) for name in people for number in range(1, min(counts[name], last) + 1)]
    embeddings = averaged(faces.embed(wanted))
    owner = np.array([people.index(name) for name, _ in wanted])
    numbers = np.array([number for _, number in wanted])
    probes = numbers > MOST_TEMPLATES
    genuine = owner[probes, None] == np.arange(len(people))
    stated = Settings().false_match_rate
    for count in (1, 2, 3, MOST_TEMPLATES):
        fused, _ = fuse(embeddings[numbers <= count], owner[numbers <= count])
        apart = distances(embeddings[probes], fused, Metric.COSINE)
        for title, templates in (("shared by the templates", count), ("not shared", 1)):
            within = apart <= calibration.threshold(Metric.COSINE, stated, templates)
            print(
                f"{count} templates, FMR {stated:g} stated, {title}:"
                f" FMR {within[~genuine].mean():.1e}, TAR {within[genuine].mean():.2%}"
            )


def _identification(faces: LfwFaces, calibration: Calibration) -> None:
    counts = faces.people()
    several = [name for name, count in counts.items() if count > 1][:WITH_SEVERAL]
    single = [name for name, count in counts.items() if count == 1]
    known, strangers = several + single[: PEOPLE - WITH_SEVERAL], single[PEOPLE - WITH_SEVERAL :]
    gallery, probes = (averaged(faces.embed([(name, 1) for name in names])) for names in (known, strangers))
    limit = calibration.identification_threshold(Metric.COSINE, Settings().false_match_rate, PEOPLE, PEOPLE)
    taken = (distances(probes, gallery, Metric.COSINE).min(axis=1) <= limit).sum()
    share = f"{taken} of {len(strangers):,} strangers taken for somebody ({taken / len(strangers):.2%})"
    print(f"gallery of {PEOPLE:,}: {share}")


if __name__ == "__main__":
    main()
