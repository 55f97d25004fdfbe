"""From the first frame with a face to the answer in the live picture: a person's name, a stranger's "no match".

Films made of LFW pictures (see `films.py`) come at 30 frames a second; while a frame is looked at, those that come are
passed over, and the newest is taken next, as before a camera. The clock is the film's, and looking at a frame takes as
long as it takes one thread of the processor, so that a busy machine does not count. People are enrolled with another
picture than the film is made of; the other people are strangers. The same people also claim to be who they are, in up
to three films each: how often all three fail, without liveness. The clip of `live.py` with whom it shows comes first.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
from common import ROOT
from films import FPS, film
from live import _enroll, _frames

from engine.capture.images import read_image
from engine.errors import BadInputError
from engine.live_values import TrackedFace, Verdict
from engine.service import FaceService
from engine.settings import Settings
from engine.types import Frame

GOAL_S, TRIES = 1.0, 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one face.

    Attributes:
        after_s: from the first frame with the face until the answer; None where none came.
        name: the name that was given; empty for none.
        denied: whether "no match" was said before.
    """

    after_s: float | None = None
    name: str = ""
    denied: bool = False


def main() -> None:
    """Print how long answers took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with data/lfw, data/clips")
    parser.add_argument("--known", type=int, default=60)
    parser.add_argument("--strangers", type=int, default=30)
    parser.add_argument("--minutes", type=float, default=3.0, help="at most")
    options = parser.parse_args()
    until = perf_counter() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as folder:
        _clip(options.shared, Path(folder) / "clip.db")
        _films(options.shared, Path(folder) / "films.db", options.known, options.strangers, until)


def _films(shared: Path, gallery: Path, known: int, strangers: int, until: float) -> None:
    folders = [one for one in sorted((shared / "data" / "lfw").iterdir()) if len(list(one.glob("*.jpg"))) >= 2]
    order = np.random.default_rng(1).permutation(len(folders))
    people: list[Path] = []
    with closing(FaceService(Settings(), gallery)) as service:
        for place in order[: 2 * known]:
            first = sorted(folders[place].glob("*.jpg"))[0]
            try:
                if len(people) < known and service.enroll(first.parent.name, service.judge([first])).added:
                    people.append(first.parent)
            except BadInputError:
                continue
        for title, chosen, answered in (
            ("people of the gallery, until named", people, _named),
            ("strangers, until “no match”", [folders[place] for place in order[-strangers:]], _refused),
        ):
            outcomes: list[Outcome] = []
            for number, one in enumerate(chosen):
                if perf_counter() > until:
                    print(f"stopped after {number}: the time is over")
                    break
                outcomes.append(next(iter(_watched(service, _film(one, number), answered).values()), Outcome()))
            _tell(title, outcomes)
            wrong = sum(one.name not in ("", folder.name) for one, folder in zip(outcomes, chosen, strict=False))
            print(f"  under another name {wrong}; “no match” before the answer {sum(one.denied for one in outcomes)}")
        _claims(service, people, until)


def _claims(service: FaceService, people: Sequence[Path], until: float) -> None:
    tries: list[int] = []
    took: list[float] = []
    for number, one in enumerate(people):
        if perf_counter() > until:
            print(f"stopped after {number}: the time is over")
            break
        claimed = next(person.id for person in service.people() if person.name == one.name)
        for attempt in range(TRIES):
            frames = _film(one, 1000 * (attempt + 1) + number)
            after_s = _verified(service, frames, claimed)
            if after_s is not None:
                took.append(after_s)
                tries.append(attempt)
                break
        else:
            tries.append(TRIES)
    first, every = sum(one > 0 for one in tries), sum(one == TRIES for one in tries)
    print(
        f"claims without liveness: {len(tries)} people; the first try fails {first}, all {TRIES} fail {every}; from the"
        f" first frame of a try that succeeds median {np.median(took):.2f} s, p95 {np.percentile(took, 95):.2f}"
    )


def _verified(service: FaceService, frames: Sequence[Frame], claimed: int) -> float | None:
    for frame, ready_s in _as_they_come(frames):
        had = process_time()
        result = service.watch(frame, claimed)
        ended_s = ready_s(process_time() - had)
        if result.verification is not None and result.verification.match:
            return ended_s - frames[0].time_s
    return None


def _film(folder: Path, number: int) -> list[Frame]:
    """A film of somebody's second picture; each begins a minute after the one before, so that its face is a new one."""
    second = sorted(folder.glob("*.jpg"))[1]
    return list(film(read_image(second).pixels, np.random.default_rng(number), 60.0 * (number + 1)))


def _clip(shared: Path, gallery: Path) -> None:
    _enroll(shared, gallery)
    frames = _frames(shared / "data" / "clips" / "hamilton.mp4")
    with closing(FaceService(Settings(), gallery)) as service:
        outcomes = _watched(service, frames, _named, all_of_it=True)
    _tell("faces of the clip, until named", list(outcomes.values()))


def _watched(
    service: FaceService, frames: Sequence[Frame], answered: Callable[[TrackedFace], bool], *, all_of_it: bool = False
) -> dict[int, Outcome]:
    """What came of each track, by its id; of the first one only, unless all of it is to be seen."""
    begun: dict[int, float] = {}
    outcomes: dict[int, Outcome] = {}
    for frame, ready_s in _as_they_come(frames):
        had = process_time()
        result = service.watch(frame)
        ended_s = ready_s(process_time() - had)
        for one in result.tracked:
            begun.setdefault(one.track_id, frame.time_s)
            outcomes.setdefault(one.track_id, Outcome())
            before = outcomes[one.track_id]
            if before.after_s is None and answered(one):
                person = one.identification.person
                after_s = ended_s - begun[one.track_id]
                outcomes[one.track_id] = replace(before, after_s=after_s, name=person.name if person else "")
            elif before.after_s is None and one.verdict is Verdict.NO_MATCH:
                outcomes[one.track_id] = replace(before, denied=True)
        if not all_of_it and any(one.after_s is not None for one in outcomes.values()):
            break
    return outcomes


def _as_they_come(frames: Sequence[Frame]) -> Iterator[tuple[Frame, Callable[[float], float]]]:
    """Frames as a camera gives them: the newest, each time the one before has been looked at.

    Yields:
        A frame, and what to call with the time that it took; returns when that was.
    """
    start_s = frames[0].time_s
    now_s = start_s

    def took(seconds: float) -> float:
        nonlocal now_s
        now_s = max(now_s, frames[place].time_s) + seconds
        return now_s

    place = -1
    while True:
        newest = int((now_s - start_s) * FPS + 1e-6)
        place = max(place + 1, newest)
        if place >= len(frames):
            return
        yield frames[place], took


def _named(one: TrackedFace) -> bool:
    return one.identification.person is not None


def _refused(one: TrackedFace) -> bool:
    return _named(one) or one.verdict is Verdict.NO_MATCH


def _tell(title: str, outcomes: Iterable[Outcome]) -> None:
    every = list(outcomes)
    took = [one.after_s for one in every if one.after_s is not None]
    if not took:
        print(f"{title}: none of {len(every)} was answered")
        return
    p50, p95 = np.percentile(took, [50, 95])
    print(
        f"{title}: {len(took)} of {len(every)} answered; median {p50:.2f} s, p95 {p95:.2f},"
        f" longest {max(took):.2f}; within {GOAL_S:g} s {sum(one <= GOAL_S for one in took)}"
    )


if __name__ == "__main__":
    main()
