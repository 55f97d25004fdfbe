"""The file under the gallery: damage, other programs, deletion for good, crashes, older versions."""

from __future__ import annotations

import dataclasses
import hashlib
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import sqlcipher3.dbapi2 as sqlite3
from sqlalchemy import create_engine, inspect

from engine.errors import GalleryError
from engine.gallery.database import APPLICATION_ID, LOG_BYTES
from engine.gallery.schema import Base
from engine.gallery.store import Gallery

from .conftest import PACK, template

ROOT = Path(__file__).parents[3]


def test_that_a_folder_is_made_for_a_new_gallery(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "gallery.db"
    Gallery.open(path).close()
    assert path.is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_that_only_the_owner_may_read_a_gallery(tmp_path: Path) -> None:
    gallery = Gallery.open(tmp_path / "share" / "own" / "gallery.db")
    gallery.enroll("Ada", [template(1)])
    gallery.back_up()
    there = list((tmp_path / "share").rglob("*"))
    assert {file.suffix for file in there} >= {".db", ".db-wal", ".db-shm", ".backups"}
    for file in (tmp_path / "share", *there):
        assert stat.S_IMODE(file.stat().st_mode) == (0o700 if file.is_dir() else 0o600), file.name
    gallery.close()


@pytest.mark.parametrize("content", [b"no database at all", b"SQLite format 3\x00" + bytes(200), b"\xff" * 5000])
def test_that_what_is_no_gallery_is_left_untouched(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "gallery.db"
    path.write_bytes(content)
    with pytest.raises(GalleryError, match="gallery.db"):
        Gallery.open(path)
    assert path.read_bytes() == content


def test_that_another_programs_database_is_left_untouched(tmp_path: Path) -> None:
    path = tmp_path / "music.db"
    with sqlite3.connect(path) as other:
        other.execute("create table songs (title text)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(GalleryError, match="music.db"):
        Gallery.open(path)
    assert path.read_bytes() == before


def test_that_a_damaged_gallery_says_so(tmp_path: Path) -> None:
    path = tmp_path / "gallery.db"
    gallery = Gallery.open(path)
    for number in range(40):
        gallery.enroll(f"Person {number}", [template(number)])
    gallery.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(GalleryError, match="damaged"):
        Gallery.open(path).references(PACK)


def test_that_a_gallery_of_a_newer_visavis_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gallery.db"
    Gallery.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    connection.close()
    with pytest.raises(GalleryError, match="newer"):
        Gallery.open(path)


def test_that_a_folder_is_no_gallery(tmp_path: Path) -> None:
    with pytest.raises(GalleryError):
        Gallery.open(tmp_path)


def test_that_a_full_disk_is_a_sentence_and_loses_nothing(tmp_path: Path) -> None:
    gallery = Gallery.open(tmp_path / "gallery.db")
    gallery.enroll("Ada", [template(1)])
    with gallery._engine.connect() as connection:
        pages = connection.exec_driver_sql("pragma page_count").scalar()
        connection.exec_driver_sql(f"pragma max_page_count = {pages}")
    with pytest.raises(GalleryError, match="full"):
        gallery.enroll("Grace", [template(number) for number in range(2, 60)])
    assert [person.name for person in gallery.people()] == ["Ada"]
    gallery.close()


def test_that_a_locked_gallery_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.gallery.database._BUSY_SECONDS", 0.2)
    gallery = Gallery.open(tmp_path / "gallery.db")
    blocker = sqlite3.connect(tmp_path / "gallery.db", isolation_level=None)
    blocker.execute("begin immediate")
    with pytest.raises(GalleryError, match="another program"):
        gallery.enroll("Ada", [template(1)])
    blocker.execute("rollback")
    blocker.close()
    assert gallery.enroll("Ada", [template(1)]).template_count == 1
    gallery.close()


@pytest.mark.parametrize("how", ["delete_person", "delete_template", "merge", "undo"])
def test_that_what_is_deleted_is_out_of_every_file(tmp_path: Path, how: str) -> None:
    gallery = Gallery.open(tmp_path / "gallery.db")
    kept = gallery.enroll("Kept", [template(50)])
    person = gallery.enroll("Ada Lovelace", [template(1), template(2)])
    embedding, crop = template(1).embedding.tobytes(), template(1).crop_jpeg
    assert _occurrences(tmp_path, crop)
    if how == "delete_person":
        gallery.delete_person(person.id)
    elif how == "delete_template":
        gallery.delete_template(gallery.templates(person.id)[0].id)
    elif how == "merge":
        gallery.merge(person.id, kept.id)
        gallery.delete_person(kept.id)
    else:
        gallery.undo()
    assert not _occurrences(tmp_path, embedding)
    assert not _occurrences(tmp_path, crop)
    if how != "delete_template":
        assert not _occurrences(tmp_path, b"Ada Lovelace")
    gallery.close()


def test_that_deletion_is_finished_when_a_reader_was_in_the_way(tmp_path: Path) -> None:
    gallery = Gallery.open(tmp_path / "gallery.db")
    person = gallery.enroll("Ada Lovelace", [template(1)])
    reader = sqlite3.connect(tmp_path / "gallery.db", isolation_level=None)
    reader.execute("begin")
    reader.execute("select count(*) from people").fetchone()
    gallery.delete_person(person.id)
    reader.execute("rollback")
    reader.close()
    gallery.enroll("Grace", [template(2)])
    assert not _occurrences(tmp_path, template(1).crop_jpeg)
    gallery.close()


def test_that_an_older_gallery_is_migrated_and_keeps_its_people(tmp_path: Path) -> None:
    path = tmp_path / "gallery.db"
    _make_first_version(path)
    gallery = Gallery.open(path)
    person = gallery.find("ada lovelace")
    assert (person.name, person.tags, person.consent_date, person.template_count) == ("Ada Lovelace", (), None, 1)
    assert [one.name for one in gallery.people("lovelace")] == ["Ada Lovelace"]
    np.testing.assert_array_equal(gallery.templates(person.id)[0].embeddings[PACK], template(1).embedding)
    gallery.close()


def test_that_migrations_end_where_the_schema_is(tmp_path: Path) -> None:
    gallery = Gallery.open(tmp_path / "gallery.db")
    gallery.close()
    fresh = create_engine("sqlite://")
    Base.metadata.create_all(fresh)
    migrated = create_engine(f"sqlite:///{tmp_path / 'gallery.db'}")
    for table in Base.metadata.tables:
        columns = [
            {(column["name"], str(column["type"]), column["nullable"]) for column in inspect(engine).get_columns(table)}
            for engine in (fresh, migrated)
        ]
        assert columns[0] == columns[1]
    fresh.dispose()
    migrated.dispose()


def test_that_two_processes_on_one_gallery_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "gallery.db"
    Gallery.open(path).close()
    writers = [_start_writer(path, name, 25) for name in ("a", "b")]
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    gallery = Gallery.open(path)
    assert gallery.counts() == (51, 150)
    assert {person.name for person in gallery.people()} == {f"{n} {i}" for n in "ab" for i in range(25)} | {"Shared"}
    assert gallery.find("Shared").template_count == 50
    gallery.close()


def test_that_threads_of_two_windows_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = tmp_path / "gallery.db"
    Gallery.open(path).close()
    failures: list[BaseException] = []

    def write(first: int) -> None:
        try:
            gallery = Gallery.open(path)
            for number in range(first, first + 20):
                gallery.enroll("Shared", [template(number)])
            gallery.close()
        except BaseException as error:  # noqa: BLE001 - a thread's failure must reach the test
            failures.append(error)

    threads = [threading.Thread(target=write, args=(first,)) for first in (0, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    gallery = Gallery.open(path)
    assert gallery.find("Shared").template_count == 40
    gallery.close()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_that_a_kill_in_the_middle_leaves_whole_enrollments(tmp_path: Path) -> None:
    path = tmp_path / "gallery.db"
    Gallery.open(path).close()
    for round_ in range(5):
        before = _count(path)
        writer = _start_writer(path, f"round {round_}", 10_000)
        assert writer.stdout is not None
        acknowledged = 0
        while acknowledged < 7 + round_ * 3:
            acknowledged = int(writer.stdout.readline())
        writer.kill()
        rest = writer.communicate(timeout=10)[0].split()
        acknowledged = int(rest[-1]) if rest else acknowledged
        gallery = Gallery.open(path)
        people = [person for person in gallery.people() if person.name.startswith(f"round {round_} ")]
        assert len(people) >= acknowledged, "what was acknowledged is there"
        assert {person.template_count for person in people} == {2}, "an enrollment is there whole or not at all"
        assert gallery.counts()[1] >= before
        gallery.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    connection.close()


WRITER = """
import sys
from pathlib import Path
sys.path[:0] = [{root!r}, {root!r} + "/tests/engine/gallery"]
from engine.gallery.store import Gallery
from conftest import template
gallery = Gallery.open(Path({path!r}))
for number in range({count}):
    gallery.enroll(f"{name} {{number}}", [template(2 * number), template(2 * number + 1)])
    gallery.enroll("Shared", [template(100_000 + number)])
    print(number + 1, flush=True)
gallery.close()
"""


def _start_writer(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    script = WRITER.format(root=str(ROOT), path=str(path), name=name, count=count)
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)


def _count(path: Path) -> int:
    gallery = Gallery.open(path)
    count = gallery.counts()[1]
    gallery.close()
    return count


def _occurrences(folder: Path, needle: bytes) -> list[str]:
    return [file.name for file in folder.rglob("*") if file.is_file() and needle in file.read_bytes()]


def _make_first_version(path: Path) -> None:
    """A gallery as the first migration alone made it."""
    from alembic import command  # noqa: PLC0415 - only here
    from alembic.config import Config  # noqa: PLC0415

    engine = create_engine(f"sqlite:///{path}")
    config = Config()
    config.set_main_option("script_location", str(ROOT / "engine" / "gallery" / "migrations"))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"pragma application_id = {APPLICATION_ID}")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "insert into people (id, name, name_key, notes, created_at)"
            " values (1, 'Ada Lovelace', 'ada lovelace', '', '2026-01-02 03:04:05')"
        )
        new = template(1)
        connection.exec_driver_sql(
            "insert into templates"
            " (person_id, pack_id, embedding, crop_jpeg, crop_sha256, source, quality, created_at)"
            " values (1, ?, ?, ?, ?, 'a.jpg', '{}', '2026-01-02 03:04:05')",
            (PACK, new.embedding.tobytes(), new.crop_jpeg, hashlib.sha256(new.crop_jpeg).hexdigest()),
        )
    engine.dispose()


def test_that_the_write_ahead_log_gives_back_what_a_large_edit_took(tmp_path: Path) -> None:
    gallery = Gallery.open(tmp_path / "gallery.db")
    log = tmp_path / "gallery.db-wal"
    large = dataclasses.replace(template(1), crop_jpeg=bytes(LOG_BYTES))
    gallery.enroll("Ada", [large, dataclasses.replace(large, crop_jpeg=bytes([1]) * LOG_BYTES)])
    assert log.stat().st_size > 2 * LOG_BYTES
    gallery.enroll("Eileen", [template(2)])
    assert log.stat().st_size <= LOG_BYTES
    gallery.close()
