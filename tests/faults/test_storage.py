"""The gallery's file is damaged, replaced, gone, or cannot be written: what is said, and what is still there."""

from __future__ import annotations

import errno
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlcipher3.dbapi2 as sqlite
from sqlalchemy import Engine

from engine.care import days_left, extended
from engine.errors import GalleryError
from engine.gallery import backups, compacting, rows, vault
from engine.gallery.attempts import FREE, Attempts, Moment
from engine.gallery.backups import due, list_backups
from engine.gallery.database import empty_log
from engine.gallery.store import Gallery
from engine.gallery.vault import Typed
from engine.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from engine.transfer.gallery_file import export_gallery
from tests.engine.gallery.conftest import template
from tests.engine.transfer.conftest import CHEAP

from .conftest import PASSPHRASE, Victims, copied, looked_at, opened, state
from .room import check, fails_at_every_write, files_no_larger_than
from .table import said

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX has these limits and permissions")


@pytest.fixture
def sealed(path: Path) -> Path:
    """The gallery behind a passphrase."""
    with opened(path) as gallery:
        gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))
    return path


def refusal(path: Path) -> str:
    """What opening and checking a gallery says."""
    try:
        with opened(path) as gallery:
            return gallery.check().problems[0].sentence
    except GalleryError as error:
        return str(error)


