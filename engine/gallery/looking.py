"""Looking into a gallery."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.errors import GalleryError, UnknownPersonError
from engine.gallery.backend import Backend
from engine.gallery.names import folded, name_key
from engine.gallery.references import References
from engine.gallery.rows import person_query, person_value, template_value
from engine.gallery.schema import PersonRow, TemplateRow
from engine.gallery.transactions import Transactions
from engine.types import Person, Template
from engine.wording import counted

log = logging.getLogger(__name__)
_LEFT_OUT = (
    "{} not compared: something else than Visavis has changed or misplaced the embeddings. Check the gallery, in "
    "Settings or with: visavis gallery check --repair."
)


class Looking(Transactions):
    """The part of a gallery that shows who and what is in it."""

    def __init__(self, backend: Backend) -> None:
        """Use an opened database."""
        super().__init__(backend)
        self._news = False

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
        """All templates of a person, oldest first; embeddings that are not those that were stored are left out."""
        seals = self._backend.seals
        with self._read() as session:
            query = select(TemplateRow).where(TemplateRow.person_id == person_id).order_by(TemplateRow.id)
            return [template_value(row, seals) for row in session.scalars(query)]

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
        before = self.left_out(pack_id)
        references = self._references.of(pack_id)
        if (now := self.left_out(pack_id)) and now != before:
            self._news = True
            log.warning("%s", now)
        return references

    def left_out(self, pack_id: str) -> str:
        """What is said of templates that are not among the references: something else has changed their embeddings.

        Only known of references that have been asked for; empty where there is nothing to say.
        """
        count = self._references.left_out(pack_id)
        return _LEFT_OUT.format(counted(count, "picture is", "pictures are")) if count else ""

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

    def _owner(self, template_id: int) -> int:
        with self._read() as session:
            owner = session.scalar(select(TemplateRow.person_id).where(TemplateRow.id == template_id))
        if owner is None:
            raise GalleryError("This picture is no longer in the gallery. Look again.")
        return owner


def _person(session: Session, person_id: int) -> Person:
    row = session.execute(person_query().where(PersonRow.id == person_id)).first()
    if row is None:
        raise UnknownPersonError(f"person {person_id}")
    return person_value(row)
