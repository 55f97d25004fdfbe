"""Writing files so that a crash, a full disk or a second process never leaves half of one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PRIVATE = 0o600
"""Permissions of a file that only its owner can read."""
_SHARED = 0o666
"""Permissions of an ordinary file, as far as the user's own mask grants them."""


def private_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for its owner alone; one that is there stays as it is.

    Raises:
        OSError: it cannot be made.
    """
    if not folder.is_dir():
        if folder.parent != folder:
            private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def cut(name: str, most_bytes: int = 200) -> str:
    """As much of a file's name as leaves room for an ending: file systems take 255 bytes."""
    while len(os.fsencode(name)) > most_bytes:
        name = name[:-1]
    return name


@contextmanager
def replacing(path: Path, mode: int = PRIVATE, *, durable: bool = True) -> Iterator[BinaryIO]:
    """Write a file beside its place and put it there when it is complete.

    A link at the place is replaced, not followed. Whatever goes wrong, what was there before stays.

    Args:
        path: its folder exists.
        mode: permissions of the file.
        durable: it survives a loss of power; costs a few milliseconds.

    Raises:
        OSError: it cannot be written.
    """
    unfinished = path.with_name(f".{cut(path.name, 100)}.{os.getpid()}.part")
    try:
        unfinished.unlink(missing_ok=True)
        number = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR, mode)
        with os.fdopen(number, "w+b") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    if durable:
        sync_folder(path.parent)


def write_whole(path: Path, content: bytes, *, private: bool = True, durable: bool = True) -> None:
    """Write a file whole or not at all.

    Args:
        path: its folder exists.
        content: everything.
        private: only its owner can read it.
        durable: it survives a loss of power; costs a few milliseconds.

    Raises:
        OSError: it cannot be written; what was there before is still there.
    """
    with replacing(path, PRIVATE if private else _SHARED, durable=durable) as file:
        file.write(content)


def sync_folder(folder: Path) -> None:
    """Make what was renamed or created in a folder survive a loss of power, where the system can."""
    if os.name == "nt":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        # It may be written but not listed; the system then does it in its own time.
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
