"""Naming in films made of LFW pictures: every frame embedded, and one in five with fused looks. In pieces.

A film is made of each person's second picture; the first is the template. Every face of every frame is found and
embedded once and kept in the folder given, so that a run can be stopped and gone on with, and both sides see the same
faces. Then galleries of some of the people are drawn, and everybody else is a stranger to them.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt
from common import ROOT

from engine.capture.images import read_image
from engine.decisions import Decider
from engine.gallery.store import Gallery
from engine.live_desk import LiveDesk
from engine.live_values import Verdict
from engine.loaded import Networks
from engine.matching.calibration import Calibration
from engine.matching.own_strangers import OwnStrangers
from engine.matching.people_index import PeopleIndex
from engine.packs.pack import DEFAULT_PACK
from engine.settings import Settings
from engine.types import Box, Detection, Face, FloatArray, Frame, Measure, NewTemplate, PixelArray, Pose, Quality

FPS, FRAMES, SIZE = 29.97, 45, (640, 360)
SMALLEST_PX = 40.0
DRAWS = 1000
Values: TypeAlias = npt.NDArray[np.float64]


def film(picture: PixelArray, rng: np.random.Generator, start_s: float = 0.0) -> Iterator[Frame]:
    """A picture of 250 pixels that moves, turns, comes closer, blurs and dims, with noise."""
    phase = rng.uniform(0, 6, 4)
    for number in range(FRAMES):
        at = number / FPS
        angle, size = 8 * np.sin(2 * at + phase[0]), 0.8 + 0.15 * np.sin(3 * at + phase[1])
        turn = cv2.getRotationMatrix2D((125, 125), angle, size)
        turn[:, 2] += (320 - 125 + 80 * np.sin(1.5 * at + phase[2]), 180 - 125)
        pixels = cv2.warpAffine(picture, turn, SIZE, borderValue=(60, 60, 60))
        blur, light = 2.2 * max(0, np.sin(5 * at + phase[3])), rng.uniform(0.6, 1.1)
        pixels = cv2.GaussianBlur(pixels, (0, 0), blur) if blur > 0.3 else pixels
        noisy = pixels * light + rng.normal(0, 6, pixels.shape)
        yield Frame(np.clip(noisy, 0, 255).astype(np.uint8), "film", start_s + at)


def main() -> None:
    """Look at films for some minutes; then print both sides over those looked at so far."""
    options = _options()
    folders = [one for one in sorted((options.shared / "data" / "lfw").iterdir()) if len(list(one.glob("*.jpg"))) >= 2]
    order = np.random.default_rng(0).permutation(len(folders))[: options.films]
    options.keep.mkdir(parents=True, exist_ok=True)
    _keep([folders[number] for number in order], options.keep, options.minutes)
    seen = [one for one in (_seen(options.keep, folders[number].name) for number in order) if one is not None]
    print(f"{len(seen)} films of {len(order)}; {sum(one.template.size > 0 for one in seen)} people can be enrolled")
    stricter = f"the same at {options.rate:g}"
    tallies = [Tally(len(seen), side) for side in ("embedded in every frame", "one in five, fused", stricter)]
    for number in range(options.galleries):
        _over(number, options, seen, tallies)
    for other in tallies[1:]:
        _tell(tallies[0], other)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with data/lfw")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "films", help="what was looked at")
    parser.add_argument("--films", type=int, default=600, help="how many people's")
    parser.add_argument("--minutes", type=float, default=1e9, help="of looking, at most")
    parser.add_argument("--galleries", type=int, default=10)
    parser.add_argument("--people", type=int, default=20, help="in each gallery")
    parser.add_argument("--rate", type=float, default=3.5e-4, help="false match rate of a third, stricter side")
    return parser.parse_args()


# --- looking, once ------------------------------------------------------------------------------------------------


def _keep(folders: Sequence[Path], keep: Path, minutes: float) -> None:
    """Look at films that were not looked at yet, for so many minutes."""
    networks = Networks(Settings())
    until = perf_counter() + 60 * minutes
    for number, folder in enumerate(folders):
        place = keep / f"{folder.name}.npz"
        if place.exists():
            continue
        if perf_counter() > until:
            return
        first, second = sorted(folder.glob("*.jpg"))[:2]
        pipeline = networks.for_files
        (template,) = pipeline.faces([read_image(first)], smallest_face_px=SMALLEST_PX, averaging=True, only="largest")
        rows = []
        for at, frame in enumerate(film(read_image(second).pixels, np.random.default_rng(number))):
            (faces,) = networks.for_live.faces([frame], smallest_face_px=SMALLEST_PX, averaging=False)
            rows += [_row(at, face) for face in faces]
        enrolled = template[0].embedding if template and template[0].quality.acceptable else np.zeros(0, np.float32)
        part = place.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(file, template=enrolled, **_columns(rows))
        part.rename(place)


def _row(at: int, face: Face) -> dict[str, npt.ArrayLike]:
    step = face.chip.shape[0] // 24
    return {
        "frame": at,
        "box": face.box,
        "score": face.score,
        "landmarks": face.landmarks,
        "patch": face.chip[::step, ::step],
        "keys": [measure.key for measure in face.quality.measures],
        "values": [measure.value for measure in face.quality.measures],
        "pose": face.quality.pose,
        "embedding": face.embedding,
    }


def _columns(rows: Sequence[dict[str, npt.ArrayLike]]) -> dict[str, npt.NDArray[np.generic]]:
    return {key: np.array([row[key] for row in rows]) for key in rows[0]} if rows else {"frame": np.zeros(0, int)}


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A film as it was looked at: each frame's faces with their embeddings, and the person's template if it is good."""

    name: str
    template: FloatArray
    frames: tuple[tuple[Face, ...], ...]


