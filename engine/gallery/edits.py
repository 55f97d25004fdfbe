"""Editing a gallery: enrolling, naming, merging, splitting, deleting; all of it can be undone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Unpack

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from engine.errors import GalleryError, NameTakenError, PackMismatchError, shown
from engine.gallery.looking import Looking
from engine.gallery.names import clean_name, name_key, search_text
from engine.gallery.rejections import forget_enrolled, move_to
from engine.gallery.rows import now, template_row
from engine.gallery.schema import EmbeddingRow, KeptApartRow, PersonRow, RejectionEmbeddingRow, TemplateRow
from engine.gallery.sorting_store import forget_person, replace_person
from engine.gallery.transactions import Touched, row_of
from engine.gallery.undo import batches
from engine.gallery.vectors import stored_bytes
from engine.types import Described, NewTemplate, Person


class Edits(Looking):
    """The part of a gallery that changes who and what is in it."""

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
            row = row_of(session, person_id)
            row.name, row.name_key = cleaned, name_key(cleaned)
            row.search_text = search_text(cleaned, row.notes, row.tags)
            return person_id

        return self._edit(f"Rename {old} to {cleaned}", {person_id}, work)

    def describe(self, person_id: int, **changes: Unpack[Described]) -> Person:
        """Change notes, tags, the consent date, the purpose or the last day; what is left out stays.

        Raises:
            UnknownPersonError: there is no such person.
        """

        def work(session: Session) -> int:
            row = row_of(session, person_id)
            row.notes = changes.get("notes", row.notes)
            row.tags = list(dict.fromkeys(tag.strip() for tag in changes.get("tags", row.tags) if tag.strip()))
            row.consent_date = changes.get("consent_date", row.consent_date)
            row.purpose = changes.get("purpose", row.purpose).strip()
            row.expires_on = changes.get("expires_on", row.expires_on)
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
            source, target = row_of(session, source_id), row_of(session, target_id)
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
            row_of(session, target_id)
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
            source = row_of(session, person_id)
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
            session.delete(row_of(session, person_id))

        self._change(f"Delete {self.person(person_id).name}", {person_id}, work, erases=True, forgets=True)

    def _edit(self, text: str, touched: Touched, work: Callable[[Session], int], *, erases: bool = False) -> Person:
        """Make an edit that can be undone, and return the person its work says it is about."""
        return self.person(self._change(text, touched, work, erases=erases))


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


def check_dimensions(session: Session, rows: Sequence[EmbeddingRow | RejectionEmbeddingRow]) -> None:
    """Refuse embeddings whose length differs from that of the pack's others."""
    for pack_id in {row.pack_id for row in rows}:
        stored = select(stored_bytes(EmbeddingRow.embedding)).where(EmbeddingRow.pack_id == pack_id).limit(1)
        lengths = {len(row.embedding) for row in rows if row.pack_id == pack_id} | set(session.scalars(stored))
        if len(lengths) > 1:
            raise PackMismatchError("These templates do not fit the others of their pack. Nothing was stored.")
