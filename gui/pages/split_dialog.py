"""What is the new person called? For making some of a person's pictures somebody else's."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QVBoxLayout, QWidget

from engine.wording import pictures
from gui.engine_client import Job
from gui.theme import tokens as t
from gui.widgets.basics import button, label, row


class SplitDialog(QDialog):
    """Asks for a name; opens without blocking, and stays open where the name cannot be given."""

    def __init__(self, source: str, count: int, split: Callable[[str], Job], parent: QWidget) -> None:
        """Ask.

        Args:
            source: whose pictures they are now.
            count: how many are chosen.
            split: makes somebody of this name of them.
        """
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Split into a new person")
        self._split = split
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the new person")
        self.name.setPlaceholderText("Name of the new person")
        self.name.setMaxLength(200)
        self.name.setMinimumWidth(t.PANEL_PX)
        self.problem = label("", "bad-text", wrap=True)
        self.problem.hide()
        self.accept_button = button("Split", self._accept, "primary")
        self.accept_button.setDefault(True)
        words = f"{pictures(count)} of {source} will belong to somebody new."
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.MARGIN, t.MARGIN, t.MARGIN, t.MARGIN)
        layout.setSpacing(t.GUTTER)
        layout.addWidget(label("Split into a new person", "title", wrap=True))
        layout.addWidget(label(words, "muted", wrap=True))
        layout.addWidget(self.name)
        layout.addWidget(self.problem)
        layout.addSpacing(t.GAP)
        layout.addLayout(row(None, button("Cancel", self.reject), self.accept_button))
        self.name.textChanged.connect(self._update)
        self._update()
        self.name.setFocus()

    def _update(self, _text: str = "") -> None:
        self.problem.hide()
        self.accept_button.setEnabled(bool(self.name.text().strip()))

    def _accept(self) -> None:
        self.accept_button.setEnabled(False)
        job = self._split(self.name.text().strip())
        job.succeeded.connect(self._on_done)
        job.failed.connect(self._on_failed)

    def _on_done(self, _person: object) -> None:
        self.accept()

    def _on_failed(self, sentence: str, _details: str) -> None:
        self._update()
        self.problem.setText(sentence)
        self.problem.show()
        self.name.setFocus()
