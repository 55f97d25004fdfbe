"""From a folder of people to a judged network: look, check, split, train, compare. What `train` and the window run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from itertools import count
from math import ceil
from pathlib import Path
from time import perf_counter
from typing import Any

import platformdirs
import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list
from torch import nn

from engine.device import Device
from engine.errors import BadInputError, shown
from engine.learning import (
    FINE_TUNE,
    BenchResult,
    Checked,
    DataReport,
    Event,
    Finding,
    Progressed,
    Recipe,
    RunEnded,
)
from engine.matching.calibration import Calibration
from engine.networks.architectures import ARCHITECTURES
from engine.networks.dlib_resnet import DlibResNet
from engine.packs.embedder import Embedder
from engine.packs.pack import DEFAULT_PACK
from engine.pipeline import Pipeline
from engine.training.check import check
from engine.training.control import Control
from engine.training.faces import FolderFaces, look_at
from engine.training.holding import held
from engine.training.losses import LOSSES
from engine.training.promotion import AT_ONCE, architecture_key, compare, judged_crops, trained_pack
from engine.training.run import Run, begin, load_run, new_place
from engine.training.trainer import Trainer
from engine.types import Progress


def runs_folder() -> Path:
    """Return where runs are kept."""
    return platformdirs.user_data_path("visavis", appauthor=False) / "runs"


def faces_folder(folder: Path) -> Path:
    """Return where the aligned crops of a folder are kept."""
    name = hashlib.sha256(str(folder.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return platformdirs.user_cache_path("visavis", appauthor=False) / "faces" / name


@dataclass(frozen=True, slots=True)
class Session:
    """What every kind of training needs.

    Attributes:
        pipeline: finds faces; its embedder is the default pack's.
        tell: receives events.
        control: pauses and stops.
        runs: folder in which runs are made.
    """

    pipeline: Pipeline
    tell: Callable[[Event], None]
    control: Control
    runs: Path

    @property
    def device(self) -> Device:
        """Where networks run."""
        return self.pipeline.embedder.device

    # --- looking ------------------------------------------------------------------------------------------------

    def look(self, folder: Path, least_pictures: int = 2) -> tuple[FolderFaces, DataReport]:
        """Find the faces of a folder of people and say what is wrong with it.

        Raises:
            BadInputError: there is no such folder, or nothing in it.
            OperationCancelledError: stopped from outside.
        """
        start = perf_counter()
        faces = look_at(folder, self.pipeline, faces_folder(folder), self._report, self.control)
        calibration = Calibration.load(DEFAULT_PACK.id)
        report = check(faces, calibration, perf_counter() - start, least_pictures)
        self.tell(Checked(report))
        return faces, report

    def _report(self, progress: Progress) -> None:
        self.tell(Progressed(progress.done, progress.total, f"Looking at {progress.text}" if progress.text else ""))

    # --- training -----------------------------------------------------------------------------------------------

    def begin(self, folder: Path, recipe: Recipe, left_out: Collection[str] | None, place: Path | None = None) -> Run:
        """Look at a folder and decide on a run.

        Args:
            folder: of people.
            recipe: how to train.
            left_out: pictures not to use; None leaves out what the data check proposes.
            place: the run's folder; a new one by default.

        Raises:
            BadInputError: there is too little to learn from.
        """
        with _first_process_first():
            faces, report = self.look(folder, recipe.least_pictures)
        chosen = proposed(report.findings) if left_out is None else left_out
        places: list[Any] = [place or new_place(self.runs, recipe)]
        state = PartialState()
        if state.num_processes > 1:
            broadcast_object_list(places)
        if state.is_main_process:
            begin(places[0], faces, recipe, chosen)
        state.wait_for_everyone()
        return load_run(places[0])

    def train(self, run: Run) -> RunEnded:
        """Train a run to its end, and compare before with after on the people held out.

        Raises:
            OperationCancelledError: stopped from outside; it can be resumed.
            TrainingError, BadInputError: it cannot go on, or is being trained elsewhere; the best checkpoint is kept.
        """
        with _held_once(run.place):
            return self._train(run)

    def _train(self, run: Run) -> RunEnded:
        architecture = ARCHITECTURES[architecture_key(run)]
        network = start_network(run.recipe)
        trainer = Trainer(run, network, architecture, self.device, tell=self.tell, control=self.control)
        reason = trainer.train()
        ended = RunEnded(str(run.place), reason, trainer.state.best_epoch, trainer.state.seconds)
        if not trainer.accelerator.is_main_process:
            return ended
        after = Embedder(trained_pack(run), self.device)
        ended = replace(ended, comparison=compare(run, self.pipeline.embedder, after, self._judging(run)))
        run.note(ended)
        self.tell(ended)
        return ended

    def _judging(self, run: Run) -> Callable[[], None]:
        """Tells how far the judging is each time it asks whether it may go on."""
        # Before and after each embed all crops.
        total = 2 * ceil(len(judged_crops(run)) / AT_ONCE)
        done = count()

        def check() -> None:
            self.tell(Progressed(next(done), total, "Judging on the people held out"))
            self.control.check()

        return check

    def resume(self, place: Path) -> RunEnded:
        """Go on with a run that was stopped or killed.

        Raises:
            BadInputError: there is no run, it has ended or is being trained elsewhere, or its checkpoint is damaged.
        """
        run = load_run(place)
        with _held_once(place):
            if run.end() is not None:
                raise BadInputError(f"The run “{run.name}” has ended. Begin a new one.")
            return self._train(run)

    def bench(
        self, folder: Path, recipe: Recipe, losses: Collection[str], seconds: float,
        left_out: Collection[str] | None = None,
    ) -> list[BenchResult]:  # fmt: skip
        """Train the same network on the same people for the same time with several losses.

        Args:
            folder: of people.
            recipe: how to train.
            losses: by name.
            seconds: for each.
            left_out: pictures not to use; None leaves out what the data check proposes.

        Raises:
            BadInputError: there is no such loss, or too little to learn from.
            OperationCancelledError: stopped from outside.
        """
        unknown = [loss for loss in losses if loss not in LOSSES]
        if unknown or not losses:
            raise BadInputError(f"“{shown(','.join(unknown))}” is no loss. Choose from: {', '.join(LOSSES)}.")
        faces, report = self.look(folder, recipe.least_pictures)
        chosen = proposed(report.findings) if left_out is None else left_out
        results = []
        for loss in losses:
            own = recipe.with_values({"loss": loss, "minutes": seconds / 60, "epochs": 10_000, "patience": 1000})
            run = begin(new_place(self.runs, own), faces, own, chosen)
            ended = self.train(run)
            if ended.comparison is None:
                raise BadInputError("A loss bench runs in one process. Start it without “accelerate launch”.")
            steps = max((event.step for event in run.events() if hasattr(event, "step")), default=0)
            results.append(
                BenchResult(
                    loss, str(run.place), steps, ended.seconds, ended.comparison.after, ended.comparison.after_det
                )
            )
            self.tell(results[-1])
        return results


def proposed(findings: Collection[Finding]) -> set[str]:
    """Pictures that the data check would leave out."""
    return {finding.picture for finding in findings if finding.unusable or finding.suggested}


def start_network(recipe: Recipe) -> nn.Module:
    """Return the network that a recipe starts from; fresh weights follow from its seed.

    Raises:
        PackError: the default pack's file is missing or altered.
    """
    torch.manual_seed(recipe.seed)
    network = DEFAULT_PACK.network() if recipe.start == FINE_TUNE else ARCHITECTURES[recipe.start].build()
    return network.balance() if isinstance(network, DlibResNet) else network


def _held_once(place: Path) -> AbstractContextManager[None]:
    """Hold a run, in the first of the processes that train it together; launchers say in RANK which one it is."""
    # Asking accelerate would set it up for a device that is not decided on yet.
    return held(place) if os.environ.get("RANK", "0") == "0" else nullcontext()


@contextmanager
def _first_process_first() -> Iterator[None]:
    """Let the first of several processes do something before the others, who then find it done."""
    with PartialState().main_process_first():
        yield
