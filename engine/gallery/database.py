"""SQLite underneath the gallery: opening, migrating, backing up, and its errors as sentences.

All that is particular to SQLite is here. The library is SQLCipher's build, which reads plain files too.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlcipher3.dbapi2 as sqlite
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from engine.errors import GalleryError, shown
from engine.files import cut, private_folder
from engine.gallery.schema_versions import Age, age, head, upgrade

log = logging.getLogger(__name__)

APPLICATION_ID = 0x56495341
"""Marks the file as a Visavis gallery."""
_BUSY_SECONDS = 5
LOG_BYTES = 8 * 2**20
"""What the write-ahead log keeps of the disk once a larger edit, or a backup that it had to wait for, is over."""
_HEADER = b"SQLite format 3\x00"
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    f"PRAGMA journal_size_limit = {LOG_BYTES}",
)


def open_database(path: Path, key: bytes | None = None) -> Engine:
    """Open a gallery's file, creating or migrating it where needed.

    Args:
        path: the file.
        key: 32 bytes where the gallery is encrypted, or is to be when it is created.

    Raises:
        GalleryError: the file is no gallery, damaged, of a newer Visavis, or cannot be opened.
    """
    with translated_errors(path):
        if not path.exists():
            _create(path, key)
        check_file(path, encrypted=key is not None)
        engine = engine_for(path, key)
        try:
            _check_identity(engine, path)
            _migrate(engine, path, key)
        except BaseException:
            engine.dispose()
            raise
    return engine


def _create(path: Path, key: bytes | None) -> None:
    """Build a gallery beside its place and put it there whole, so that a crash leaves none rather than half of one."""
    private_folder(path.parent)
    unfinished = unfinished_path(path)
    os.close(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    engine = engine_for(unfinished, key)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        with engine.connect() as connection:
            upgrade(connection, key)
        engine.dispose()
        try:
            os.link(unfinished, path)
        except FileExistsError:
            log.info("Another process has just created the gallery.")
        except OSError:
            unfinished.rename(path)
    finally:
        engine.dispose()
        remove_with_logs(unfinished)


def followed(path: Path) -> Path:
    """The file itself where a link leads to a gallery: SQLite keeps its log there, so all else belongs there too."""
    # Where one may not look, `Path.is_symlink` has no answer but an error.
    return Path(os.path.realpath(path)) if os.path.islink(path) else path  # noqa: PTH114


def unfinished_path(path: Path) -> Path:
    """Where a gallery is built before it takes its place."""
    return path.with_name(f".{cut(path.name)}.{os.getpid()}.new")


def remove_with_logs(path: Path) -> None:
    """Remove a database's file with what SQLite keeps beside it."""
    for leftover in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))):
        leftover.unlink(missing_ok=True)


def is_plain(path: Path) -> bool:
    """Whether a file is a database that is not encrypted."""
    with path.open("rb") as file:
        return file.read(len(_HEADER)) == _HEADER


def check_file(path: Path, *, encrypted: bool) -> None:
    """Refuse what cannot be a gallery before SQLite touches it.

    Raises:
        GalleryError: it is no file, empty, or another program's.
    """
    if not path.is_file():
        raise GalleryError(f"“{shown(path)}” is not a file. Choose another gallery with --gallery.")
    with path.open("rb") as file:
        header = file.read(100)
    if not header:
        raise GalleryError(f"The gallery “{shown(path)}” is empty: its content was lost. Restore it from a backup.")
    plain = header.startswith(_HEADER)
    if encrypted and (plain or len(header) < len(_HEADER)):
        raise GalleryError(f"The gallery “{shown(path)}” was replaced by another file. Restore it from a backup.")
    if not encrypted and not plain:
        raise GalleryError(
            f"“{shown(path)}” is not a Visavis gallery, or its key file “{shown(path)}.keys” is missing. Put the key "
            "file back, or choose another gallery with --gallery."
        )
    if not encrypted and int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise GalleryError(f"“{shown(path)}” is not a Visavis gallery. Choose another file with --gallery.")


def _check_identity(engine: Engine, path: Path) -> None:
    with engine.connect() as connection:
        if connection.exec_driver_sql("PRAGMA application_id").scalar() != APPLICATION_ID:
            raise GalleryError(f"“{shown(path)}” is not a Visavis gallery. Choose another file with --gallery.")


def connect(path: Path, key: bytes | None) -> sqlite.Connection:
    """Open an existing file with SQLite itself; errors are SQLite's."""
    connection = sqlite.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=_BUSY_SECONDS, check_same_thread=False,
        isolation_level=None,
    )  # fmt: skip
    # SQLCipher writes what it thinks of a key to the error stream.
    connection.execute("PRAGMA cipher_log_level = NONE")
    if key is not None:
        connection.execute(f"PRAGMA key = {key_literal(key)}")
    return connection


def require_alone(connection: sqlite.Connection, path: Path) -> None:
    """Make sure that nobody else has a database open, and move all of it into its one file.

    Raises:
        GalleryError: somebody has.
        sqlite.Error: it cannot be read or written.
    """
    connection.execute("PRAGMA busy_timeout = 0")
    # Leaving the write-ahead log is allowed to the only connection there is, and so tells whether this is it.
    try:
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite.OperationalError as error:
        if not str(getattr(error, "sqlite_errorname", "")).startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise
        raise GalleryError(
            f"The gallery “{shown(path)}” is open in another window. Close that one and try again."
        ) from error


def key_literal(key: bytes) -> str:
    """A raw key as SQLCipher takes it: no derivation, since it is random already."""
    return f"\"x'{key.hex()}'\""


