"""Guided enrollment against random snaps, on LFW's people with many pictures: TAR at FMR 1e-3.

Half of a person's pictures, in random order, are what a camera would see; the rest are probes. Guided capture takes
from them what its plan asks for and leaves out what hurts; the snaps are taken at random from those that are good
enough to enroll. Whoever has no picture that is good enough is not enrolled: they are counted, and each of their probes
is missed. Then: does leaving a picture out say what it is worth for pictures never seen?
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from common import PICTURES_AT_ONCE, ROOT, file_pipeline
from scipy.stats import spearmanr

from engine.capture.images import read_image
from engine.decisions import embedding_of
from engine.evaluation.metrics import threshold_at
from engine.guided import STANDARD_PLAN
from engine.guided_capture import Capture
from engine.guided_desk import SAME_RATE, better_left_out
from engine.matching.calibration import Calibration
from engine.matching.contribution import contributions
from engine.matching.fusion import unit_length
from engine.matching.strangers import made_up_strangers
from engine.packs.pack import DEFAULT_PACK
from engine.settings import Settings
from engine.types import Face, FloatArray, Frame, Metric

SEEDS = 5
FMR = 1e-3
NEAR, SHOTS = 4, 6
Choice = Callable[[list[Face], np.random.Generator], list[Face]]
STRAY = Calibration.load(DEFAULT_PACK.id).threshold(Metric.COSINE, SAME_RATE)
NOTHING = Frame(np.zeros((1, 1, 3), np.uint8), "LFW")


def main() -> None:
    """Print every side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--least", type=int, default=15, help="pictures that a person must have")
    parser.add_argument("--most", type=int, default=40, help="pictures of one person that are used")
    options = parser.parse_args()
    folders = [folder for folder in sorted((options.shared / "data" / "lfw").iterdir()) if folder.is_dir()]
    people = {folder.name: files for folder in folders if len(files := sorted(folder.glob("*.jpg"))) >= options.least}
    faces = embedded([files[: options.most] for files in people.values()])
    print(f"{len(faces)} people, {sum(map(len, faces)):,} pictures, {SEEDS} seeds")
    for title, choose in (
        ("guided", guided),
        ("guided, nothing left out", all_views),
        ("three random snaps", lambda seen, random: snaps(seen, random, 3)),
        ("as many random snaps as guided", lambda seen, random: snaps(seen, random, len(guided(seen, random)))),
    ):
        show(title, faces, choose)
    foresight(faces)


def embedded(people: Sequence[Sequence[Path]]) -> list[list[Face]]:
    """The central face of every picture, without its pixels; people of whom too few are found are left out."""
    pipeline, smallest = file_pipeline(), Settings().smallest_face_px
    nothing = np.zeros((1, 1, 3), np.uint8)
    found = []
    for number, files in enumerate(people):
        faces: list[Face] = []
        for start in range(0, len(files), PICTURES_AT_ONCE):
            frames = [read_image(file) for file in files[start : start + PICTURES_AT_ONCE]]
            for group in pipeline.faces(frames, smallest_face_px=smallest, averaging=True, only="central"):
                faces += [replace(face, chip=nothing, crop=nothing) for face in group[:1]]
        found.append(faces)
        if sys.stderr.isatty():
            print(f"\r{number + 1} of {len(people)} people", end="", file=sys.stderr)
    return found


def all_views(seen: list[Face], _random: np.random.Generator) -> list[Face]:
    """What guided capture takes."""
    capture = Capture(STANDARD_PLAN, lambda one, other: 1 - float(one @ other) <= STRAY)
    for number, face in enumerate(seen):
        capture.see(replace(NOTHING, time_s=float(number)), [face])
    return [taken.face for taken in capture.shots]


def guided(seen: list[Face], random: np.random.Generator) -> list[Face]:
    """The same, less what hurts."""
    faces = all_views(seen, random)
    out = better_left_out(vectors(faces), vectors([]), made_up_strangers(DEFAULT_PACK.id), STRAY)
    return [face for number, face in enumerate(faces) if number not in out]


