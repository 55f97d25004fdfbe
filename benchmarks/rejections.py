"""'Not this person': how many repeats of a mistake does one rejection stop, and how many true matches does it cost?

Half of LFW's people with four pictures or more are enrolled with half of their pictures, at most five; their other
pictures are true attempts. People who are not enrolled and have two pictures or more are strangers. Wherever several
pictures of one stranger are taken for one enrolled person, the first is rejected, and the others are the repeats.
The other side is the gallery without rejections, which repeats every mistake.
"""

from __future__ import annotations

import numpy as np
from common import faces_arguments, lfw_embeddings

from engine.gallery.rejections import Rejected
from engine.matching.calibration import Calibration
from engine.matching.fusion import fuse
from engine.matching.rejections import MARGIN, barred
from engine.packs.pack import DEFAULT_PACK
from engine.types import FloatArray, Metric

LEAST_PICTURES, MOST_TEMPLATES = 4, 5
MARGINS = (-0.02, -0.01, 0.0, 0.005, 0.01, 0.02)
RATES = (1e-2, 1e-3, 1e-4)


def main() -> None:
    """Print the figures for each limit and margin."""
    people = lfw_embeddings(faces_arguments(__doc__))
    several = [name for name, pictures in people.items() if len(pictures) >= LEAST_PICTURES]
    known = several[::2]
    templates = {name: people[name][: min(len(people[name]) // 2, MOST_TEMPLATES)] for name in known}
    own = np.concatenate([fuse(one, np.zeros(len(one), np.int64))[0] for one in templates.values()])
    strangers = [name for name in people if name not in templates and len(people[name]) > 1]
    print(f"{len(known):,} people enrolled, {len(strangers):,} strangers of two pictures or more")
    calibration = Calibration.load(DEFAULT_PACK.id)
    for rate in RATES:
        limits = np.array([calibration.threshold(Metric.COSINE, rate, len(one)) for one in templates.values()])
        true = [_within(people[name][len(templates[name]) :], own[at], limits[at]) for at, name in enumerate(known)]
        mistakes = [(at, taken) for name in strangers for at, taken in _mistakes(people[name], own, limits)]
        repeats = sum(len(taken) - 1 for _, taken in mistakes)
        print(
            f"1:1 limit at {rate:g}: {len(mistakes):,} mistakes, {repeats:,} repeats of them, "
            f"{sum(map(len, true)):,} true matches"
        )
        for margin in MARGINS:
            _show(margin, own, true, mistakes, repeats)


def _mistakes(pictures: FloatArray, own: FloatArray, limits: FloatArray) -> list[tuple[int, FloatArray]]:
    """Of one stranger: each person they are taken for, with the pictures for which that happens."""
    within = 1 - pictures @ own.T <= limits
    return [(int(at), pictures[within[:, at]]) for at in np.flatnonzero(within.any(axis=0))]


def _within(probes: FloatArray, own: FloatArray, limit: float) -> FloatArray:
    """The probes that are matched."""
    return probes[1 - probes @ own <= limit]


def _show(
    margin: float, own: FloatArray, true: list[FloatArray], mistakes: list[tuple[int, FloatArray]], repeats: int
) -> None:
    stopped = lost = cost_of = 0
    rejected: dict[int, list[FloatArray]] = {}
    for at, taken in mistakes:
        one = _rejected(at, taken[:1], own)
        stopped += len(barred(taken[1:], one, margin))
        lost += len(barred(true[at], one, margin))
        cost_of += len(true[at])
        rejected.setdefault(at, []).append(taken[0])
    all_lost = sum(
        len({probe for probe, _ in barred(true[at], _rejected(at, np.stack(faces), own), margin)})
        for at, faces in rejected.items()
    )
    in_use = " (in use)" if margin == MARGIN else ""
    print(
        f"  margin {margin:+.3f}{in_use}: {stopped:,} of {repeats:,} repeats stopped ({stopped / repeats:.1%}); a "
        f"rejection costs {lost:,} of {cost_of:,} true matches ({lost / cost_of:.2%}); all of them together cost "
        f"{all_lost:,} of {sum(map(len, true)):,} ({all_lost / sum(map(len, true)):.2%})"
    )


def _rejected(at: int, faces: FloatArray, own: FloatArray) -> Rejected:
    return Rejected(faces.copy(), np.repeat(own[at][None], len(faces), axis=0), np.full(len(faces), at))


if __name__ == "__main__":
    main()
