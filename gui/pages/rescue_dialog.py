"""A gallery that does not open: which backup to go back to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from gui.engine_client import Job
from gui.pages.safekeeping import Backup, backup_in_words
from gui.theme import tokens as t
from gui.widgets.basics import button, label, row


class RescueDialog(QDialog):
    """Lists the backups; opens without blocking, and stays open where going back fails."""

    def __init__(self, backups: Sequence[Backup], restore: Callable[[Path], Job], parent: QWidget) -> None:
        """Ask.

        Args:
            backups: newest first.
            restore: goes back to one of them.
        """
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Go back to a backup")
        self.resize(t.FORM_PX, t.FORM_PX - 10 * t.UNIT)
        self._restore_from = restore
        self.list = QListWidget()
        self.list.setAccessibleName("Backups")
        for backup in backups:
            item = QListWidgetItem(backup_in_words(backup))
            item.setData(Qt.ItemDataRole.UserRole, backup.path)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.problem = label("", "bad-text", wrap=True)
        self.problem.hide()
        self.restore = button("Go back to this one", self._restore, "primary")
        self.restore.setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.MARGIN, t.MARGIN, t.MARGIN, t.MARGIN)
        layout.setSpacing(t.GUTTER)
        layout.addWidget(label("Go back to a backup", "title"))
        layout.addWidget(
            label("The gallery cannot be opened. What is there now is kept beside it under another name.", "muted",
                  wrap=True)
        )  # fmt: skip
        layout.addWidget(self.list, 1)
        layout.addWidget(self.problem)
        layout.addLayout(row(None, button("Cancel", self.reject), self.restore))
        self.list.setFocus()

    def _restore(self) -> None:
        self.restore.setEnabled(False)
        self.problem.hide()
        (chosen,) = self.list.selectedItems()
        job = self._restore_from(chosen.data(Qt.ItemDataRole.UserRole))
        job.succeeded.connect(self._on_restored)
        job.failed.connect(self._on_failed)

    def _on_restored(self, _info: object) -> None:
        self.accept()

    def _on_failed(self, sentence: str, _details: str) -> None:
        self.restore.setEnabled(True)
        self.problem.setText(sentence)
        self.problem.show()
