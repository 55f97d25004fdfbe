"""Encrypting a gallery under another key.

This touches two files, the gallery and its keys. The new keys are written beside the old ones first, then the new
gallery takes the old one's place, then the old keys go: whatever moment a crash chooses, one of the keys in the key
file opens what is there.
"""

from __future__ import annotations

import logging
import os
from contextlib import closing, suppress
from dataclasses import replace
from glob import escape
from pathlib import Path

import sqlcipher3.dbapi2 as sqlite

from engine.errors import GalleryError, shown
from engine.files import sync_folder
from engine.gallery.backups import list_backups
from engine.gallery.bindings import seal_anew
from engine.gallery.database import (
    APPLICATION_ID,
    connect,
    is_plain,
    key_literal,
    remove_with_logs,
    require_alone,
    sync_file,
    unfinished_path,
)
from engine.gallery.keys import Keys, keys_path, read_keys, write_keys
from engine.gallery.seals import Seals

log = logging.getLogger(__name__)

_ZEROS = bytes(2**20)


def encrypt(path: Path, old_key: bytes | None, keys: Keys, key: bytes) -> None:
    """Encrypt a gallery under another key, in one step as far as anybody can see.

    Args:
        path: the gallery's file, which nobody else may have open.
        old_key: its present key; None where it is plain.
        keys: what will open it.
        key: its new key.

    Raises:
        GalleryError: another window has it open, or the copy does not hold what the gallery holds.
        OSError, sqlite.Error: something could not be written; the gallery is as it was.
    """
    before, file = read_keys(path) or replace(keys, ways={}), path.stat().st_ino
    write_keys(path, replace(before, coming=keys))
    unfinished = unfinished_path(path)
    try:
        _export(path, old_key, unfinished, key)
        _take_place(unfinished, path)
    except BaseException:
        # Whoever interrupts once the new file is in its place must not be left without its keys.
        if path.stat().st_ino == file:
            restore_keys(path, before)
        raise
    finally:
        remove_with_logs(unfinished)
    try:
        write_keys(path, keys)
    except OSError as error:
        log.warning("The gallery's new keys are left to whoever opens it next: %s", error.strerror)
    if old_key is None:
        encrypt_copies(path, keys, key)


def _take_place(unfinished: Path, path: Path) -> None:
    if os.name == "nt":
        # An open file cannot be replaced there, so its bytes are left to the file system.
        unfinished.replace(path)
        return
    with path.open("rb+") as replaced:
        unfinished.replace(path)
        # The old file has lost its name, not its bytes. It is encrypted by now, whatever becomes of the overwriting.
        try:
            sync_folder(path.parent)
            overwrite(replaced.fileno())
        except OSError as error:
            log.warning("The bytes of the gallery of before could not be overwritten: %s", error.strerror)
        except BaseException as error:  # noqa: BLE001 - the change is done; a signal is told again when the command ends
            log.warning(
                "Interrupted while the bytes of the gallery of before were overwritten: %s", type(error).__name__
            )
            with suppress(OSError):
                overwrite(replaced.fileno())


def _export(path: Path, old_key: bytes | None, target: Path, key: bytes) -> None:
    remove_with_logs(target)
    os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))
    with closing(connect(path, old_key)) as source:
        require_alone(source, path)
        source.execute(f"ATTACH DATABASE ? AS sealed KEY {key_literal(key)}", (str(target.absolute()),))
        source.execute("BEGIN IMMEDIATE")
        source.execute("SELECT sqlcipher_export('sealed')")
        source.execute("COMMIT")
        source.execute(f"PRAGMA sealed.application_id = {APPLICATION_ID}")
        counted = [_counts(source, name) for name in ("main", "sealed")]
        source.execute("DETACH DATABASE sealed")
    with closing(connect(target, key)) as copy:
        sound = copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        if not sound or copy.execute("PRAGMA cipher_integrity_check").fetchall() or counted[0] != counted[1]:
            raise GalleryError(f"The gallery “{shown(path)}” could not be encrypted: it is damaged. Restore a backup.")
        seal_anew(copy, Seals(old_key), Seals(key))
    sync_file(target)


def _counts(connection: sqlite.Connection, schema: str) -> dict[str, int]:
    names = connection.execute(f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table'").fetchall()  # noqa: S608 - fixed names
    return {
        name: connection.execute(f'SELECT count(*) FROM {schema}."{name}"').fetchone()[0]  # noqa: S608 - from the schema
        for (name,) in names
    }


def overwrite(descriptor: int) -> None:
    """Write zeros over an open file's bytes, and make sure that they arrive."""
    left = os.fstat(descriptor).st_size
    os.lseek(descriptor, 0, os.SEEK_SET)
    while left > 0:
        left -= os.write(descriptor, _ZEROS[:left])
    os.fsync(descriptor)


def encrypt_copies(gallery: Path, keys: Keys, key: bytes) -> None:
    """Encrypt the plain copies of a gallery that is encrypted now: backups, and copies of old versions.

    A copy that cannot be encrypted is left as it is, and the log says so.
    """
    backups = [backup.path for backup in list_backups(gallery)]
    for copy in (*backups, *gallery.parent.glob(f"{escape(gallery.name)}.before-*[0-9]")):
        unfinished = unfinished_path(copy)
        try:
            if is_plain(copy):
                _export(copy, None, unfinished, key)
                if copy in backups:
                    write_keys(copy, keys)
                _take_place(unfinished, copy)
        except (GalleryError, sqlite.Error, OSError) as error:
            log.warning("A plain copy of the gallery could not be encrypted: %s", type(error).__name__)
        finally:
            remove_with_logs(unfinished)


def restore_keys(path: Path, before: Keys) -> None:
    """Put the keys back that a gallery had before a change that did not happen."""
    if before.ways:
        write_keys(path, before)
    else:
        keys_path(path).unlink(missing_ok=True)
