"""One piece of work for the engine, as the window sees it."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakMethod

from PySide6.QtCore import QObject, Signal

from engine.types import CancelToken, Progress


class Job(QObject):
    """One piece of work. Its signals are emitted on the GUI thread; `finished` always and last."""

    progressed = Signal(object)
    partial = Signal(object)
    succeeded = Signal(object)
    failed = Signal(str, str)
    """The sentence for the user, and details to unfold (empty for a foreseen error)."""
    cancelled = Signal()
    finished = Signal()

    def __init__(self, post: Callable[[Callable[[], None]], None], parent: QObject) -> None:
        super().__init__(parent)
        self.token = CancelToken()
        self.is_edit = False
        """Whether the user has decided on a change, which is made even where the window is closed before its turn."""
        # The client owns its jobs. Were they to own it too, the last one would take it along while being deleted.
        self._post = WeakMethod(post)

    def cancel(self) -> None:
        """Ask the work to stop at its next step."""
        self.token.cancel()

    def report(self, progress: Progress) -> None:
        """Tell how far the work is; called on the worker thread."""
        self._deliver(lambda: self.progressed.emit(progress))

    def give(self, part: object) -> None:
        """Hand over a part of the result; called on the worker thread."""
        self._deliver(lambda: self.partial.emit(part))

    def _deliver(self, call: Callable[[], None]) -> None:
        post = self._post()
        if post is not None:
            post(call)