# --- the file is not what it was --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "damage"),
    [
        ("zero bytes", lambda content: b""),
        ("random bytes", lambda content: os.urandom(len(content))),
        ("text", lambda content: b"Dear diary, " * 500),
        ("half of it", lambda content: content[: len(content) // 2 // 4096 * 4096]),
        ("page 1", lambda content: flipped(content, 30)),
    ],
)
def test_that_a_damaged_plain_gallery_is_refused_and_left_as_it_is(
    path: Path, fault: str, damage: Callable[[bytes], bytes]
) -> None:
    content = damage(path.read_bytes())
    path.write_bytes(content)
    said(f"plain: {fault}", refusal(path))
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("fault", "damage"),
    [
        ("zero bytes", lambda content: b""),
        ("random bytes", lambda content: os.urandom(len(content))),
        ("half of it", lambda content: content[: len(content) // 2 // 4096 * 4096]),
        ("page 1", lambda content: flipped(content, 30)),
        ("a page in the middle", lambda content: flipped(content, len(content) // 2)),
        ("the last page", lambda content: flipped(content, len(content) - 100)),
    ],
)
def test_that_a_damaged_encrypted_gallery_is_told_from_a_wrong_passphrase_and_restored(
    sealed: Path, fault: str, damage: Callable[[bytes], bytes]
) -> None:
    with opened(sealed) as gallery:
        made, key, before = gallery.back_up(), gallery.key, state(gallery)
    content = damage(sealed.read_bytes())
    sealed.write_bytes(content)
    said(f"encrypted: {fault}", refusal(sealed))
    assert sealed.read_bytes() == content
    backups.restore(sealed, made.path, key)
    assert looked_at(sealed) == before


def flipped(content: bytes, place: int) -> bytes:
    """One bit is another."""
    changed = bytearray(content)
    changed[place] ^= 4
    return bytes(changed)


def test_that_a_gallery_whose_log_was_deleted_is_as_at_its_last_checkpoint(path: Path, tmp_path: Path) -> None:
    before = looked_at(path)
    with opened(path) as gallery:
        gallery.enroll("Alan Turing", [template(70)])
        trial = copied(path, tmp_path / "trial")
        after = state(gallery)
    assert looked_at(copied(trial, tmp_path / "whole")) == after
    for end in ("-wal", "-shm"):
        trial.with_name(trial.name + end).unlink()
    assert looked_at(trial) == before


def test_that_a_log_left_over_from_another_state_is_not_applied(path: Path, tmp_path: Path) -> None:
    with opened(path) as gallery:
        made = gallery.back_up()
        wanted = state(gallery)
        gallery.enroll("Alan Turing", [template(70)])
        crashed = copied(path, tmp_path / "crashed")
    backups.restore(crashed, list_backups(crashed)[-1].path, None)
    assert made.path.name in {one.path.name for one in list_backups(crashed)}
    assert looked_at(crashed) == wanted


def test_that_an_older_copy_in_its_place_opens_as_it_was_then(sealed: Path, tmp_path: Path) -> None:
    old, before = copied(sealed, tmp_path / "old"), looked_at(sealed)
    with opened(sealed) as gallery:
        gallery.delete_person(gallery.find("Ada Lovelace").id)
    sealed.write_bytes(old.read_bytes())
    assert looked_at(sealed, may_be_older=True) == before


# --- the disk is full -------------------------------------------------------------------------------------------------


def test_that_a_disk_that_is_full_at_any_page_of_an_enrollment_changes_nothing(path: Path) -> None:
    with opened(path) as gallery:
        before, refused, enrolled = state(gallery), 0, False
        with gallery._engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        while not enrolled:
            with gallery._engine.connect() as connection:
                connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + refused}")
            try:
                gallery.enroll("Many", [template(number) for number in range(100, 160)])
                enrolled = True
            except GalleryError as error:
                said("full: enrollment", str(error))
                assert state(gallery) == before
                refused += 1
    assert refused > 10


@posix
@pytest.mark.parametrize("how", ["plain", "encrypted"])
def test_that_no_room_at_any_place_of_an_edit_leaves_before_or_after(path: Path, tmp_path: Path, how: str) -> None:
    with opened(path) as gallery:
        if how == "encrypted":
            gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))
        before = state(gallery)
        told = fails_at_every_write(
            lambda: gallery.enroll("Many", [template(number) for number in range(100, 110)]),
            lambda: check(state(gallery) == before),
            60_000,
        )
    for sentence in told:
        said("no room: edit", sentence)


@posix
def test_that_a_deletion_stands_when_the_log_cannot_be_emptied_and_is_finished_later(path: Path) -> None:
    with opened(path) as gallery:
        gallery.enroll("Many", [template(number) for number in range(100, 140)])
        with gallery._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_autocheckpoint = 0")
        # The log has room up to where it is written, the file behind it has none.
        with files_no_larger_than(200_000):
            gallery.delete_person(gallery.find("Joan Clarke").id)
        assert [person.name for person in gallery.people()] == ["Ada Lovelace", "Grace Hopper", "Many"]
        assert gallery.undo_text == "Delete Joan Clarke"
        gallery.rename(gallery.find("Many").id, "Many people")
    assert not any(template(4).crop_jpeg in file.read_bytes() for file in path.parent.iterdir() if file.is_file())


@posix
def test_that_no_room_at_any_place_of_a_backup_leaves_the_backups_of_before(path: Path) -> None:
    with opened(path) as gallery:
        first = gallery.back_up()
        content, before = first.path.read_bytes(), state(gallery)

        def unharmed() -> None:
            assert [one.path for one in list_backups(path)] == [first.path]
            assert first.path.read_bytes() == content
            assert state(gallery) == before

        told = fails_at_every_write(gallery.back_up, unharmed, len(content))
    for sentence in told:
        said("full: backup", sentence)
    assert not [file for file in first.path.parent.iterdir() if file.name.startswith(".")]


@posix
def test_that_no_room_at_any_place_of_an_export_leaves_the_file_of_before(path: Path, tmp_path: Path) -> None:
    place = tmp_path / "out" / "people.visavis"
    place.parent.mkdir()
    place.write_bytes(b"the file of before")
    with opened(path) as gallery:
        export_gallery(gallery, tmp_path / "whole.visavis", PASSPHRASE, cost=CHEAP)
        told = fails_at_every_write(
            lambda: export_gallery(gallery, place, PASSPHRASE, cost=CHEAP),
            lambda: check(place.read_bytes() == b"the file of before" and len(list(place.parent.iterdir())) == 1),
            (tmp_path / "whole.visavis").stat().st_size,
        )
    for sentence in told:
        said("full: export", sentence)


@posix
def test_that_no_room_at_any_place_of_a_checkpoint_leaves_the_one_before(tmp_path: Path) -> None:
    import torch  # noqa: PLC0415 - the other tests need none

    def made(value: float) -> Checkpoint:
        return Checkpoint({"weights": torch.full((3000,), value)}, {"step": int(value)})

    write_checkpoint(tmp_path, "last", made(1))

    def unharmed() -> None:
        kept = read_checkpoint(tmp_path, "last")
        assert kept is not None
        assert kept.state["step"] == 1
        assert float(kept.tensors["weights"][-1]) == 1

    told = fails_at_every_write(lambda: write_checkpoint(tmp_path, "last", made(2)), unharmed, 12_500)
    for sentence in told:
        said("full: checkpoint", sentence)


@posix
@pytest.mark.parametrize("how", ["plain", "encrypted"])
def test_that_a_refused_write_at_any_place_of_writing_anew_changes_nothing(path: Path, how: str) -> None:
    with opened(path) as gallery:
        if how == "encrypted":
            gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))
        gallery.enroll("Many", [template(number) for number in range(100, 160)])
        gallery.erase_person(gallery.find("Many").id, "receipt")
        before, size = state(gallery), path.stat().st_size
        told = set()
        for limit in range(0, 2 * size, size // 24):
            with files_no_larger_than(limit):
                told.add(gallery.compact().problem)
            assert state(gallery) == before
        assert path.stat().st_size < size
        assert path.with_name("gallery.db-wal").stat().st_size == 0
    told.remove("")
    for sentence in told:
        said("refused: compact", sentence)
    assert looked_at(path) == before


@pytest.mark.parametrize(
    ("key", "name", "free"),
    [
        ("full: compact", "SQLITE_FULL", 2**40),
        ("full: compact", "SQLITE_IOERR_SHMSIZE", 0),
        ("refused: compact", "SQLITE_IOERR_WRITE", 2**40),
        ("refused: compact", "SQLITE_IOERR_FSYNC", None),
    ],
)
@pytest.mark.parametrize("step", ["writing anew", "emptying the log"])
def test_that_a_full_disk_is_told_from_one_that_fails_while_writing_anew(
    path: Path, step: str, key: str, name: str, free: int | None
) -> None:
    with opened(path) as gallery:
        before = state(gallery)
        with pytest.MonkeyPatch.context() as patch:
            fail_at(step, name, free, patch)
            done = gallery.compact()
        said(key, done.problem)
        assert state(gallery) == before
        assert gallery.compact().problem == ""


def fail_at(step: str, name: str, free: int | None, patch: pytest.MonkeyPatch) -> None:
    """Let SQLite report an error from a step on, on a disk with so much room, which cannot be asked for it if None."""
    failing, vacuum = threading.Event(), compacting._vacuum

    def write_anew(*arguments: Any, **options: Any) -> None:
        if step != "writing anew":
            vacuum(*arguments, **options)
        failing.set()
        if step == "writing anew":
            error = sqlite.OperationalError("said by a fake")
            error.sqlite_errorname = name
            raise error

    def empty(engine: Engine) -> str:
        return name if failing.is_set() else empty_log(engine)

    def room(_folder: Path) -> SimpleNamespace:
        if failing.is_set() and free is None:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return SimpleNamespace(free=free if failing.is_set() else 2**40)

    patch.setattr(compacting, "_vacuum", write_anew)
    patch.setattr(compacting, "empty_log", empty)
    patch.setattr("engine.gallery.compacting.shutil.disk_usage", room)


# --- the place cannot be used -----------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("what", ["folder", "file"])
def test_that_a_gallery_that_may_not_be_written_says_so(path: Path, victims: Victims, what: str) -> None:
    content = path.read_bytes()
    answer = victims.as_nobody(path, what)
    said(f"read-only {what}", answer)
    assert path.read_bytes() == content


@posix
def test_that_another_user_is_refused(path: Path, victims: Victims) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    before = looked_at(path)
    said("another user", victims.as_nobody(path, "another's"))
    assert looked_at(path) == before


@pytest.mark.parametrize(
    "name", ["with spaces.db", "\N{GRINNING FACE}.db", "ünï.db", "x" * 240 + ".db", "per%20cent?#.db"]
)
def test_that_any_name_of_a_gallery_works(tmp_path: Path, name: str) -> None:
    place = tmp_path / "a folder" / name
    with closing(Gallery.open(place)) as gallery:
        gallery.enroll("Ada Lovelace", [template(1)])
        made = gallery.back_up()
        gallery.delete_person(gallery.find("Ada Lovelace").id)
        gallery.restore(made.path)
        gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))
    with closing(Gallery.open(place, Typed(PASSPHRASE))) as gallery:
        assert [person.name for person in gallery.people()] == ["Ada Lovelace"]


