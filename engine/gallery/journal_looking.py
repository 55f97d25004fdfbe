"""Looking into the history log: its entries in words, and whether they are as they were written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.gallery import chain
from engine.gallery.chain import Ends, Fault
from engine.gallery.journal_schema import JournalHeadRow, JournalPersonRow, JournalRow
from engine.gallery.schema import PersonRow
from engine.gallery.undo import batches
from engine.journal import SOMEBODY, LogEntry, LogQuery, LogVerdict

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log stands: how many transactions the gallery has seen, the newest entry's number and chain value."""

    writes: int
    number: int
    chain: bytes


class LogReader:
    """The part of the log that shows it.

    Attributes:
        notice: what is odd about the gallery as a whole; see `engine.gallery.witness`.
    """

    def __init__(self, read: Callable[[], AbstractContextManager[Session]]) -> None:
        """Use the gallery's own way to read."""
        self._read = read
        self.notice = ""

    def numbers(self, query: LogQuery) -> list[int]:
        """Numbers of the entries that fit a query, newest first."""
        wanted = select(JournalRow.number).order_by(JournalRow.number.desc())
        if query.person_id is not None:
            about = select(JournalPersonRow.number).where(JournalPersonRow.person_id == query.person_id)
            wanted = wanted.where(JournalRow.number.in_(about))
        if query.kind:
            wanted = wanted.where(JournalRow.kind == query.kind)
        if query.since is not None:
            wanted = wanted.where(JournalRow.at >= _utc(query.since))
        if query.until is not None:
            wanted = wanted.where(JournalRow.at < _utc(query.until + timedelta(days=1)))
        with self._read() as session:
            numbers = list(session.scalars(wanted))
        text = query.text.strip().casefold()
        if not text:
            return numbers
        return [one.number for one in self._each(numbers) if text in f"{one.title} {one.sentence}".casefold()]

    def entries(self, numbers: Sequence[int]) -> list[LogEntry]:
        """Entries by their numbers, in that order; those that are gone are left out."""
        with self._read() as session:
            rows: dict[int, JournalRow] = {}
            before: dict[int, datetime] = {}
            for ids in batches(numbers):
                rows |= {
                    row.number: row for row in session.scalars(select(JournalRow).where(JournalRow.number.in_(ids)))
                }
                earlier = select(JournalRow.number, JournalRow.at).where(
                    JournalRow.number.in_([one - 1 for one in ids])
                )
                before |= {row.number: row.at for row in session.execute(earlier)}
            contents = {number: json.loads(row.content) if row.content else {} for number, row in rows.items()}
            names = names_of(session, {one for content in contents.values() for one in content.get("about", ())})
            return [
                _entry(rows[number], contents[number], names, before.get(number - 1))
                for number in numbers
                if number in rows
            ]

    def verify(self) -> LogVerdict:
        """Read the whole log and say whether it is as it was written."""
        with self._read() as session:
            fault, entries, erased = check_log(session)
        return LogVerdict(entries, erased, fault.sentence if fault else "", fault.number if fault else 0, self.notice)

    def head(self) -> Head:
        """Where the log stands."""
        with self._read() as session:
            head = head_of(session)
            return Head(head.writes, head.number, head.chain)

    def chain_at(self, number: int) -> bytes | None:
        """The chain value of an entry; None where it is not there (any more)."""
        with self._read() as session:
            if number == 0:
                return chain.START
            head = head_of(session)
            if number == head.pruned_number:
                return head.pruned_chain
            return session.scalar(select(JournalRow.chain).where(JournalRow.number == number))

    def _each(self, numbers: Sequence[int]) -> Iterator[LogEntry]:
        for some in batches(numbers):
            yield from self.entries(some)


def check_log(session: Session) -> tuple[Fault | None, int, int]:
    """Check the whole log.

    Returns:
        The first thing that is wrong; how many entries there are; of how many the content was erased.
    """
    head = head_of(session)
    ends = Ends(head.pruned_number, head.pruned_chain, head.number, head.chain)
    counted = select(func.count(), func.count().filter(JournalRow.content.is_(None))).select_from(JournalRow)
    entries, erased = session.execute(counted).one()

    def every() -> Iterator[JournalRow]:
        last = 0
        while rows := list(
            session.scalars(
                select(JournalRow).where(JournalRow.number > last).order_by(JournalRow.number).limit(_AT_ONCE)
            )
        ):
            yield from rows
            last = rows[-1].number
            session.expunge_all()

    return chain.first_fault(every(), ends), entries, erased


def head_of(session: Session) -> JournalHeadRow:
    """The row that says where the log stands."""
    # Read anew: another window may have written, though never while this one does.
    query = select(JournalHeadRow).where(JournalHeadRow.id == 1).execution_options(populate_existing=True)
    return session.scalars(query).one()


def names_of(session: Session, person_ids: set[int]) -> dict[int, str]:
    """Names of people by number; those who are gone are left out."""
    found: dict[int, str] = {}
    for ids in batches(person_ids):
        rows = session.execute(select(PersonRow.id, PersonRow.name).where(PersonRow.id.in_(ids)))
        found |= {row.id: row.name for row in rows}
    return found


def _entry(row: JournalRow, content: Mapping[str, Any], names: Mapping[int, str], before: datetime | None) -> LogEntry:
    details = {key: value for key, value in content.items() if key not in ("about", "wiped")}
    return LogEntry(
        number=row.number,
        at=row.at.replace(tzinfo=UTC),
        kind=row.kind,
        people=tuple(names.get(one, SOMEBODY) for one in content.get("about", ())),
        details=details,
        erased=row.content is None,
        clock_back=before is not None and row.at < before,
    )


def _utc(day: date) -> datetime:
    """Local midnight, as times are stored."""
    return datetime.combine(day, time()).astimezone(UTC).replace(tzinfo=None)
