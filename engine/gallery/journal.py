"""The gallery's history log: what was changed, within the change's own transaction, and what was decided.

Names are looked up when entries are shown, so that none outlives its person; only a change of names holds any.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Exists, delete, exists, func, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from engine.erasure import listed
from engine.errors import GalleryError
from engine.gallery import chain
from engine.gallery.bindings import bind
from engine.gallery.chain import Ends, Fault
from engine.gallery.journal_changes import told
from engine.gallery.journal_schema import AttemptsRow, JournalHeadRow, JournalPersonRow, JournalRow
from engine.gallery.rows import now
from engine.gallery.schema import PersonRow
from engine.gallery.undo import Snapshot, batches
from engine.journal import SOMEBODY, LogEntry, LogPolicy, LogQuery, LogVerdict

log = logging.getLogger(__name__)

_MOST_PEOPLE = 500
"""An entry about more people than that only says how many they were."""
_AT_ONCE = 1000
_DECISIONS = frozenset(("verify", "compare", "identify", "live"))
_ALWAYS = frozenset(("erase", "log", "accept", "restore", "prune"))
"""What the log needs to be understood is written even while it is off; it says nothing about anybody."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something to be written into the log."""

    kind: str
    details: Mapping[str, Any]
    people: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log stands: how many transactions the gallery has seen, the newest entry's number and chain value."""

    writes: int
    number: int
    chain: bytes


