"""Backups: whole copies of a gallery beside it, encrypted as it is, made by themselves and turned over.

`gallery.db.backups/2026-11-24T161500.000000.db`, each with the keys of its day. Kept are all of the last day, the
newest of each of the last seven days, and the newest of each of the last four weeks.
"""

from __future__ import annotations

import logging
import os
import shutil
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time

import sqlcipher3.dbapi2 as sqlite

from engine.errors import GalleryError, shown
from engine.files import cut, replacing, sync_folder, write_whole
from engine.gallery import witness
from engine.gallery.bindings import seal_anew
from engine.gallery.database import (
    APPLICATION_ID,
    back_up,
    connect,
    key_literal,
    remove_with_logs,
    require_alone,
    sync_file,
    translated_errors,
    unfinished_path,
)
from engine.gallery.graph_file import remove_graph
from engine.gallery.keys import key_of_copy, keys_path, read_keys
from engine.gallery.seals import Seals

log = logging.getLogger(__name__)

DAYS, WEEKS = 7, 4
_DUE_AFTER = timedelta(days=1)
_ABANDONED_S = 3600.0
_AROUND = tuple(f"SQLITE_{one}" for one in ("FULL", "READONLY", "CANTOPEN", "PERM", "BUSY", "LOCKED", "NOMEM"))
STAMP = "%Y-%m-%dT%H%M%S.%f"


@dataclass(frozen=True, slots=True)
class Backup:
    """One copy of a gallery.

    Attributes:
        made_at: UTC.
        size_bytes: of the file.
    """

    path: Path
    made_at: datetime
    size_bytes: int


def backups_folder(gallery: Path) -> Path:
    """Return where the backups of a gallery lie."""
    return gallery.with_name(f"{gallery.name}.backups")


def list_backups(gallery: Path) -> list[Backup]:
    """All backups of a gallery, newest first; files that are none are passed over."""
    found = []
    for path in backups_folder(gallery).glob("*.db"):
        try:
            made_at = datetime.strptime(path.stem, STAMP).replace(tzinfo=UTC)
            found.append(Backup(path, made_at, path.stat().st_size))
        except (ValueError, OSError):
            continue
    return sorted(found, key=lambda backup: backup.made_at, reverse=True)


def make_backup(gallery: Path, key: bytes | None) -> Backup:
    """Copy a gallery, make sure that the copy is sound, and drop backups that are kept no longer.

    Raises:
        GalleryError: the gallery is damaged, or there is no room; the backups of before are still there.
    """
    with translated_errors(gallery):
        folder = backups_folder(gallery)
        folder.mkdir(mode=0o700, exist_ok=True)
        _remove_unfinished(folder)
        made_at = datetime.now(UTC)
        place = folder / f"{made_at.strftime(STAMP)}.db"
        back_up(gallery, place, key)
        if key is not None:
            write_whole(keys_path(place), keys_path(gallery).read_bytes())
        for outdated in _outdated(list_backups(gallery)):
            _remove(outdated.path)
        return Backup(place, made_at, place.stat().st_size)


def due(gallery: Path) -> bool:
    """Whether the newest backup is more than a day old and the gallery has changed since."""
    now = datetime.now(UTC)
    # One of a day to come was made before the clock was set back, and says nothing about today.
    newest = next((backup for backup in list_backups(gallery) if backup.made_at <= now), None)
    if newest is None:
        return True
    changed = max(
        (file.stat().st_mtime for file in (gallery, gallery.with_name(f"{gallery.name}-wal")) if file.exists()),
        default=0.0,
    )
    return now - newest.made_at > _DUE_AFTER and changed > newest.path.stat().st_mtime


def restore(gallery: Path, backup: Path, key: bytes | None) -> Path | None:
    """Put a backup in a gallery's place. Nobody may have the gallery open.

    What was there is kept: as another backup where it can still be read, else beside the gallery under another name.

    Args:
        gallery: its file, which may be damaged or gone.
        backup: one of its backups; one of before the gallery's key was changed comes back under today's.
        key: the data key; None where the backup is plain.

    Returns:
        Where the damaged file went; None where it is a backup now.

    Raises:
        GalleryError: the backup is damaged or of another key, or a window has the gallery open; nothing was changed.
    """
    with translated_errors(gallery):
        own = key_of_copy(gallery, backup, key)
        _check_sound(backup, own)
        _require_nobody(gallery, key)
        unfinished = unfinished_path(gallery)
        remove_with_logs(unfinished)
        try:
            shutil.copyfile(backup, unfinished)
            unfinished.chmod(0o600)
            if own != key and key is not None:
                _change_key(unfinished, own, key)
            sync_file(unfinished)
            aside = _set_aside(gallery, key)
            for end in ("-wal", "-shm"):
                gallery.with_name(gallery.name + end).unlink(missing_ok=True)
            unfinished.replace(gallery)
            remove_graph(gallery)
            if key is not None and not _keys_fit(gallery, key):
                write_whole(keys_path(gallery), keys_path(backup).read_bytes())
            witness.restored(gallery, key)
            sync_folder(gallery.parent)
        finally:
            remove_with_logs(unfinished)
        return aside


