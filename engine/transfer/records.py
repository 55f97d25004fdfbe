"""The records of a gallery file: what is written of people and templates, and how it is read back with suspicion."""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Protocol, TypeAlias

import numpy as np
from sqlalchemy import Column

from engine.errors import PackError
from engine.exchange import DamagedFileError
from engine.gallery.exchange import PERSON_FIELDS, TEMPLATE_FIELDS, PortableTemplate
from engine.gallery.rejections_travelling import REJECTION_FIELDS, LeavingRejection, PortableRejection
from engine.gallery.rows import embedding_bytes
from engine.gallery.schema import PersonRow, RejectionRow, TemplateRow
from engine.types import FloatArray, frozen

Json: TypeAlias = dict[str, Any]
_LENGTHS = struct.Struct("<II")
MOST_JSON_BYTES, MOST_BLOB_BYTES = 2**20, 16 * 2**20
MOST_PEOPLE, MOST_TEMPLATES, MOST_TEMPLATES_EACH = 2_000_000, 20_000_000, 100_000
MOST_PACKS, MOST_DIMENSION = 64, 16_384


class Sink(Protocol):
    """What records are written to."""

    def write(self, content: bytes) -> object:
        """Add bytes."""


class Source(Protocol):
    """What records are read from."""

    def read(self, count: int) -> bytes:
        """Return exactly so many bytes."""


def write_record(sink: Sink, about: Mapping[str, Any], blob: bytes = b"") -> bytes:
    """Write one record and return its bytes without the blob, for the hash."""
    text = json.dumps(about, allow_nan=False, separators=(",", ":")).encode("ascii")
    head = _LENGTHS.pack(len(text), len(blob)) + text
    sink.write(head)
    sink.write(blob)
    return head


def read_record(source: Source) -> tuple[Json, bytes, bytes]:
    """Read one record.

    Returns:
        What it says, its blob, and its bytes without the blob.

    Raises:
        DamagedFileError: it is too long or makes no sense; lengths are looked at before anything is read.
    """
    lengths = source.read(_LENGTHS.size)
    json_bytes, blob_bytes = _LENGTHS.unpack(lengths)
    require(0 < json_bytes <= MOST_JSON_BYTES, "a record is too long")
    require(blob_bytes <= MOST_BLOB_BYTES, "a picture is too large")
    text = source.read(json_bytes)
    try:
        about = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise unusable("a record is not readable") from error
    require(isinstance(about, dict), "a record is not readable")
    return about, source.read(blob_bytes), lengths + text


def person_record(row: PersonRow, templates: int, rejections: int) -> Json:
    """What is written of a person; a file without rejected faces is one that the first version reads, too."""
    counts = {"templates": templates} | ({"rejections": rejections} if rejections else {})
    return {"kind": "person", "name": row.name, **counts, "fields": _fields(row, PERSON_FIELDS)}


def template_record(row: TemplateRow) -> tuple[Json, bytes]:
    """What is written of a template: its record and its blob, the crop and then the embeddings."""
    made = {one.pack_id: one.embedding for one in sorted(row.embeddings, key=lambda one: one.pack_id)}
    return _record("template", row, made, TEMPLATE_FIELDS)


def rejection_record(leaving: LeavingRejection) -> tuple[Json, bytes]:
    """What is written of a rejected face, the same way."""
    return _record("rejection", leaving.row, leaving.embeddings, REJECTION_FIELDS)


