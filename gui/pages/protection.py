"""What protects the gallery: a card of the Settings page, and the dialogs behind its buttons."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QDialog, QFrame, QLineEdit, QVBoxLayout, QWidget

from engine.types import EngineInfo
from gui.context import Context
from gui.engine_client import Job
from gui.pages.compact_dialog import CompactDialog
from gui.pages.safekeeping import BackupsDialog, CheckDialog
from gui.theme import tokens as t
from gui.widgets.basics import button, label, row, set_look

SHORT_PASSPHRASE = 12


class ProtectionCard(QFrame):
    """Says in words what protects the gallery's file, and offers what would protect it better."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        set_look(self, "card")
        self.sentence = label("…", wrap=True)
        self.passphrase = button("Set a passphrase …", self._ask_passphrase, "", "lock")
        self.keyring = button("Let the keyring open it", self._use_keyring)
        self.recovery = button("Make a recovery code …", self._make_code)
        self.lock = button("Lock now", self._lock)
        self.lock.setToolTip("Lock now (Ctrl+L)")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.GUTTER, t.GUTTER, t.GUTTER, t.GUTTER)
        layout.setSpacing(t.GUTTER)
        layout.addWidget(label("Protection", "title"))
        layout.addWidget(self.sentence)
        layout.addLayout(row(self.passphrase, self.keyring, self.recovery, self.lock, None))
        self.backups = button("Backups …", self._show_backups)
        self.check = button("Check the gallery …", self._check)
        self.compact = button("Compact the gallery …", self._compact)
        layout.addLayout(row(self.backups, self.check, self.compact, None))
        self._keyring = ""
        context.client.ready.connect(self.show_info)

    def show_info(self, info: EngineInfo) -> None:
        """Show what the engine says of the gallery's protection."""
        self._keyring = info.keyring
        self.sentence.setText(info.protection)
        self.passphrase.setVisible(not info.on_server)
        # A server cleans up its tables by itself.
        for of_a_file in (self.backups, self.compact):
            of_a_file.setVisible(not info.on_server)
        self.passphrase.setText("Change the passphrase …" if info.opened_by_passphrase else "Set a passphrase …")
        self.keyring.setText(f"Let {info.keyring} open it" if info.keyring else "Let the keyring open it")
        self.keyring.setVisible(bool(info.keyring) and not info.on_server and not info.opened_by_keyring)
        self.recovery.setVisible(info.encrypted)
        self.lock.setVisible(info.encrypted)

    def _ask_passphrase(self) -> None:
        PassphraseDialog(self._keyring, self._set_passphrase, self).open()

    def _set_passphrase(self, passphrase: str, ask_at_start: bool) -> Job:
        job = self._context.client.set_passphrase(passphrase, ask_at_start=ask_at_start)
        job.succeeded.connect(lambda _done: self._context.toasts.show("The passphrase is set.", "good"))
        return self._context.tell_failure(job)

    def _use_keyring(self) -> None:
        job = self._context.client.use_keyring()
        job.succeeded.connect(lambda _done: self._context.toasts.show("The keyring opens the gallery.", "good"))
        self._context.tell_failure(job)

    def _make_code(self) -> None:
        job = self._context.client.make_recovery_code()
        job.succeeded.connect(lambda code: RecoveryDialog(code, self).open())
        self._context.tell_failure(job)

    def _show_backups(self) -> None:
        BackupsDialog(self._context, self).open()

    def _check(self) -> None:
        CheckDialog(self._context, self).open()

    def _compact(self) -> None:
        CompactDialog(self._context, self).open()

    def _lock(self) -> None:
        self._context.tell_failure(self._context.client.lock())


class PassphraseDialog(QDialog):
    """Asks for a new passphrase twice."""

    def __init__(self, keyring: str, chosen: Callable[[str, bool], Job], parent: QWidget) -> None:
        """Ask.

        Args:
            keyring: what the system's keyring is called; empty where there is none.
            chosen: sets the passphrase; receives it, and whether it is asked for at every start.
            parent: the window.
        """
        super().__init__(parent)
        self.setWindowTitle("Passphrase")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._chosen = chosen
        self.first, self.second = QLineEdit(), QLineEdit()
        for field, name in ((self.first, "Passphrase"), (self.second, "The same again")):
            field.setEchoMode(QLineEdit.EchoMode.Password)
            field.setPlaceholderText(name)
            field.setAccessibleName(name)
            field.setMinimumWidth(t.PANEL_PX)
            field.textEdited.connect(self._update)
        self.ask = QCheckBox("Ask for it at every start")
        self.ask.setChecked(True)
        self.ask.setVisible(bool(keyring))
        self.hint = label("", "caption", wrap=True)
        self.set = button("Set the passphrase", self._set, "primary")
        self.set.setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.MARGIN, t.MARGIN, t.MARGIN, t.MARGIN)
        layout.setSpacing(t.GUTTER)
        layout.addWidget(label("A passphrase for the gallery", "title"))
        layout.addWidget(
            label("Whoever knows it can open the gallery. Nobody can reset it: make a recovery code too.", wrap=True)
        )
        for widget in (self.first, self.second, self.ask, self.hint):
            layout.addWidget(widget)
        layout.addLayout(row(None, button("Cancel", self.reject), self.set))
        self._update()

    def _update(self) -> None:
        first, second = self.first.text(), self.second.text()
        same = first == second
        self.set.setEnabled(bool(first.strip()) and same)
        if second and not same:
            self.hint.setText("The two are not the same.")
        elif 0 < len(first) < SHORT_PASSPHRASE:
            self.hint.setText("Short passphrases can be guessed. Four random words are better.")
        else:
            self.hint.setText("")

    def _set(self) -> None:
        self.set.setEnabled(False)
        job = self._chosen(self.first.text(), self.ask.isChecked())
        job.succeeded.connect(self.accept)
        job.finished.connect(self._update)


class RecoveryDialog(QDialog):
    """Shows a recovery code, once."""

    def __init__(self, code: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Recovery code")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        # Two lines of four groups are read and copied by hand with fewer slips.
        half = len(code) // 2 + 1
        self.code = label(f"{code[:half].rstrip('-')}\n{code[half:]}", "title", selectable=True)
        self.code.setAccessibleName("Recovery code")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.MARGIN, t.MARGIN, t.MARGIN, t.MARGIN)
        layout.setSpacing(t.GUTTER)
        layout.addWidget(label("The recovery code of this gallery", "title"))
        layout.addWidget(self.code)
        layout.addWidget(
            label(
                "Write it down and keep it away from this computer. It opens the gallery when the passphrase is "
                "forgotten or the keyring is lost. It is kept nowhere and not shown again; a new code replaces it.",
                wrap=True,
            )
        )
        self.copy = button("Copy", self._copy)
        done = button("I have written it down", self.accept, "primary")
        layout.addLayout(row(self.copy, None, done))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.code.text().replace("\n", "-"))
        self.copy.setText("Copied")
