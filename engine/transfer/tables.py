"""Tables for spreadsheets and programs: people, and decisions. Never an embedding, never a face."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.exchange import TableFormat
from engine.transfer.files import replacing
from engine.types import CancelToken, Decided, Person

_FORMULA_STARTS = frozenset("=+-@\t\r\n|%")
PERSON_COLUMNS = ("name", "pictures", "tags", "notes", "purpose", "consent_date", "expires_on", "created_at")
DECISION_COLUMNS = ("what", "about", "match", "metric", "distance", "templates", "people")


def person_row(person: Person) -> dict[str, Any]:
    """What a table says of a person."""
    return {
        "name": person.name,
        "pictures": person.template_count,
        "tags": list(person.tags),
        "notes": person.notes,
        "purpose": person.purpose,
        "consent_date": person.consent_date.isoformat() if person.consent_date else None,
        "expires_on": person.expires_on.isoformat() if person.expires_on else None,
        "created_at": person.created_at.isoformat(timespec="seconds"),
    }


def decision_row(decided: Decided) -> dict[str, Any]:
    """What a table says of a decision."""
    return {
        "what": decided.what,
        "about": decided.about,
        "match": decided.match,
        "metric": decided.metric.value,
        "distance": round(decided.distance, 6),
        "templates": decided.templates,
        "people": decided.people,
    }


def write_table(
    place: Path,
    columns: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    form: TableFormat,
    token: CancelToken | None = None,
) -> int:
    """Write rows, as they come, and return how many there were.

    Args:
        place: the file; whole or not at all.
        columns: of each row, in order.
        rows: values may be texts, numbers, truths, lists of texts, or None.
        form: CSV that no spreadsheet takes for formulas, or a JSON array of objects with the texts as they are.

    Raises:
        BadInputError: the file cannot be written.
        OperationCancelledError: the token was turned; nothing was left behind.
    """
    count = 0
    with replacing(place) as file:
        # What cannot be encoded is written as an escape, which JSON reads back as what it was.
        text = io.TextIOWrapper(file, "utf-8", "backslashreplace", newline="")
        try:
            if form is TableFormat.CSV:
                # Without the mark, spreadsheets take the file for the system's old encoding.
                text.write("\ufeff")
                writer = csv.writer(text, lineterminator="\r\n")
                writer.writerow(columns)
            for row in rows:
                if token:
                    token.check()
                if form is TableFormat.CSV:
                    writer.writerow([cell(row.get(column)) for column in columns])
                else:
                    text.write(",\n " if count else "[\n ")
                    text.write(json.dumps({column: row.get(column) for column in columns}, ensure_ascii=False))
                count += 1
            if form is TableFormat.JSON:
                text.write("\n]\n" if count else "[]\n")
            text.flush()
        finally:
            text.detach()
    return count


def cell(value: object) -> str | int | float:
    """Return a value as a spreadsheet may have it: text that it would take for a formula gets a ' before it (CWE-1236).

    Full-width and other compatibility forms of the signs count too, and so do spaces before them.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value
    text = ", ".join(str(one) for one in value) if isinstance(value, list | tuple) else str(value)
    if text[:1] in _FORMULA_STARTS:
        return "'" + text
    bare = unicodedata.normalize("NFKC", text[:64]).lstrip().lstrip("\ufeff\u200b\u200c\u200d\u2060").lstrip()
    return "'" + text if bare[:1] in _FORMULA_STARTS else text
