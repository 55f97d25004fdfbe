"""Fourth step: all runs, to look at again, resume, or delete."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from engine.learning import RunInfo
from gui.context import Context
from gui.pages.train_verdict import called
from gui.theme import tokens as t
from gui.widgets.basics import button, card, clear, column, label, row, scrolled
from gui.widgets.empty_state import EmptyState


class RunsStep(QWidget):
    """One card a run; what was deleted can be put back until the window closes."""

    resume = Signal(object)
    show_run = Signal(object)
    deleted = Signal(object)
    """The place of a run that is gone."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.runs: list[RunInfo] = []
        self._running: Path | None = None
        empty = EmptyState("train", "No runs yet", "Each training is kept here with its curves and its networks.")
        inside = QWidget()
        self._cards = QVBoxLayout(inside)
        self._cards.setContentsMargins(0, 0, t.GAP, 0)
        self._cards.setSpacing(t.GAP)
        scroll = scrolled(inside, "Runs")
        self._stack = QStackedWidget()
        self._stack.addWidget(empty)
        self._stack.addWidget(scroll)
        self._deleted_text = label("", "muted", wrap=True)
        self._deleted: list[str] = []
        self.put_back = button("Put back", self._restore_all, "", "undo")
        self._bin, inside_bin = card(vertical=False)
        inside_bin.addWidget(self._deleted_text, 1)
        inside_bin.addWidget(self.put_back)
        self._bin.hide()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(t.GUTTER)
        # On top: at the bottom the message about the deletion would lie over it.
        whole.addWidget(self._bin)
        whole.addWidget(self._stack, 1)
        context.settings.changed.connect(self._on_setting)

    def refresh(self) -> None:
        """Read the runs again."""
        self._context.client.runs().succeeded.connect(self._fill)
        self._context.client.deleted_runs().succeeded.connect(self._show_deleted)

    def set_running(self, run: Path | None) -> None:
        """Which run is being trained now: it can neither be resumed nor deleted."""
        if run != self._running:
            self._running = run
            self.refresh()

    def _on_setting(self, key: str, _before: object) -> None:
        if key == "pack" and self.runs:
            self.refresh()

    def _fill(self, runs: list[RunInfo]) -> None:
        self.runs = runs
        clear(self._cards)
        for run in runs:
            self._cards.addWidget(self._card(run))
        self._cards.addStretch(1)
        self._stack.setCurrentIndex(1 if runs else 0)

    def _card(self, run: RunInfo) -> QFrame:
        frame, layout = card()
        running = Path(run.place) == self._running
        words = column(
            label(run.name, "strong"),
            label(f"“{run.folder}”: {run.recipe}", "muted", wrap=True),
            label("Training now." if running else _state(run), wrap=True),
        )
        words.setSpacing(t.GAP // 4)
        parts: list[QWidget] = []
        if run.pack and run.pack == self._context.settings.value.pack:
            parts.append(label("In use", "good-text"))
        parts.append(_named(button("Show", lambda: self.show_run.emit(run)), run))
        if run.ended is None and not running:
            again = _named(button("Resume", lambda: self.resume.emit(run), "primary", "play"), run)
            if self._running is not None:
                again.setEnabled(False)
                again.setToolTip("One run is trained at a time.")
            parts.append(again)
        if not running:
            parts.append(_named(button("Delete", lambda: self.delete(run), "danger", "delete"), run))
        line = row(words, *parts)
        line.setStretch(0, 1)
        layout.addLayout(line)
        return frame

    # --- deleting -----------------------------------------------------------------------------------------------

    def delete(self, run: RunInfo) -> None:
        """Delete a run, unless it is being trained; it can be put back."""
        place = Path(run.place)
        if place == self._running:
            self._context.toasts.show(f"The run “{run.name}” is being trained. Stop it first.", "bad")
            return

        def on_deleted(_none: object) -> None:
            self.deleted.emit(place)
            said = f"The run “{run.name}” is deleted."
            self._context.toasts.show(said, action="Undo", act=lambda: self._restore([run.name]))

        job = self._context.tell_failure(self._context.client.delete_run(place))
        job.succeeded.connect(on_deleted)
        job.finished.connect(self.refresh)

    def _show_deleted(self, names: list[str]) -> None:
        self._deleted = names
        self._bin.setVisible(bool(names))
        what = f"The run “{names[0]}” is" if len(names) == 1 else f"{len(names):,} runs are"
        self._deleted_text.setText(f"{what} deleted for good when the window closes.")

    def _restore_all(self) -> None:
        self._restore(self._deleted)

    def _restore(self, names: list[str]) -> None:
        for name in names:
            job = self._context.tell_failure(self._context.client.restore_run(name))
            job.finished.connect(self.refresh)


def _state(run: RunInfo) -> str:
    if run.ended is None:
        return "Stopped; it can be resumed."
    judged, said = run.ended.comparison, run.ended.reason
    if judged is None:
        return said
    verdict = called(judged)[0].lower()
    return f"{said} True acceptance {judged.before.value:.1%} before, {judged.after.value:.1%} after: {verdict}."


def _named(made: QPushButton, run: RunInfo) -> QPushButton:
    """A button that says to whom it belongs, to who cannot see it."""
    made.setAccessibleName(f"{made.text()} {run.name}")
    return made