class Journal:
    """The history log of one open gallery."""

    def __init__(
        self,
        read: Callable[[], AbstractContextManager[Session]],
        write: Callable[..., AbstractContextManager[Session]],
        *,
        writable: bool = True,
    ) -> None:
        """Use the gallery's own ways to read and to write; whoever may only look at it leaves no entries."""
        self._read, self._write, self._writable = read, write, writable
        self.policy = LogPolicy()
        self._begun = False
        self.notice = ""
        """What is odd about the gallery as a whole; see `engine.gallery.witness`."""

    # --- within the gallery's transactions ------------------------------------------------------------------------

    def tick(self, session: Session) -> None:
        """Count a transaction; called at the end of each."""
        session.execute(update(JournalHeadRow).values(writes=JournalHeadRow.writes + 1))

    def change(self, session: Session, before: Snapshot, after: Snapshot, how: str = "") -> None:
        """Write down an edit, in its own transaction.

        Args:
            session: of the edit.
            before: the rows of everyone touched, as they were.
            after: the same, as they are now.
            how: "undo" or "redo" where it was one of these.
        """
        bind(session, before, after)
        # What is taken back is called what it was.
        what = told(after, before) if how == "undo" else told(before, after)
        if what is None:
            return
        gone = before.people.keys() - after.people.keys()
        wiped = self._wipe_names(session, gone)
        if what.merged_into is not None and how != "undo":
            _share(session, what.people[0], what.merged_into)
        details = dict(what.details) | ({"what": what.kind} if how else {})
        if self.policy.changes:
            about = what.people if len(what.people) <= _MOST_PEOPLE else ()
            self.append(session, how or what.kind, details | ({"wiped": chain.ranges(wiped)} if wiped else {}), about)
        elif wiped:
            self._erased(session, wiped, len(gone), "names in the history log")

    def tell(self, session: Session, kind: str, what: str) -> None:
        """Write down something else that is done in a transaction, as a sentence without names."""
        if self._wants(kind):
            self.append(session, kind, {"what": what})

    def append(self, session: Session, kind: str, details: Mapping[str, Any], people: Sequence[int] = ()) -> int:
        """Add an entry, whatever the policy, and return its number."""
        session.flush()
        head = _head(session)
        number, at, writes = head.number + 1, now(), head.writes + 1
        content = {**details, "about": list(people)}
        made = chain.sealed(head.chain, chain.About(number, at, writes, kind), content)
        session.execute(
            insert(JournalRow).values(
                number=number, at=at, writes=writes, kind=kind, content=made.content, salt=made.salt,
                digest=made.digest, previous=head.chain, chain=made.chain,
            )
        )  # fmt: skip
        if people:
            session.execute(
                insert(JournalPersonRow), [{"number": number, "person_id": one} for one in dict.fromkeys(people)]
            )
        head.number, head.chain = number, made.chain
        session.flush()
        return number

    def wipe(self, session: Session, person_ids: Iterable[int], name: str = "") -> list[int]:
        """Erase what entries say about people, or that contains a name, and return their numbers.

        The caller adds an entry that names them as `wiped`.
        """
        numbers: set[int] = set()
        for ids in batches(person_ids):
            about = select(JournalPersonRow.number).where(JournalPersonRow.person_id.in_(ids))
            numbers |= set(session.scalars(about))
            session.execute(delete(AttemptsRow).where(AttemptsRow.person_id.in_(ids)))
        if name:
            numbers |= _mentioning(session, name)
        return _wipe(session, numbers)

    # --- when the gallery is opened and closed --------------------------------------------------------------------

    def meet(self, compare: Callable[[], None]) -> None:
        """Begin: compare the gallery with what is known of it, and erase what is left of people who are gone.

        A gallery that cannot be written just now opens all the same.
        """
        if not self._writable:
            return
        try:
            compare()
            self.forget_gone()
        except GalleryError as error:
            log.warning("The history log could not be written: %s", error)

    def part(self, remember: Callable[[], None]) -> None:
        """End: what can no longer be undone is gone for good, old entries go, and what the gallery is now is noted."""
        if not self._writable:
            return
        try:
            self.forget_gone()
            self.prune()
            remember()
        except GalleryError as error:
            log.warning("The history log could not be written: %s", error)

    # --- in transactions of its own -------------------------------------------------------------------------------

    def note(self, *notes: Note) -> None:
        """Write down what was decided or done, in one transaction. A log that cannot be written is only warned about.

        What is decided or done was allowed already; refusing it afterwards would help nobody. Of people who have been
        deleted or erased meanwhile, such as whoever was before a camera then, nothing is written any more.
        """
        wanted = [note for note in notes if self._wants(note.kind)]
        if not wanted or not self._writable:
            return
        try:
            with self._write(erases=False, touches=set()) as session:
                there = _names(session, {one for note in wanted for one in note.people}).keys()
                for note in wanted:
                    if there >= set(note.people):
                        self.append(session, note.kind, note.details, note.people)
        except GalleryError as error:
            log.warning("The history log could not be written: %s", error)

    def use(self, policy: LogPolicy) -> None:
        """Follow another policy; that the log was switched on or off meanwhile is in it."""
        before, self.policy = self.policy, policy
        first, self._begun = not self._begun, True
        if not first and (before.changes, before.decisions, before.sightings) != (
            policy.changes, policy.decisions, policy.sightings,
        ):  # fmt: skip
            what = "everything" if policy.sightings else "changes and decisions" if policy.decisions else "changes"
            self.note(Note("log", {"what": f"From here on it has {what if policy.changes else 'nothing'}."}))

    def prune(self) -> int:
        """Drop entries that are older than the policy keeps them, and return how many.

        The beginning moves up, and an entry says how far, so that the rest still verifies.
        """
        if not self.policy.days:
            return 0
        limit = now() - timedelta(days=self.policy.days)
        with self._read() as session:
            first_kept = session.scalar(select(func.min(JournalRow.number)).where(JournalRow.at >= limit))
            oldest = session.scalar(select(func.min(JournalRow.number)))
            newest = session.scalar(select(func.max(JournalRow.number))) or 0
        last = (first_kept or newest + 1) - 1
        if oldest is None or last < oldest:
            return 0
        with self._write(erases=True, touches=set()) as session:
            cut = session.get(JournalRow, last)
            if cut is None:
                # Another window, closed at the same moment, has just done it.
                return 0
            head = _head(session)
            head.pruned_number, head.pruned_chain = last, cut.chain
            session.execute(delete(JournalPersonRow).where(JournalPersonRow.number <= last))
            session.execute(delete(JournalRow).where(JournalRow.number <= last))
            dropped = int(last - oldest + 1)
            self.append(
                session,
                "prune",
                {"up_to": last, "chain": head.pruned_chain.hex(), "entries": dropped, "days": self.policy.days},
            )
        return dropped

    def forget_gone(self, but: Iterable[int] = ()) -> int:
        """Erase what the log says about people who are gone for good, and return how many entries that were.

        Args:
            but: people whose deletion can still be undone.
        """
        alone: set[int] = set()
        with self._read() as session:
            named = select(JournalPersonRow.person_id).where(~_known(JournalPersonRow.person_id)).distinct()
            gone = set(session.scalars(named)) - set(but)
            for ids in batches(gone):
                about = select(JournalPersonRow.number).where(JournalPersonRow.person_id.in_(ids))
                # What is about somebody who is still there too stays theirs; a number is all it says of the other.
                others = select(JournalPersonRow.number).where(JournalPersonRow.person_id.not_in(gone))
                alone |= set(session.scalars(about.where(JournalPersonRow.number.not_in(others))))
            tried = set(session.scalars(select(AttemptsRow.person_id).where(~_known(AttemptsRow.person_id)))) - set(but)
        if not alone and not tried:
            return 0
        with self._write(erases=True, touches=set()) as session:
            for ids in batches(tried):
                session.execute(delete(AttemptsRow).where(AttemptsRow.person_id.in_(ids)))
            wiped = _wipe(session, alone)
            if wiped:
                self._erased(session, wiped, len(gone), listed({"entries of the history log": len(wiped)}))
        return len(wiped)

    # --- looking --------------------------------------------------------------------------------------------------

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
            names = _names(session, {one for content in contents.values() for one in content.get("about", ())})
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
            head = _head(session)
            return Head(head.writes, head.number, head.chain)

    def chain_at(self, number: int) -> bytes | None:
        """The chain value of an entry; None where it is not there (any more)."""
        with self._read() as session:
            if number == 0:
                return chain.START
            head = _head(session)
            if number == head.pruned_number:
                return head.pruned_chain
            return session.scalar(select(JournalRow.chain).where(JournalRow.number == number))

    def count_on(self, writes: int) -> None:
        """Let the counter of transactions go on from at least this value."""
        with self._write(erases=False, touches=set()) as session:
            head = _head(session)
            head.writes = max(head.writes, writes)

    def _each(self, numbers: Sequence[int]) -> Iterator[LogEntry]:
        for some in batches(numbers):
            yield from self.entries(some)

    def _wants(self, kind: str) -> bool:
        if kind in _ALWAYS:
            return True
        if kind == "live":
            return self.policy.sightings
        return self.policy.decisions if kind in _DECISIONS else self.policy.changes

    def _wipe_names(self, session: Session, gone: Iterable[int]) -> list[int]:
        """Erase entries with names of people who are deleted, at once: deleted means deleted."""
        numbers: set[int] = set()
        for ids in batches(gone):
            about = select(JournalPersonRow.number).where(JournalPersonRow.person_id.in_(ids))
            named = JournalRow.content.contains('"names":[')
            numbers |= set(session.scalars(select(JournalRow.number).where(JournalRow.number.in_(about), named)))
        return _wipe(session, numbers)

    def _erased(self, session: Session, wiped: Sequence[int], people: int, what: str) -> None:
        self.append(session, "erase", {"people": people, "what": what, "wiped": chain.ranges(wiped)})


