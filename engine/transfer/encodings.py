"""Encodings that users of the face_recognition package keep: NumPy arrays with names beside them. Never a pickle."""

from __future__ import annotations

import csv
import io
import json
import math
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from engine.errors import BadInputError, shown
from engine.exchange import Tally
from engine.gallery.exchange import PortablePerson, PortableTemplate
from engine.transfer.files import content_of, reading
from engine.transfer.judged import unusable_source
from engine.transfer.vectors import grouped, pictureless, unit_vector
from engine.wording import counted

MOST_BYTES = 2**30
MOST_MEMBERS = 100_000
MOST_RATIO = 200
"""How many times smaller than its content a compressed array may be; vectors hardly shrink at all."""
_MOST_NAMES_BYTES = 64 * 2**20
_NAME_FILES = (".json", ".txt", ".csv")
PICKLE_SUFFIXES = frozenset((".pkl", ".pickle", ".p", ".dat.pkl", ".joblib"))
_PICKLED = (
    "it is a pickle, and reading a pickle runs whatever program is in it. Where you made it, save the encodings with "
    "numpy.save(“encodings.npy”, encodings) and the names with json.dump(names, open(“encodings.json”, “w”))."
)


def refuse_pickle(place: Path) -> None:
    """Refuse a pickle by its name or first bytes, unread.

    Raises:
        BadInputError: it is one.
    """
    suffix = place.suffix.lower()
    start = b""
    if suffix not in PICKLE_SUFFIXES and place.is_file():
        with reading(place) as file:
            start = file.read(2)
    if suffix in PICKLE_SUFFIXES or (start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05"):
        raise unusable_source(place, _PICKLED)


def people_of(place: Path, tally: Tally) -> list[PortablePerson]:
    """Read `.npy` with a file of names beside it, or `.npz` with an array for each name.

    Raises:
        BadInputError: it cannot be read, holds objects (a pickle), is a bomb, or there are no names to it.
    """
    refuse_pickle(place)
    with reading(place) as file:
        start = file.read(4)
        file.seek(0)
        if start == b"PK\x03\x04":
            return grouped(_of_archive(place, file, tally))
        rows = _array(place, file, place.stat().st_size)
    if rows.ndim == 1:
        rows = rows[None]
    if rows.ndim != 2:
        raise unusable_source(place, "it is no table of encodings. Save an array of one row for each face.")
    names = _names(place, len(rows))
    return grouped(_usable(place.name, list(enumerate(zip(names, rows, strict=True), 1)), tally))


def _usable(
    file: str, rows: list[tuple[int, tuple[str, NDArray[np.float64]]]], tally: Tally
) -> Iterator[tuple[str, PortableTemplate]]:
    for number, (name, row) in rows:
        vector, problem = unit_vector(row)
        if vector is None:
            tally.leave_out(f"{file}, row {number} ({shown(name)})", problem)
        else:
            yield name, pictureless(vector, f"face_recognition, {shown(file)}, row {number}")


def _of_archive(place: Path, file: IO[bytes], tally: Tally) -> Iterator[tuple[str, PortableTemplate]]:
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            _check_members(place, members)
            for member in members:
                name = member.filename.removesuffix(".npy")
                with archive.open(member) as content:
                    rows = _array(place, content, member.file_size)
                table = rows[None] if rows.ndim == 1 else rows
                if table.ndim != 2:
                    tally.leave_out(f"{place.name}, {shown(name)}", "It is no table of encodings.")
                    continue
                yield from _usable(place.name, [(number, (name, row)) for number, row in enumerate(table, 1)], tally)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise unusable_source(place, "it is damaged. Copy it again from where it came.") from error


def _check_members(place: Path, members: list[zipfile.ZipInfo]) -> None:
    """Look at what an archive says it holds before any of it is unpacked. Nothing is ever written to the disk."""
    names = [member.filename for member in members]
    if len(members) > MOST_MEMBERS or len(set(names)) != len(names):
        raise unusable_source(place, "it names the same thing twice, or too many things.")
    if any(not name.endswith(".npy") or "/" in name or "\\" in name for name in names):
        raise unusable_source(place, "it holds something that is no array.")
    if sum(member.file_size for member in members) > MOST_BYTES or any(
        member.file_size > MOST_RATIO * max(member.compress_size, 1) for member in members
    ):
        raise unusable_source(place, "it would unpack to far more than it is. It was not unpacked.")


def _array(place: Path, file: IO[bytes], size: int) -> NDArray[np.float64]:
    """Read one array of floating-point numbers; its header is judged before anything is allocated."""
    try:
        version = npy.read_magic(file)
        reader = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
        if reader is None:
            raise ValueError("unknown version")
        shape, fortran, dtype = reader(file)
    except (ValueError, EOFError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise unusable_source(place, "it is no NumPy array. Save the encodings with numpy.save.") from error
    if dtype.hasobject:
        raise unusable_source(place, _PICKLED)
    count = math.prod(shape)
    if dtype.kind not in "fiu" or min(shape, default=0) < 0 or count * dtype.itemsize > min(size, MOST_BYTES):
        raise unusable_source(place, "its header does not agree with its content. Save it again.")
    content = file.read(count * dtype.itemsize)
    if len(content) != count * dtype.itemsize or file.read(1):
        raise unusable_source(place, "it is cut short, or longer than it says. Copy it again from where it came.")
    values = np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C")
    with np.errstate(invalid="ignore", over="ignore"):
        return values.astype(np.float64)


def _names(place: Path, count: int) -> list[str]:
    """Read the names beside an array: a JSON list, a line each, or the first column of a table."""
    for suffix in _NAME_FILES:
        beside = place.with_suffix(suffix)
        if not beside.is_file():
            continue
        names = _parsed(beside)
        if len(names) != count:
            raise BadInputError(
                f"“{shown(beside)}” holds {counted(len(names), 'name')}, and “{shown(place)}” "
                f"{counted(count, 'encoding')}. There must be one name for each."
            )
        return names
    ends = ", ".join(f"“{shown(place.with_suffix(suffix))}”" for suffix in _NAME_FILES)
    raise BadInputError(f"There are no names to “{shown(place)}”. Put them beside it, one for each row: {ends}.")


def _parsed(place: Path) -> list[str]:
    try:
        text = content_of(place, _MOST_NAMES_BYTES).decode("utf-8-sig")
        if place.suffix == ".json":
            names = json.loads(text)
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise ValueError("no list of texts")
            return names
        if place.suffix == ".csv":
            rows = [row[0] for row in csv.reader(io.StringIO(text, newline="")) if row]
            return rows[1:] if rows and rows[0].strip().casefold() in ("name", "names", "label", "person") else rows
        return [line.strip() for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError, csv.Error) as error:
        raise BadInputError(f"The names in “{shown(place)}” cannot be read. Save them as UTF-8, one a line.") from error
