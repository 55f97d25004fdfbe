"""How a gallery is read and written: every write a transaction, every edit one that can be undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeAlias, TypeVar

from sqlalchemy.orm import Session

from engine.errors import GalleryError, UnknownPersonError
from engine.gallery import kept_edits
from engine.gallery.backend import Backend
from engine.gallery.journal import Journal
from engine.gallery.kept import KeptReferences
from engine.gallery.rejections import Rejections
from engine.gallery.schema import PersonRow
from engine.gallery.undo import Edit, History, Snapshot

Result = TypeVar("Result")
Touched: TypeAlias = set[int] | Callable[[Session], set[int]]
"""Whose rows an edit may change: ids, or a way to find them once the gallery is locked."""


class Transactions:
    """The part of a gallery that reads, writes and undoes.

    Attributes:
        rejections: rejected faces and people kept apart.
        journal: the history log.
    """

    def __init__(self, backend: Backend) -> None:
        """Use an opened database."""
        self._backend = backend
        self._history = History()
        self._references = KeptReferences(self._read, backend.generation, self._name_of, lambda: backend.seals)
        self.rejections = Rejections(self._read, self._write, self._change)
        self.journal = Journal(self._read, self._write, lambda: backend.seals, writable=backend.writable)
        self._erasure_pending = False
        self._writes = 0
        self._earlier = self._newest_kept()

    def _begin_again(self) -> None:
        """Forget what was read and done: the database is another one now."""
        self._history = History()
        self._writes += 1
        # Before anything is read, which may fail: what was read belongs to the database of before.
        self._references.forget()
        self.rejections.forget()
        self._earlier = self._newest_kept()

    def reading(self) -> AbstractContextManager[Session]:
        """Look at the gallery as it stands at one moment, for `engine.gallery.exchange`."""
        return self._read()

    def counting(self) -> AbstractContextManager[Session]:
        """Write what is nobody's edit, such as a failed attempt, in a transaction of its own."""
        return self._write(erases=False, touches=set())

    def edit_many(self, text: str, touched: Touched, work: Callable[[Session, set[int]], None]) -> None:
        """Make one edit of many people.

        Args:
            text: what it is called.
            touched: whose rows are changed.
            work: makes the changes, and adds whom it creates to the ids it is given.
        """

        def change(session: Session) -> set[int]:
            ids = set(touched(session) if callable(touched) else touched)
            work(session, ids)
            return ids

        self._change(text, touched, change)
        if self._history.done[-1].before == self._history.done[-1].after:
            self._history.done.pop()

    @contextmanager
    def together(self, text: str) -> Iterator[None]:
        """Let all edits made meanwhile be undone as one."""
        start = len(self._history.done)
        try:
            yield
        finally:
            edits = self._history.done[start:]
            if len(edits) > 1:
                with self._write(erases=False, touches=set()) as session:
                    kept_edits.drop(session, [edit.kept_id for edit in edits])
                    joined = kept_edits.keep(session, self._history.joined(start, text))
                self._history.done[start:] = [joined]

    # --- undo ---------------------------------------------------------------------------------------------------

    @property
    def undo_text(self) -> str:
        """What `undo` would take back; empty when there is nothing."""
        if self._history.done:
            return self._history.done[-1].text
        kept = self._kept()
        return kept.words if kept else ""

    @property
    def redo_text(self) -> str:
        """What `redo` would do again; empty when there is nothing."""
        return self._history.undone[-1].text if self._history.undone else ""

    def undo(self) -> str:
        """Take back the latest edit, of this session or kept from one before, and return what it was.

        Raises:
            GalleryError: there is none, or another window has changed the same people since.
        """
        kept = None if self._history.done else self._kept()
        if not self._history.done and kept is None:
            raise GalleryError("There is nothing to undo.")
        people: set[int] = set()
        with self._write(erases=True, touches=people) as session:
            edit = kept_edits.restored(session, kept) if kept else self._history.done[-1]
            people |= edit.people
            edit.revert(session)
            kept_edits.take_back(session, edit)
            self.journal.change(session, edit.after, edit.before, "undo")
        del self._history.done[-1:]
        self._history.undone.append(edit)
        return kept.words if kept else edit.text

    def redo(self) -> str:
        """Do again what was undone last, and return what it was.

        Raises:
            GalleryError: there is nothing, or another window has changed the same people since.
        """
        if not self._history.undone:
            raise GalleryError("There is nothing to do again.")
        edit = self._history.undone[-1]
        with self._write(erases=True, touches=edit.people) as session:
            edit.repeat(session)
            edit = kept_edits.keep(session, edit)
            self.journal.change(session, edit.before, edit.after, "redo")
        self._history.undone.pop()
        self._history.done.append(edit)
        return edit.text

    def _kept(self) -> kept_edits.Kept | None:
        """The latest edit of a session before this that can still be undone."""
        with self._read() as session:
            return kept_edits.latest(session, self._earlier)

    def _newest_kept(self) -> int:
        with self._read() as session:
            return kept_edits.newest(session)

    # --- reading and writing --------------------------------------------------------------------------------------

    def _change(
        self,
        text: str,
        touched: Touched,
        work: Callable[[Session], Result],
        *,
        erases: bool = False,
        forgets: bool = False,
    ) -> Result:
        """Make an edit that can be undone.

        Args:
            erases: whether something is deleted by it.
            forgets: whether somebody is, so that nothing of it may be kept on the disk.
        """
        people: set[int] = set()
        with self._write(erases=erases, touches=people) as session:
            people |= touched(session) if callable(touched) else touched
            before = Snapshot.take(session, people)
            result = work(session)
            session.flush()
            people |= {result} if isinstance(result, int) else result if isinstance(result, set) else set()
            edit = kept_edits.keep(session, Edit(text, before, Snapshot.take(session, people), forgets))
            self.journal.change(session, before, edit.after)
        self._history.add(edit)
        return result

    @contextmanager
    def _read(self) -> Iterator[Session]:
        with self._backend.errors(), Session(self._backend.reading) as session:
            yield session

    @contextmanager
    def _write(self, *, erases: bool, touches: set[int] | None = None) -> Iterator[Session]:
        """Open a transaction.

        Args:
            erases: whether something is deleted by it.
            touches: whose rows it changes, complete by the time it ends; None where that is not known.
        """
        with self._backend.errors():
            with Session(self._backend.writing) as session, session.begin():
                yield session
                self.journal.tick(session)
                session.flush()
                self._backend.note(session, touches)
            self._writes += 1
            if touches is None:
                self._references.forget()
            else:
                self._references.note(touches)
            self.rejections.forget()
            # Deleted rows live on in the write-ahead log until it is emptied; a reader elsewhere can delay that.
            if erases or self._erasure_pending:
                self._erasure_pending = not self._backend.erase_leftovers()

    def _stamp(self) -> tuple[int, object]:
        """What is another value once anything has been written, here or elsewhere; cheap to ask for."""
        with self._backend.errors():
            return self._writes, self._backend.version()

    def _name_of(self, person_id: int) -> str:
        with self._read() as session:
            return row_of(session, person_id).name


def row_of(session: Session, person_id: int) -> PersonRow:
    """A person's row.

    Raises:
        UnknownPersonError: there is no such person.
    """
    row = session.get(PersonRow, person_id)
    if row is None:
        raise UnknownPersonError(f"person {person_id}")
    return row
