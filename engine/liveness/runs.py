"""Trainings of temporal networks that are under way or were stopped, each in a folder of its own.

Clips are faces and are not kept: whoever goes on reads the recordings again, and they must be the same ones.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from engine.errors import BadInputError, TrainingError, shown
from engine.files import write_whole
from engine.liveness.clips import Clip
from engine.liveness.learning import network_folder
from engine.liveness_values import StoppedTraining
from engine.networks.temporal import NETWORKS
from engine.training.state import LAST

_ABOUT = "run.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class TemporalRun:
    """What was decided before the first step.

    Attributes:
        place: the run's own folder.
        folder: of the recordings.
        kind: a key of `NETWORKS`.
        clips: digest of what was seen in the recordings.
        begun: when, in UTC.
    """

    place: Path
    folder: str
    kind: str
    seed: int
    clips: str
    begun: str

    def check_clips(self, clips: Sequence[Clip]) -> None:
        """Make sure that clips are those that the run began with.

        Raises:
            BadInputError: they are not.
        """
        if digest_of(clips) != self.clips:
            raise BadInputError(
                f"The recordings in “{shown(self.folder)}” are not those that “{shown(self.place.name)}” began with. "
                "Put them back as they were, or train anew."
            )

    def finish(self) -> None:
        """Forget the run: it was trained to its end and judged."""
        shutil.rmtree(self.place, ignore_errors=True)


def runs_folder() -> Path:
    """Return where runs are kept."""
    return network_folder() / "runs"


def digest_of(clips: Sequence[Clip]) -> str:
    """SHA-256 of what a network sees of clips, and of whose they are."""
    digest = hashlib.sha256()
    for clip in clips:
        digest.update(f"{clip.group}\0{clip.live}\0".encode("utf-8", "surrogateescape"))
        digest.update(np.ascontiguousarray(clip.pixels).data)
        digest.update(np.ascontiguousarray(clip.series).data)
    return digest.hexdigest()


def begin(folder: Path, kind: str, seed: int, clips: Sequence[Clip], name: str = "") -> TemporalRun:
    """Write down what is to be trained.

    Args:
        folder: of the recordings.
        kind: a key of `NETWORKS`.
        seed: of everything that is drawn.
        clips: that were found in it.
        name: what to call the run; when it was begun, without.

    Raises:
        BadInputError: there is a run of that name, or it is no name.
        TrainingError: it cannot be written.
    """
    now = datetime.now(UTC)
    called = name or f"{now:%Y-%m-%d-%H%M%S}-{kind}-{os.getpid()}"
    if Path(called).name != called or called.startswith("."):
        raise BadInputError(f"“{shown(called)}” is no name for a run. Leave out slashes and a dot at the start.")
    place = runs_folder() / called
    run = TemporalRun(place, str(folder.absolute()), kind, seed, digest_of(clips), now.isoformat(timespec="seconds"))
    about = {"format": FORMAT, "folder": run.folder, "kind": kind, "seed": seed, "clips": run.clips, "begun": run.begun}
    try:
        place.mkdir(mode=0o700, parents=True)
        write_whole(place / _ABOUT, json.dumps(about, indent=1).encode())
    except FileExistsError as error:
        raise BadInputError(f"There is a run “{shown(called)}” already. Choose another name, or resume it.") from error
    except OSError as error:
        shutil.rmtree(place, ignore_errors=True)
        raise TrainingError(
            f"The run's folder “{shown(place)}” cannot be made: {error.strerror}. Make room, or choose another place."
        ) from error
    return run


def load_run(place: Path) -> TemporalRun:
    """Read a run.

    Raises:
        BadInputError: there is none, or it is damaged or of another version.
    """
    if not (place / _ABOUT).exists():
        known = ", ".join(f"“{shown(one.name)}”" for one in stopped())
        others = f"Those that were stopped: {known}." if known else "None was stopped."
        raise BadInputError(f"There is no stopped liveness training “{shown(place.name)}”. {others}")
    return _read(place)


def _read(place: Path) -> TemporalRun:
    called = shown(place.name)
    try:
        about = json.loads((place / _ABOUT).read_text("utf-8"))
        if about["format"] != FORMAT or about["kind"] not in NETWORKS:
            raise BadInputError(f"The run “{called}” was made by another version of Visavis. Train anew.")
        return TemporalRun(
            place, str(about["folder"]), str(about["kind"]), int(about["seed"]), str(about["clips"]),
            str(about["begun"]),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInputError(f"The run “{called}” cannot be read. Delete it, and train anew.") from error


def stopped() -> list[StoppedTraining]:
    """The trainings that can be gone on with, latest first; what is damaged is left out."""
    found = []
    for place in sorted(runs_folder().iterdir(), reverse=True) if runs_folder().is_dir() else []:
        if place.name.startswith(".") or not place.is_dir():
            continue
        try:
            run = _read(place)
        except BadInputError:
            continue
        found.append(StoppedTraining(place.name, run.folder, run.kind, _epochs(place), run.begun))
    return sorted(found, key=lambda one: one.begun, reverse=True)


def _epochs(place: Path) -> int:
    """How many epochs are done by the latest checkpoint."""
    try:
        return int(json.loads((place / f"{LAST}.json").read_text("utf-8"))["state"]["reached"]["epoch"]) - 1
    except (OSError, ValueError, KeyError, TypeError):
        return 0
