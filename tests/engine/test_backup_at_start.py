"""The backup that is made by itself at start does not get in the way of what changes the file, and is not harmed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlite

from engine.gallery import backups
from engine.gallery.backups import list_backups
from engine.gallery.database import connect
from engine.gallery.keys import keys_path
from engine.gallery.store import Gallery
from engine.service import FaceService
from engine.settings import Settings
from tests.engine.gallery.conftest import template

WITHIN_S = 30
PASSPHRASE = "correct horse battery staple"
Held = Callable[[Path], tuple[FaceService, list[str]]]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    """Starts the engine on a gallery, and holds the copying of its backup up until somebody waits for it."""

    def start(path: Path) -> tuple[FaceService, list[str]]:
        begun, free, done = threading.Event(), threading.Event(), list[str]()
        copy = backups.back_up

        def slowly(source: Path, target: Path, key: bytes | None) -> None:
            if threading.current_thread().name == "backup":
                begun.set()
                assert free.wait(WITHIN_S), "nobody waited for it"
                done.append("copied")
            copy(source, target, key)

        monkeypatch.setattr(backups, "back_up", slowly)
        service = FaceService(Settings(precision="fp32"), path)
        assert begun.wait(WITHIN_S)
        backup = service._backup
        assert backup is not None
        wait = backup.join

        def join(timeout: float | None = None) -> None:
            done.append("waited for")
            free.set()
            wait(timeout)

        monkeypatch.setattr(backup, "join", join)
        return service, done

    return start


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A gallery of two people without a backup; it is closed."""
    place = tmp_path / "own" / "gallery.db"
    with closing(Gallery.open(place)) as gallery:
        gallery.enroll("Ada Lovelace", [template(1)])
        gallery.enroll("Grace Hopper", [template(2)])
    return place


def readable(backup: Path, key: bytes | None) -> bool:
    """Whether a backup opens with a key, and holds the two."""
    try:
        with closing(connect(backup, key)) as copy:
            return bool(copy.execute("SELECT count(*) FROM people").fetchone() == (2,))
    except sqlite.DatabaseError:
        return False


def test_that_a_passphrase_set_meanwhile_waits_for_it(path: Path, held: Held) -> None:
    service, done = held(path)
    service.vault.set_passphrase(PASSPHRASE, ask_at_start=True)
    assert done[:2] == ["waited for", "copied"]
    assert [person.name for person in service.people()] == ["Ada Lovelace", "Grace Hopper"]
    assert all(readable(one.path, service._now.gallery.key) for one in service.vault.backups())
    assert all(keys_path(one.path).is_file() for one in service.vault.backups())
    assert not any(b"Lovelace" in file.read_bytes() for file in path.parent.rglob("*") if file.is_file())
    service.close()


def test_that_going_back_to_a_backup_meanwhile_waits_for_it(path: Path, held: Held) -> None:
    with closing(Gallery.open(path)) as gallery:
        old = gallery.back_up()
        gallery.delete_person(gallery.find("Ada Lovelace").id)
    # As if it were of the day before yesterday.
    aside = path.parent / "older.db"
    old.path.rename(aside)
    service, done = held(path)
    aside.rename(old.path)
    service.vault.restore(old.path)
    assert done[:2] == ["waited for", "copied"]
    assert [person.name for person in service.people()] == ["Ada Lovelace", "Grace Hopper"]
    assert len(list_backups(path)) >= 2
    service.close()


def test_that_erasing_meanwhile_knows_of_it(path: Path, held: Held) -> None:
    service, done = held(path)
    receipt = service.erasure.erase(service.person_named("Ada Lovelace").id)
    assert done[:2] == ["waited for", "copied"]
    assert receipt.copies_left == (service.vault.backups()[0].path.name,), "it holds them, too"
    service.close()


def test_that_closing_and_locking_wait_for_it(path: Path, held: Held) -> None:
    service, done = held(path)
    service.close()
    assert done[:2] == ["waited for", "copied"]
    assert len(list_backups(path)) == 1