def _record(
    kind: str, row: TemplateRow | RejectionRow, made: Mapping[str, bytes], columns: Sequence[Column[Any]]
) -> tuple[Json, bytes]:
    about = {
        "kind": kind,
        "crop": {"bytes": len(row.crop_jpeg), "sha256": row.crop_sha256},
        "embeddings": [{"pack": pack, "dimension": len(embedding) // 4} for pack, embedding in made.items()],
        "fields": _fields(row, columns),
    }
    return about, row.crop_jpeg + b"".join(made.values())


def person_of(about: Json) -> tuple[str, int, int, dict[str, Any]]:
    """Read a person's record: name, how many templates follow, how many rejected faces after them, fields.

    Raises:
        DamagedFileError: it is not as it should be.
    """
    require(about.get("kind") == "person", "a person is missing")
    name = about.get("name")
    require(isinstance(name, str) and len(name) <= 1000, "a person has no name")
    templates = whole(about.get("templates"), MOST_TEMPLATES_EACH)
    rejections = whole(about.get("rejections", 0), MOST_TEMPLATES_EACH)
    return str(name), templates, rejections, fields_of(about.get("fields"), PERSON_FIELDS)


def template_of(about: Json, blob: bytes) -> PortableTemplate:
    """Read a template's record and blob.

    Raises:
        DamagedFileError: lengths, hash, vectors or fields are not as they should be.
    """
    require(about.get("kind") == "template", "a template is missing")
    embeddings, jpeg = _parts(about, blob)
    return PortableTemplate(embeddings, jpeg, fields_of(about.get("fields"), TEMPLATE_FIELDS))


def rejection_of(about: Json, blob: bytes) -> PortableRejection:
    """Read a rejected face's record and blob.

    Raises:
        DamagedFileError: lengths, hash, vectors or fields are not as they should be.
    """
    require(about.get("kind") == "rejection", "a rejected face is missing")
    embeddings, jpeg = _parts(about, blob)
    return PortableRejection(embeddings, jpeg, fields_of(about.get("fields"), REJECTION_FIELDS))


def _parts(about: Json, blob: bytes) -> tuple[dict[str, FloatArray], bytes]:
    crop = about.get("crop")
    if not isinstance(crop, dict):
        raise unusable("a template has no picture")
    crop_bytes = whole(crop.get("bytes"), MOST_BLOB_BYTES)
    jpeg = blob[:crop_bytes]
    require(hashlib.sha256(jpeg).hexdigest() == crop.get("sha256"), "a picture does not match its checksum")
    return _embeddings(about.get("embeddings"), blob[crop_bytes:]), jpeg


def _embeddings(listed: object, content: bytes) -> dict[str, FloatArray]:
    require(isinstance(listed, list) and len(listed) <= MOST_PACKS, "a template's vectors are not listed")
    found: dict[str, FloatArray] = {}
    place = 0
    for one in listed if isinstance(listed, list) else []:
        require(isinstance(one, dict), "a template's vectors are not listed")
        pack, dimension = one.get("pack"), whole(one.get("dimension"), MOST_DIMENSION)
        require(
            isinstance(pack, str) and 0 < len(pack) <= 200 and pack.isprintable() and pack not in found,
            "a vector has no pack",
        )
        part = content[place : place + 4 * dimension]
        place += 4 * dimension
        require(len(part) == 4 * dimension > 0, "a vector is cut short")
        vector = np.frombuffer(part, "<f4").astype(np.float32)
        try:
            embedding_bytes(vector)
        except PackError as error:
            raise unusable("a vector is no embedding") from error
        frozen(vector)
        found[pack] = vector
    require(place == len(content), "a template is longer than it says")
    return found


# --- fields: whatever the gallery keeps of people and templates, by the type of its column --------------------


def _fields(row: PersonRow | TemplateRow | RejectionRow, columns: Sequence[Column[Any]]) -> Json:
    return {column.name: _portable(getattr(row, column.name)) for column in columns}


def _portable(value: object) -> object:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    return value.isoformat() if isinstance(value, date) else value


def fields_of(found: object, columns: Sequence[Column[Any]]) -> dict[str, Any]:
    """Read fields by the types of the gallery's columns; what this version does not know is passed over.

    Raises:
        DamagedFileError: one has another type.
    """
    require(isinstance(found, dict), "fields are missing")
    given: Json = found if isinstance(found, dict) else {}
    read: dict[str, Any] = {}
    for column in columns:
        if column.name not in given:
            continue
        value = given[column.name]
        if value is None:
            require(bool(column.nullable), f"“{column.name}” is empty")
            read[column.name] = None
            continue
        reader = _SPECIAL.get(column.name) or _BY_TYPE.get(column.type.python_type, _anything)
        try:
            read[column.name] = reader(value)
        except (ValueError, TypeError, OverflowError) as error:
            raise unusable(f"“{column.name}” is not what it should be") from error
    return read


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError("no zone")
    return moment.astimezone(UTC).replace(tzinfo=None)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    # A lone surrogate cannot be stored.
    value.encode("utf-8")
    if "\0" in value:
        raise ValueError("a zero character")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError("not a number")
    return float(value)


def _exactly(kind: type) -> Callable[[object], object]:
    def read(value: object) -> object:
        if type(value) is not kind:
            raise TypeError(f"not {kind}")
        return value

    return read


def _anything(value: object) -> object:
    return value


def _tags(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return [_text(tag) for tag in value]


def _quality(value: object) -> dict[str, float]:
    if not isinstance(value, dict):
        raise TypeError("not a mapping")
    return {_text(key): _number(measure) for key, measure in value.items()}


_BY_TYPE: dict[type, Callable[[object], object]] = {
    str: _text,
    float: _number,
    int: _exactly(int),
    bool: _exactly(bool),
    date: lambda value: date.fromisoformat(_text(value)),
    datetime: _moment,
}
_SPECIAL: dict[str, Callable[[object], object]] = {"tags": _tags, "quality": _quality}


# --- suspicion ------------------------------------------------------------------------------------------------


def whole(value: object, most: int) -> int:
    """Return a count that is one, from 0 to `most`.

    Raises:
        DamagedFileError: it is not.
    """
    if type(value) is not int or not 0 <= value <= most:
        raise unusable("a count is not possible")
    return value


def require(condition: object, what: str) -> None:
    """Refuse the file unless something holds."""
    if not condition:
        raise unusable(what)


def unusable(what: str) -> DamagedFileError:
    """The error for a file that was sealed properly but makes no sense."""
    return DamagedFileError(f"This gallery file cannot be used: {what}. Nothing was imported; export it again.")


def _no_constant(_text: str) -> None:
    raise ValueError("not a number")
