"""Erasing somebody for good: what there is of them, which copies hold them, and the receipt."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QDialog, QPlainTextEdit, QVBoxLayout, QWidget

from engine.erasure import Holding, Receipt, listed
from engine.errors import shown
from engine.types import Person
from engine.wording import counted
from gui.context import Context
from gui.theme import tokens as t
from gui.widgets.basics import button, fit_height, label, row
from gui.widgets.save_as import save_as


class EraseDialog(QDialog):
    """Says exactly what would be removed; does it once that is confirmed; shows the receipt then."""

    def __init__(self, context: Context, person: Person, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Erase for good")
        self.setMinimumWidth(t.FORM_PX)
        self._context, self._person = context, person
        self.receipt: Receipt | None = None
        self._title = label(f"Erase {person.name} for good?", "title", wrap=True)
        self.words = label("Looking where they are …", wrap=True)
        self.copies = QCheckBox()
        self.copies.hide()
        self.held = label("", "muted", wrap=True)
        self.held.hide()
        self.notes = label("", "caption", wrap=True)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Receipt")
        self.text.setMinimumHeight(36 * t.UNIT)
        self.text.hide()
        self.erase = button("Erase for good", self._erase, "danger", "delete")
        self.erase.setEnabled(False)
        self.save = button("Save the receipt …", self._choose_place, "primary")
        self.save.hide()
        self.close_button = button("Cancel", self.reject)
        self.close_button.setDefault(True)
        self._lines = layout = QVBoxLayout(self)
        layout.setContentsMargins(t.MARGIN, t.MARGIN, t.MARGIN, t.MARGIN)
        layout.setSpacing(t.GUTTER)
        for widget in (self._title, self.words, self.copies, self.held, self.text, self.notes):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addLayout(row(None, self.close_button, self.erase, self.save))
        job = context.tell_failure(context.client.holding(person.id))
        job.succeeded.connect(self._show_holding)
        job.failed.connect(lambda *_: self.reject())

    def _show_holding(self, found: Holding) -> None:
        self.words.setText(f"This removes {listed(found.counts)}. It cannot be undone.")
        count = len(found.copies)
        copies = counted(count, "backup or other copy", "backups or other copies")
        self.copies.setText(f"Delete {copies} of the gallery that also hold them")
        self.copies.setVisible(count > 0)
        self.held.setText(
            f"They hold everybody else of their day, too: {', '.join(found.copies)}." if count else
            "No backup or other copy beside the gallery holds them."
        )  # fmt: skip
        self.held.show()
        self.notes.setText(" ".join(found.notes))
        self.erase.setEnabled(True)
        self._fit()

    def _fit(self) -> None:
        fit_height(self, self._lines)

    def _erase(self) -> None:
        asked = self.words.text()
        self.erase.setEnabled(False)
        self.words.setText("Erasing, and writing the gallery anew. With many people this takes some seconds …")
        self._fit()

        def ask_again(*_: object) -> None:
            self.words.setText(asked)
            self.erase.setEnabled(True)

        job = self._context.tell_failure(self._context.client.erase(self._person.id, copies=self.copies.isChecked()))
        job.succeeded.connect(self._show_receipt)
        job.failed.connect(ask_again)

    def _show_receipt(self, receipt: Receipt) -> None:
        self.receipt = receipt
        self._title.setText("Erased for good")
        self.words.setText("The receipt does not say who it was. The history log has its number.")
        for gone in (self.copies, self.held, self.notes, self.erase):
            gone.hide()
        self.text.setPlainText(receipt.text)
        self.text.show()
        self.save.show()
        self.close_button.setText("Close")
        self._fit()

    def _choose_place(self) -> None:
        if self.receipt is None:
            return
        name = f"receipt-{self.receipt.number}.txt"
        save_as(self, "Save the receipt", name, "Text (*.txt);;JSON (*.json)", self.save_to)

    def save_to(self, place: Path) -> None:
        """Write the receipt into a file."""
        if self.receipt is not None:
            job = self._context.tell_failure(self._context.client.save_receipt(self.receipt, place))
            job.succeeded.connect(
                lambda _nothing: self._context.toasts.show(f"The receipt is in “{shown(place)}”.", "good")
            )
