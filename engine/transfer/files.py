"""Files written whole or not at all, and foreign files opened without waiting or following tricks."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from engine import files
from engine.errors import BadInputError, shown
from engine.files import PRIVATE


@contextmanager
def replacing(place: Path, mode: int = PRIVATE) -> Iterator[BinaryIO]:
    """Write a file that the user named whole or not at all, as `engine.files.replacing` does.

    Raises:
        BadInputError: it cannot be written.
    """
    try:
        if place.is_dir():
            raise BadInputError(f"“{shown(place)}” is a folder. Choose a file's name.")
        with files.replacing(place, mode) as file:
            yield file
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "its name is not usable"
        raise BadInputError(
            f"“{shown(place)}” cannot be written: {reason}. Choose another place, or make room."
        ) from error


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
