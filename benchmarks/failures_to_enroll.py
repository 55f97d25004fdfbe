"""Who cannot be enrolled, and why: guided capture against single snaps, over people of LFW.

A person's pictures are what the camera sees, one after the other. Guided capture fails where it has taken nothing after
all of them, a snap where the one picture is refused. Every failure must have a reason that the window would show.
Nobody here does what is asked: who looks aside in all pictures cannot be asked to look straight ahead.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
from common import PICTURES_AT_ONCE, ROOT, file_pipeline
from guided import STRAY
from scipy.stats import beta

from engine.capture.images import read_image
from engine.guided import STANDARD_PLAN, Guidance
from engine.guided_capture import Capture
from engine.pipeline import Pipeline
from engine.quality.advice import ordered_reasons
from engine.settings import Settings
from engine.types import Face, Frame

NOBODY = "No face was found."


def main() -> None:
    """Print both sides with their reasons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with data/lfw")
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--pictures", type=int, default=5, help="of each")
    parser.add_argument("--minutes", type=float, default=2.5, help="at most")
    options = parser.parse_args()
    until = perf_counter() + 60 * options.minutes
    people = [
        sorted(one.glob("*.jpg"))[: options.pictures] for one in sorted((options.shared / "data" / "lfw").iterdir())
    ]
    people = [files for files in people if len(files) == options.pictures]
    order = np.random.default_rng(0).permutation(len(people))[: options.people]
    seen = refused = never = 0
    failed: list[tuple[str, Counter[str]]] = []
    snap_reasons: Counter[str] = Counter()
    pictures = without = count = 0
    for files, faces in _faces(file_pipeline(), [people[place] for place in order]):
        if perf_counter() > until:
            break
        count += 1
        taken, reasons = _guided(faces)
        without += "" in reasons
        if not taken:
            failed.append((files[0].parent.name, reasons))
        every = [ordered_reasons(face.quality) if face else (NOBODY,) for _, face in faces]
        never += all(every)
        for why in every:
            pictures, refused = pictures + 1, refused + bool(why)
            snap_reasons.update(why[:1])
        seen += len(taken)
    print(
        f"guided: {len(failed)} of {count} people could not be enrolled (at most {_bound(len(failed), count):.1%}),"
        f" {seen / max(count, 1):.1f} views of each taken; failures without a reason {without}"
    )
    for name, reasons in failed:
        print(f"  {name}: {'; '.join(f'{text} ({times})' for text, times in reasons.most_common())}")
    print(f"people of whom no picture is good enough, wherever they look: {never} (at most {_bound(never, count):.1%})")
    print(f"single snaps: {refused} of {pictures:,} pictures refused ({refused / max(pictures, 1):.1%})")
    for text, times in snap_reasons.most_common(6):
        print(f"  {times}: {text}")


def _guided(faces: Sequence[tuple[Frame, Face | None]]) -> tuple[list[Face], Counter[str]]:
    """What guided capture takes of a person, and what it says where it takes nothing."""
    capture = Capture(STANDARD_PLAN, lambda one, other: 1 - float(one @ other) <= STRAY)
    reasons: Counter[str] = Counter()
    for number, (frame, face) in enumerate(faces):
        guidance: Guidance = capture.see(replace(frame, time_s=float(number)), [face] if face else [])
        if guidance.captured is None:
            reasons[guidance.reasons[0] if guidance.reasons else guidance.hint] += 1
    return [one.face for one in capture.shots], reasons


def _faces(
    pipeline: Pipeline, people: Sequence[Sequence[Path]]
) -> Iterator[tuple[Sequence[Path], list[tuple[Frame, Face | None]]]]:
    """The central face of every picture, person by person."""
    smallest, together = Settings().smallest_face_px, max(1, PICTURES_AT_ONCE // len(people[0]))
    for start in range(0, len(people), together):
        some = people[start : start + together]
        frames = [read_image(file) for files in some for file in files]
        found = iter(pipeline.faces(frames, smallest_face_px=smallest, averaging=False, only="central"))
        shown = iter(frames)
        for files in some:
            yield files, [(next(shown), next(iter(next(found)), None)) for _ in files]


def _bound(errors: int, of: int) -> float:
    """The one-sided 95 % bound of a rate."""
    return float(beta.ppf(0.95, errors + 1, of - errors)) if of > errors else 1.0


if __name__ == "__main__":
    main()
