"""InsightFace Studio's library: its people come with their pictures, embedded by our own network."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from engine.errors import BadInputError
from engine.exchange import SourceKind
from engine.gallery.store import Gallery
from engine.transfer_desk import TransferDesk

TABLES = """
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, display_name TEXT, notes TEXT, tags TEXT,
    cover_face_sample_id INTEGER, created_at TEXT, updated_at TEXT);
CREATE TABLE face_samples (id INTEGER PRIMARY KEY, person_id INTEGER, source_image_path TEXT, crop_path TEXT,
    embedding BLOB, embedding_dim INTEGER, bbox_json TEXT, kps_json TEXT, det_score REAL, quality_score REAL,
    model_name TEXT, provider TEXT, created_at TEXT, updated_at TEXT);
"""


def library(place: Path, people: list[tuple[object, ...]], samples: list[tuple[object, ...]]) -> Path:
    """A library with people (id, name, notes, tags) and samples (person, picture, crop, box)."""
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.executescript(TABLES)
        connection.executemany("INSERT INTO people (id, name, notes, tags) VALUES (?, ?, ?, ?)", people)
        rows = [(*sample, np.ones(512, "<f4").tobytes(), 512) for sample in samples]
        connection.executemany(
            "INSERT INTO face_samples (person_id, source_image_path, crop_path, bbox_json, embedding, embedding_dim) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )
    return place


def test_that_people_come_with_notes_tags_and_the_face_that_was_marked(
    desk: TransferDesk, empty: Gallery, pictures: Path, tmp_path: Path
) -> None:
    both, crop = tmp_path / "both.jpg", tmp_path / "crop.png"
    shutil.copy(pictures / "both.jpg", both)
    shutil.copy(pictures / "eileen2.png", crop)
    place = library(
        tmp_path / "insightface.db",
        [(1, "Grace Hopper", "Admiral", "navy, cobol"), (2, "Eileen Collins", None, None), (3, "Nobody", "", "")],
        [
            (1, str(both), "", json.dumps([670, 130, 860, 370])),
            (2, str(tmp_path / "gone.jpg"), str(crop), "[0, 0, 1, 1]"),
            (2, "", "", None),
        ],
    )
    assert desk.kind_of(place) is SourceKind.STUDIO
    done = desk.import_from([place])
    assert (done.added, done.templates) == (2, 2)
    grace = empty.find("Grace Hopper")
    assert (grace.notes, grace.tags) == ("Admiral", ("navy", "cobol"))
    said = {one.what for one in done.left_out}
    assert said == {"Nobody", "Eileen Collins"}
    assert desk.import_from([place]).templates == 0
    one = empty.templates(grace.id)[0]
    assert {len(vector) for vector in one.embeddings.values()} == {128}


@pytest.mark.parametrize("missing", ["ALTER TABLE face_samples DROP COLUMN bbox_json", "DROP TABLE people"])
def test_that_another_schema_is_refused_with_a_way_out(desk: TransferDesk, tmp_path: Path, missing: str) -> None:
    place = library(tmp_path / "insightface.db", [], [])
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.execute(missing)
    with pytest.raises(BadInputError, match="folder of people"):
        desk.import_from([place])


def test_that_a_view_in_the_place_of_a_table_is_refused(desk: TransferDesk, tmp_path: Path) -> None:
    place = library(tmp_path / "insightface.db", [], [])
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.executescript("DROP TABLE people; CREATE VIEW people AS SELECT 1 id, 'a' name, '' notes, '' tags;")
    with pytest.raises(BadInputError, match="people"):
        desk.import_from([place])


@pytest.mark.parametrize("box", ["", "[", "[1, 2]", '["a", 1, 2, 3]', "[5, 5, 1, 1]", "[1e999, 0, 1, 1]", "null"])
def test_that_a_box_that_is_none_means_the_largest_face(
    desk: TransferDesk, pictures: Path, tmp_path: Path, box: str
) -> None:
    place = library(tmp_path / "x.db", [(1, "Grace", "", "")], [(1, str(pictures / "grace.jpg"), "", box)])
    assert desk.import_from([place]).templates == 1


def test_that_a_damaged_library_is_a_sentence(desk: TransferDesk, tmp_path: Path) -> None:
    place = library(tmp_path / "x.db", [(n, "x" * 500, "", "") for n in range(200)], [])
    content = bytearray(place.read_bytes())
    content[4096:-4096] = bytes(len(content) - 8192)
    place.write_bytes(content)
    with pytest.raises(BadInputError, match="damaged|not as in"):
        desk.import_from([place])


def test_that_the_library_is_left_as_it_was(desk: TransferDesk, pictures: Path, tmp_path: Path) -> None:
    place = library(tmp_path / "x.db", [(1, "Grace", "", "")], [(1, str(pictures / "grace.jpg"), "", None)])
    before = place.read_bytes()
    desk.import_from([place])
    assert place.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith("x.db")] == ["x.db"]
