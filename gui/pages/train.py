"""Train: a folder of people becomes a network, in four steps that are always in sight."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

from PySide6.QtWidgets import QButtonGroup, QStackedWidget
from typing_extensions import override

from engine.learning import BenchResult, Checked, DataReport, Event, Recipe, RunEnded, RunInfo, RunStarted
from engine.types import Progress
from gui.context import Context
from gui.pages.page import Page
from gui.pages.train_liveness import LivenessStep
from gui.pages.train_pictures import PicturesStep
from gui.pages.train_progress import ProgressStep
from gui.pages.train_recipe import RecipeStep
from gui.pages.train_runs import RunsStep
from gui.tasks import Task
from gui.widgets.basics import button, lead_tab_to
from gui.widgets.job_bar import JobBar

STEPS = ("Pictures", "Recipe", "Training", "Runs", "Liveness network")
Purpose: TypeAlias = Literal["check", "train", "bench"]
_BUSY = "Something is being trained or checked already. Stop it first, or wait."
_NO_FOLDER = "Choose a folder of people first."
_DROP_FOLDER = "Drop a folder that holds one folder per person."


class TrainPage(Page):
    """Choose and check pictures, decide how to train, watch it, and judge and use the result."""

    title = "Train"
    takes_pictures = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.task: Task | None = None
        self._purpose: Purpose = "check"
        self._over = True
        self._complaints: set[str] = set()
        self.pictures = PicturesStep(context)
        self.recipe = RecipeStep()
        self.progress = ProgressStep(context)
        self.runs = RunsStep(context)
        self.liveness = LivenessStep(context)
        self._stack = QStackedWidget()
        self.steps = QButtonGroup(self)
        self._make_choosers()
        self.jobs = JobBar()
        self.body.addWidget(self.jobs)
        self.body.addWidget(self._stack, 1)
        self._connect()
        self.show_step(0)
        self._tell_ready()

    def _make_choosers(self) -> None:
        for number, (name, step) in enumerate(
            zip(STEPS, (self.pictures, self.recipe, self.progress, self.runs, self.liveness), strict=True)
        ):
            chooser = button(name, partial(self.show_step, number), "step")
            chooser.setCheckable(True)
            self.steps.addButton(chooser, number)
            self.header.addWidget(chooser)
            self._stack.addWidget(step)

    def _connect(self) -> None:
        self.pictures.folder_chosen.connect(self.check)
        self.pictures.accepted.connect(lambda: self.show_step(1))
        self.pictures.changed.connect(self._tell_ready)
        self.recipe.changed.connect(self._tell_ready)
        self.recipe.start.connect(self.train)
        self.recipe.bench.connect(self.bench)
        self.runs.resume.connect(self.resume)
        self.runs.show_run.connect(self._show_run)
        self.runs.deleted.connect(self.progress.forget)
        self.progress.resume.connect(self.resume)
        self.progress.pause.toggled.connect(self._pause)
        self.progress.stop.clicked.connect(self._stop)

    def show_step(self, number: int) -> None:
        """Show one of the four steps, or the training of a liveness network."""
        before = self._stack.currentWidget()
        self._stack.setCurrentIndex(number)
        if self._stack.currentWidget() is not before:
            if before is self.liveness:
                self.liveness.left()
            self.entered()
        chooser = self.steps.button(number)
        chooser.setChecked(True)
        lead_tab_to(chooser)
        if number == 3:
            self.runs.refresh()

    @override
    def entered(self) -> None:
        if self._stack.currentWidget() is self.liveness:
            self.liveness.entered()

    @override
    def left(self) -> None:
        self.liveness.left()

    @override
    def take_pictures(self, pictures: Sequence[Path | bytes]) -> None:
        folders = [one for one in pictures if isinstance(one, Path)]
        if folders and self._stack.currentWidget() is self.liveness:
            self.liveness.take(folders[0])
        elif folders:
            self.show_step(0)
            self.check(folders[0])
        else:
            self._complain(_DROP_FOLDER)

    @override
    def choose_pictures(self) -> None:
        if self._stack.currentWidget() is self.liveness:
            self.liveness.choose_folder()
        else:
            self.pictures.browse_folder()

    # --- tasks --------------------------------------------------------------------------------------------------

    def check(self, folder: Path) -> None:
        """Look at a folder's pictures."""
        if self._run("check", ["train", str(folder), "--check"], f"Looking for faces in “{folder.name}”"):
            self.pictures.begin(folder)
            self._tell_ready()

    def train(self, recipe: Recipe) -> None:
        """Train on the pictures that were not left out."""
        self._start("train", _as_arguments(recipe))

    def bench(self, recipe: Recipe, losses: Sequence[str], seconds: int) -> None:
        """Train with several losses for the same time."""
        options = [*_as_arguments(recipe), "--bench", ",".join(losses), "--seconds", str(seconds)]
        self._start("bench", options, losses)

    def _start(self, purpose: Purpose, options: Sequence[str], losses: Sequence[str] = ()) -> None:
        if self.pictures.report is None:
            self.show_step(0)
            self._complain(_NO_FOLDER)
            return
        folder = self.pictures.report.folder
        listed = self.context.tell_failure(self.context.client.leave_out(self.pictures.left_out()))

        def begin(place: Path) -> None:
            if self._run(purpose, ["train", folder, "--leave-out", str(place), *options], "Preparing"):
                self.progress.begin(losses)
                self.show_step(2)

        listed.succeeded.connect(begin)

    def resume(self, run: RunInfo) -> None:
        """Go on with a run that was stopped."""
        if self._run("train", ["train", "--resume", run.place], "Preparing"):
            self.runs.set_running(Path(run.place))
            self.progress.begin()
            self.show_step(2)
            self.progress.replay(run)

    def _run(self, purpose: Purpose, arguments: Sequence[str], text: str) -> bool:
        if self.busy:
            self._complain(_BUSY)
            return False
        # Whatever was wrong with the former attempt has been dealt with.
        self.context.toasts.dismiss(*self._complaints)
        self._complaints.clear()
        device = self.context.settings.value.device
        task = self.context.tasks.start([*arguments, "--device", device])
        task.happened.connect(self._on_event)
        task.progressed.connect(self._on_progress)
        task.failed.connect(self._on_failed)
        task.stopped.connect(self._on_stopped)
        task.finished.connect(lambda: self._on_finished(task))
        self.jobs.follow(task, text, speaks=True)
        self.task, self._purpose, self._over = task, purpose, False
        return True

    @property
    def busy(self) -> bool:
        """Whether a task has not given its result; its process takes a while to leave after that."""
        return self.task is not None and self.task.running and not self._over

    def _on_result(self) -> None:
        self._over = True
        self.jobs.hide()
        self.runs.set_running(None)
        self.runs.refresh()

    def _complain(self, sentence: str, details: str = "") -> None:
        self._complaints.add(sentence)
        self.context.toasts.show(sentence, "bad", details)

    # --- what happens -------------------------------------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        match event:
            case Checked(report):
                self._on_checked(report)
            case RunStarted():
                self.jobs.hide()
                self.runs.set_running(Path(event.run))
                self.progress.take(event)
            case RunEnded() | BenchResult():
                self.progress.take(event)
                if self.progress.going:
                    self.runs.refresh()
                else:
                    self._on_result()
            case _:
                self.progress.take(event)

    def _on_progress(self, progress: Progress) -> None:
        if self._purpose != "check":
            self.progress.take_progress(progress)

    def _on_checked(self, report: DataReport) -> None:
        # A training looks at the pictures once more; that is no news, and would undo what was ticked.
        if self._purpose == "check":
            self._on_result()
            self.pictures.show_report(report)
            self._tell_ready()

    def _on_failed(self, sentence: str, details: str) -> None:
        step = 0 if self._purpose == "check" else 2
        if self._purpose == "check":
            self.pictures.failed(sentence)
            self._tell_ready()
        else:
            self.progress.stopped(sentence)
        # The step says it too; where it is in sight, once is enough.
        if details or not self.isVisible() or self._stack.currentIndex() != step:
            self._complain(sentence, details)

    def _on_stopped(self) -> None:
        if self._purpose == "check":
            self.pictures.failed("")
            self._tell_ready()
        else:
            self.progress.stopped()

    def _on_finished(self, task: Task) -> None:
        if task is not self.task:
            return
        # Whatever the process did not say any more.
        if self._purpose != "check":
            self.progress.stopped()
        self.runs.set_running(None)
        self.runs.refresh()

    def _pause(self, wait: bool) -> None:
        if self.task is not None and self.task.running:
            self.task.pause(wait)

    def _stop(self) -> None:
        if self.task is not None and self.busy:
            self.progress.stopping()
            self.task.cancel()

    def _show_run(self, run: RunInfo) -> None:
        if self.busy and self._purpose != "check":
            if Path(run.place) == self.progress.run:
                self.show_step(2)
            else:
                self._complain("A run is going on. It is shown until it ends.")
            return
        self.progress.show_run(run)
        self.show_step(2)

    def _tell_ready(self) -> None:
        least = self.recipe.recipe.least_pictures
        self.recipe.show_data(self.pictures.usable(least), self.pictures.follow(least))


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
