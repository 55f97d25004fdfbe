"""The gallery's history log: what was changed, within the change's own transaction, and what was decided.

Names are looked up when entries are shown, so that none outlives its person; only a change of names holds any.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Exists, delete, exists, func, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from engine.erasure import listed
from engine.errors import GalleryError
from engine.gallery import chain
from engine.gallery.bindings import bind
from engine.gallery.journal_changes import told
from engine.gallery.journal_looking import LogReader, head_of, names_of
from engine.gallery.journal_schema import AttemptsRow, JournalHeadRow, JournalPersonRow, JournalRow
from engine.gallery.journal_wiping import mentioning, wipe
from engine.gallery.rows import now
from engine.gallery.schema import PersonRow
from engine.gallery.seals import Seals
from engine.gallery.undo import Snapshot, batches
from engine.journal import LogPolicy

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


class Journal(LogReader):
    """The history log of one open gallery."""

    def __init__(
        self,
        read: Callable[[], AbstractContextManager[Session]],
        write: Callable[..., AbstractContextManager[Session]],
        seals: Callable[[], Seals],
        *,
        writable: bool = True,
    ) -> None:
        """Use the gallery's own ways to read, write and seal; whoever may only look at it leaves no entries."""
        super().__init__(read)
        self._write, self._seals, self._writable = write, seals, writable
        self.policy = LogPolicy()
        self._begun = False

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
        bind(session, self._seals(), before, after)
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
        head = head_of(session)
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
            numbers |= mentioning(session, name)
        return wipe(session, numbers)

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
                there = names_of(session, {one for note in wanted for one in note.people}).keys()
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
            head = head_of(session)
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
            wiped = wipe(session, alone)
            if wiped:
                self._erased(session, wiped, len(gone), listed({"entries of the history log": len(wiped)}))
        return len(wiped)

    def count_on(self, writes: int) -> None:
        """Let the counter of transactions go on from at least this value."""
        with self._write(erases=False, touches=set()) as session:
            head = head_of(session)
            head.writes = max(head.writes, writes)

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
        return wipe(session, numbers)

    def _erased(self, session: Session, wiped: Sequence[int], people: int, what: str) -> None:
        self.append(session, "erase", {"people": people, "what": what, "wiped": chain.ranges(wiped)})


def _share(session: Session, source_id: int, target_id: int) -> None:
    """Make the entries about somebody entries about whoever they are merged into, too."""
    both = select(JournalPersonRow.number).where(JournalPersonRow.person_id == target_id)
    source = select(JournalPersonRow.number).where(JournalPersonRow.person_id == source_id)
    missing = list(session.scalars(source.where(JournalPersonRow.number.not_in(both))))
    if missing:
        session.execute(insert(JournalPersonRow), [{"number": one, "person_id": target_id} for one in missing])


def _known(person_id: InstrumentedAttribute[int]) -> Exists:
    return exists().where(PersonRow.id == person_id)