def engine_for(path: Path, key: bytes | None) -> Engine:
    """What opens an existing file when it is first used; see `open_database`."""
    # One connection: the gallery is used by one thread, and SQLite reports changes by others to a connection.
    engine = create_engine(
        "sqlite://",
        module=sqlite,
        creator=lambda: connect(path, key),
        poolclass=StaticPool,
        # An error would quote the embeddings and crops of its statement, and so would the log.
        hide_parameters=True,
    )  # fmt: skip
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    # A writer takes its lock at once: two that both read first could only deadlock.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(engine: Engine, path: Path, key: bytes | None) -> None:
    with engine.connect() as connection:
        found = age(connection)
    if found is Age.CURRENT:
        return
    if found is Age.NEWER:
        raise GalleryError(f"The gallery “{shown(path)}” was made by a newer Visavis. Update Visavis to open it.")
    back_up(path, path.with_name(f"{path.name}.before-{head()}"), key)
    with engine.connect() as connection:
        upgrade(connection, key)


def back_up(path: Path, copy: Path, key: bytes | None) -> None:
    """Copy the gallery as it is, encrypted where it is, and make sure that the copy opens; whole or not at all.

    Raises:
        GalleryError: the gallery is damaged.
        OSError, sqlite.Error: it cannot be read, or the copy cannot be written.
    """
    unfinished = unfinished_path(copy)
    os.close(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    try:
        with closing(connect(path, key)) as source, closing(connect(unfinished, key)) as target:
            source.backup(target)
            if target.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise GalleryError(f"The gallery “{shown(path)}” is damaged. Restore it from a backup.")
        sync_file(unfinished)
        unfinished.replace(copy)
    finally:
        remove_with_logs(unfinished)


def sync_file(path: Path) -> None:
    """Make a file's content survive a loss of power."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def erase_leftovers(engine: Engine) -> bool:
    """Move everything from the write-ahead log into the file and empty the log, where deleted data would live on.

    Returns:
        Whether it could be done; another reader, or a disk without room, can stand in the way for a while. What was
        committed stands in any case.
    """
    return not empty_log(engine)


def empty_log(engine: Engine) -> str:
    """The same; returns what SQLite calls that which stood in the way, and nothing where nothing did."""
    obstacle = ""
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        # Without waiting: whoever reads now must not hold up the user's edit.
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            row = cursor.fetchone()
            if row is None or row[0]:
                obstacle = "SQLITE_BUSY"
        except sqlite.Error as error:
            obstacle = str(getattr(error, "sqlite_errorname", "?"))
            log.warning("The write-ahead log could not be emptied: %s", obstacle)
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
    finally:
        connection.close()
    return obstacle


def data_version(connection: Connection) -> int:
    """A number that changes when another connection has committed."""
    return int(connection.exec_driver_sql("PRAGMA data_version").scalar_one())


@contextmanager
def translated_errors(path: Path) -> Iterator[None]:
    """Turn errors of the database and the file system into sentences about the gallery."""
    name = shown(path)
    try:
        yield
    except (DBAPIError, sqlite.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        # A backup that fails says why in words only.
        code = str(getattr(cause, "sqlite_errorname", "")) or _CODES.get(str(cause), "")
        sentence = next((text for start, text in _SENTENCES.items() if code.startswith(start)), _UNFORESEEN)
        raise GalleryError(sentence.format(name)) from error
    except PermissionError as error:
        raise GalleryError(_SENTENCES["SQLITE_READONLY"].format(name)) from error
    except OSError as error:
        if error.errno in _FULL:
            raise GalleryError(_SENTENCES[_FULL[error.errno]].format(name)) from error
        raise GalleryError(f"The gallery “{name}” cannot be opened: {error.strerror}. Check where it is.") from error


_UNFORESEEN = "The gallery “{}” could not be used. Nothing was changed; the log says more."
_FULL = {
    errno.ENOSPC: "SQLITE_FULL",
    errno.EDQUOT: "SQLITE_FULL",
    errno.EFBIG: "SQLITE_IOERR",
    errno.EIO: "SQLITE_IOERR",
}
_CODES = {
    "database is locked": "SQLITE_BUSY",
    "database or disk is full": "SQLITE_FULL",
    "disk I/O error": "SQLITE_IOERR",
    "unable to open database file": "SQLITE_CANTOPEN",
    "attempt to write a readonly database": "SQLITE_READONLY",
    "database disk image is malformed": "SQLITE_CORRUPT",
    "file is not a database": "SQLITE_NOTADB",
}
_SENTENCES = {
    "SQLITE_BUSY": "The gallery “{}” is in use by another program. Nothing was changed; try again in a moment.",
    "SQLITE_LOCKED": "The gallery “{}” is in use by another program. Nothing was changed; try again in a moment.",
    "SQLITE_FULL": "The disk with the gallery “{}” is full. Nothing was changed; make room and try again.",
    "SQLITE_IOERR": "The disk with the gallery “{}” does not answer or is full. Nothing was changed; check it.",
    "SQLITE_READONLY": "The gallery “{}” may not be written. Check the permissions of its folder.",
    "SQLITE_CANTOPEN": "The gallery “{}” cannot be opened. Check its folder and the permissions.",
    "SQLITE_PERM": "The gallery “{}” may not be opened. Check the permissions.",
    "SQLITE_CORRUPT": "The gallery “{}” is damaged. Nothing was changed; restore it from a backup.",
    "SQLITE_NOTADB": "The gallery “{}” is damaged or not a gallery. Nothing was changed; restore it from a backup.",
}