def check_log(session: Session) -> tuple[Fault | None, int, int]:
    """Check the whole log.

    Returns:
        The first thing that is wrong; how many entries there are; of how many the content was erased.
    """
    head = _head(session)
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


def _head(session: Session) -> JournalHeadRow:
    # Read anew: another window may have written, though never while this one does.
    query = select(JournalHeadRow).where(JournalHeadRow.id == 1).execution_options(populate_existing=True)
    return session.scalars(query).one()


def _wipe(session: Session, numbers: Iterable[int]) -> list[int]:
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


def _share(session: Session, source_id: int, target_id: int) -> None:
    """Make the entries about somebody entries about whoever they are merged into, too."""
    both = select(JournalPersonRow.number).where(JournalPersonRow.person_id == target_id)
    source = select(JournalPersonRow.number).where(JournalPersonRow.person_id == source_id)
    missing = list(session.scalars(source.where(JournalPersonRow.number.not_in(both))))
    if missing:
        session.execute(insert(JournalPersonRow), [{"number": one, "person_id": target_id} for one in missing])


def _mentioning(session: Session, name: str) -> set[int]:
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


def _names(session: Session, person_ids: set[int]) -> dict[int, str]:
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


def _known(person_id: InstrumentedAttribute[int]) -> Exists:
    return exists().where(PersonRow.id == person_id)


def _utc(day: date) -> datetime:
    """Local midnight, as times are stored."""
    return datetime.combine(day, time()).astimezone(UTC).replace(tzinfo=None)
