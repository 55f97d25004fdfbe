"""Notices that nobody is there any more."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication
from typing_extensions import override

_INPUT = {
    QEvent.Type.KeyPress,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.Wheel,
    QEvent.Type.TouchBegin,
}


class IdleWatch(QObject):
    """Emits once nothing was typed or moved for so many minutes, and `busy` is not true."""

    idle = Signal()

    def __init__(self, busy: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._busy = busy
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_timeout)
        self._watching = False

    def watch(self, minutes: float) -> None:
        """Wait so many minutes from now on; 0 stops watching."""
        application = QApplication.instance()
        if application is None:
            return
        wanted = minutes > 0
        if wanted and not self._watching:
            application.installEventFilter(self)
        elif self._watching and not wanted:
            application.removeEventFilter(self)
        self._watching = wanted
        self._timer.stop()
        if wanted:
            self._timer.start(round(minutes * 60_000))

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _INPUT and self._timer.isActive():
            self._timer.start()
        return False

    def _on_timeout(self) -> None:
        if self._busy():
            self._timer.start()
        else:
            self.idle.emit()