def snaps(seen: list[Face], random: np.random.Generator, count: int) -> list[Face]:
    """Random pictures of those that can be enrolled."""
    good = [face for face in seen if face.quality.acceptable]
    return [good[place] for place in random.permutation(len(good))[:count].tolist()]


def vectors(faces: Sequence[Face]) -> FloatArray:
    """Embeddings, (N, D)."""
    return np.stack([embedding_of(face) for face in faces]) if faces else np.empty((0, 0), np.float32)


def halves(person: list[Face], random: np.random.Generator) -> tuple[list[Face], list[Face]]:
    """What the camera sees, and the probes."""
    order = [person[place] for place in random.permutation(len(person)).tolist()]
    return order[: len(order) // 2], order[len(order) // 2 :]


def show(title: str, people: list[list[Face]], choose: Choice) -> None:
    """Print TAR at FMR of one way to choose: the median over seeds, with the lowest and the highest."""
    rates, sizes, pairs, failed = [], [], 0, 0
    for seed in range(SEEDS):
        random = np.random.default_rng(seed)
        split = [halves(person, random) for person in people]
        chosen = [choose(seen, random) for seen, _ in split]
        sizes.append(np.mean([len(one) for one in chosen]))
        failed += sum(not one for one in chosen)
        # Nothing is near to the mean of no picture.
        nobody = np.zeros_like(embedding_of(people[0][0]))
        sums = np.stack([vectors(one).sum(axis=0) if one else nobody for one in chosen])
        enrolled = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
        probes = [vectors(rest) for _, rest in split]
        owner = np.repeat(np.arange(len(people)), [len(one) for one in probes])
        apart = 1 - np.concatenate(probes) @ enrolled.T
        genuine = owner[:, None] == np.arange(len(people))
        limit = threshold_at(apart.ravel(), genuine.ravel(), FMR)
        rates.append(float((apart[genuine] <= limit).mean()))
        pairs = int(genuine.sum())
    print(
        f"{title}: TAR at FMR 1e-3 {np.median(rates):.2%} ({min(rates):.2%} to {max(rates):.2%}), "
        f"{np.mean(sizes):.1f} pictures enrolled, {pairs:,} probes a seed; not enrolled: {failed} of "
        f"{SEEDS * len(people)} ({failed / (SEEDS * len(people)):.1%})",
        flush=True,
    )


def foresight(people: list[list[Face]]) -> None:
    """Print how leaving one of six pictures out compares with what it changes for pictures never seen."""
    strangers = made_up_strangers(DEFAULT_PACK.id)
    foreseen: list[float] = []
    real: list[float] = []
    for number, person in enumerate(people):
        if len(person) < 2 * SHOTS:
            continue
        others = np.concatenate([vectors(one[:3]) for place, one in enumerate(people) if place != number])
        order = np.random.default_rng(number).permutation(len(person))
        every = vectors(person)[order]
        templates, probes = every[:SHOTS], every[SHOTS:]
        foreseen += [one.margin for one in contributions(templates, strangers)]
        whole = margin(templates, probes, others)
        real += [whole - margin(np.delete(templates, place, axis=0), probes, others) for place in range(SHOTS)]
    print(
        f"leave-one-out margin against the change on unseen probes and real strangers: rank correlation "
        f"{spearmanr(foreseen, real).statistic:.2f} over {len(real):,} pictures"
    )


def margin(templates: FloatArray, probes: FloatArray, strangers: npt.NDArray[np.float32]) -> float:
    """How much nearer a person's probes are to the mean template than the nearest strangers."""
    mean = unit_length(templates.sum(axis=0, keepdims=True))[0]
    near = np.partition(1 - strangers @ mean, NEAR - 1)[:NEAR].mean()
    return float(near - (1 - probes @ mean).mean())


if __name__ == "__main__":
    main()
