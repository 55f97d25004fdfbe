"""The status bar's text: device, pack and gallery, always in sight."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.types import EngineInfo
from engine.wording import people
from gui.theme import tokens as t
from gui.widgets.basics import icon_label, label, row


class StatusLine(QWidget):
    """Says what the engine runs on; warns when that gets worse."""

    fell_back = Signal(str)
    """The engine left its device: why, as a sentence."""

    def __init__(self) -> None:
        super().__init__()
        self.device = label("Loading the networks …", "caption")
        self.pack = label("", "caption")
        self.gallery = label("", "caption")
        self._warning = icon_label("warning", t.GUTTER, "warning")
        self._warning.setAccessibleName("Warning")
        self._warning.hide()
        self._device = ""
        layout = row(self._warning, self.device, None, self.pack, self.gallery, spacing=t.MARGIN)
        layout.setContentsMargins(t.GUTTER, t.GAP // 2, t.GUTTER, t.GAP // 2)
        self.setLayout(layout)
        self.setAccessibleName("Device, pack and gallery")

    def show_info(self, info: EngineInfo) -> None:
        """Show what the engine says of itself."""
        self.device.setText(f"{info.device} · {info.precision} · {info.device_reason}")
        self.pack.setText(f"Pack: {info.pack}")
        self.pack.setToolTip(f"Licence: {info.pack_licence}")
        protected = "locked" if info.locked else "encrypted" if info.encrypted else "not encrypted"
        name = info.gallery_path if info.on_server else Path(info.gallery_path).name
        words = [name, "on a server" if info.on_server else protected, *([] if info.locked else [people(info.people)])]
        self.gallery.setText(f"Gallery: {', '.join(words)}")
        self.gallery.setToolTip(f"{info.gallery_path}\n{info.protection}")
        if info.fell_back and self._device != info.device_reason:
            self.fell_back.emit(info.device_reason)
        self._device = info.device_reason
        self._warning.setVisible(info.fell_back)

    def show_unavailable(self) -> None:
        """The engine is not there."""
        self.device.setText("The engine could not start")
        self._warning.show()