def _seen(keep: Path, name: str) -> Seen | None:
    place = keep / f"{name}.npz"
    if not place.exists():
        return None
    with np.load(place) as stored:
        kept = dict(stored)
    frames: list[list[Face]] = [[] for _ in range(FRAMES)]
    for row, number in enumerate(kept["frame"]):
        frames[number].append(_face(kept, row))
    return Seen(name, kept["template"], tuple(tuple(faces) for faces in frames))


def _face(kept: Mapping[str, npt.NDArray[np.generic]], row: int) -> Face:
    measures = zip(kept["keys"][row].tolist(), kept["values"][row].tolist(), strict=True)
    quality = Quality(tuple(Measure(key, value) for key, value in measures), Pose(*kept["pose"][row].tolist()))
    patch = kept["patch"][row]
    return Face(
        Box(*kept["box"][row].tolist()), float(kept["score"][row]), kept["landmarks"][row], patch, patch, quality,
        kept["embedding"][row], DEFAULT_PACK.id, 1,
    )  # fmt: skip


# --- both sides -----------------------------------------------------------------------------------------------------


class Kept:
    """Stands in the pipeline's place: finds and embeds what was found and embedded before."""

    def __init__(self) -> None:
        self.detector = self
        self.faces: tuple[Face, ...] = ()
        self._by_box: dict[Box, Face] = {}

    def show(self, faces: tuple[Face, ...]) -> None:
        """The next frame has these faces."""
        self.faces, self._by_box = faces, {face.box: face for face in faces}

    def detect(self, _pictures: Sequence[PixelArray], _smallest_px: float) -> list[list[Detection]]:
        """Where they are."""
        return [[Detection(face.box, face.score) for face in self.faces]]

    def align(self, _frame: Frame, found: Sequence[Detection]) -> list[Face]:
        """The faces, not embedded."""
        return [replace(self._by_box[one.box], embedding=None) for one in found]

    def embedded(
        self, _frames: Sequence[Frame], faces: Sequence[Sequence[Face]], *, averaging: bool
    ) -> list[tuple[Face, ...]]:
        """The faces, embedded."""
        if averaging:
            raise ValueError("they were looked at without averaging")
        return [tuple(self._by_box[face.box] for face in group) for group in faces]


class Tally:
    """What was said of each film's faces, added up over galleries; intervals by drawing films with replacement."""

    KEYS = ("right", "wrong", "missed", "stranger named", "stranger not named")

    def __init__(self, films: int, title: str) -> None:
        self.title = title
        self.counts = np.zeros((films, len(self.KEYS)))
        self.ever = np.zeros((films, 2))
        """Of each stranger's film: how often it was shown, and in how many of these somebody was named at all."""
        self.decisions = np.zeros((films, 2))
        """The same of changes of what is said: how often something new was said of a stranger, and was a name."""

    def add(self, film: int, said: Sequence[str], truth: str) -> None:
        """Take in what was said of a film's faces, frame by frame; an empty truth is a stranger's."""
        row = self.counts[film]
        for name in said:
            key = "stranger named" if name else "stranger not named"
            if truth:
                key = "right" if name == truth else "wrong" if name else "missed"
            row[self.KEYS.index(key)] += 1
        if not truth and said:
            changes = [said[0], *(now for before, now in pairwise(said) if now != before)]
            self.ever[film] += 1, any(said)
            self.decisions[film] += len(changes), sum(map(bool, changes))

    def shares(self) -> dict[str, tuple[Values, Values]]:
        """What can be told, each as errors and totals by film."""
        known, strangers = self.counts[:, :3], self.counts[:, 3:]
        told = {key: (known[:, place], known.sum(axis=1)) for place, key in enumerate(self.KEYS[:3])}
        told["strangers named, of faces"] = strangers[:, 0], strangers.sum(axis=1)
        told["strangers named at any time, of films"] = self.ever[:, 1], self.ever[:, 0]
        told["strangers named, of what was said anew"] = self.decisions[:, 1], self.decisions[:, 0]
        return told