def holding(gallery: Path, key: bytes | None, crop_sha256: set[str]) -> list[Backup]:
    """Backups that still hold any of these crops."""
    found = []
    for backup in list_backups(gallery):
        try:
            with closing(connect(backup.path, key)) as copy:
                rows = copy.execute("SELECT crop_sha256 FROM templates").fetchall()
        except sqlite.DatabaseError:
            log.warning("A backup cannot be read.")
            continue
        if crop_sha256 & {row[0] for row in rows}:
            found.append(backup)
    return found


def _check_sound(backup: Path, key: bytes | None) -> None:
    problem = GalleryError(f"The backup “{shown(backup)}” is damaged or has another key. Choose another one.")
    try:
        with closing(connect(backup, key)) as copy:
            identity = copy.execute("PRAGMA application_id").fetchone()
            if identity != (APPLICATION_ID,) or copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                raise problem
    except sqlite.DatabaseError as error:
        raise problem from error


def _change_key(copy: Path, own: bytes | None, key: bytes) -> None:
    with closing(connect(copy, own)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        connection.execute(f"PRAGMA rekey = {key_literal(key)}")
        seal_anew(connection, Seals(own), Seals(key))
    _check_sound(copy, key)


def _require_nobody(gallery: Path, key: bytes | None) -> None:
    """Whoever has the gallery open would go on writing into a file that has lost its place."""
    if not gallery.exists():
        return
    try:
        with closing(connect(gallery, key)) as connection:
            require_alone(connection, gallery)
    except sqlite.Error as error:
        # What the log holds was acknowledged. Where there is only no room to move it, it must not be thrown away.
        if not _tells_damage(gallery, error):
            raise
        log.info("The gallery cannot be read; nobody can be working with it.")


def _set_aside(gallery: Path, key: bytes | None) -> Path | None:
    if not gallery.exists():
        return None
    try:
        make_backup(gallery, key)
    except GalleryError:
        if not _is_damaged(gallery, key):
            raise
        aside = gallery.with_name(f"{cut(gallery.name)}.damaged-{datetime.now(UTC).strftime(STAMP)}")
        try:
            os.link(gallery, aside)
        except OSError:
            # FAT and some network drives have no second names for a file.
            with gallery.open("rb") as damaged, replacing(aside) as copy:
                shutil.copyfileobj(damaged, copy)
        return aside
    return None


def _is_damaged(gallery: Path, key: bytes | None) -> bool:
    try:
        with closing(connect(gallery, key)) as connection:
            return bool(connection.execute("PRAGMA quick_check").fetchone() != ("ok",))
    except sqlite.Error as error:
        return _tells_damage(gallery, error)


def _tells_damage(gallery: Path, error: sqlite.Error) -> bool:
    """Whether an error is one of the file itself, rather than of the room, the rights or the others around it."""
    code = str(getattr(error, "sqlite_errorname", ""))
    return not _is_readable(gallery) if code.startswith("SQLITE_IOERR") else not code.startswith(_AROUND)


def _is_readable(gallery: Path) -> bool:
    try:
        with gallery.open("rb") as file:
            while file.read(2**20):
                pass
    except OSError:
        return False
    return True


def _keys_fit(gallery: Path, key: bytes) -> bool:
    try:
        keys = read_keys(gallery)
    except GalleryError:
        return False
    return keys is not None and keys.fits(key)


def _outdated(backups: list[Backup]) -> list[Backup]:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    kept = {backup.path for backup in backups if backup.made_at > yesterday}
    for periods, period_of in ((DAYS, _day), (WEEKS, _week)):
        newest: dict[object, Path] = {}
        for backup in backups:
            newest.setdefault(period_of(backup), backup.path)
        kept |= set(list(newest.values())[:periods])
    return [backup for backup in backups if backup.path not in kept]


def _day(backup: Backup) -> object:
    return backup.made_at.date()


def _week(backup: Backup) -> object:
    return backup.made_at.isocalendar()[:2]


def _remove_unfinished(folder: Path) -> None:
    """Remove what a process left that was ended while it copied; a copy that is being made has just been written to."""
    for left in folder.glob(".*.new*"):
        with suppress(OSError):
            if time() - left.stat().st_mtime > _ABANDONED_S:
                left.unlink()


def _remove(path: Path) -> None:
    remove_with_logs(path)
    keys_path(path).unlink(missing_ok=True)
