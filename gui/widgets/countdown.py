"""Waits out a pause, and says each second how long it still is."""

from __future__ import annotations

from time import monotonic

from PySide6.QtCore import QObject, QTimer, Signal

from engine.journal_words import pause_in_words

_TICK_MS = 250


class Countdown(QObject):
    """Counts down to the end of a pause."""

    told = Signal(str)
    """How long it still is, in words; empty when it is over."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._end = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tell)

    @property
    def running(self) -> bool:
        """Whether the pause is not over yet."""
        return self._timer.isActive()

    def start(self, seconds: float) -> None:
        """Wait for so long from now; for 0 what was waited for is over."""
        if seconds > 0 or self.running:
            self._end = monotonic() + seconds
            self._timer.start()
            self._tell()

    def stop(self) -> None:
        """Wait no longer, without a word."""
        self._timer.stop()

    def _tell(self) -> None:
        left = self._end - monotonic()
        if left <= 0:
            self._timer.stop()
        self.told.emit(pause_in_words(left) if left > 0 else "")
