"""The file of a gallery's graph: sealed, bound to its gallery and pack, and passed over where anything is wrong."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.gallery.graph_file import CHUNK_BYTES, GraphFile, graph_path, remove_graph
from engine.gallery.store import Gallery
from engine.gallery.vault import set_passphrase
from tests.engine.gallery.conftest import PACK, template

KEY = bytes(range(32))


def go_on() -> None:
    """Nobody wants it to end."""


def written(gallery: Path, content: bytes, head: bytes = b"head") -> GraphFile:
    made = GraphFile(gallery, lambda: KEY, PACK)
    made.write((head, memoryview(content)), go_on)
    return made


@pytest.mark.parametrize("length", [0, 1, CHUNK_BYTES - 4, CHUNK_BYTES, 2 * CHUNK_BYTES + 5])
def test_that_what_was_written_is_read(tmp_path: Path, length: int) -> None:
    content = os.urandom(length)
    kept = written(tmp_path / "gallery.db", content).read(go_on)
    assert kept is not None
    assert bytes(kept) == b"head" + content


def test_that_it_is_sealed_and_the_owners_only(tmp_path: Path) -> None:
    content = os.urandom(3000)
    written(tmp_path / "gallery.db", content)
    place = graph_path(tmp_path / "gallery.db")
    raw = place.read_bytes()
    assert not any(content[start : start + 8] in raw for start in range(0, 2992, 8))
    if os.name != "nt":
        assert stat.S_IMODE(place.stat().st_mode) == 0o600


@settings(deadline=None, max_examples=60)
@given(place=st.integers(0, CHUNK_BYTES + 400), bit=st.integers(0, 7), cut=st.booleans())
def test_that_nothing_is_read_of_a_file_that_was_altered_or_cut(*, place: int, bit: int, cut: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        gallery = Path(folder) / "gallery.db"
        kept = written(gallery, bytes(CHUNK_BYTES + 500))
        raw = bytearray(graph_path(gallery).read_bytes())
        if cut:
            del raw[place:]
        else:
            raw[place] ^= 1 << bit
        graph_path(gallery).write_bytes(raw)
        assert kept.read(go_on) is None


def test_that_another_key_or_pack_reads_nothing(tmp_path: Path) -> None:
    gallery = tmp_path / "gallery.db"
    written(gallery, b"content")
    assert GraphFile(gallery, lambda: bytes(32), PACK).read(go_on) is None
    assert GraphFile(gallery, lambda: KEY, "another-pack").read(go_on) is None
    assert GraphFile(tmp_path / "other.db", lambda: KEY, PACK).read(go_on) is None


def test_that_writing_that_is_called_off_leaves_what_there_was(tmp_path: Path) -> None:
    gallery = tmp_path / "gallery.db"
    kept = written(gallery, b"before")

    def call_off() -> None:
        raise RuntimeError("not wanted")

    with pytest.raises(RuntimeError, match="not wanted"):
        kept.write((b"head", memoryview(b"after")), call_off)
    assert bytes(kept.read(go_on) or b"") == b"headbefore"
    with pytest.raises(RuntimeError, match="not wanted"):
        kept.read(call_off)
    assert [path.name for path in tmp_path.iterdir()] == ["gallery.db.graph"]


def test_that_removing_it_reaches_what_is_being_written(tmp_path: Path) -> None:
    gallery = tmp_path / "gallery.db"
    kept = written(gallery, b"before")

    def remove_meanwhile() -> None:
        remove_graph(gallery)

    with pytest.raises(FileNotFoundError):
        kept.write((b"head", memoryview(b"after")), remove_meanwhile)
    assert list(tmp_path.iterdir()) == []
    remove_graph(gallery)


def test_that_deleting_removes_it_and_enrolling_leaves_it(tmp_path: Path) -> None:
    gallery = Gallery.open(tmp_path / "gallery.db")
    assert gallery.graph_file(PACK) is None
    gallery.protect(lambda path, key: set_passphrase(path, key, "correct horse", ask_at_start=True))
    kept = gallery.graph_file(PACK)
    assert kept is not None
    kept.write((b"head", memoryview(b"")), go_on)
    ada = gallery.enroll("Ada", [template(1)])
    gallery.rename(ada.id, "Ada Lovelace")
    assert gallery.has_graph
    gallery.delete_person(ada.id)
    assert not gallery.has_graph
    gallery.undo()
    kept.write((b"head", memoryview(b"")), go_on)
    gallery.delete_template(gallery.templates(ada.id)[0].id)
    assert not gallery.has_graph
    gallery.close()


def test_that_a_backup_does_not_hold_it_and_restoring_removes_it(tmp_path: Path) -> None:
    gallery = Gallery.open(tmp_path / "gallery.db")
    gallery.protect(lambda path, key: set_passphrase(path, key, "correct horse", ask_at_start=True))
    gallery.enroll("Ada", [template(1)])
    kept = gallery.graph_file(PACK)
    assert kept is not None
    kept.write((b"head", memoryview(b"")), go_on)
    backup = gallery.back_up()
    assert not any("graph" in path.name for path in backup.path.parent.iterdir())
    assert gallery.has_graph
    gallery.restore(backup.path)
    assert not gallery.has_graph
    gallery.close()