def _tell(every: Tally, sparse: Tally) -> None:
    """Print both sides and their difference, with 95 % intervals over people."""
    print(f"{int(every.counts[:, :3].sum()):,} faces of known people, {int(every.counts[:, 3:].sum()):,} of strangers")
    for key, (some, total) in every.shares().items():
        other, of = sparse.shares()[key]
        drawn = np.random.default_rng(0).integers(0, len(some), (DRAWS, len(some)))
        one, two = (hits[drawn].sum(axis=1) / all_[drawn].sum(axis=1) for hits, all_ in ((some, total), (other, of)))
        sides = f"{_share(some, total, one)} {every.title}, {_share(other, of, two)} {sparse.title}"
        low, high = np.quantile(two - one, (0.025, 0.975))
        print(f"  {key}: {sides}; difference {100 * low:+.2f} to {100 * high:+.2f} points")


def _share(some: Values, total: Values, drawn: Values) -> str:
    low, high = np.quantile(drawn, (0.025, 0.975))
    return f"{some.sum() / total.sum():.2%} ({low:.2%} to {high:.2%})"


def _over(number: int, options: argparse.Namespace, seen: Sequence[Seen], tallies: Sequence[Tally]) -> None:
    """Show every film to a gallery of some people, embedded in every frame and now and then."""
    draw = np.random.default_rng(100 + number)
    can = [one for one in seen if one.template.size]
    known = {can[place].name for place in draw.permutation(len(can))[: options.people]}
    pixels = draw.integers(60, 200, (360, 640, 3), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        gallery = Gallery.open(Path(folder) / "films.db")
        for one in can:
            if one.name in known:
                gallery.enroll(one.name, [NewTemplate(one.template, DEFAULT_PACK.id, b"", "")])
        usual, strict = _Side(gallery, Settings()), _Side(gallery, _at(options.rate))
        for place, one in enumerate(seen):
            truth, first = one.name if one.name in known else "", Frame(pixels, "film", 1000.0 * place)
            for tally, said in zip(tallies, (*usual.said(one, first), strict.said(one, first)[1]), strict=True):
                tally.add(place, said, truth)
        gallery.close()
    print(f"gallery {number + 1}: 1 face in {usual.desk.followed / usual.desk.embedded:.1f} embedded")


def _at(rate: float) -> Settings:
    """Settings with a false match rate that is none of those that can be chosen."""
    settings = Settings()
    object.__setattr__(settings, "false_match_rate", rate)
    return settings


class _Side:
    """Decides at one false match rate, frame by frame and as the live picture does."""

    def __init__(self, gallery: Gallery, settings: Settings) -> None:
        strangers = OwnStrangers(Calibration.load(DEFAULT_PACK.id))
        self._decider = Decider(gallery, strangers, PeopleIndex(), DEFAULT_PACK.id, settings)
        self._kept = Kept()
        self.desk = LiveDesk(lambda: self._kept, lambda: self._decider, lambda: settings, lambda *_: None)  # type: ignore[arg-type,return-value]

    def said(self, film_: Seen, first: Frame) -> tuple[list[str], list[str]]:
        """Names by frame; empty for nobody. Of the largest face, where both ways have one."""
        every, followed = [], []
        self.desk.forget()
        for number, faces in enumerate(film_.frames):
            self._kept.show(faces)
            result = self.desk.watch(replace(first, time_s=first.time_s + number / FPS))
            if faces and result.tracked:
                person = self._decider.identify(faces[:1])[0].person
                every.append(person.name if person else "")
                told = result.tracked[0]
                who = told.identification.person if told.verdict is Verdict.MATCH else None
                followed.append(who.name if who else "")
        return every, followed


if __name__ == "__main__":
    main()
