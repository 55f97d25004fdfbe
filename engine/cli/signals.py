"""Ending a command politely: Ctrl+C, SIGTERM and the end of the session leave a closed gallery, nothing half-made."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeAlias

from engine.errors import OperationCancelledError
from engine.types import CancelToken

POLITE = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that ask a program to end."""


Handler: TypeAlias = "Callable[[int, FrameType | None], Any] | int | signal.Handlers | None"


class EndedError(BaseException):
    """Somebody wants the program to end. No error, so that nothing takes it for one.

    Attributes:
        code: the exit code that says which signal it was, as shells have it.
    """

    def __init__(self, number: int) -> None:
        """Keep which signal it was."""
        super().__init__(f"signal {number}")
        self.code = 128 + number


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let a signal that asks for the end undo what is under way, from the inside out, instead of ending at once.

    Raises:
        EndedError: where the work was when the signal came. Further signals change nothing: the way out is short.
    """
    told: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        if not told:
            told.append(number)
            raise EndedError(number)

    with _handled_by(end):
        yield
        if told:
            # SQLite was working, and took it for an order to stop.
            raise EndedError(told[0])


@contextmanager
def stopped_by_signals(token: CancelToken, said: str = "") -> Iterator[None]:
    """Let them stop the work at its next step instead of in the middle of one.

    Args:
        said: what the user is told then; by default what the work says of it.

    Raises:
        EndedError: it was stopped.
    """
    told: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        told.append(number)
        token.cancel()

    try:
        with _handled_by(stop):
            yield
    except OperationCancelledError as error:
        if not told:
            raise
        print(said or error, file=sys.stderr)
        raise EndedError(told[0]) from error


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let them wait until this is done: it cannot be done again.

    Raises:
        EndedError: at the end, where one came.
    """
    told: list[int] = []
    with _handled_by(lambda number, _frame: told.append(number)):
        yield
    if told:
        raise EndedError(told[0])


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread can be asked to end; tests run commands elsewhere, too.
        yield
        return
    kept = handle(handler)
    try:
        yield
    finally:
        for number, before in kept.items():
            signal.signal(number, before)


def handle(handler: Callable[[int, FrameType | None], None]) -> dict[signal.Signals, Handler]:
    """Have polite signals handled; returns who did it before. What is ignored stays ignored: nohup means it."""
    return {number: signal.signal(number, handler) for number in POLITE if signal.getsignal(number) != signal.SIG_IGN}
