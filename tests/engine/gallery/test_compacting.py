"""The gallery's file written anew: nothing of what was deleted is left, and nothing else is lost."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlite

from engine.errors import OperationCancelledError
from engine.gallery import compacting, vault
from engine.gallery.compacting import IN_USE, STILL_READ, TOO_LARGE, in_words
from engine.gallery.rows import now
from engine.gallery.schema import PersonRow
from engine.gallery.store import Gallery
from engine.types import NewTemplate

from .conftest import PACK, template

PASSPHRASE = "correct horse battery staple"


def files_of(folder: Path) -> bytes:
    """Every byte of every file."""
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def people_who_come_and_go(gallery: Gallery, seed: int) -> list[str]:
    """Fill a gallery with many short rows, change and delete some; returns the names of who is gone."""
    chance, there, gone = random.Random(seed), {}, []  # noqa: S311 - no secret
    for _ in range(8):
        with gallery.counting() as session:
            for _ in range(500):
                name = f"N{chance.randrange(10**12):012d}" + "y" * chance.randrange(60)
                row = PersonRow(name=name, name_key=name.lower(), search_text=name.lower(), created_at=now())
                session.add(row)
                session.flush()
                there[row.id] = name
        with gallery.counting() as session:
            for id_ in chance.sample(sorted(there), 60):
                row = session.get_one(PersonRow, id_)
                if chance.random() < 0.5:
                    row.notes = "w" * chance.randrange(2000)
                else:
                    gone.append(there.pop(id_))
                    session.delete(row)
    gallery._backend.erase_leftovers()
    return gone


def test_that_copies_which_the_database_leaves_behind_go_too(tmp_path: Path) -> None:
    left = []
    for seed in range(6):
        gallery = Gallery.open(tmp_path / f"own{seed}" / "gallery.db")
        gone = people_who_come_and_go(gallery, seed)
        content = files_of(gallery.path.parent)
        left += [name for name in gone if name.encode() in content or name.lower().encode() in content]
        assert gallery.compact().problem == ""
        content = files_of(gallery.path.parent)
        assert not [name for name in gone if name.encode() in content or name.lower().encode() in content]
        gallery.close()
        if left:
            break
    assert left, "overwriting alone would do: is writing anew still worth its while?"


def test_that_the_file_gets_smaller_and_keeps_everything_else(gallery: Gallery) -> None:
    gallery.enroll("Ada", [template(1)])
    gallery.enroll("Many", [template(number) for number in range(10, 200)])
    before, version = gallery.references(PACK), gallery.changed_elsewhere()
    gallery.erase_person(gallery.find("Many").id, "abc")
    room = gallery.room()
    done = gallery.compact()
    assert done.before is not None
    assert done.after is not None
    assert room.size_bytes == done.before
    assert 0 < room.free_bytes <= done.before - done.after
    assert gallery.room().free_bytes == 0
    assert done.after == gallery.path.stat().st_size
    assert f"{done.after:,} after" in in_words(done)
    assert not version
    assert not gallery.changed_elsewhere(), "what was written anew is no change"
    assert [person.name for person in gallery.people()] == ["Ada"]
    assert (gallery.references(PACK).matrix == before.matrix[:1]).all()
    assert gallery.check().sound
    assert gallery.journal.verify().sound
    assert gallery.enroll("Grace", [template(3)]).id == 3, "numbers are never given twice"


def test_that_a_gallery_from_which_somebody_was_deleted_is_written_anew_when_it_is_closed(tmp_path: Path) -> None:
    gallery = Gallery.open(tmp_path / "gallery.db")
    gallery.enroll("Many", [template(number) for number in range(200)])
    gallery.delete_person(gallery.find("Many").id)
    large = gallery.path.stat().st_size
    gallery.close()
    assert gallery.path.stat().st_size < large / 2


def test_that_a_file_that_would_take_long_is_left_for_later(gallery: Gallery) -> None:
    gallery.enroll("Ada", [template(1)])
    gallery._backend.erase_leftovers()
    content = gallery.path.read_bytes()
    done = gallery.compact(most=10)
    assert done.problem == TOO_LARGE
    assert done.before == done.after == len(content)
    assert gallery.path.read_bytes() == content


def bulky(seed: int) -> NewTemplate:
    """A template whose crop takes some room."""
    made = template(seed)
    return NewTemplate(made.embedding, made.pack_id, made.crop_jpeg * 120, made.source, made.quality)


def unnamed_files() -> dict[str, bytes]:
    """The content of every file that this process has open and that has no name (any more)."""
    found = {}
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            target = str(descriptor.readlink())
            if target.endswith("(deleted)") and target.startswith("/"):
                with descriptor.open("rb") as file:
                    found[target] = file.read()
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="only here can files without a name be looked into")
@pytest.mark.parametrize(("encrypted", "in_memory"), [(True, True), (True, False), (False, True)])
def test_that_what_is_written_meanwhile_is_in_memory_or_encrypted(
    gallery: Gallery, encrypted: bool, in_memory: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if encrypted:
        gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))
    gallery.enroll("Ada Lovelace", [bulky(number) for number in range(200)])
    monkeypatch.setattr(compacting, "_IN_MEMORY_BYTES", 2**30 if in_memory else 0)
    monkeypatch.setattr(compacting, "_STEPS", 50)
    before, unnamed, leaks = unnamed_files(), 0, []

    def look() -> None:
        nonlocal unnamed
        new = {name: content for name, content in unnamed_files().items() if name not in before}
        unnamed += any(new.values())
        named = files_of(gallery.path.parent) if encrypted else b""
        if b"crop number" in b"".join(new.values()) or b"crop number" in named or b"Lovelace" in named:
            leaks.append(sorted(new))

    assert gallery._backend.compact(None, look).problem == ""
    assert not leaks
    assert bool(unnamed) == (not in_memory)
    assert gallery.counts() == (1, 200)


def test_that_it_can_be_cancelled_and_changes_nothing(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery.enroll("Ada", [bulky(number) for number in range(100)])
    gallery._backend.erase_leftovers()
    content, steps = gallery.path.read_bytes(), 0
    monkeypatch.setattr(compacting, "_STEPS", 100)

    def stop() -> None:
        nonlocal steps
        steps += 1
        if steps == 3:
            raise OperationCancelledError

    with pytest.raises(OperationCancelledError):
        gallery._backend.compact(None, stop)
    assert gallery.path.read_bytes() == content
    assert gallery.compact().problem == ""
    assert gallery.counts() == (1, 100)


def test_that_others_who_read_or_write_are_not_in_the_way_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.gallery.database._BUSY_SECONDS", 0.2)
    gallery = Gallery.open(tmp_path / "gallery.db")
    gallery.enroll("Ada", [template(1)])
    other = sqlite.connect(gallery.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert gallery.compact().problem == IN_USE
    other.execute("ROLLBACK")
    other.execute("BEGIN")
    other.execute("SELECT count(*) FROM people").fetchone()
    done = gallery.compact()
    assert done.problem == STILL_READ
    assert other.execute("SELECT count(*) FROM people").fetchone() == (1,)
    other.execute("ROLLBACK")
    other.close()
    assert gallery.compact().problem == ""
    gallery.close()


@dataclass
class Usage:
    free: int


def test_that_a_disk_without_room_for_a_copy_is_said_before_anything_is_written(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.gallery.compacting.shutil.disk_usage", lambda _: Usage(1000))
    assert gallery.compact().problem == compacting.NO_ROOM
