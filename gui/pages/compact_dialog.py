"""Writing the gallery's file anew: what that would free, and what it did."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from gui.context import Context
from gui.pages.model_card import size_text
from gui.theme import tokens as t
from gui.widgets.basics import button, fit_height, label, row, set_look
from gui.widgets.job_bar import JobBar


class Room(Protocol):
    """How much room a file takes, as the engine describes it."""

    size_bytes: int
    free_bytes: int


class Compacted(Protocol):
    """What writing it anew came to, as the engine describes it."""

    before: int | None
    after: int | None
    problem: str


class CompactDialog(QDialog):
    """Says how much of the gallery's file is free, writes it anew once that is asked for, and says what it did."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Compact the gallery")
        self.setMinimumWidth(t.FORM_PX)
        self._context = context
        self.words = label("Looking how large its file is …", wrap=True)
        self.outcome = label("", wrap=True)
        self.outcome.hide()
        self.bar = JobBar()
        self.compact = button("Compact", self._compact, "primary")
        self.compact.setDefault(True)
        self.compact.setEnabled(False)
        self.close_button = button("Close", self.reject)
        self._lines = layout = QVBoxLayout(self)
        layout.setContentsMargins(t.MARGIN, t.MARGIN, t.MARGIN, t.MARGIN)
        layout.setSpacing(t.GUTTER)
        layout.addWidget(label("Compact the gallery", "title"))
        layout.addWidget(self.words)
        layout.addWidget(
            label(
                "The file is written anew, as small as it can be and without anything of what was deleted. That takes "
                "some seconds for every 100 MB, in which nobody else can change the gallery, and room for a second "
                "copy on its disk. Cancelled, it leaves the file as it was.",
                "muted",
                wrap=True,
            )
        )
        layout.addWidget(self.outcome)
        layout.addWidget(self.bar)
        layout.addStretch(1)
        layout.addLayout(row(None, self.close_button, self.compact))
        job = context.tell_failure(context.client.room())
        job.succeeded.connect(self._show_room)
        job.failed.connect(lambda *_: self.reject())

    def _show_room(self, room: Room) -> None:
        free = (
            f"at least {size_text(room.free_bytes)} of it can be freed" if room.free_bytes
            else "little of it can be freed"
        )  # fmt: skip
        self.words.setText(f"The gallery's file has {size_text(room.size_bytes)}; {free}.")
        self.compact.setEnabled(True)
        self.compact.setFocus()
        self._fit()

    def _fit(self) -> None:
        fit_height(self, self._lines)

    def _compact(self) -> None:
        self.compact.setEnabled(False)
        self.outcome.hide()
        job = self._context.client.compact()
        self.bar.follow(job, "Writing the file anew")
        self.bar.stop.setFocus()
        self._fit()
        # Without the bar it needs less room.
        job.finished.connect(self._fit)
        self.finished.connect(job.cancel)
        job.succeeded.connect(self._show_done)
        job.failed.connect(self._show_problem)
        job.cancelled.connect(self._show_cancelled)

    def _show_done(self, done: Compacted) -> None:
        if done.problem or done.before is None or done.after is None:
            self._show_problem(done.problem)
            return
        self.words.setText(f"The gallery's file has {size_text(done.after)}.")
        self._tell(f"Compacted: {size_text(done.before)} before, {size_text(done.after)} now.", "good-text")
        self.compact.hide()

    def _show_problem(self, sentence: str, _details: str = "") -> None:
        self._tell(sentence, "bad-text")

    def _show_cancelled(self) -> None:
        self._tell("Cancelled. Nothing was changed.", "muted")

    def _tell(self, sentence: str, look: str) -> None:
        self.outcome.setText(sentence)
        set_look(self.outcome, look)
        self.outcome.show()
        self.compact.setEnabled(True)
        self.close_button.setFocus()
