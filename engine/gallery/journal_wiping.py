"""Wiping what entries of the history log say; the chain runs over digests, and still verifies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from engine.gallery.journal_schema import JournalPersonRow, JournalRow
from engine.gallery.undo import batches

_AT_ONCE = 1000


def wipe(session: Session, numbers: Iterable[int]) -> list[int]:
    """Erase what entries say, and return the numbers of those that still said something."""
    wiped: list[int] = []
    for some in batches(sorted(numbers)):
        told_still = select(JournalRow.number).where(JournalRow.number.in_(some), JournalRow.content.is_not(None))
        # What was erased before, or says what was, stays as it is.
        keep = JournalRow.kind.in_(("erase", "prune", "log", "accept"))
        wiped += session.scalars(told_still.where(~keep, ~JournalRow.content.contains('"wiped":')))
        session.execute(delete(JournalPersonRow).where(JournalPersonRow.number.in_(some)))
    for some in batches(wiped):
        session.execute(update(JournalRow).where(JournalRow.number.in_(some)).values(content=None, salt=None))
    return sorted(wiped)


def mentioning(session: Session, name: str) -> set[int]:
    """Entries that contain a name, such as those about a picture called so."""
    rows = session.execute(select(JournalRow.number, JournalRow.content).where(JournalRow.content.is_not(None)))
    return {
        row.number
        for row in rows.yield_per(_AT_ONCE)
        if row.content and mentions(json.loads(row.content), name.casefold())
    }


def mentions(value: Any, wanted: str) -> bool:
    """Whether a text among some values contains a name, given without case, as a word or words of its own."""
    if isinstance(value, str):
        return re.search(rf"(?<![^\W_]){re.escape(wanted)}(?![^\W_])", value.casefold()) is not None
    if isinstance(value, Mapping):
        return any(mentions(one, wanted) for one in value.values())
    return isinstance(value, list) and any(mentions(one, wanted) for one in value)
