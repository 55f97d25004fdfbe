"""Text that is kept as soon as it is left."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit
from typing_extensions import override


class LineCommit(QLineEdit):
    """One line. Enter or leaving keeps it, Escape takes back what was typed."""

    committed = Signal(str)

    def __init__(self, accessible_name: str) -> None:
        super().__init__()
        self._kept = ""
        self.setAccessibleName(accessible_name)
        self.editingFinished.connect(self.commit)

    def show_text(self, text: str) -> None:
        """Show what is stored."""
        self._kept = text
        self.setText(text)
        self.setCursorPosition(0)

    def commit(self) -> None:
        """Keep what was typed, if it differs."""
        if self.text() != self._kept:
            self._kept = self.text()
            self.committed.emit(self._kept)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text() != self._kept:
            self.setText(self._kept)
        else:
            super().keyPressEvent(event)


class TextCommit(QPlainTextEdit):
    """Several lines. Leaving keeps them."""

    committed = Signal(str)

    def __init__(self, accessible_name: str) -> None:
        super().__init__()
        self._kept = ""
        self.setAccessibleName(accessible_name)
        self.setTabChangesFocus(True)

    def show_text(self, text: str) -> None:
        """Show what is stored."""
        self._kept = text
        if text != self.toPlainText():
            self.setPlainText(text)

    def commit(self) -> None:
        """Keep what was typed, if it differs."""
        if self.toPlainText() != self._kept:
            self._kept = self.toPlainText()
            self.committed.emit(self._kept)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.commit()
        super().focusOutEvent(event)
