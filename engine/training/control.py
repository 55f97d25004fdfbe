"""Pausing and stopping, asked for from another thread."""

from __future__ import annotations

from threading import Condition

from engine.types import CancelToken


class Control(CancelToken):
    """A cancel token that can also make the work wait."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = Condition()
        self._paused = False

    @property
    def paused(self) -> bool:
        """Whether the work is to wait."""
        return self._paused

    def pause(self, wait: bool = True) -> None:
        """Make the work wait at its next step, or go on."""
        with self._changed:
            self._paused = wait
            self._changed.notify_all()

    def cancel(self) -> None:
        """Ask the work to stop at its next step, even while it waits."""
        super().cancel()
        with self._changed:
            self._changed.notify_all()

    def wait(self) -> None:
        """Return when the work may go on or is to stop."""
        with self._changed:
            self._changed.wait_for(lambda: not self._paused or self.cancelled)
