"""An older copy of the gallery in its place is noticed."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from engine.gallery import vault, witness
from engine.gallery.backups import restore
from engine.gallery.store import Gallery
from engine.gallery.vault import Typed
from engine.journal import LogPolicy, LogQuery
from tests.engine.gallery.conftest import template

RIGHT = Typed("right")


def make(path: Path, *names: str, level: str = "changes") -> None:
    """Open a gallery, enroll people, and close it."""
    gallery = Gallery.open(path)
    gallery.journal.use(LogPolicy.of(level, 365))
    for name in names:
        gallery.enroll(name, [template(len(name))])
    gallery.close()


def notice(path: Path, typed: Typed | None = None) -> str:
    gallery = Gallery.open(path, typed)
    told = gallery.journal.notice
    assert gallery.journal.verify().sound == (not told)
    gallery.close()
    return told


@pytest.mark.parametrize("level", ["changes", "off"])
def test_that_an_older_copy_is_noticed_until_it_is_accepted(tmp_path: Path, level: str) -> None:
    path = tmp_path / "gallery.db"
    make(path, "Ada", level=level)
    shutil.copy(path, tmp_path / "older.db")
    assert notice(path) == ""
    make(path, "Grace", "Hedy", level=level)
    shutil.copy(tmp_path / "older.db", path)
    for _ in range(2):
        assert "missing" in notice(path)
    gallery = Gallery.open(path)
    gallery.accept()
    gallery.close()
    assert notice(path) == ""
    gallery = Gallery.open(path)
    assert "accepted as it is" in gallery.journal.entries(gallery.journal.numbers(LogQuery(kind="accept")))[0].sentence
    gallery.close()


def test_that_another_history_of_the_same_length_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "gallery.db"
    make(path, "Ada")
    shutil.copy(path, tmp_path / "older.db")
    make(path, "Grace")
    shutil.copy(path, tmp_path / "true.db")
    shutil.copy(tmp_path / "older.db", path)
    witness.seen_path(path).unlink()
    make(path, "Hedy")
    shutil.copy(tmp_path / "true.db", path)
    assert "1 change is missing" in notice(path)


def test_that_restoring_a_backup_is_nothing_odd_and_in_the_log(tmp_path: Path) -> None:
    path = tmp_path / "gallery.db"
    make(path, "Ada")
    gallery = Gallery.open(path)
    backup = gallery.back_up()
    gallery.enroll("Grace", [template(2)])
    gallery.restore(backup.path)
    assert gallery.journal.notice == ""
    assert gallery.journal.entries(gallery.journal.numbers(LogQuery()))[0].kind == "restore"
    gallery.close()
    make(path, "Hedy")
    with vault.alone(path):
        restore(path, backup.path, None)
    assert notice(path) == ""


def test_that_the_keyring_notices_what_the_file_beside_cannot(tmp_path: Path, system_keyring: Path) -> None:
    path = tmp_path / "vault" / "gallery.db"
    make(path, "Ada")
    shutil.copytree(path.parent, tmp_path / "older")
    make(path, "Grace")
    # The gallery, its keys and its note: all of it as it was.
    for file in (tmp_path / "older").iterdir():
        shutil.copy(file, path.parent)
    assert "1 change is missing" in notice(path)


def test_that_a_note_that_was_made_up_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "gallery.db"
    make(path, "Ada")
    gallery = Gallery.open(path)
    gallery.protect(lambda path, key: vault.set_passphrase(path, key, "right", ask_at_start=True))
    gallery.close()
    assert notice(path, RIGHT) == ""
    note = witness.seen_path(path)
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    note.write_text(note.read_text("utf-8").replace('"seen": "', '"seen": "1'), "utf-8")
    assert "was altered" in notice(path, RIGHT)


def test_that_a_note_that_is_damaged_or_gone_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "gallery.db"
    make(path, "Ada")
    witness.seen_path(path).write_text("{", "utf-8")
    assert notice(path) == ""
    assert "cannot be read" in caplog.text
    witness.seen_path(path).unlink()
    assert notice(path) == ""
