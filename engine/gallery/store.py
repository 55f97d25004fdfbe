"""The gallery: people and templates in one file, every edit a transaction that can be undone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path
from types import EllipsisType
from typing import TypeAlias, TypeVar

from sqlalchemy import Engine, delete, exists, func, select, update
from sqlalchemy.orm import Session

from engine.errors import GalleryError, NameTakenError, PackMismatchError, UnknownPersonError, shown
from engine.gallery import kept_edits
from engine.gallery.backend import Backend
from engine.gallery.backups import Backup
from engine.gallery.bindings import forget_wrong
from engine.gallery.erasing import Erased, erase, look
from engine.gallery.file_backend import FileBackend
from engine.gallery.journal import Journal, Note
from engine.gallery.kept import KeptReferences
from engine.gallery.names import clean_name, folded, name_key, search_text
from engine.gallery.references import References
from engine.gallery.rejections import Rejections, forget_enrolled, move_to
from engine.gallery.rows import embedding_bytes, now, person_query, person_value, template_row, template_value
from engine.gallery.schema import (
    NO_PICTURE,
    EmbeddingRow,
    KeptApartRow,
    PersonRow,
    RejectionEmbeddingRow,
    TemplateRow,
)
from engine.gallery.sorting_store import SortingStore, forget_person, replace_person
from engine.gallery.soundness import CheckUp, check_gallery, repair_gallery
from engine.gallery.undo import Edit, History, Snapshot, batches
from engine.gallery.vault import Protection, Typed
from engine.gallery.vectors import stored_bytes
from engine.server_address import PACKAGES_MISSING, Place, ServerAddress
from engine.types import CancelToken, FloatArray, NewTemplate, Person, Report, Template, silent

Result = TypeVar("Result")
Touched: TypeAlias = set[int] | Callable[[Session], set[int]]
"""Whose rows an edit may change: ids, or a way to find them once the gallery is locked."""


class Gallery:
    """One open gallery. Used by one thread at a time; several processes may have the same one open."""

    def __init__(self, backend: Backend) -> None:
        """Wrap an opened database; use `open`."""
        self._backend = backend
        self._history = History()
        self._references = KeptReferences(self._read, self._name_of)
        self.rejections = Rejections(self._read, self._write, self._change)
        self.journal = Journal(self._read, self._write, writable=backend.writable)
        self._erasure_pending = self._news = False
        self._earlier = self._newest_kept()

    @classmethod
    def open(cls, place: Place, typed: Typed | None = None) -> Gallery:
        """Open a gallery. A file is created where there is none, and an older one is migrated.

        Args:
            place: the gallery's file, or where it is on a server.
            typed: a passphrase or recovery code; without one only a keyring opens an encrypted gallery.

        Raises:
            GalleryLockedError: it is encrypted, and something must be typed.
            WrongSecretError: what was typed does not open it.
            TooManyAttemptsError: what was typed before did not either, too often.
            GalleryError: the file is no gallery, damaged, of a newer Visavis, or cannot be opened; the server cannot be
                reached, refuses, or holds no gallery.
        """
        if isinstance(place, ServerAddress):
            return cls(_server_backend(place))._meet()
        backend = FileBackend.open(place, typed)
        opened = cls(backend)._meet()
        if backend.failed_before:
            opened.journal.note(Note("unlock", {"failures": backend.failed_before}))
        return opened

    def _meet(self) -> Gallery:
        with self._backend.errors():
            self.journal.meet(lambda: self._backend.meet(self.journal))
        return self

    @property
    def place(self) -> Place:
        """Where it is."""
        return self._backend.place

    @property
    def path(self) -> Path:
        """The gallery's file.

        Raises:
            GalleryError: it is on a server.
        """
        return self._file.path

    @property
    def encrypted(self) -> bool:
        """Whether Visavis encrypts it."""
        return self._backend.encrypted

    @property
    def protection(self) -> Protection:
        """What protects it."""
        return self._backend.protection

    @property
    def writable(self) -> bool:
        """Whether whoever opened it may change it."""
        return self._backend.writable

    def watch(self, changed: Callable[[], None]) -> None:
        """Have something called, on another thread, when others may have changed the gallery; a file cannot call."""
        self._backend.watch(changed)

    def protect(self, change: Callable[[Path, bytes | None], bytes]) -> None:
        """Change what opens the gallery, with the file closed meanwhile; see `FileBackend.protect`."""
        self._file.protect(change)
        self._backend.part(self.journal)

    def close(self) -> None:
        """Close the gallery; what was deleted is out of its file."""
        with self._backend.errors():
            self.journal.part(lambda: self._backend.part(self.journal))
            self._backend.close()

    def abandon(self) -> None:
        """Close a damaged gallery and leave it as it is."""
        self._backend.abandon()

    def recovery_code(self) -> str:
        """Make a new recovery code and return it; it replaces one of before and is kept nowhere.

        Raises:
            GalleryError: the gallery is not encrypted, or on a server.
        """
        return self._file.recovery_code()

    @property
    def _file(self) -> FileBackend:
        if not isinstance(self._backend, FileBackend):
            raise GalleryError(
                f"The gallery “{self.place}” is on a server. Keys and backups are looked after there, by the server's "
                "owner."
            )
        return self._backend

    @property
    def _engine(self) -> Engine:
        return self._backend.reading

    # --- safekeeping --------------------------------------------------------------------------------------------

    def back_up(self) -> Backup:
        """Make a backup now.

        Raises:
            GalleryError: the gallery is damaged or on a server, or there is no room.
        """
        return self._file.back_up()

    def restore(self, backup: Path) -> None:
        """Go back to a backup; what is there now becomes one. What could be undone no longer can.

        Raises:
            GalleryError: the backup is damaged, or another window has the gallery open; nothing was changed.
        """
        try:
            self._file.restore(backup)
        finally:
            self._history = History()
            self._earlier = self._newest_kept()
            self._references.forget()
            self.rejections.forget()
        self._backend.meet(self.journal)

    def accept(self) -> None:
        """Take the gallery as it is, though it is not the one that was last used here.

        Raises:
            GalleryError: it cannot be written.
        """
        self._backend.accept(self.journal)

    def check(self, report: Report = silent, token: CancelToken | None = None) -> CheckUp:
        """Compare everything in the gallery with its own records.

        Raises:
            OperationCancelledError: the token was turned.
        """
        with self._backend.errors():
            return check_gallery(self._backend, report=report, stop=(token or CancelToken()).check)

    def repair(self, found: CheckUp) -> tuple[str, ...]:
        """Take out what a check found worthless, and say what was done. Embeddings are made again when next asked for.

        Raises:
            GalleryError: the gallery cannot be written; nothing was.
        """
        with self._write(erases=True) as session:
            done = repair_gallery(session.connection(), found.problems)
            if any(problem.kind == "link" for problem in found.problems):
                forget_wrong(session)
            self.journal.tell(session, "repair", " ".join(dict.fromkeys(done)))
            return done

    # --- looking ------------------------------------------------------------------------------------------------

    def people(self, search: str = "") -> list[Person]:
        """Everyone whose name, tags or notes contain the text, whatever its case and accents; by name."""
        with self._read() as session:
            query = person_query().order_by(PersonRow.name_key)
            if search.strip():
                query = query.where(PersonRow.search_text.contains(folded(search.strip()), autoescape=True))
            return [person_value(row) for row in session.execute(query)]

    def person(self, person_id: int) -> Person:
        """One person.

        Raises:
            UnknownPersonError: there is no such person.
        """
        with self._read() as session:
            return _person(session, person_id)

    def find(self, name: str) -> Person:
        """The person of this name, whatever its case.

        Raises:
            UnknownPersonError: there is nobody of this name.
        """
        with self._read() as session:
            row = session.execute(person_query().where(PersonRow.name_key == name_key(name))).first()
            if row is None:
                raise UnknownPersonError(name)
            return person_value(row)

    def templates(self, person_id: int) -> list[Template]:
        """All templates of a person, oldest first."""
        with self._read() as session:
            query = select(TemplateRow).where(TemplateRow.person_id == person_id).order_by(TemplateRow.id)
            return [template_value(row) for row in session.scalars(query)]

    def crops(self, template_ids: Iterable[int]) -> dict[int, bytes]:
        """Encoded crops by template; those that are gone are left out."""
        with self._read() as session:
            query = select(TemplateRow.id, TemplateRow.crop_jpeg).where(TemplateRow.id.in_(list(template_ids)))
            return {row.id: row.crop_jpeg for row in session.execute(query)}

    def counts(self) -> tuple[int, int]:
        """How many people and how many templates there are."""
        with self._read() as session:
            people = session.scalar(select(func.count()).select_from(PersonRow))
            templates = session.scalar(select(func.count()).select_from(TemplateRow))
            return people or 0, templates or 0

    def references(self, pack_id: str) -> References:
        """All templates of one pack, for matching; after a change only what has changed is read again."""
        self._look()
        return self._references.of(pack_id)

    def changed_elsewhere(self) -> bool:
        """Whether another window or process has committed something since this was last asked."""
        self._look()
        news, self._news = self._news, False
        return news

    def _look(self) -> None:
        with self._backend.errors():
            found = self._backend.changes()
        if found is None:
            return
        self._news = True
        if found.people is None:
            self._references.note_elsewhere()
        else:
            self._references.note(found.people)
        self.rejections.forget()

    # --- edits --------------------------------------------------------------------------------------------------

    def enroll(
        self, name: str, templates: Sequence[NewTemplate], *, consent_date: date | None = None, purpose: str = ""
    ) -> Person:
        """Add templates to the person of this name, who is created where there is none, in one transaction.

        Raises:
            InvalidNameError: nobody can have this name.
            GalleryError: a template does not fit the others, or the gallery cannot be written; nothing was.
        """
        cleaned = clean_name(name)
        rows = [template_row(template) for template in templates]

        def work(session: Session) -> int:
            person = session.scalar(select(PersonRow).where(PersonRow.name_key == name_key(cleaned)))
            if person is None:
                person = new_person(cleaned)
                session.add(person)
                session.flush()
            if consent_date is not None:
                person.consent_date = consent_date
            if purpose.strip():
                person.purpose = purpose.strip()
            check_dimensions(session, [embedded for row in rows for embedded in row.embeddings])
            for row in rows:
                row.person_id = person.id
            session.add_all(rows)
            forget_enrolled(session, person.id, templates)
            return person.id

        return self._edit(f"Enroll {cleaned}", lambda session: _ids_named(session, name_key(cleaned)), work)

    def rename(self, person_id: int, name: str) -> Person:
        """Give a person another name.

        Raises:
            NameTakenError: somebody else has it.
            InvalidNameError: nobody can have it.
            UnknownPersonError: there is no such person.
        """
        cleaned = clean_name(name)
        old = self.person(person_id).name

        def work(session: Session) -> int:
            taken = select(PersonRow.id).where(PersonRow.name_key == name_key(cleaned), PersonRow.id != person_id)
            if session.scalar(taken) is not None:
                raise NameTakenError(cleaned)
            row = _row(session, person_id)
            row.name, row.name_key = cleaned, name_key(cleaned)
            row.search_text = search_text(cleaned, row.notes, row.tags)
            return person_id

        return self._edit(f"Rename {old} to {cleaned}", {person_id}, work)

    def describe(
        self,
        person_id: int,
        *,
        notes: str | None = None,
        tags: Sequence[str] | None = None,
        consent_date: date | EllipsisType | None = ...,
        purpose: str | None = None,
        expires_on: date | EllipsisType | None = ...,
    ) -> Person:
        """Change notes, tags, the consent date, the purpose or the last day; what is left out stays.

        Raises:
            UnknownPersonError: there is no such person.
        """

        def work(session: Session) -> int:
            row = _row(session, person_id)
            if notes is not None:
                row.notes = notes
            if tags is not None:
                row.tags = list(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
            if not isinstance(consent_date, EllipsisType):
                row.consent_date = consent_date
            if purpose is not None:
                row.purpose = purpose.strip()
            if not isinstance(expires_on, EllipsisType):
                row.expires_on = expires_on
            row.search_text = search_text(row.name, row.notes, row.tags)
            return person_id

        # Notes and tags that are taken away are deleted.
        return self._edit(f"Describe {self.person(person_id).name}", {person_id}, work, erases=True)

    def merge(self, source_id: int, target_id: int) -> Person:
        """Move all templates, tags, notes and rejected faces of one person to another, and drop the first.

        Raises:
            GalleryError: they are the same person.
            UnknownPersonError: one of them does not exist.
        """
        if source_id == target_id:
            raise GalleryError("A person cannot be merged with themselves. Choose two different people.")

        def work(session: Session) -> int:
            source, target = _row(session, source_id), _row(session, target_id)
            move_to(session, source_id, target_id)
            session.execute(update(TemplateRow).where(TemplateRow.person_id == source_id).values(person_id=target_id))
            target.tags = list(dict.fromkeys((*target.tags, *source.tags)))
            target.notes = "\n".join(filter(None, (target.notes, source.notes)))
            target.purpose = "; ".join(dict.fromkeys(filter(None, (target.purpose, source.purpose))))
            # Who agreed to be kept until a day is not kept longer because of a merge.
            target.expires_on = min(filter(None, (target.expires_on, source.expires_on)), default=None)
            target.search_text = search_text(target.name, target.notes, target.tags)
            replace_person(session, source_id, target_id)
            session.delete(source)
            return target_id

        text = f"Merge {self.person(source_id).name} into {self.person(target_id).name}"
        return self.person(self._change(text, {source_id, target_id}, work, erases=True))

    def move_template(self, template_id: int, target_id: int) -> Person:
        """Give a template to another person.

        Raises:
            UnknownPersonError: there is no such person.
            GalleryError: there is no such template.
        """

        def work(session: Session) -> int:
            _row(session, target_id)
            moved = update(TemplateRow).where(TemplateRow.id == template_id)
            session.execute(moved.values(person_id=target_id, confirmed=False))
            return target_id

        text = f"Move a picture to {self.person(target_id).name}"
        return self._edit(text, {self._owner(template_id), target_id}, work)

    def split(self, person_id: int, template_ids: Collection[int], name: str) -> Person:
        """Give some of a person's templates to somebody new, and remember that the two are not the same.

        Raises:
            UnknownPersonError: there is no such person.
            NameTakenError: somebody has the name already.
            InvalidNameError: nobody can have it.
            GalleryError: the templates are not the person's, or are all of theirs, or are none.
        """
        cleaned, chosen = clean_name(name), set(template_ids)

        def work(session: Session) -> int:
            if _ids_named(session, name_key(cleaned)):
                raise NameTakenError(cleaned)
            source = _row(session, person_id)
            own = set(session.scalars(select(TemplateRow.id).where(TemplateRow.person_id == person_id)))
            check_split(source.name, own, chosen)
            person = new_person(cleaned)
            # Whom the pictures show is in question, so is their consent; nobody is kept longer because of a split.
            person.purpose, person.expires_on = source.purpose, source.expires_on
            session.add(person)
            session.flush()
            for ids in batches(chosen):
                moved = update(TemplateRow).where(TemplateRow.id.in_(ids))
                session.execute(moved.values(person_id=person.id, confirmed=False))
            session.add(KeptApartRow(first_id=person_id, second_id=person.id))
            return person.id

        return self._edit(f"Split {cleaned} from {self.person(person_id).name}", {person_id}, work)

    def delete_template(self, template_id: int) -> None:
        """Delete a template with its crop, from the disk too.

        Raises:
            GalleryError: there is no such template.
        """
        owner = self._owner(template_id)

        def work(session: Session) -> int:
            session.execute(delete(TemplateRow).where(TemplateRow.id == template_id))
            return owner

        self._change(f"Delete a picture of {self.person(owner).name}", {owner}, work, erases=True)

    def delete_person(self, person_id: int) -> None:
        """Delete a person with all templates and crops, from the disk too.

        Raises:
            UnknownPersonError: there is no such person.
        """

        def work(session: Session) -> None:
            forget_person(session, person_id)
            session.delete(_row(session, person_id))

        self._change(f"Delete {self.person(person_id).name}", {person_id}, work, erases=True, forgets=True)

    @property
    def key(self) -> bytes | None:
        """The data key; None where the file is plain."""
        return self._file.key

    def look_at_all_of(self, person_id: int) -> Erased:
        """Count everything that the file holds of a person.

        Raises:
            UnknownPersonError: there is no such person.
        """
        with self._read() as session:
            return look(session, person_id)

    def erase_person(self, person_id: int, receipt: str) -> Erased:
        """Delete a person for good: with all that is known of them anywhere in the file, and without a way back.

        Raises:
            UnknownPersonError: there is no such person.
        """
        with self._write(erases=True, touches={person_id}) as session:
            there = kept_edits.Outline.take(session, {person_id})
            erased = erase(session, self.journal, person_id, receipt)
            kept_edits.forget(session, people={person_id}, pictures=there.templates, faces=there.rejections)
        self._history.forget({person_id})
        return erased

    # --- packs --------------------------------------------------------------------------------------------------

    def without_embedding(self, pack_id: str) -> list[int]:
        """Templates that this pack has not embedded yet."""
        embedded = exists().where(EmbeddingRow.template_id == TemplateRow.id, EmbeddingRow.pack_id == pack_id)
        with self._read() as session:
            return list(session.scalars(select(TemplateRow.id).where(~embedded)))

    def without_picture(self) -> set[int]:
        """Templates that came as vectors only: their crop is a drawing that no network is to embed."""
        with self._read() as session:
            marked = TemplateRow.quality[NO_PICTURE].as_float().is_not(None)
            return set(session.scalars(select(TemplateRow.id).where(marked)))

    def add_embeddings(self, pack_id: str, embeddings: Mapping[int, FloatArray]) -> None:
        """Store what a pack makes of templates, all in one transaction; templates that are gone are passed over.

        Raises:
            PackError: one is no embedding; nothing was stored.
            PackMismatchError: they do not fit the pack's others; nothing was stored.
        """
        encoded = {template_id: embedding_bytes(embedding) for template_id, embedding in embeddings.items()}
        with self._write(erases=False) as session:
            there = set(session.scalars(select(TemplateRow.id)))
            rows = [
                EmbeddingRow(template_id=template_id, pack_id=pack_id, embedding=content)
                for template_id, content in encoded.items()
                if template_id in there
            ]
            check_dimensions(session, rows)
            for row in rows:
                session.merge(row)
            self.journal.tell(session, "pack", f"{len(rows):,} pictures were embedded by {pack_id}.")

    def forget_pack(self, pack_id: str) -> None:
        """Delete all embeddings of one pack, from the disk too; templates and crops stay."""
        with self._write(erases=True) as session:
            for table in (EmbeddingRow, RejectionEmbeddingRow):
                session.execute(delete(table).where(table.pack_id == pack_id))
            self.journal.tell(session, "pack", f"All that {pack_id} had embedded was deleted.")

    # --- many at once, for what comes in and goes out -----------------------------------------------------------

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

    # --- sorting ------------------------------------------------------------------------------------------------

    @property
    def sorting(self) -> SortingStore:
        """What was found in folders of photographs; kept in this same file."""
        return SortingStore(self._read, self._write)

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

    # --- transactions -------------------------------------------------------------------------------------------

    def _edit(self, text: str, touched: Touched, work: Callable[[Session], int], *, erases: bool = False) -> Person:
        """Make an edit that can be undone, and return the person its work says it is about."""
        return self.person(self._change(text, touched, work, erases=erases))

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
            if touches is None:
                self._references.forget()
            else:
                self._references.note(touches)
            self.rejections.forget()
            # Deleted rows live on in the write-ahead log until it is emptied; a reader elsewhere can delay that.
            if erases or self._erasure_pending:
                self._erasure_pending = not self._backend.erase_leftovers()

    def _name_of(self, person_id: int) -> str:
        with self._read() as session:
            return _row(session, person_id).name

    def _owner(self, template_id: int) -> int:
        with self._read() as session:
            owner = session.scalar(select(TemplateRow.person_id).where(TemplateRow.id == template_id))
        if owner is None:
            raise GalleryError("This picture is no longer in the gallery. Look again.")
        return owner


def _server_backend(address: ServerAddress) -> Backend:
    try:
        from engine.gallery.server_backend import ServerBackend  # noqa: PLC0415 - needs what [server] installs
    except ImportError as error:
        raise GalleryError(PACKAGES_MISSING) from error
    return ServerBackend.open(address)


def _row(session: Session, person_id: int) -> PersonRow:
    row = session.get(PersonRow, person_id)
    if row is None:
        raise UnknownPersonError(f"person {person_id}")
    return row


def _person(session: Session, person_id: int) -> Person:
    row = session.execute(person_query().where(PersonRow.id == person_id)).first()
    if row is None:
        raise UnknownPersonError(f"person {person_id}")
    return person_value(row)


def new_person(name: str) -> PersonRow:
    """A row for somebody of whom nothing but the name is known."""
    return PersonRow(name=name, name_key=name_key(name), search_text=search_text(name, "", ()), created_at=now())


def check_split(name: str, own: Collection[int], chosen: Collection[int]) -> None:
    """Refuse a split that would move no picture, somebody else's, or all."""
    if not chosen:
        raise GalleryError(f"No picture of “{shown(name)}” was chosen. Choose those that show somebody else.")
    if missing := sorted(set(chosen) - set(own)):
        numbers = ", ".join(str(id_) for id_ in missing[:5])
        raise GalleryError(f"“{shown(name)}” has no picture of number {numbers}. Nothing was split; look again.")
    if len(chosen) == len(own):
        raise GalleryError(f"These are all pictures of “{shown(name)}”. Leave one, or rename them instead.")


def _ids_named(session: Session, key: str) -> set[int]:
    return set(session.scalars(select(PersonRow.id).where(PersonRow.name_key == key)))


def check_dimensions(session: Session, rows: Sequence[EmbeddingRow]) -> None:
    """Refuse embeddings whose length differs from that of the pack's others."""
    for pack_id in {row.pack_id for row in rows}:
        stored = select(stored_bytes(EmbeddingRow.embedding)).where(EmbeddingRow.pack_id == pack_id).limit(1)
        lengths = {len(row.embedding) for row in rows if row.pack_id == pack_id} | set(session.scalars(stored))
        if len(lengths) > 1:
            raise PackMismatchError("These templates do not fit the others of their pack. Nothing was stored.")
