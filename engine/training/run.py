"""A run: the folder in which everything about one training is kept, so that it can be resumed, judged and repeated."""

from __future__ import annotations

import json
import os
import platform
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from engine.errors import BadInputError, TrainingError, shown
from engine.files import write_whole
from engine.learning import (
    RECIPE_OPTIONS,
    Comparison,
    Event,
    Recipe,
    RunEnded,
    RunInfo,
    build,
    from_line,
    to_line,
)
from engine.training.batches import Crops
from engine.training.faces import FolderFaces
from engine.training.split import Split, split_people

FORMAT = 1
_LIBRARIES = ("visavis", "torch", "numpy", "accelerate", "safetensors")


@dataclass(frozen=True, slots=True)
class Run:
    """What was decided before the first step.

    Attributes:
        place: the run's own folder.
        folder: of people.
        left_out: pictures that are not used, as paths inside the folder.
        crops: usable pictures of everyone in the split: (person, file of the aligned crop).
        versions: of the libraries it was begun with.
    """

    place: Path
    folder: str
    recipe: Recipe
    split: Split
    left_out: tuple[str, ...]
    crops: tuple[tuple[str, str], ...]
    begun: str
    versions: dict[str, str]

    @property
    def name(self) -> str:
        """What the run is called."""
        return self.place.name

    def part(self, people: Collection[str]) -> Crops:
        """The crops of some of its people."""
        names = sorted(people)
        number = {name: place for place, name in enumerate(names)}
        chosen = [(Path(path), number[person]) for person, path in self.crops if person in number]
        return Crops(tuple(path for path, _ in chosen), tuple(label for _, label in chosen), tuple(names))

    # --- events -------------------------------------------------------------------------------------------------

    def note(self, event: Event) -> None:
        """Add an event to the run's history.

        Raises:
            TrainingError: the disk is full, or the run's folder has vanished.
        """
        try:
            with (self.place / "events.jsonl").open("a", encoding="utf-8") as file:
                file.write(to_line(event) + "\n")
        except OSError as error:
            raise TrainingError(
                f"The run's folder “{shown(self.place)}” cannot be written: {error.strerror}. Make room, or put it "
                "back; what was saved before is kept."
            ) from error

    def events(self) -> Iterator[Event]:
        """The history; a last line that a killed process left half written is passed over."""
        try:
            lines = (self.place / "events.jsonl").read_text("utf-8").splitlines()
        except OSError:
            return
        for line in lines:
            try:
                yield from_line(line)
            except BadInputError:
                continue

    def end(self) -> RunEnded | None:
        """How it ended; None while it has not."""
        ends = [event for event in self.events() if isinstance(event, RunEnded)]
        return ends[-1] if ends else None

    def comparison(self) -> Comparison | None:
        """Before against after on the held-out people; None before the end."""
        end = self.end()
        return end.comparison if end else None


def begin(place: Path, faces: FolderFaces, recipe: Recipe, left_out: Collection[str]) -> Run:
    """Decide who trains, validates and tests, and write it down.

    Args:
        place: the run's folder, made here.
        faces: what was found in the folder of people.
        recipe: how to train.
        left_out: pictures not to use, as paths inside the folder.

    Raises:
        BadInputError: there are too few people, or the run exists already.
        TrainingError: the run's folder cannot be made.
    """
    usable = [
        (one.person, str(faces.crop(number)))
        for number, one in enumerate(faces.pictures)
        if not one.problem and one.path not in left_out
    ]
    split = split_people((person for person, _ in usable), recipe, _set_aside(faces, left_out))
    wanted = {*split.training, *split.validation, *split.test}
    run = Run(
        place=place,
        folder=str(faces.folder),
        recipe=recipe,
        split=split,
        left_out=tuple(sorted(left_out)),
        crops=tuple(pair for pair in usable if pair[0] in wanted),
        begun=datetime.now(UTC).isoformat(timespec="seconds"),
        versions={"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES},
    )
    try:
        place.mkdir(mode=0o700, parents=True)
        stored = {"format": FORMAT, **asdict(run)}
        del stored["place"]
        write_whole(place / "run.json", json.dumps(stored, indent=1).encode())
    except FileExistsError as error:
        raise BadInputError(f"“{shown(place)}” is there already. Choose another name, or resume it.") from error
    except OSError as error:
        raise TrainingError(
            f"The run's folder “{shown(place)}” cannot be made: {error.strerror}. Choose another place."
        ) from error
    return run


def _set_aside(faces: FolderFaces, left_out: Collection[str]) -> str:
    """How many pictures are not used, and why, as part of a sentence."""
    kinds = Counter(one.kind for one in faces.pictures if one.problem)
    out = sum(not one.problem and one.path in left_out for one in faces.pictures)
    parts = (
        (kinds["unreadable"], "could not be read"),
        (kinds["no_face"], "shows no face" if kinds["no_face"] == 1 else "show no face"),
        (out, "is left out" if out == 1 else "are left out"),
    )
    return ", ".join(f"{count:,} {what}" for count, what in parts if count)


def load_run(place: Path) -> Run:
    """Read a run.

    Raises:
        BadInputError: the folder holds none, or one of another version.
    """
    try:
        stored: dict[str, Any] = json.loads((place / "run.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadInputError(
            f"“{shown(place)}” holds no training run. Choose the folder that one was made in."
        ) from error
    if stored.pop("format", None) != FORMAT:
        raise BadInputError(f"The run “{shown(place)}” was made by another version of Visavis. Train anew.")
    run: Run = build(Run, {**stored, "place": place})
    return run


def list_runs(folder: Path) -> list[Run]:
    """All runs in a folder, latest first; what is none is passed over."""
    runs = []
    for place in folder.glob("*/run.json"):
        try:
            runs.append(load_run(place.parent))
        except BadInputError:
            continue
    return sorted(runs, key=lambda run: run.begun, reverse=True)


def new_place(folder: Path, recipe: Recipe) -> Path:
    """A name for a run that is not taken: when, and with which loss."""
    stem = f"{datetime.now(UTC):%Y-%m-%d-%H%M%S}-{recipe.loss}"
    place, number = folder / stem, 1
    while place.exists():
        number += 1
        place = folder / f"{stem}-{number}-{os.getpid()}"
    return place


def run_info(run: Run) -> RunInfo:
    """Describe a run for a list of runs."""
    start = dict(RECIPE_OPTIONS["start"].choices)[run.recipe.start]
    loss = dict(RECIPE_OPTIONS["loss"].choices)[run.recipe.loss]
    folder = Path(run.folder).name
    return RunInfo(str(run.place), run.name, folder, f"{start}, {loss}", run.begun, run.end())


def write_list(folder: Path, pictures: Sequence[str]) -> Path:
    """Write down pictures that are to be left out, one a line.

    Raises:
        TrainingError: the folder cannot be written.
    """
    place = folder / "left-out.txt"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(place, "\n".join(pictures).encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise TrainingError(f"“{shown(folder)}” cannot be written: {error.strerror}. Make room.") from error
    return place
