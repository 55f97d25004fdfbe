"""The status bar's text: device, pack and gallery, always in sight."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.types import EngineInfo
from engine.wording import people
from gui.theme import tokens as t
from gui.widgets.basics import button, icon_label, label, row


class StatusLine(QWidget):
    """Says what the engine runs on; warns when that gets worse."""

    fell_back = Signal(str)
    """The engine left its device: why, as a sentence."""
    asked = Signal()
    """The server of the gallery is to be tried now."""

    def __init__(self) -> None:
        super().__init__()
        self.device = label("Loading the networks …", "caption")
        self.pack = label("", "caption")
        self.gallery = label("", "caption")
        self.try_now = button("Try now", self.asked.emit, "quiet")
        self.try_now.setAccessibleName("Try now to reach the server of the gallery")
        self.try_now.hide()
        self._warning = icon_label("warning", t.GUTTER, "warning")
        self._warning.setAccessibleName("Warning")
        self._warning.hide()
        self._device = self._away = ""
        self._fell_back = False
        self._info: EngineInfo | None = None
        layout = row(self._warning, self.device, None, self.pack, self.gallery, self.try_now, spacing=t.MARGIN)
        layout.setContentsMargins(t.GUTTER, t.GAP // 2, t.GUTTER, t.GAP // 2)
        self.setLayout(layout)
        self.setAccessibleName("Device, pack and gallery")

    def show_info(self, info: EngineInfo) -> None:
        """Show what the engine says of itself."""
        self.device.setText(f"{info.device} · {info.precision} · {info.device_reason}")
        self.pack.setText(f"Pack: {info.pack}")
        self.pack.setToolTip(f"Licence: {info.pack_licence}")
        if info.fell_back and self._device != info.device_reason:
            self.fell_back.emit(info.device_reason)
        self._device, self._fell_back, self._info = info.device_reason, info.fell_back, info
        self._show_gallery(info)

    def show_away(self, why: str) -> None:
        """The gallery's server cannot be reached, or, without a sentence, it can again."""
        self._away = why
        if self._info is not None:
            self._show_gallery(self._info)

    def _show_gallery(self, info: EngineInfo) -> None:
        protected = "locked" if info.locked else "encrypted" if info.encrypted else "not encrypted"
        name = info.gallery_path if info.on_server else Path(info.gallery_path).name
        words = [name, "on a server" if info.on_server else protected, *([] if info.locked else [people(info.people)])]
        if self._away:
            words = [name, "its server cannot be reached"]
        self.gallery.setText(f"Gallery: {', '.join(words)}")
        self.gallery.setToolTip(self._away or f"{info.gallery_path}\n{info.protection}")
        self.try_now.setVisible(bool(self._away))
        self._warning.setVisible(self._fell_back or bool(self._away))

    def show_unavailable(self) -> None:
        """The engine is not there."""
        self.device.setText("The engine could not start")
        self._warning.show()
