"""Progress of long work: how far, how long still, and a way to stop it."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QElapsedTimer, SignalInstance
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar
from shiboken6 import isValid

from engine.types import Progress
from gui.theme import tokens as t
from gui.widgets.basics import button, label, set_look

_SHOW_TIME_AFTER_MS = 1500
_LONGEST_TEXT = 64


class Followed(Protocol):
    """Long work: a `Job` of the engine, or a `Task` beside the window."""

    @property
    def progressed(self) -> SignalInstance:
        """Carries a `Progress`."""

    @property
    def finished(self) -> SignalInstance:
        """Always and last."""

    def cancel(self) -> None:
        """Ask it to stop."""


class JobBar(QFrame):
    """Shows one job at a time; hidden while there is none."""

    def __init__(self) -> None:
        super().__init__()
        set_look(self, "card")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(t.GUTTER, t.GAP, t.GAP, t.GAP)
        layout.setSpacing(t.GUTTER)
        self.text = label("", "muted")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress")
        self.stop = button("Cancel", self._stop, icon_name="close")
        layout.addWidget(self.text)
        layout.addWidget(self._bar, 1)
        layout.addWidget(self.stop)
        self._job: Followed | None = None
        self._unit = ""
        self._clock = QElapsedTimer()
        self.hide()

    def follow(self, job: Followed, text: str, *, speaks: bool = False, unit: str = "") -> None:
        """Show a job until it ends.

        Args:
            job: the work.
            text: what it is.
            speaks: whether the texts of its progress say what is being done; else they name what it is done to.
            unit: what is counted, where the text does not say it.
        """
        self._job, self._unit = job, f" {unit}" if unit else ""
        self._title, self._speaks = text, speaks
        self.text.setText(text)
        self._bar.setRange(0, 0)
        self.stop.setEnabled(True)
        self._clock.start()
        job.progressed.connect(self._on_progress)
        job.finished.connect(lambda: self._on_finished(job))
        self.show()

    def _on_progress(self, progress: Progress) -> None:
        if self._job is None or not self.stop.isEnabled():
            return
        text = _shortened(progress.text) if self._speaks and progress.text else self._title
        # One single step is no measure of how far it is.
        counted = progress.total > 1
        self._bar.setRange(0, progress.total if counted else 0)
        self._bar.setValue(progress.done)
        self.text.setText(f"{text} {self._how_far(progress)}" if counted else text)

    def _how_far(self, progress: Progress) -> str:
        elapsed = self._clock.elapsed()
        text = f"{progress.done:,} of {progress.total:,}{self._unit}"
        if progress.done and elapsed > _SHOW_TIME_AFTER_MS:
            left_s = elapsed / progress.done * (progress.total - progress.done) / 1000
            text += f", {duration(left_s)} left"
        return text

    def _on_finished(self, job: Followed) -> None:
        # A dialog or page can be gone before its job has ended.
        if job is self._job and isValid(self):
            self._job = None
            self.hide()

    def _stop(self) -> None:
        if self._job is not None:
            self.stop.setEnabled(False)
            self.text.setText("Stopping …")
            self._job.cancel()


def _shortened(text: str) -> str:
    """A text that leaves room for the bar: names of files and people can be long."""
    return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"


def duration(seconds: float) -> str:
    """A time span for people."""
    if seconds < 1:
        return "less than a second"
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
