"""One training of a run at a time: two would write each other's checkpoints away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from engine.errors import BadInputError, TrainingError, shown

_LOCK = "run.lock"
_WITHIN_S = 1.0
"""Long enough for somebody who only asks whether a run is free."""


@contextmanager
def held(place: Path) -> Iterator[None]:
    """Keep everybody else from training in a run's folder meanwhile. However a process ends, what it held is free.

    Args:
        place: the run's folder.

    Raises:
        BadInputError: another window or terminal trains it.
        TrainingError: the folder cannot be written.
    """
    called = shown(place.name)
    lock = FileLock(place / _LOCK, timeout=_WITHIN_S, mode=0o600)
    try:
        lock.acquire()
    except Timeout as error:
        raise BadInputError(
            f"“{called}” is being trained already, in another window or terminal. Stop it there, or wait for its end."
        ) from error
    except OSError as error:
        raise TrainingError(
            f"The run's folder “{shown(place)}” cannot be written: {error.strerror}. Check its permissions."
        ) from error
    try:
        yield
    finally:
        lock.release()


def require_free(place: Path) -> None:
    """Make sure that nobody trains a run just now; a folder that is gone is free.

    Raises:
        BadInputError: somebody does.
        TrainingError: the folder cannot be written.
    """
    if place.is_dir():
        with held(place):
            return
