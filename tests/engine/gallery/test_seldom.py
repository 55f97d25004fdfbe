"""What the system seldom does to a gallery: files that are not what they seem, links that cannot be made, no rights."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from engine.errors import GalleryError
from engine.gallery import encrypting, vault, witness
from engine.gallery.backups import backups_folder, holding, list_backups
from engine.gallery.database import translated_errors
from engine.gallery.store import Gallery
from engine.gallery.vault import Typed

from .conftest import template

PASSPHRASE = "correct horse battery staple"


def made(path: Path) -> Path:
    with closing(Gallery.open(path)) as gallery:
        gallery.enroll("Ada", [template(1)])
    return path


def test_that_files_among_the_backups_that_are_none_are_passed_over(tmp_path: Path) -> None:
    with closing(Gallery.open(made(tmp_path / "gallery.db"))) as gallery:
        backup = gallery.back_up()
    (backups_folder(tmp_path / "gallery.db") / "notes.db").write_bytes(b"mine")
    assert [one.path for one in list_backups(tmp_path / "gallery.db")] == [backup.path]


def test_that_a_backup_that_cannot_be_read_holds_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(Gallery.open(made(tmp_path / "gallery.db"))) as gallery:
        sums = {hashlib.sha256(template(1).crop_jpeg).hexdigest()}
        sound, broken = gallery.back_up(), gallery.back_up()
    broken.path.write_bytes(b"no database " * 1000)
    assert [one.path for one in holding(tmp_path / "gallery.db", None, sums)] == [sound.path]
    assert "cannot be read" in caplog.text


@pytest.mark.parametrize("error", [OSError(errno.EPERM, "no links"), FileExistsError(errno.EEXIST, "there")])
def test_that_a_gallery_is_made_where_there_are_no_links_and_where_another_was_quicker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    path, link = tmp_path / "gallery.db", os.link

    def fail(source: Path, target: Path) -> None:
        if isinstance(error, FileExistsError):
            link(source, target)
        raise error

    monkeypatch.setattr(os, "link", fail)
    made(path)
    monkeypatch.undo()
    with closing(Gallery.open(path)) as gallery:
        assert [person.name for person in gallery.people()] == ["Ada"]
    assert not list(tmp_path.glob(".*.new"))


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), "may not be written"),
        (OSError(errno.ENXIO, "No such device"), "cannot be opened: No such device"),
    ],
)
def test_that_what_the_file_system_says_is_said_of_the_gallery(error: OSError, sentence: str) -> None:
    with pytest.raises(GalleryError, match=rf"“gallery\.db” {sentence}"), translated_errors(Path("gallery.db")):
        raise error


def test_that_what_a_killed_process_was_building_is_removed_after_an_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = made(tmp_path / "gallery.db")
    old, new = (tmp_path / f".gallery.db.{number}.new" for number in (1, 2))
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    Gallery.open(path).close()
    assert (old.exists(), new.exists()) == (False, True)

    def fail(_path: Path) -> None:
        raise PermissionError(errno.EACCES, "no")

    os.utime(new, (time.time() - 7200,) * 2)
    monkeypatch.setattr(vault, "remove_with_logs", fail)
    caplog.set_level(logging.INFO)
    Gallery.open(path).close()
    assert "could not be removed" in caplog.text


def test_that_a_gallery_is_encrypted_though_its_old_bytes_cannot_be_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_file: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    path = made(tmp_path / "gallery.db")
    monkeypatch.setattr(encrypting, "overwrite", fail)
    with closing(Gallery.open(path)) as gallery:
        gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))
    assert "could not be overwritten" in caplog.text
    with closing(Gallery.open(path, Typed(PASSPHRASE))) as gallery:
        assert [person.name for person in gallery.people()] == ["Ada"]


def test_that_a_plain_backup_that_cannot_be_encrypted_is_said_and_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = made(tmp_path / "gallery.db")
    with closing(Gallery.open(path)) as gallery:
        backup = gallery.back_up()
        damaged = backup.path.read_bytes()[:4096] + bytes(8000)
        backup.path.write_bytes(damaged)
        gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))
    assert "could not be encrypted" in caplog.text
    assert backup.path.read_bytes() == damaged


def test_that_a_note_that_cannot_be_written_does_not_keep_a_gallery_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_what: object, **_how: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(witness, "write_whole", fail)
    made(tmp_path / "gallery.db")
    assert "could not be noted" in caplog.text
