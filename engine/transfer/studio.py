"""InsightFace Studio's library: people with the pictures they were enrolled from, to be embedded again here.

Its vectors are of networks that do not come with Visavis, so only names, notes, tags and pictures are taken.
"""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from engine.errors import shown
from engine.exchange import Tally
from engine.transfer.files import reading
from engine.transfer.judged import Offer, unusable_source
from engine.types import Box, CancelToken

SQLITE = b"SQLite format 3\0"
_NEEDED = {
    "people": {"id", "name", "notes", "tags"},
    "face_samples": {"id", "person_id", "source_image_path", "crop_path", "bbox_json"},
}
_LONGEST_TEXT = 100_000


def offers_of(place: Path, tally: Tally, token: CancelToken) -> list[Offer]:
    """List everyone's pictures, with where the face is in each.

    The database is opened for reading only. Its pictures are read from where it says they are.

    Raises:
        BadInputError: it is another database, damaged, or in use.
        OperationCancelledError: the token was turned.
    """
    with _opened(place) as connection:
        _check_tables(place, connection)
        query = (
            "SELECT p.id, p.name, p.notes, p.tags, s.id, s.source_image_path, s.crop_path, s.bbox_json "
            "FROM people p LEFT JOIN face_samples s ON s.person_id = p.id ORDER BY p.id, s.id"
        )
        offers = []
        for person_id, name, notes, tags, sample, source, crop, box in connection.execute(query):
            token.check()
            if not isinstance(name, str) or not name.strip():
                tally.leave_out(f"person {person_id}", "The person has no name.")
                continue
            if sample is None:
                tally.leave_out(name, "The person has no pictures.")
                continue
            offer = _offer(name, (source, crop, box), {"notes": _text(notes), "tags": _tags(tags)})
            if offer is None:
                tally.leave_out(name, f"Sample {sample} does not say where its picture is.")
            else:
                offers.append(offer)
    return offers


def _offer(name: str, sample: tuple[object, object, object], fields: dict[str, Any]) -> Offer | None:
    source, crop, box = sample
    places = [Path(text) for text in (source, crop) if isinstance(text, str) and text and "\0" not in text]
    if not places:
        return None
    if len(places) > 1 and not _is_file(places[0]):
        places.reverse()
    # The box is of the whole picture; a crop shows one face only.
    whole = isinstance(source, str) and places[0] == Path(source)
    return Offer(places[0], ((name, _box(box) if whole else None),), fields)


def _is_file(place: Path) -> bool:
    try:
        return place.is_file()
    except OSError:
        return False


def _box(text: object) -> Box | None:
    try:
        values = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, list) or len(values) < 4:
        return None
    edges = [value for value in values[:4] if isinstance(value, int | float) and math.isfinite(value)]
    if len(edges) < 4 or edges[2] <= edges[0] or edges[3] <= edges[1]:
        return None
    left, top, right, bottom = map(float, edges)
    return Box(left, top, right - left, bottom - top)


def _text(value: object) -> str:
    return value[:_LONGEST_TEXT] if isinstance(value, str) else ""


def _tags(value: object) -> list[str]:
    parts = _text(value).replace(";", ",").split(",")
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


@contextmanager
def _opened(place: Path) -> Iterator[sqlite3.Connection]:
    with reading(place) as file:
        if file.read(len(SQLITE)) != SQLITE:
            raise unusable_source(place, "it is no database of InsightFace Studio.")
    try:
        with closing(sqlite3.connect(f"{place.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            # A foreign database may hold views and triggers that call functions.
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            yield connection
    except sqlite3.Error as error:
        busy = "it is in use. Close InsightFace Studio and try again."
        code = str(getattr(error, "sqlite_errorname", ""))
        damaged = "it is damaged, or not a database. Copy it again from where it came."
        raise unusable_source(place, busy if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) else damaged) from error


def _check_tables(place: Path, connection: sqlite3.Connection) -> None:
    for table, columns in _NEEDED.items():
        kind = connection.execute("SELECT type FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
        there = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        if kind != ("table",) or not columns <= there:
            missing = ", ".join(sorted(columns - there)) or "all of it"
            raise unusable_source(
                place,
                f"its table “{table}” is not as in the InsightFace Studio that is known here (missing: "
                f"{shown(missing)}). Export the pictures there, and import them as a folder of people.",
            )
