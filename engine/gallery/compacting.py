"""Writing a gallery's file anew, so that nothing of what was deleted is left in it and it is no larger than it must be.

`secure_delete` overwrites rows where they lay last. A copy that SQLite left behind when it moved a row from one page to
another is not overwritten (measured: 2 names of 1,420); VACUUM makes every page anew from the rows there are.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlite
from sqlalchemy import Connection, Engine

from engine.errors import OperationCancelledError
from engine.gallery.database import empty_log

log = logging.getLogger(__name__)

AT_ONCE_BYTES = 128 * 2**20
"""A larger file takes longer than somebody who erases a person should wait: an encrypted one some 5 to 9 seconds
for 128 MB on two busy cores. Nobody else can write meanwhile."""
AT_CLOSING_BYTES = 16 * 2**20
_IN_MEMORY_BYTES = 2 * 2**30
"""What VACUUM builds is as large as the gallery. It is held in memory; of a larger encrypted one in a file that is
encrypted with the same key, and has no name from its first byte on."""
_NEARLY_FULL_BYTES = 2**20
"""A disk with less room than this is full, whatever kind of write it has refused."""
_STEPS = 10_000
"""Of SQLite's, after which it asks whether to go on."""

NO_ROOM = "The gallery's file could not be written anew: there is not enough room on its disk for a second copy."
DISK_FAILS = (
    "The gallery's file could not be written anew: its disk reports an error. Nothing was changed; check the disk, and "
    "keep a copy elsewhere."
)
IN_USE = "The gallery's file could not be written anew: another program is using it."
STILL_READ = "The gallery's file was written anew; it gets smaller as soon as another program lets go of it."
FAILED = "The gallery's file could not be written anew; the log says why."
TOO_LARGE = (
    "The gallery's file is too large to be written anew at once. What was deleted is overwritten in it, and its room "
    "is used again; Compact the gallery in Settings, or `visavis gallery compact`, writes it anew when there is time."
)

TABLES_CLEANED = (
    "The server's tables were cleaned up (VACUUM), so that their room is used again. Bytes of what was deleted stay in "
    "the server's files until that happens, and in its write-ahead log and backups."
)
_TAKEN = "SQLITE_BUSY", "SQLITE_LOCKED"


@dataclass(frozen=True, slots=True)
class Compacted:
    """What writing a gallery anew came to.

    Attributes:
        before: bytes of its file; None where only a server knows.
        after: the same.
        problem: why it was not done, or not wholly, as a sentence; the gallery is as it was then.
    """

    before: int | None = None
    after: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """How much room a gallery's file takes.

    Attributes:
        size_bytes: all of it.
        free_bytes: pages that hold nothing any more. Written anew it gets smaller by as much at least: others are only
            full in part.
    """

    size_bytes: int
    free_bytes: int

    @classmethod
    def of(cls, connection: Connection) -> Room:
        """Ask the file's header; no row is read."""
        names = "page_size", "page_count", "freelist_count"
        size, pages, free = (int(connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()) for name in names)
        return cls(size * pages, size * free)


def compact(
    engine: Engine, path: Path, *, encrypted: bool, most: int | None = None, stop: Callable[[], None] | None = None
) -> Compacted:
    """Write a gallery's file anew. It is one transaction: whatever happens, the gallery is there before and after.

    Args:
        engine: of the file.
        path: the file.
        encrypted: whether it is; then so is whatever SQLite writes meanwhile.
        most: bytes that a file may have for this to be tried.
        stop: raises OperationCancelledError when it is not to go on.

    Raises:
        OperationCancelledError: `stop` did; the gallery is as it was.
    """
    empty_log(engine)
    before = path.stat().st_size
    if most is not None and before > most:
        return Compacted(before, before, TOO_LARGE)
    # All of it goes through the write-ahead log.
    if shutil.disk_usage(path.parent).free < 1.1 * before:
        return Compacted(before, before, NO_ROOM)
    try:
        _vacuum(engine, in_memory=not encrypted or before <= _IN_MEMORY_BYTES, stop=stop)
    except sqlite.Error as error:
        name = str(getattr(error, "sqlite_errorname", "?"))
        log.warning("The gallery could not be written anew: %s", name)
        reason = _reason(name, path)
        empty_log(engine)
        return Compacted(before, path.stat().st_size, reason)
    except OperationCancelledError:
        empty_log(engine)
        raise
    obstacle = empty_log(engine)
    problem = STILL_READ if obstacle.startswith(_TAKEN) else _reason(obstacle, path) if obstacle else ""
    return Compacted(before, path.stat().st_size, problem)


def _vacuum(engine: Engine, *, in_memory: bool, stop: Callable[[], None] | None) -> None:
    cancelled: list[OperationCancelledError] = []

    def go_on() -> int:
        try:
            if stop is not None:
                stop()
        except OperationCancelledError as error:
            cancelled.append(error)
        return len(cancelled)

    with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
        driver: Any = connection.driver_connection
        cursor.execute(f"PRAGMA temp_store = {'MEMORY' if in_memory else 'FILE'}")
        driver.set_progress_handler(go_on, _STEPS)
        try:
            cursor.execute("VACUUM")
        except sqlite.Error:
            if cancelled:
                raise cancelled[0] from None
            raise
        finally:
            driver.set_progress_handler(None, 0)
            cursor.execute("PRAGMA temp_store = MEMORY")


def _reason(name: str, path: Path) -> str:
    if name.startswith(_TAKEN):
        return IN_USE
    if name.startswith("SQLITE_FULL"):
        return NO_ROOM
    if not name.startswith("SQLITE_IOERR"):
        return FAILED
    # A full disk is an error of this kind too where it is no page that it refuses, but a file's length, or the flush.
    try:
        full = shutil.disk_usage(path.parent).free < _NEARLY_FULL_BYTES
    except OSError:
        full = False
    return NO_ROOM if full else DISK_FAILS


def in_words(done: Compacted) -> str:
    """What became of the file, as a sentence."""
    if done.problem:
        return done.problem
    if done.before is None or done.after is None:
        return TABLES_CLEANED
    return f"The gallery's file was written anew: {done.before:,} bytes before, {done.after:,} after."
