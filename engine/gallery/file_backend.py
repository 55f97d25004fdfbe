"""A gallery in one file: SQLite, encrypted where there is a key, with backups beside it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from engine.errors import GalleryError, shown
from engine.gallery import vault, witness
from engine.gallery.attempts import read_tries
from engine.gallery.backend import Changes, unheard
from engine.gallery.backups import Backup, make_backup, restore
from engine.gallery.compacting import AT_CLOSING_BYTES, Compacted, Room, compact
from engine.gallery.database import (
    data_version,
    engine_for,
    erase_leftovers,
    followed,
    open_database,
    translated_errors,
)
from engine.gallery.graph_file import remove_graph
from engine.gallery.journal import Journal
from engine.gallery.seals import Seals
from engine.gallery.vault import Protection, Typed

log = logging.getLogger(__name__)


class FileBackend:
    """An open gallery file; several processes may have the same one open."""

    writable = True

    def __init__(self, path: Path, engine: Engine, key: bytes | None) -> None:
        """Wrap an opened database; use `open`."""
        self.place = self.path = path
        self.key = key
        self.failed_before = 0
        """How often what was typed did not open it, before it did."""
        self._seen_version = self._opened = 0
        self._deleted = False
        self._use(engine)

    @classmethod
    def open(cls, path: Path, typed: Typed | None = None) -> FileBackend:
        """Open a file, creating it where there is none and migrating an older one.

        Raises:
            GalleryLockedError: it is encrypted, and something must be typed.
            WrongSecretError: what was typed does not open it.
            TooManyAttemptsError: what was typed before did not either, too often.
            GalleryError: the file is no gallery, damaged, of a newer Visavis, or cannot be opened.
        """
        path = followed(path)
        with vault.alone(path):
            tries = read_tries(path).failures if typed else 0
            key = vault.unlock(path, typed)
            engine = open_database(path, key)
            vault.created(path)
        opened = cls(path, engine, key)
        opened.failed_before = tries
        return opened

    @property
    def encrypted(self) -> bool:
        """Whether the file is."""
        return self.key is not None

    def data_key(self) -> bytes:
        """The key of an encrypted file, which may change while it is open."""
        if self.key is None:
            raise GalleryError(f"The gallery “{shown(self.path)}” is not encrypted, so it has no key.")
        return self.key

    @property
    def seals(self) -> Seals:
        """What its embeddings are sealed with."""
        return Seals(self.key)

    @property
    def protection(self) -> Protection:
        """What protects the file."""
        return vault.protection(self.path)

    def errors(self) -> AbstractContextManager[None]:
        """Turn errors of the database and the file system into sentences about the gallery."""
        return translated_errors(self.path)

    def changes(self) -> Changes | None:
        """What others have committed since the last look; None for nothing."""
        version = self._data_version()
        if version == self._seen_version:
            return None
        self._seen_version = version
        return Changes()

    def version(self) -> tuple[int, int]:
        """What is another value once others have committed, or the file was opened anew."""
        return self._opened, self._data_version()

    def note(self, session: Session, people: set[int] | None) -> None:
        """Count on where anything may have changed; that something has, SQLite tells the others."""
        if people is None:
            self.replaced(session)

    def replaced(self, session: Session) -> None:
        """Count on, in a number that SQLite keeps in the file's header for whatever a program likes.

        It is part of the transaction, and galleries of all versions have it.
        """
        session.connection().exec_driver_sql(f"PRAGMA user_version = {_user_version(session) + 1}")

    def generation(self, session: Session) -> tuple[int, int]:
        """The number in the header; a file that was opened anew may be another one."""
        return self._opened, _user_version(session)

    def watch(self, changed: Callable[[], None], away: Callable[[str], None] = unheard) -> None:
        """Do nothing: a file cannot call; the window looks now and then."""

    def try_now(self) -> None:
        """Do nothing: a file does not go away."""

    def erase_leftovers(self) -> bool:
        """Empty the write-ahead log, where deleted rows would live on, and delete the graph, which may hold them."""
        self._deleted = True
        remove_graph(self.path)
        return erase_leftovers(self.writing)

    def compact(self, most: int | None = None, stop: Callable[[], None] | None = None) -> Compacted:
        """Write the file anew; what was deleted is out of it, and it gets smaller.

        Args:
            most: bytes that it may have for this to be tried.
            stop: raises OperationCancelledError when it is not to go on.

        Raises:
            OperationCancelledError: `stop` did; the file is as it was.
        """
        with self.errors():
            done = compact(self.writing, self.path, encrypted=self.encrypted, most=most, stop=stop)
        self._deleted = self._deleted and bool(done.problem)
        return done

    def problems(self, connection: Connection) -> list[str]:
        """Check every page, and its seal where the file is encrypted."""
        damaged = "The gallery's file is damaged ({}). Restore a backup."
        checks = ["PRAGMA cipher_integrity_check"] * self.encrypted + ["PRAGMA integrity_check"]
        found = [detail for check in checks for (detail,) in connection.exec_driver_sql(check).all()]
        return [damaged.format(detail) for detail in found if detail != "ok"]

    def meet(self, journal: Journal) -> None:
        """Compare the file with the note beside it and in the keyring; see `witness`."""
        witness.meet(self.path, self.key, journal)

    def part(self, journal: Journal) -> None:
        """Note beside the file and in the keyring what it is now."""
        witness.part(self.path, self.key, journal)

    def accept(self, journal: Journal) -> None:
        """Take the file as it is from now on."""
        witness.accept(self.path, self.key, journal)

    def abandon(self) -> None:
        """Close a damaged file, and leave it as it is."""
        self.writing.dispose()

    def close(self) -> None:
        """Close the file; what was deleted is out of it, and a small one is written anew."""
        if self._deleted:
            try:
                self.compact(AT_CLOSING_BYTES)
            except GalleryError as error:
                log.warning("The gallery was closed as it was: %s", error)
        erase_leftovers(self.writing)
        self.writing.dispose()

    # --- what only a file has -----------------------------------------------------------------------------------

    def protect(self, change: Callable[[Path, bytes | None], bytes]) -> None:
        """Change what opens the gallery, with the file closed meanwhile.

        Args:
            change: takes the path and the present data key, and returns the new one.

        Raises:
            GalleryError: it could not be changed; the gallery is open as before.
        """
        self.writing.dispose()
        before = self.key
        try:
            with vault.alone(self.path):
                self.key = change(self.path, self.key)
            if self.key != before:
                # One that was just being written would be under the key of before.
                remove_graph(self.path)
        finally:
            self._reopen()

    def room(self) -> Room:
        """How much room the file takes."""
        with self.errors(), self.reading.connect() as connection:
            return Room.of(connection)

    def recovery_code(self) -> str:
        """Make a new recovery code and return it; it replaces one of before and is kept nowhere.

        Raises:
            GalleryError: the gallery is not encrypted.
        """
        if self.key is None:
            raise GalleryError("The gallery is not encrypted, so there is nothing to recover. Encrypt it first.")
        return vault.make_recovery_code(self.path, self.key)

    def back_up(self) -> Backup:
        """Make a backup now.

        Raises:
            GalleryError: the gallery is damaged, or there is no room.
        """
        return make_backup(self.path, self.key)

    def restore(self, backup: Path) -> None:
        """Go back to a backup; what is there now becomes one.

        Raises:
            GalleryError: the backup is damaged, or another window has the gallery open; nothing was changed.
        """
        self.writing.dispose()
        try:
            with vault.alone(self.path):
                restore(self.path, backup, self.key)
        finally:
            self._reopen()

    def _reopen(self) -> None:
        try:
            self._use(open_database(self.path, self.key))
        except GalleryError:
            # Its key may be another one by now. It is opened with that as soon as it can be.
            self._take(engine_for(self.path, self.key))
            raise

    def _use(self, engine: Engine) -> None:
        self._take(engine)
        self._seen_version = self._data_version()

    def _take(self, engine: Engine) -> None:
        self.reading, self.writing = engine, engine.execution_options(writes=True)
        self._opened += 1

    def _data_version(self) -> int:
        with translated_errors(self.path), self.reading.connect() as connection:
            return data_version(connection)


def _user_version(session: Session) -> int:
    return int(session.connection().exec_driver_sql("PRAGMA user_version").scalar_one())
