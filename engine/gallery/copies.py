"""Copies of a gallery beside it: backups, copies made before a migration, damaged files that were set aside."""

from __future__ import annotations

import logging
from collections.abc import Collection
from contextlib import closing, suppress
from glob import escape
from pathlib import Path

import sqlcipher3.dbapi2 as sqlite

from engine.files import cut
from engine.gallery.backups import list_backups
from engine.gallery.database import connect, is_plain, remove_with_logs
from engine.gallery.encrypting import overwrite
from engine.gallery.keys import key_of_copy, keys_path

log = logging.getLogger(__name__)


def copies_holding(gallery: Path, key: bytes | None, person_id: int, crop_sha256: Collection[str]) -> list[Path]:
    """Copies that hold a person, or any of some crops. One that cannot be read is counted among them: it may.

    Args:
        gallery: its file.
        key: its data key; None where it is plain.
        person_id: numbers are never given twice.
        crop_sha256: digests of the person's crops.
    """
    copies = [*(backup.path for backup in list_backups(gallery)), *other_copies(gallery)]
    digests = set(crop_sha256)
    return [copy for copy in copies if _holds(copy, key_of_copy(gallery, copy, key), person_id, digests)]


def other_copies(gallery: Path) -> list[Path]:
    """Copies that are no backups: made before a migration, or damaged and set aside."""
    return sorted(
        path
        for pattern in (f"{escape(gallery.name)}.before-*", f"{escape(cut(gallery.name))}.damaged-*")
        for path in gallery.parent.glob(pattern)
        if not path.name.endswith(("-wal", "-shm", "-journal", ".keys"))
    )


def remove_copy(copy: Path) -> bool:
    """Delete a copy, its bytes first where it is plain; whether it could be."""
    try:
        if is_plain(copy):
            with suppress(OSError), copy.open("rb+") as file:
                overwrite(file.fileno())
        remove_with_logs(copy)
        keys_path(copy).unlink(missing_ok=True)
    except OSError as error:
        log.warning("A copy of the gallery could not be deleted: %s", error.strerror)
        return False
    return True


def _holds(copy: Path, key: bytes | None, person_id: int, digests: set[str]) -> bool:
    try:
        with closing(connect(copy, None if is_plain(copy) else key)) as opened:
            tables = {name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if opened.execute("SELECT 1 FROM people WHERE id = ?", (person_id,)).fetchone():
                return True
            return any(
                digests & {digest for (digest,) in opened.execute(f"SELECT crop_sha256 FROM {table}")}  # noqa: S608
                for table in ("templates", "rejections")
                if table in tables
            )
    except (sqlite.Error, OSError):
        log.warning("A copy of the gallery cannot be read.")
        return True
