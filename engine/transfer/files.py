"""Files written whole or not at all, and foreign files opened without waiting or following tricks."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from engine.errors import BadInputError, shown

_PRIVATE = 0o600


@contextmanager
def replacing(place: Path, mode: int = _PRIVATE) -> Iterator[BinaryIO]:
    """Write a file beside its place and put it there when it is complete and on the disk.

    A link at the place is replaced, not followed. Whatever goes wrong, what was there before stays.

    Args:
        place: of the file.
        mode: permissions of the file.

    Raises:
        BadInputError: it cannot be written.
    """
    unfinished = place.with_name(f".{place.name[:100]}.{os.getpid()}.part")
    try:
        if place.is_dir():
            raise BadInputError(f"“{shown(place)}” is a folder. Choose a file's name.")
        with suppress(FileNotFoundError):
            unfinished.unlink()
        number = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR, mode)
        try:
            with os.fdopen(number, "w+b") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(place)
        finally:
            with suppress(FileNotFoundError):
                unfinished.unlink()
        _sync_folder(place.parent)
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "its name is not usable"
        raise BadInputError(
            f"“{shown(place)}” cannot be written: {reason}. Choose another place, or make room."
        ) from error


def _sync_folder(folder: Path) -> None:
    """Make a new name in a folder last; where folders cannot be opened, the system does so itself."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


@contextmanager
def reading(place: Path) -> Iterator[BinaryIO]:
    """Open a regular file; a pipe or device, which could block for ever, is refused unopened.

    Raises:
        BadInputError: it is not there, or cannot be read.
    """
    try:
        status = place.stat()
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            raise BadInputError(f"“{shown(place)}” is {kind}. Choose a file.")
        file = place.open("rb")
    except (OSError, ValueError) as error:
        raise _unreadable(place, error) from error
    with file:
        try:
            yield file
        except OSError as error:
            raise _unreadable(place, error) from error


def content_of(place: Path, most_bytes: int) -> bytes:
    """Read a whole small file.

    Raises:
        BadInputError: it cannot be read, or is larger.
    """
    with reading(place) as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise BadInputError(f"“{shown(place)}” is larger than {most_bytes / 2**20:,.0f} MB. It is not used.")
    return content


def _unreadable(place: Path, error: OSError | ValueError) -> BadInputError:
    if isinstance(error, FileNotFoundError):
        return BadInputError(f"“{shown(place)}” is not there (any more). Check where it is and try again.")
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "its name is not usable"
    return BadInputError(f"“{shown(place)}” cannot be read: {reason}. Copy it to another place and try again.")
