"""Fourth step: all runs, to look at again, resume, or delete."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from engine.learning import RunInfo
from gui.context import Context
from gui.theme import tokens as t
from gui.widgets.basics import button, card, clear, column, label, row
from gui.widgets.empty_state import EmptyState


class RunsStep(QWidget):
    """One card a run."""

    resume = Signal(object)
    show_run = Signal(object)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.runs: list[RunInfo] = []
        empty = EmptyState("train", "No runs yet", "Each training is kept here with its curves and its networks.")
        inside = QWidget()
        self._cards = QVBoxLayout(inside)
        self._cards.setContentsMargins(0, 0, t.GAP, 0)
        self._cards.setSpacing(t.GAP)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inside)
        scroll.setAccessibleName("Runs")
        self._stack = QStackedWidget()
        self._stack.addWidget(empty)
        self._stack.addWidget(scroll)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)

    def refresh(self) -> None:
        """Read the runs again."""
        self._context.client.runs().succeeded.connect(self._fill)

    def _fill(self, runs: list[RunInfo]) -> None:
        self.runs = runs
        clear(self._cards)
        for run in runs:
            self._cards.addWidget(self._card(run))
        self._cards.addStretch(1)
        self._stack.setCurrentIndex(1 if runs else 0)

    def _card(self, run: RunInfo) -> QFrame:
        frame, layout = card()
        state = "Stopped; it can be resumed."
        if run.ended is not None:
            judged = run.ended.comparison
            state = run.ended.reason
            if judged is not None:
                verdict = "better beyond chance" if judged.better_beyond_chance else "not better beyond chance"
                state += f" TAR {judged.before.value:.2%} before, {judged.after.value:.2%} after: {verdict}."
        words = column(
            label(run.name, "strong"), label(f"“{run.folder}”: {run.recipe}", "muted"), label(state, wrap=True)
        )
        words.setSpacing(t.GAP // 4)
        buttons = [button("Show", lambda: self.show_run.emit(run))]
        if run.ended is None:
            buttons.append(button("Resume", lambda: self.resume.emit(run), "primary", "play"))
        buttons.append(button("Delete", lambda: self._delete(run), "danger", "delete"))
        line = row(words, *buttons)
        line.setStretch(0, 1)
        layout.addLayout(line)
        return frame

    def _delete(self, run: RunInfo) -> None:
        job = self._context.tell_failure(self._context.client.delete_run(Path(run.place)))
        job.succeeded.connect(lambda _none: self._context.toasts.show(f"The run “{run.name}” is deleted."))
        job.finished.connect(self.refresh)
