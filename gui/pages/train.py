"""Train: a folder of people becomes a network, in four steps that are always in sight."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QButtonGroup, QStackedWidget
from typing_extensions import override

from engine.learning import BenchResult, Checked, DataReport, Event, Recipe, RunEnded, RunInfo, RunStarted
from gui.context import Context
from gui.pages.page import Page
from gui.pages.train_pictures import PicturesStep
from gui.pages.train_progress import ProgressStep
from gui.pages.train_recipe import RecipeStep
from gui.pages.train_runs import RunsStep
from gui.tasks import Task
from gui.theme import tokens as t
from gui.widgets.basics import button, row
from gui.widgets.job_bar import JobBar

STEPS = ("Pictures", "Recipe", "Training", "Runs")


class TrainPage(Page):
    """Choose and check pictures, decide how to train, watch it, and judge and use the result."""

    title = "Train"
    takes_pictures = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.task: Task | None = None
        self.pictures = PicturesStep(context)
        self.recipe = RecipeStep()
        self.progress = ProgressStep(context)
        self.runs = RunsStep(context)
        self._stack = QStackedWidget()
        self.steps = QButtonGroup(self)
        choosers = []
        for number, (name, step) in enumerate(
            zip(STEPS, (self.pictures, self.recipe, self.progress, self.runs), strict=True)
        ):
            chooser = button(name, partial(self.show_step, number), "navigation")
            chooser.setCheckable(True)
            # The chosen one is bold, and must not be cut off.
            chooser.setMinimumWidth(chooser.sizeHint().width() + 2 * t.UNIT)
            self.steps.addButton(chooser, number)
            choosers.append(chooser)
            self._stack.addWidget(step)
        self.header.addLayout(row(*choosers, spacing=t.GAP // 2))
        self.jobs = JobBar()
        self.body.addWidget(self.jobs)
        self.body.addWidget(self._stack, 1)
        self.pictures.folder_chosen.connect(self.check)
        self.pictures.accepted.connect(lambda: self.show_step(1))
        self.recipe.start.connect(self.train)
        self.recipe.bench.connect(self.bench)
        self.runs.resume.connect(self.resume)
        self.runs.show_run.connect(self._show_run)
        self.progress.pause.toggled.connect(self._pause)
        self.progress.stop.clicked.connect(self._stop)
        self.show_step(0)
        self._tell_ready()

    def show_step(self, number: int) -> None:
        """Show one of the four steps."""
        self._stack.setCurrentIndex(number)
        self.steps.button(number).setChecked(True)
        if number == 3:
            self.runs.refresh()

    @override
    def take_pictures(self, pictures: Sequence[Path | bytes]) -> None:
        folders = [one for one in pictures if isinstance(one, Path)]
        if folders:
            self.show_step(0)
            self.check(folders[0])
        else:
            self.context.toasts.show("Drop a folder that holds one folder per person.", "bad")

    @override
    def choose_pictures(self) -> None:
        self.pictures.browse_folder()

    # --- tasks --------------------------------------------------------------------------------------------------

    def check(self, folder: Path) -> None:
        """Look at a folder's pictures."""
        task = self._run(["train", str(folder), "--check"], "Looking for faces")
        if task:
            self.pictures.begin(folder)

    def train(self, recipe: Recipe) -> None:
        """Train on the pictures that were not left out."""
        if self.pictures.report is None:
            self.show_step(0)
            self.context.toasts.show("Choose a folder of people first.", "bad")
            return
        folder = self.pictures.report.folder
        listed = self.context.tell_failure(self.context.client.leave_out(self.pictures.left_out()))

        def begin(place: Path) -> None:
            arguments = ["train", folder, "--leave-out", str(place), *_as_arguments(recipe)]
            if self._run(arguments, "Preparing"):
                self.progress.begin()
                self.show_step(2)

        listed.succeeded.connect(begin)

    def bench(self, recipe: Recipe, losses: Sequence[str], seconds: int) -> None:
        """Train with several losses for the same time."""
        if self.pictures.report is None:
            self.show_step(0)
            self.context.toasts.show("Choose a folder of people first.", "bad")
            return
        arguments = ["train", self.pictures.report.folder, *_as_arguments(recipe)]
        arguments += ["--bench", ",".join(losses), "--seconds", str(seconds)]
        if self._run(arguments, "Preparing"):
            self.progress.begin(bench=True)
            self.show_step(2)

    def resume(self, run: RunInfo) -> None:
        """Go on with a run that was stopped."""
        if self._run(["train", "--resume", run.place], "Preparing"):
            self.progress.begin()
            self.show_step(2)
            self.progress.replay(Path(run.place))

    def _run(self, arguments: Sequence[str], text: str) -> Task | None:
        if self.task is not None and self.task.running:
            self.context.toasts.show("Something is being trained or checked already. Stop it first, or wait.", "bad")
            return None
        device = self.context.settings.value.device
        task = self.context.tasks.start([*arguments, "--device", device])
        task.happened.connect(self._on_event)
        task.failed.connect(self._on_failed)
        task.stopped.connect(self._on_stopped)
        task.finished.connect(self._on_finished)
        self.jobs.follow(task, text)
        self.task = task
        return task

    def _on_event(self, event: Event) -> None:
        match event:
            case Checked(report):
                self._on_checked(report)
            case RunStarted():
                self.jobs.hide()
                self.progress.take(event)
            case RunEnded() | BenchResult():
                self.progress.take(event)
                self.runs.refresh()
            case _:
                self.progress.take(event)

    def _on_checked(self, report: DataReport) -> None:
        if self._stack.currentIndex() == 0:
            self.pictures.show_report(report)
            self._tell_ready()

    def _on_failed(self, sentence: str, details: str) -> None:
        self.context.toasts.show(sentence, "bad", details)
        self.pictures.failed(sentence)
        self.progress.ended(sentence)

    def _on_stopped(self) -> None:
        self.pictures.failed("")
        self.progress.ended("Stopped. What was learned so far is kept; the run can be resumed.")
        self.runs.refresh()

    def _on_finished(self) -> None:
        self.progress.set_running(running=False)

    def _pause(self, wait: bool) -> None:
        if self.task is not None and self.task.running:
            self.task.pause(wait)

    def _stop(self) -> None:
        if self.task is not None and self.task.running:
            self.task.cancel()
            self.progress.say("Stopping …")

    def _show_run(self, run: RunInfo) -> None:
        if self.task is not None and self.task.running:
            self.context.toasts.show("A run is going on. It is shown until it ends.", "bad")
            return
        self.progress.begin()
        self.progress.set_running(running=False)
        self.progress.replay(Path(run.place))
        self.show_step(2)

    def _tell_ready(self) -> None:
        self.recipe.show_data(self.pictures.report)


def _as_arguments(recipe: Recipe) -> list[str]:
    """What differs from the default recipe, as command line options."""
    arguments = []
    for key in Recipe.__slots__:
        value, default = getattr(recipe, key), getattr(Recipe(), key)
        name = key.replace("_", "-")
        if isinstance(value, bool):
            arguments += [f"--{name}" if value else f"--no-{name}"] if value != default else []
        elif value != default:
            arguments += [f"--{name}", repr(value) if isinstance(value, float) else str(value)]
    return arguments
