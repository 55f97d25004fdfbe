"""Notices that nobody is there any more."""

from __future__ import annotations

import time
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
_LOOK_EVERY_MS = 5000
"""How soon after the machine wakes up it is noticed that it had slept."""


class IdleWatch(QObject):
    """Emits once nothing was typed or moved for so many minutes, and `busy` is not true.

    The timers of a machine stand still while it sleeps; the time of day does not, and counts too.
    """

    idle = Signal()

    def __init__(self, busy: Callable[[], bool], parent: QObject, time_s: Callable[[], float] = time.time) -> None:
        """Watch nothing yet.

        Args:
            busy: whether somebody is at work though nothing is typed.
            parent: owns it.
            time_s: the time of day.
        """
        super().__init__(parent)
        self._busy, self._time_s = busy, time_s
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_timeout)
        self._look = QTimer(self)
        self._look.setInterval(_LOOK_EVERY_MS)
        self._look.timeout.connect(self.look)
        self._since_s = 0.0
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
        self._look.stop()
        if wanted:
            self._timer.setInterval(round(minutes * 60_000))
            self._begin()
            self._look.start()

    @property
    def watching(self) -> bool:
        """Whether it will emit."""
        return self._timer.isActive()

    def look(self) -> None:
        """See whether the time has passed while no timer ran."""
        # What is at work now was not there all that time: it delays, and the time does not begin anew.
        if self._overdue and not self._busy():
            self._timer.stop()
            self.idle.emit()

    @property
    def _overdue(self) -> bool:
        # A clock that was set back says nothing; the timer goes on.
        return self.watching and self._time_s() - self._since_s >= self._timer.interval() / 1000

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _INPUT and self.watching:
            # Whoever wakes the machine up is not yet known to be who left it.
            if self._overdue:
                self.look()
            else:
                self._begin()
        return False

    def _begin(self) -> None:
        self._since_s = self._time_s()
        self._timer.start()

    def _on_timeout(self) -> None:
        if self._busy():
            self._begin()
        else:
            self.idle.emit()
