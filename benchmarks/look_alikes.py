"""The check-up on LFW with errors planted: one person under two names, pictures under a wrong name.

100 people of four pictures or more are split into two names; 100 others get one picture of somebody else, half of whom
are enrolled themselves. LFW has errors of its own, which count against precision here and are printed.
Then the time over 100,000 made-up people.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
import numpy.typing as npt
from common import faces_arguments, lfw_embeddings

from engine.care import FindingKind
from engine.matching import checkup
from engine.matching.calibration import Calibration
from engine.matching.checkup import CheckUp
from engine.matching.confusion import leave_one_out
from engine.packs.pack import DEFAULT_PACK
from engine.pipeline import unit
from engine.settings import Settings
from engine.types import FloatArray, Metric

PLANTED = 100
MANY = 100_000


@dataclass(frozen=True, slots=True)
class Templates:
    """A gallery without a database."""

    matrix: FloatArray
    person_ids: npt.NDArray[np.int64]
    template_ids: npt.NDArray[np.int64]
    names: dict[int, str]
    lineage: object = field(default_factory=object)


def main() -> None:
    """Print precision and recall, and the time at 100,000 people."""
    people = lfw_embeddings(faces_arguments(__doc__))
    calibration, rate = Calibration.load(DEFAULT_PACK.id), Settings().false_match_rate
    drawn = np.random.default_rng(0)
    several = list(drawn.permutation([name for name, pictures in people.items() if len(pictures) >= 4]))
    single = list(drawn.permutation([name for name, pictures in people.items() if len(pictures) == 1]))
    _pairs(people, calibration, rate, several[:PLANTED])
    guests = several[-PLANTED // 2 :]
    _outliers(people, calibration, rate, owners=several[PLANTED : 2 * PLANTED], enrolled=guests, strangers=single)
    _time(calibration, rate)


def _pairs(people: dict[str, FloatArray], calibration: Calibration, rate: float, split: list[str]) -> None:
    gallery: dict[str, FloatArray] = {}
    for name, pictures in people.items():
        if name in split:
            half = len(pictures) // 2
            gallery[name], gallery[f"{name} again"] = pictures[:half][:5], pictures[half:][:5]
        else:
            gallery[name] = pictures[:5]
    references, _ = _references(gallery)
    in_use = checkup.SAME_RATES
    for least, most in (in_use, (1e-5, 1e-5), (1e-4, 1e-4)):
        checkup.SAME_RATES = least, most
        checkup.MOST_FINDINGS = 10**6
        start = perf_counter()
        review = CheckUp(references, calibration, rate).review()
        took = perf_counter() - start
        proposed = [found for found in review.findings if found.kind is FindingKind.SAME_PERSON]
        right = [found for found in proposed if f"{found.name} again" == found.other_name]
        others = [f"{found.name} = {found.other_name}" for found in proposed if found not in right]
        print(
            f"one person under two names, rate {least:g} to {most:g}, {len(gallery):,} people: {len(right)} of "
            f"{len(split)} planted found (recall {len(right) / len(split):.0%}), {len(others)} others proposed "
            f"(precision {len(right) / max(1, len(proposed)):.0%}), {took:.1f} s; "
            f"{sum(found.kind is FindingKind.LOOK_ALIKE for found in review.findings)} look-alikes"
        )
        if (least, most) == in_use:
            print("   others:", "; ".join(others))
    checkup.SAME_RATES = in_use


def _outliers(
    people: dict[str, FloatArray],
    calibration: Calibration,
    rate: float,
    *,
    owners: list[str],
    enrolled: list[str],
    strangers: list[str],
) -> None:
    gallery = {name: pictures[:5] for name, pictures in people.items() if len(pictures) > 1}
    wrong: set[str] = set()
    for number, name in enumerate(owners):
        if number % 2:
            guest = people[strangers[number]][0]
        else:
            # Not among the pictures that the guest is enrolled with.
            other = enrolled[number // 2]
            guest, gallery[other] = people[other][-1], people[other][:-1][:5]
        gallery[name] = np.concatenate([gallery[name][:4], guest[None]])
        wrong.add(name)
    references, numbers = _references(gallery)
    planted = {numbers[name] + len(gallery[name]) - 1 for name in wrong}
    in_use = checkup.SUSPECT_RATE, checkup.FAR_RATE
    for suspect, far in (in_use, (1e-3, 0.02), (1e-4, 0.02)):
        checkup.SUSPECT_RATE, checkup.FAR_RATE = suspect, far
        checkup.MOST_FINDINGS = 10**6
        review = CheckUp(references, calibration, rate).review()
        found = {one.template_id: one for one in review.findings if one.kind is FindingKind.OUTLIER}
        right = planted & found.keys()
        others = found.keys() - planted
        print(
            f"pictures under a wrong name, suspect from {suspect:g}, far from {far:g}: {len(right)} of {len(planted)} "
            f"planted found (recall {len(right) / len(planted):.0%}), {len(others)} of "
            f"{len(references.matrix) - len(planted):,} others pointed out "
            f"(precision {len(right) / max(1, len(found)):.0%})"
        )
    checkup.SUSPECT_RATE, checkup.FAR_RATE = in_use
    # The other side: a single limit on the distance to the person's others, at as many found.
    own = leave_one_out(references.matrix, references.person_ids)
    for far in (1e-3, 0.01, 0.05, 0.1):
        plain = set(np.flatnonzero(own > calibration.threshold(Metric.COSINE, far)).tolist())
        right = planted & plain
        print(
            f"   only farther from the person's others than rate {far:g}: recall {len(right) / len(planted):.0%}, "
            f"precision {len(right) / max(1, len(plain)):.0%}"
        )


def _references(gallery: dict[str, FloatArray]) -> tuple[Templates, dict[str, int]]:
    """A gallery's templates, and the number of each person's first."""
    names = dict(enumerate(gallery))
    matrix = np.concatenate(list(gallery.values()))
    owner = np.repeat(np.arange(len(gallery)), [len(pictures) for pictures in gallery.values()])
    starts = np.searchsorted(owner, np.arange(len(gallery)))
    firsts = {name: int(start) for name, start in zip(gallery, starts, strict=True)}
    return Templates(matrix, owner, np.arange(len(matrix)), names), firsts


def _time(calibration: Calibration, rate: float) -> None:
    drawn = np.random.default_rng(1)
    means = unit(drawn.normal(size=(MANY, DEFAULT_PACK.dimension)).astype(np.float32))
    owner = np.repeat(np.arange(MANY), 2)
    matrix = unit(means[owner] + 0.02 * drawn.normal(size=(2 * MANY, DEFAULT_PACK.dimension)).astype(np.float32))
    references = Templates(matrix, owner, np.arange(2 * MANY), {number: str(number) for number in range(MANY)})
    start = perf_counter()
    CheckUp(references, calibration, rate).review()
    print(f"{MANY:,} people of two templates: {perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
