"""Backups and the check: what is damaged is found, and what was there comes back."""

from __future__ import annotations

import errno
import os
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlite

from engine.errors import GalleryError
from engine.gallery import backups, vault
from engine.gallery.backups import STAMP, backups_folder, due, list_backups
from engine.gallery.copies import copies_holding
from engine.gallery.database import connect, is_plain
from engine.gallery.store import Gallery
from engine.gallery.vault import Typed

from .conftest import PACK, template

PASSPHRASE = "correct horse battery staple"


@pytest.fixture(params=["plain", "encrypted"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A gallery of two people."""
    path = tmp_path / "own" / "gallery.db"
    with closing(Gallery.open(path)) as gallery:
        gallery.enroll("Ada Lovelace", [template(1), template(2)])
        gallery.enroll("Grace Hopper", [template(3)])
        if request.param == "encrypted":
            gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))
    return path


def opened(path: Path) -> closing[Gallery]:
    return closing(Gallery.open(path, Typed(PASSPHRASE) if vault.protection(path).encrypted else None))


def names(gallery: Gallery) -> list[str]:
    return [person.name for person in gallery.people()]


def damage_pages(file: Path) -> None:
    """Overwrite some pages, which a plain database notices only where its trees are."""
    content = bytearray(file.read_bytes())
    content[8 * 4096 : 12 * 4096] = b"\xff" * (4 * 4096)
    file.write_bytes(bytes(content))


def spoil(gallery: Gallery, statement: str, *values: object) -> None:
    """Change the file behind the gallery's back."""
    with closing(connect(gallery.path, gallery._file.key)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(statement, values)


def test_that_a_backup_brings_back_what_was_deleted_and_keeps_what_is_there_now(path: Path) -> None:
    with opened(path) as gallery:
        made = gallery.back_up()
        gallery.delete_person(gallery.find("Ada Lovelace").id)
        gallery.enroll("Joan Clarke", [template(5)])
        gallery.restore(made.path)
        assert names(gallery) == ["Ada Lovelace", "Grace Hopper"]
        assert gallery.check().sound
        newest = list_backups(path)[0]
        gallery.restore(newest.path)
        assert names(gallery) == ["Grace Hopper", "Joan Clarke"]


def test_that_a_backup_of_an_encrypted_gallery_is_encrypted(path: Path) -> None:
    with opened(path) as gallery:
        made = gallery.back_up()
        assert is_plain(made.path) is not gallery.encrypted
        assert os.stat(made.path).st_mode & 0o777 == 0o600  # noqa: PTH116 - the mode is the point


def test_that_plain_backups_are_encrypted_with_the_gallery(tmp_path: Path) -> None:
    path = tmp_path / "gallery.db"
    with closing(Gallery.open(path)) as gallery:
        gallery.enroll("Ada Lovelace", [template(1)])
        made = gallery.back_up()
        assert is_plain(made.path)
        gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))
        assert not is_plain(made.path)
        assert b"Ada Lovelace" not in b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
        gallery.restore(made.path)
        assert names(gallery) == ["Ada Lovelace"]


def test_that_a_damaged_backup_is_refused_and_nothing_changes(path: Path) -> None:
    with opened(path) as gallery:
        made = gallery.back_up()
        damage_pages(made.path)
        with pytest.raises(GalleryError, match="damaged"):
            gallery.restore(made.path)
        assert names(gallery) == ["Ada Lovelace", "Grace Hopper"]


def test_that_a_destroyed_gallery_is_restored_and_the_wreck_kept(path: Path) -> None:
    with opened(path) as gallery:
        made, key = gallery.back_up(), gallery._file.key
    wreck = b"\x01" * 9000
    path.write_bytes(wreck)
    aside = backups.restore(path, made.path, key)
    assert aside is not None
    assert aside.read_bytes() == wreck
    with opened(path) as gallery:
        assert names(gallery) == ["Ada Lovelace", "Grace Hopper"]


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("name", ["gallery.db", "x" * 240 + ".db", "\N{GRINNING FACE}" * 60 + ".db"])
def test_that_a_wreck_is_kept_whatever_its_name_and_where_files_have_only_one_name(
    tmp_path: Path, name: str, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    path, wreck = tmp_path / "own" / name, b"\x01" * 9000
    with closing(Gallery.open(path)) as gallery:
        gallery.enroll("Ada Lovelace", [template(1)])
        made = gallery.back_up()
    path.write_bytes(wreck)
    aside = backups.restore(path, made.path, None)
    assert aside is not None
    assert aside.read_bytes() == wreck
    if not links:
        assert aside.stat().st_mode & 0o777 == 0o600
    assert aside in copies_holding(path, None, 1, ()), "erasing somebody finds it"
    assert not [file for file in path.parent.iterdir() if file.name.startswith(".")]
    with opened(path) as gallery:
        assert names(gallery) == ["Ada Lovelace"]


def test_that_a_backup_is_not_put_under_a_window_that_is_open(path: Path) -> None:
    with opened(path) as gallery:
        made, key = gallery.back_up(), gallery._file.key
        with pytest.raises(GalleryError, match="open in another window"):
            backups.restore(path, made.path, key)
        with opened(path) as other, pytest.raises(GalleryError, match="open in another window"):
            other.restore(made.path)
        gallery.enroll("Mary Jackson", [template(9)])
    assert len(list_backups(path)) == 1
    with opened(path) as gallery:
        assert "Mary Jackson" in names(gallery)


def test_that_backups_are_turned_over_by_days_and_weeks(path: Path) -> None:
    with opened(path) as gallery:
        made = gallery.back_up()
        today = datetime.now(UTC)
        for days in range(1, 60):
            stamp = (today - timedelta(days=days)).strftime(STAMP)
            (backups_folder(path) / f"{stamp}.db").write_bytes(made.path.read_bytes())
        gallery.back_up()
    kept = list_backups(path)
    ages = [(today - backup.made_at).days for backup in kept]
    assert len([age for age in ages if age < 7]) >= 7
    assert 7 < len(kept) <= 2 + 7 + 4
    assert max(ages) >= 14


def test_that_a_backup_is_due_once_a_day_and_only_after_a_change(path: Path) -> None:
    assert due(path)
    with opened(path) as gallery:
        made = gallery.back_up()
    assert not due(path)
    old = datetime.now(UTC) - timedelta(days=2)
    aged = made.path.with_name(f"{old.strftime(STAMP)}.db")
    made.path.rename(aged)
    os.utime(aged, (old.timestamp(), old.timestamp()))
    assert due(path)
    os.utime(path, (old.timestamp() - 5, old.timestamp() - 5))
    assert not due(path)


def test_that_a_copy_that_was_never_finished_goes_with_the_next_backup(path: Path) -> None:
    with opened(path) as gallery:
        gallery.back_up()
        old, young = (backups_folder(path) / f".2026-01-02T030405.000000.db.{number}.new" for number in (1, 2))
        for left in (old, young):
            left.write_bytes(b"half a gallery")
        os.utime(old, (0, 0))
        gallery.back_up()
    assert not old.exists()
    assert young.exists(), "another window may be writing it"
    assert len(list_backups(path)) == 2


def test_that_a_sound_gallery_is_sound(path: Path) -> None:
    with opened(path) as gallery:
        found = gallery.check()
    assert (found.people, found.templates, found.embeddings, found.problems) == (2, 3, 3, ())


def test_that_a_damaged_picture_is_found(path: Path) -> None:
    with opened(path) as gallery:
        spoil(gallery, "UPDATE templates SET crop_jpeg = ? WHERE id = 1", b"something else")
        found = gallery.check()
    assert [problem.sentence for problem in found.problems] == [
        "A picture of “Ada Lovelace” is damaged. Restore a backup, or delete it."
    ]


@pytest.mark.parametrize("embedding", [b"", b"123", bytes(512), b"\xff" * 512])
def test_that_a_damaged_embedding_is_found_and_taken_out_to_be_made_again(path: Path, embedding: bytes) -> None:
    with opened(path) as gallery:
        spoil(gallery, "UPDATE embeddings SET embedding = ? WHERE template_id = 2", embedding)
        found = gallery.check()
        assert [(problem.kind, problem.template_id) for problem in found.problems] == [("embedding", 2)]
        assert len(gallery.repair(found)) == 1
        assert gallery.check().sound
        assert gallery.without_embedding(PACK) == [2]


def test_that_a_picture_of_nobody_is_found_and_taken_out(path: Path) -> None:
    with opened(path) as gallery:
        spoil(gallery, "UPDATE templates SET person_id = 999 WHERE id = 3")
        found = gallery.check()
        assert found.problems[0].kind == "link"
        gallery.repair(found)
        assert gallery.check().sound
        assert gallery.counts() == (2, 2)


def test_that_a_damaged_page_is_found(path: Path) -> None:
    with opened(path) as gallery:
        for number in range(20):
            gallery.enroll(f"Person {number}", [template(10 + number)])
    damage_pages(path)
    try:
        with opened(path) as gallery:
            assert not gallery.check().sound
    except (GalleryError, sqlite.Error) as error:
        assert "damaged" in str(error)  # noqa: PT017 - either way of noticing is right
