"""What stands in for every page while the gallery is locked."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from engine.types import EngineInfo
from gui.engine_client import EngineClient
from gui.pages.rescue_dialog import RescueDialog
from gui.pages.safekeeping import Backup
from gui.theme import tokens as t
from gui.widgets.basics import button, icon_label, label, row
from gui.widgets.countdown import Countdown

_NAMES = {"passphrase": "Passphrase", "recovery": "Recovery code"}
_OTHER = {"passphrase": "Use the passphrase", "recovery": "Use the recovery code"}


class LockScreen(QWidget):
    """Asks for what opens the gallery: one field, one button, and another way where there is one."""

    def __init__(self, client: EngineClient) -> None:
        super().__init__()
        self._client = client
        self._asks: tuple[str, ...] = ()
        self._way = "passphrase"
        centre = Qt.AlignmentFlag.AlignHCenter
        self.sentence = label("", "muted", wrap=True)
        self.sentence.setAlignment(centre)
        self.sentence.setFixedWidth(t.PANEL_PX + 10 * t.UNIT)
        self.secret = QLineEdit()
        self.secret.setFixedWidth(t.PANEL_PX)
        self.secret.returnPressed.connect(self._unlock)
        self.secret.textEdited.connect(self._on_edited)
        self.problem = label("", "bad-text", wrap=True)
        self.problem.setAlignment(centre)
        self.problem.setFixedWidth(t.PANEL_PX + 10 * t.UNIT)
        self.unlock = button("Open the gallery", self._unlock, "primary")
        self.other = button("", self._change_way, "quiet")
        self.again = button("Ask the keyring again", self._ask_keyring, "quiet", "retry")
        self.rescue = button("Go back to a backup …", self._rescue, "", "undo")
        self._backups: list[Backup] = []
        self.headline = label("", "title")
        layout = QVBoxLayout(self)
        layout.setSpacing(t.GUTTER)
        layout.addStretch(1)
        layout.addWidget(icon_label("lock", t.ILLUSTRATION_PX, "muted"), alignment=centre)
        layout.addWidget(self.headline, alignment=centre)
        # A label in a row of its own is as high as its words need.
        layout.addLayout(row(None, self.sentence, None))
        layout.addWidget(self.secret, alignment=centre)
        layout.addLayout(row(None, self.problem, None))
        layout.addWidget(self.unlock, alignment=centre)
        layout.addWidget(self.rescue, alignment=centre)
        layout.addLayout(row(None, self.other, self.again, None))
        layout.addStretch(1)
        self.problem.hide()
        self.countdown = Countdown(self)
        self.countdown.told.connect(self._on_pause)
        self._know_backups([])

    def show_info(self, info: EngineInfo) -> None:
        """Show why the gallery is locked, and ask for what opens it."""
        self._asks = info.asks
        self.sentence.setText(info.locked)
        self.again.setVisible(info.opened_by_keyring)
        self._take_way(info.asks[0] if info.asks else "")
        self._ask_pause()
        self._client.rescue_backups().succeeded.connect(self._know_backups)

    def clear(self) -> None:
        """Forget what was typed."""
        self.countdown.stop()
        self.secret.clear()
        self.problem.hide()

    def _take_way(self, way: str) -> None:
        self._way = way
        self.secret.clear()
        self.problem.hide()
        name = _NAMES.get(way, "")
        for widget in (self.secret, self.unlock):
            widget.setVisible(bool(way))
        self.secret.setPlaceholderText(name)
        self.secret.setAccessibleName(name)
        hidden = QLineEdit.EchoMode.Password if way == "passphrase" else QLineEdit.EchoMode.Normal
        self.secret.setEchoMode(hidden)
        others = [other for other in self._asks if other != way]
        self.other.setVisible(bool(others))
        if others:
            self.other.setText(_OTHER[others[0]])
        (self.secret if way else self.again).setFocus()
        self._on_edited()

    def _change_way(self) -> None:
        self._take_way(next(other for other in self._asks if other != self._way))

    def _on_edited(self) -> None:
        self.unlock.setEnabled(bool(self.secret.text()) and not self.countdown.running)

    def _unlock(self) -> None:
        if self.unlock.isEnabled():
            self._try(self.secret.text(), self._way)

    def _ask_keyring(self) -> None:
        self._try("", "")

    def _try(self, secret: str, way: str) -> None:
        self._set_busy(busy=True)
        job = self._client.unlock(secret, way)
        job.succeeded.connect(self.clear)
        job.failed.connect(self._on_failed)
        job.finished.connect(self._on_finished)

    def _on_failed(self, sentence: str, _details: str) -> None:
        self.problem.setText(sentence)
        self.problem.show()
        self._ask_pause()
        self._client.rescue_backups().succeeded.connect(self._know_backups)

    def _ask_pause(self) -> None:
        """After too many wrong tries nothing is looked at for a while: the button waits with whoever types."""
        self._client.unlock_pause().succeeded.connect(self.countdown.start)

    def _on_pause(self, words: str) -> None:
        self.problem.setText(f"Too many tries failed. The next one is in {words}." if words else "")
        self.problem.setVisible(bool(words))
        self._on_edited()

    def _know_backups(self, backups: list[Backup]) -> None:
        """Offer to go back to a backup where the gallery does not open and there are some."""
        self._backups = backups
        self.rescue.setVisible(bool(backups))
        self.headline.setText("The gallery cannot be opened" if backups else "The gallery is locked")

    def _rescue(self) -> None:
        typed, way = self.secret.text(), self._way
        RescueDialog(self._backups, lambda backup: self._client.rescue(backup, typed, way), self).open()

    def _on_finished(self) -> None:
        self._set_busy(busy=False)
        self.secret.selectAll()
        (self.secret if self._way else self.again).setFocus()

    def _set_busy(self, *, busy: bool) -> None:
        for widget in (self.secret, self.unlock, self.other, self.again, self.rescue):
            widget.setEnabled(not busy)
        if not busy:
            self._on_edited()