@posix
def test_that_a_gallery_behind_a_link_stays_where_it_is(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "faces.db"
    link.parent.mkdir()
    link.symlink_to(path)
    wanted = looked_at(path)
    with closing(Gallery.open(link)) as gallery:
        assert state(gallery) == wanted
        made = gallery.back_up()
        gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))
        gallery.restore(made.path)
    assert link.is_symlink()
    assert looked_at(path) == wanted
    assert sorted(file.name for file in link.parent.iterdir()) == ["faces.db"]


@posix
def test_that_a_drive_that_vanishes_is_said_and_all_is_there_when_it_is_back(path: Path, tmp_path: Path) -> None:
    with opened(path) as gallery:
        before = state(gallery)
        away = path.parent.rename(tmp_path / "away")
        with pytest.raises(GalleryError) as told:
            gallery.back_up()
        said("vanished", str(told.value))
        away.rename(path.parent)
        assert state(gallery) == before
        assert gallery.back_up().path.is_file()


# --- the clock --------------------------------------------------------------------------------------------------------


def test_that_a_clock_set_back_keeps_the_order_and_the_backups_going(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(path) as gallery:
        gallery.back_up()
        past = datetime(2016, 1, 1)
        monkeypatch.setattr(rows, "now", lambda: past)
        ada = gallery.find("Ada Lovelace")
        gallery.enroll("Ada Lovelace", [template(80)])
        assert gallery.templates(ada.id)[-1].source == "picture80.jpg"
        assert gallery.undo() == "Enroll Ada Lovelace"
        gallery.rename(ada.id, "Augusta")

    class Earlier(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # one zone is enough
            return datetime.now(tz) - timedelta(days=3650)  # type: ignore[arg-type]  # as above

    monkeypatch.setattr(backups, "datetime", Earlier)
    assert due(path), "a backup of a day to come does not stand in the way of today's"
    with opened(path) as gallery:
        gallery.back_up()
    assert len(list_backups(path)) == 2
    assert not due(path)


@posix
@pytest.mark.parametrize(
    ("at", "step_s"),
    [
        pytest.param("2026-03-29T00:59:50", 0, id="summer time begins"),
        pytest.param("2026-10-25T00:59:50", 0, id="summer time ends"),
        pytest.param("2016-12-31T23:59:50", -1, id="a leap second"),
    ],
)
def test_that_a_day_with_another_length_changes_no_pause_day_or_order(
    path: Path, at: str, step_s: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        start = datetime.fromisoformat(at).replace(tzinfo=UTC)
        begun = Moment(start.timestamp(), 1000)
        tried = Attempts()
        for _ in range(FREE):
            tried = tried.failed(begun)
        left = []
        for waited in (0, 9, 15, 29, 30 - step_s):
            now = Moment(begun.wall_s + waited + (step_s if waited > 10 else 0), begun.ticks_s + waited)
            left.append(tried.seen(now).left_s(now))
        assert left == sorted(left, reverse=True)
        assert 1 <= left[-2] <= 1 - step_s
        assert left[0] == 30
        assert left[-1] == 0

        class Hourly(datetime):
            hour = 0

            @classmethod
            def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # noqa: ARG003 - as above
                cls.hour += 1
                return start + timedelta(hours=cls.hour)

        with opened(path) as gallery, monkeypatch.context() as patch:
            patch.setattr(backups, "datetime", Hourly)
            made = [gallery.back_up().path for _ in range(4)]
        assert [one.path for one in reversed(list_backups(path))] == made
        with opened(path) as gallery:
            today = date.fromtimestamp(start.timestamp())
            ada = gallery.describe(gallery.find("Ada Lovelace").id, expires_on=today + timedelta(days=1))
            assert ada.expires_on is not None
            hours = {date.fromtimestamp(start.timestamp() + hour * 3600) for hour in range(72)}
            assert {days_left(ada, day) for day in hours} >= {1, 0, -1}
            assert extended(ada, today) == ada.expires_on.replace(year=ada.expires_on.year + 1)
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
