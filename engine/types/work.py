"""Long work: how far it is, and how it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import NamedTuple, TypeAlias

from engine.errors import OperationCancelledError


class CancelToken:
    """A switch that one thread turns and another looks at between steps."""

    def __init__(self) -> None:
        self._event = Event()

    def cancel(self) -> None:
        """Ask the work to stop at its next step."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether the work should stop."""
        return self._event.is_set()

    def check(self) -> None:
        """Return if the work may go on.

        Raises:
            OperationCancelledError: it may not.
        """
        if self.cancelled:
            raise OperationCancelledError


class Progress(NamedTuple):
    """How far long work is: `done` of `total` steps, and what is being worked on."""

    done: int
    total: int
    text: str = ""


Report: TypeAlias = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """Report to nobody."""
