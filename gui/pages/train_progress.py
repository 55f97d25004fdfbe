"""Third step: what training does, as it does it, and the verdict at its end."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.learning import BenchResult, Event, Hardest, RunEnded, RunInfo, RunStarted, Said, Stepped, Validated
from engine.types import Progress
from engine.wording import people, pictures
from gui.context import Context
from gui.pages.train_bench import LOSS_NAMES, BenchTable, conclusion
from gui.pages.train_plots import TrainingPlots
from gui.pages.train_verdict import Verdict
from gui.theme import tokens as t
from gui.widgets.basics import button, card, column, label, row, scrolled, set_icon
from gui.widgets.job_bar import duration


class Stage(Enum):
    """How far what is shown has come."""

    NOTHING = auto()
    PREPARING = auto()
    TRAINING = auto()
    PAUSED = auto()
    JUDGING = auto()
    STOPPING = auto()
    STOPPED = auto()
    ENDED = auto()


_SAID = {
    Stage.TRAINING: "training",
    Stage.PAUSED: "paused",
    Stage.JUDGING: "judging",
    Stage.STOPPING: "stopping …",
    Stage.STOPPED: "stopped",
    Stage.ENDED: "done",
}


class ProgressStep(QWidget):
    """The state in words, plots, and what to do with the result."""

    resume = Signal(object)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.run: Path | None = None
        self.stage = Stage.NOTHING
        self._shown: RunInfo | None = None
        self._losses: Sequence[str] = ()
        self._told: set[str] = set()
        self._replaying = False
        self.title = label("Nothing has been trained yet", "title", wrap=True)
        self.text = label("Choose a folder of people in the first step.", "muted", wrap=True)
        self.pause = button("Pause", lambda: None, "", "pause")
        self.pause.setCheckable(True)
        self.pause.toggled.connect(self._on_pause)
        self.stop = button("Stop", lambda: None, "", "close")
        self.go_on = button("Resume", self._resume, "primary", "play")
        head, layout = card()
        line = row(column(self.title, self.text, spacing=0), self.pause, self.stop, self.go_on)
        line.setStretch(0, 1)
        layout.addLayout(line)
        self.verdict, self.bench, self.plots = Verdict(context), BenchTable(), TrainingPlots(context)
        everything = QWidget()
        lines = QVBoxLayout(everything)
        lines.setContentsMargins(0, 0, t.GAP, 0)
        lines.setSpacing(t.GUTTER)
        for part in (head, self.verdict, self.bench, self.plots):
            lines.addWidget(part)
        lines.addStretch(1)
        scroll = scrolled(everything, "Training")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)
        self._enter(Stage.NOTHING)

    # --- stages -------------------------------------------------------------------------------------------------

    def begin(self, losses: Sequence[str] = ()) -> None:
        """Clear everything for a new run, or for a bench of several losses."""
        self._losses = losses
        self._clear()
        self.title.setText("Preparing")
        self.text.setText("The pictures are looked at and the networks loaded.")
        self._enter(Stage.PREPARING)

    def _clear(self) -> None:
        self.run, self._shown = None, None
        self._told.clear()
        self.plots.reset()
        self.bench.reset()
        self.verdict.hide()
        self.pause.setChecked(False)

    def _enter(self, stage: Stage) -> None:
        """Offer what can be done at a stage, and say which one it is."""
        self.stage = stage
        going = stage in (Stage.TRAINING, Stage.PAUSED, Stage.JUDGING, Stage.STOPPING)
        left = not going and (self.pause.hasFocus() or self.stop.hasFocus())
        self.go_on.setVisible(stage is Stage.STOPPED and self._shown is not None)
        if left:
            # Hiding the button that was pressed would send the focus out of the page.
            following = self.verdict.next_button if self.verdict.isVisible() else None
            (following or (self.go_on if self.go_on.isVisible() else self.plots.neighbours)).setFocus()
        self.pause.setVisible(stage in (Stage.TRAINING, Stage.PAUSED))
        self.stop.setVisible(going)
        self.stop.setEnabled(stage is not Stage.STOPPING)
        if self.run is not None and stage in _SAID:
            self.title.setText(f"{self._called()}: {_SAID[stage]}")

    def _called(self) -> str:
        if self._losses:
            number = min(len(self.bench.results) + 1, len(self._losses))
            loss = self._losses[number - 1]
            return f"Loss {number} of {len(self._losses)}, {LOSS_NAMES.get(loss, loss)}"
        return self.run.name if self.run is not None else ""

    @property
    def going(self) -> bool:
        """Whether a process is at work on what is shown."""
        return self.stage not in (Stage.NOTHING, Stage.STOPPED, Stage.ENDED)

    def _on_pause(self, paused: bool) -> None:
        self.pause.setText("Go on" if paused else "Pause")
        set_icon(self.pause, "play" if paused else "pause")
        if self.stage in (Stage.TRAINING, Stage.PAUSED):
            self._enter(Stage.PAUSED if paused else Stage.TRAINING)
            if paused:
                self.text.setText("It waits where it is, and goes on when you say so.")

    def stopping(self) -> None:
        """It was asked to stop, and does so at its next step."""
        self._enter(Stage.STOPPING)
        self.text.setText("The step in hand is finished and saved.")

    def stopped(self, why: str = "") -> None:
        """It ended early: because it was asked to, or for the reason given."""
        if not self.going:
            return
        if self.run is None:
            self.title.setText("Not started")
            self.text.setText(why or "Stopped before the training began.")
        else:
            self.text.setText(why or "What was learned so far is kept; the run can be resumed under Runs.")
        if self._losses and not why:
            self.text.setText("The losses that were compared before it was stopped are shown.")
        self._enter(Stage.STOPPED)

    def forget(self, run: Path) -> None:
        """A run was deleted: it is no longer shown."""
        if run == self.run:
            self._losses = ()
            self._clear()
            self.title.setText("Nothing is shown")
            self.text.setText("The run that was shown here is deleted. Choose another one under Runs.")
            self._enter(Stage.NOTHING)

    # --- looking back -------------------------------------------------------------------------------------------

    def show_run(self, run: RunInfo) -> None:
        """Show a run that is not going on."""
        self.begin()
        self.run, self._shown = Path(run.place), run
        self.plots.set_run(self.run)
        self._enter(Stage.STOPPED if run.ended is None else Stage.ENDED)
        self.text.setText("It can be resumed.")
        self.replay(run)

    def replay(self, run: RunInfo) -> None:
        """Draw what happened in a run so far."""
        job = self._context.tell_failure(self._context.client.run_events(Path(run.place)))
        job.succeeded.connect(lambda events: self._replay(run, events))

    def _replay(self, run: RunInfo, events: list[Event]) -> None:
        if self.run not in (None, Path(run.place)) or self.stage in (Stage.TRAINING, Stage.PAUSED):
            return
        last = max((place for place, event in enumerate(events) if isinstance(event, Hardest)), default=-1)
        self._replaying = True
        stage, said = self.stage, self.text.text()
        with self.plots.held():
            for place, event in enumerate(events):
                if not isinstance(event, Hardest | Said) or place == last:
                    self.take(event)
        self._replaying = False
        if stage is Stage.STOPPED:
            steps = [event for event in events if isinstance(event, Stepped)]
            self.text.setText(f"{_how_far(steps[-1])}. It can be resumed." if steps else "It can be resumed.")
        elif stage is Stage.PREPARING:
            self.text.setText(said)

    def _resume(self) -> None:
        if self._shown is not None:
            self.resume.emit(self._shown)

    # --- what happens -------------------------------------------------------------------------------------------

    def take(self, event: Event) -> None:
        """Show an event of the training."""
        match event:
            case RunStarted():
                self._on_started(event)
            case Stepped():
                self._on_step(event)
            case Validated():
                self.plots.add_validation(event, bench=bool(self._losses))
            case Hardest():
                self.plots.show_hardest(event)
            case Said(sentence):
                self._tell(sentence)
            case RunEnded():
                self._on_ended(event)
            case BenchResult():
                self._on_loss(event)
            case _:
                pass

    def take_progress(self, progress: Progress) -> None:
        """Work that has no steps of its own: the judging after the last epoch."""
        if self.stage in (Stage.TRAINING, Stage.PAUSED):
            self._enter(Stage.JUDGING)
            self.text.setText(f"{progress.text} …")

    def _tell(self, sentence: str) -> None:
        # What is so after one epoch is so after the next.
        if sentence not in self._told:
            self._told.add(sentence)
            self._context.toasts.show(sentence)

    def _on_started(self, event: RunStarted) -> None:
        self.run = Path(event.run)
        if self._losses:
            self.plots.reset(curves=False)
        self.plots.set_run(self.run)
        self.plots.set_rate(event.false_match_rate)
        if not self._replaying:
            self._enter(Stage.TRAINING)
        learn, validate, held_out = event.people
        self.text.setText(
            f"{people(learn)} with {pictures(event.pictures[0])} to learn from, {validate:,} to validate, "
            f"{held_out:,} held out. {event.trained_parameters:,} of {event.parameters:,} parameters learn, on "
            f"{event.device}."
        )

    def _on_step(self, event: Stepped) -> None:
        self.plots.add_step(event)
        if self.stage is Stage.TRAINING:
            self.text.setText(
                f"{_how_far(event)}: loss {event.loss:.4f}, {event.pictures_per_s:.0f} pictures a second, "
                f"{duration(event.seconds_left)} left."
            )

    def _on_ended(self, event: RunEnded) -> None:
        self.run = Path(event.run)
        if self._losses:
            return
        if event.comparison is not None:
            self.plots.show_comparison(event.comparison)
            self.verdict.show_comparison(self.run, event.comparison, self._shown.pack if self._shown else "")
        self._enter(Stage.ENDED)
        self.text.setText(
            f"{event.reason} {duration(event.seconds)} of training; the best epoch was {event.best_epoch}."
        )

    def _on_loss(self, event: BenchResult) -> None:
        name = LOSS_NAMES.get(event.loss, event.loss)
        self.plots.det.show_curve(f"{name}: TAR {event.tar.value:.1%}", event.det)
        self.bench.add(event)
        if len(self.bench.results) == len(self._losses):
            self._enter(Stage.ENDED)
            self.title.setText("Loss bench: done")
            self.text.setText(conclusion(self.bench.results) if len(self._losses) > 1 else "One loss was measured.")


def _how_far(event: Stepped) -> str:
    """How many steps of how many: of those that the time limit leaves, where it ends the training first."""
    expected = event.steps
    if event.seconds > 0 and event.step:
        expected = min(expected, round(event.step * (1 + event.seconds_left / event.seconds)))
    of = f"about {expected:,}" if expected < 0.95 * event.steps else f"{event.steps:,}"
    return f"Epoch {event.epoch}, step {event.step:,} of {of}"
