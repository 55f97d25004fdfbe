"""Changing the gallery's key: the dialog behind a button of the Settings page."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QVBoxLayout, QWidget

from gui.engine_client import Job
from gui.theme import tokens as t
from gui.widgets.basics import button, label, row


class NewKeyDialog(QDialog):
    """Says what a new key does, and asks for the passphrase where one is to open it."""

    def __init__(self, chosen: Callable[[str], Job], parent: QWidget, *, by_passphrase: bool) -> None:
        """Ask.

        Args:
            chosen: changes the key; receives the passphrase, empty where there is none.
            parent: the window.
            by_passphrase: whether a passphrase opens the gallery.
        """
        super().__init__(parent)
        self.setWindowTitle("Change the key")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._chosen, self._busy = chosen, False
        self.secret = QLineEdit()
        self.secret.setEchoMode(QLineEdit.EchoMode.Password)
        self.secret.setPlaceholderText("Passphrase of the gallery")
        self.secret.setAccessibleName("Passphrase of the gallery")
        self.secret.setMinimumWidth(t.PANEL_PX)
        self.secret.setVisible(by_passphrase)
        self.secret.textEdited.connect(self._update)
        self.change = button("Change the key", self._change, "primary")
        self.change.setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.MARGIN, t.MARGIN, t.MARGIN, t.MARGIN)
        layout.setSpacing(t.GUTTER)
        layout.addWidget(label("A new key for the gallery", "title"))
        layout.addWidget(
            label(
                "The gallery is encrypted anew. Do this when somebody may know what opened it before: with an older "
                "copy of its key file that opens today's gallery, until its key is another one. What opens it now "
                "goes on opening it; only a recovery code is made anew, and shown once.",
                wrap=True,
            )
        )
        layout.addWidget(
            label(
                "Backups made before stay as they are: you can go back to them, and they still open with what opened "
                "them on their day.",
                "muted",
                wrap=True,
            )
        )
        layout.addWidget(self.secret)
        self.cancel = button("Cancel", self.reject)
        layout.addLayout(row(None, self.cancel, self.change))
        self._update()
        width = t.FORM_PX - 16 * t.UNIT
        self.resize(width, layout.totalHeightForWidth(width))

    def _update(self) -> None:
        asked = not self.secret.isHidden()
        self.change.setEnabled(not self._busy and (not asked or bool(self.secret.text())))
        self.cancel.setEnabled(not self._busy)

    def _change(self) -> None:
        self._busy = True
        self._update()
        job = self._chosen(self.secret.text())
        job.succeeded.connect(self.accept)
        job.finished.connect(self._on_finished)

    def _on_finished(self) -> None:
        self._busy = False
        self._update()
