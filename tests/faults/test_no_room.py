"""V06: the disk is full at any place of what is more than an edit."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from engine.errors import GalleryError
from engine.gallery import compacting, file_backend, keys, vault
from engine.gallery.backups import backups_folder, list_backups
from engine.gallery.compacting import Compacted
from engine.gallery.database import connect, erase_leftovers
from engine.gallery.store import Gallery
from engine.transfer.gallery_file import export_gallery, import_gallery
from tests.engine.gallery.conftest import template
from tests.engine.transfer.conftest import CHEAP

from .conftest import PASSPHRASE, copied, looked_at, opened, state
from .room import check, fails_at_every_write, files_no_larger_than
from .table import said
from .test_kills import make_old
from .victim import seal_quickly

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX has these limits")


@pytest.fixture(params=["plain", "encrypted"])
def stored(request: pytest.FixtureRequest, path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(keys.Sealed, "of", classmethod(seal_quickly))
    if request.param == "encrypted":
        with opened(path) as gallery:
            protect(gallery)
    return path


def protect(gallery: Gallery) -> None:
    gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))


def test_that_no_room_at_any_place_of_opening_changes_nothing(stored: Path, tmp_path: Path) -> None:
    with opened(stored) as gallery:
        gallery.enroll("Alan Turing", [template(number) for number in range(70, 80)])
        wanted = state(gallery)
        crashed = copied(stored, tmp_path / "crashed")
    assert crashed.with_name("gallery.db-wal").stat().st_size > 0

    def work() -> None:
        with opened(crashed) as gallery:
            assert state(gallery) == wanted

    def unharmed() -> None:
        assert looked_at(copied(crashed, tmp_path / "trial")) == wanted

    told = fails_at_every_write(work, unharmed, 34_000, 6)
    for sentence in told:
        said("full: opening", sentence)
    assert looked_at(crashed) == wanted


def test_that_no_room_at_any_place_of_an_import_brings_nobody(stored: Path, tmp_path: Path) -> None:
    with closing(Gallery.open(tmp_path / "other" / "gallery.db")) as other:
        for number in range(20):
            other.enroll(f"Person {number}", [template(200 + number)])
        export_gallery(other, tmp_path / "people.visavis", PASSPHRASE, cost=CHEAP)
    with opened(stored) as gallery:
        before = state(gallery)
        told = fails_at_every_write(
            lambda: import_gallery(gallery, tmp_path / "people.visavis", PASSPHRASE),
            lambda: check(state(gallery) == before and gallery.undo_text != "Import people.visavis"),
            150_000,
            12,
        )
        assert len(gallery.people()) == 23
    for sentence in told:
        said("full: import", sentence)


def test_that_no_room_at_any_place_of_embedding_again_leaves_the_embeddings_of_before(stored: Path) -> None:
    with opened(stored) as gallery:
        gallery.enroll("Many", [template(number) for number in range(100, 160)])
        before = state(gallery)
        made = {id_: template(500 + id_).embedding for id_ in gallery.without_embedding("other")}
        told = fails_at_every_write(
            lambda: gallery.add_embeddings("other", made), lambda: check(state(gallery) == before), 200_000, 16
        )
        assert gallery.without_embedding("other") == []
    for sentence in told:
        said("full: embed", sentence)


def test_that_no_room_at_any_place_of_migrating_leaves_the_old_gallery(tmp_path: Path) -> None:
    old = tmp_path / "old" / "gallery.db"
    old.parent.mkdir()
    make_old(old)
    wanted = looked_at(copied(old, tmp_path / "wanted"))

    def unharmed() -> None:
        with closing(connect(old, None)) as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
            assert connection.execute("SELECT count(*) FROM templates").fetchone() == (39,)
        assert not [file for file in old.parent.iterdir() if file.suffix == ".new"]

    told = fails_at_every_write(lambda: Gallery.open(old).close(), unharmed, 2 * old.stat().st_size, 16)
    for sentence in told:
        said("full: migration", sentence)
    assert looked_at(old) == wanted


def test_that_no_room_at_any_place_of_encrypting_leaves_a_plain_gallery(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys.Sealed, "of", classmethod(seal_quickly))
    with opened(path) as gallery:
        gallery.enroll("Many", [template(number) for number in range(100, 160)])
        backup, before = gallery.back_up(), state(gallery)

        def unharmed() -> None:
            assert state(gallery) == before
            assert not gallery.encrypted
            assert looked_at(path) == looked_at(backup.path) == before
            assert not [file for file in path.parent.iterdir() if file.suffix == ".new"]

        told = fails_at_every_write(lambda: protect(gallery), unharmed, path.stat().st_size, 12)
        assert gallery.encrypted
        assert state(gallery) == before
    for sentence in told:
        said("full: encrypting", sentence)
    assert looked_at(path) == before


def test_that_a_gallery_that_was_encrypted_and_cannot_be_opened_again_yet_is_opened_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(path) as gallery:
        before = state(gallery)

        def full(path: Path, key: bytes | None) -> None:
            raise GalleryError("No room.")

        with monkeypatch.context() as patch:
            patch.setattr(file_backend, "open_database", full)
            with pytest.raises(GalleryError, match="No room"):
                protect(gallery)
        assert gallery.encrypted
        assert state(gallery) == before
        gallery.enroll("Alan Turing", [template(70)])
        after = state(gallery)
    assert looked_at(path) == after


def test_that_no_room_at_any_place_of_a_restore_loses_nothing_of_what_is_there(stored: Path) -> None:
    with opened(stored) as gallery:
        gallery.enroll("Many", [template(number) for number in range(100, 160)])
        made, wanted = gallery.back_up(), state(gallery)
        gallery.delete_person(gallery.find("Ada Lovelace").id)
        gallery.enroll("Alan Turing", [template(number) for number in range(70, 90)])
        before = state(gallery)
        assert stored.with_name("gallery.db-wal").stat().st_size > 0

        def unharmed() -> None:
            assert state(gallery) == before
            assert sorted(file.name for file in stored.parent.glob("*.damaged-*")) == []
            assert [one.path for one in list_backups(stored)] == [made.path]

        told = fails_at_every_write(lambda: gallery.restore(made.path), unharmed, stored.stat().st_size, 12)
        assert state(gallery) == wanted
        gallery.restore(list_backups(stored)[0].path)
        assert state(gallery) == before
    for sentence in told:
        said("full: restore", sentence)


def test_that_no_room_for_a_second_copy_stops_a_restore_before_anything_is_replaced(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(path) as gallery:
        made = gallery.back_up()
        gallery.enroll("Alan Turing", [template(70)])
        before = state(gallery)

        def full(source: Path, copy: Path, key: bytes | None) -> None:
            raise OSError(28, os.strerror(28))

        with monkeypatch.context() as patch:
            patch.setattr("engine.gallery.backups.back_up", full)
            with pytest.raises(GalleryError) as told:
                gallery.restore(made.path)
        said("full: second copy", str(told.value))
        assert state(gallery) == before
        assert not list(path.parent.glob("*.damaged-*"))
        assert len(list(backups_folder(path).iterdir())) == 1


def test_that_nothing_needs_room_in_the_temporary_folder(
    stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TMPDIR", "TEMP", "TMP", "SQLITE_TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path / "full"))
    with opened(stored) as gallery:
        gallery.enroll("Many", [template(number) for number in range(100, 160)])
        export_gallery(gallery, tmp_path / "people.visavis", PASSPHRASE, cost=CHEAP)
        made = gallery.back_up()
        gallery.delete_person(gallery.find("Many").id)
        assert gallery.compact().problem == ""
        import_gallery(gallery, tmp_path / "people.visavis", PASSPHRASE)
        wanted = {person.name for person in gallery.people()}
        gallery.restore(made.path)
        assert {person.name for person in gallery.people()} == wanted


def test_that_no_room_for_the_temporary_file_of_a_large_gallery_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compacting, "_IN_MEMORY_BYTES", 0)
    monkeypatch.setattr(keys.Sealed, "of", classmethod(seal_quickly))
    with opened(path) as gallery:
        protect(gallery)
        gallery.enroll("Many", [template(number) for number in range(100, 160)])
        gallery.delete_person(gallery.find("Joan Clarke").id)
        erase_leftovers(gallery._engine)
        before, size, done = state(gallery), path.stat().st_size, Compacted()
        told = set()
        for limit in range(0, 2 * size, size // 8):
            with files_no_larger_than(limit):
                done = gallery.compact()
            told.add(done.problem)
            assert state(gallery) == before
        assert done.problem == ""
    for sentence in told - {""}:
        said("refused: compact", sentence)
