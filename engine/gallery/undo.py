"""Undo: every edit remembers the rows it touched, before and after.

These snapshots are in memory only, so that what was deleted is gone from the disk; `engine.gallery.kept_edits` keeps
what may be kept for the next start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.orm import Session

from engine.errors import GalleryError
from engine.gallery.schema import (
    EmbeddingRow,
    KeptApartRow,
    PersonRow,
    RejectionEmbeddingRow,
    RejectionRow,
    TemplateRow,
)

Row: TypeAlias = Mapping[str, Any]
Item = TypeVar("Item")

_AT_ONCE = 1000
"""A statement can name only so many ids."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Some people with all their templates and what was said about them, as stored, by id.

    Embeddings do not count when snapshots are compared: a change of packs adds some, and is no edit.
    """

    people: dict[int, Row]
    templates: dict[int, Row]
    rejections: dict[int, Row]
    kept_apart: dict[tuple[int, int], Row]
    embeddings: dict[tuple[int, str], Row] = field(compare=False)
    rejection_embeddings: dict[tuple[int, str], Row] = field(compare=False)

    @classmethod
    def take(cls, session: Session, person_ids: Iterable[int]) -> Snapshot:
        """Copy the rows of these people; those who are not there are left out."""
        taken = cls.empty()
        for ids in batches(person_ids):
            people = select(PersonRow.__table__).where(PersonRow.id.in_(ids))
            templates = select(TemplateRow.__table__).where(TemplateRow.person_id.in_(ids))
            embeddings = select(EmbeddingRow.__table__).join(TemplateRow).where(TemplateRow.person_id.in_(ids))
            rejections = select(RejectionRow.__table__).where(RejectionRow.person_id.in_(ids))
            rejected = select(RejectionEmbeddingRow.__table__).join(RejectionRow).where(RejectionRow.person_id.in_(ids))
            either = or_(KeptApartRow.first_id.in_(ids), KeptApartRow.second_id.in_(ids))
            kept_apart = select(KeptApartRow.__table__).where(either)
            part = cls(
                {row.id: dict(row._mapping) for row in session.execute(people)},
                {row.id: dict(row._mapping) for row in session.execute(templates)},
                {row.id: dict(row._mapping) for row in session.execute(rejections)},
                {(row.first_id, row.second_id): dict(row._mapping) for row in session.execute(kept_apart)},
                {(row.template_id, row.pack_id): dict(row._mapping) for row in session.execute(embeddings)},
                {(row.rejection_id, row.pack_id): dict(row._mapping) for row in session.execute(rejected)},
            )
            taken.update(part)
        return taken

    @classmethod
    def empty(cls) -> Snapshot:
        """Nobody."""
        return cls({}, {}, {}, {}, {}, {})

    def of(self, person_ids: set[int]) -> Snapshot:
        """The part of it that is about these people."""
        templates = {id_: row for id_, row in self.templates.items() if row["person_id"] in person_ids}
        rejections = {id_: row for id_, row in self.rejections.items() if row["person_id"] in person_ids}
        return Snapshot(
            {id_: row for id_, row in self.people.items() if id_ in person_ids},
            templates,
            rejections,
            {pair: row for pair, row in self.kept_apart.items() if person_ids & {*pair}},
            {key: row for key, row in self.embeddings.items() if key[0] in templates},
            {key: row for key, row in self.rejection_embeddings.items() if key[0] in rejections},
        )

    def update(self, other: Snapshot) -> None:
        """Add the rows of another one."""
        self.people.update(other.people)
        self.templates.update(other.templates)
        self.rejections.update(other.rejections)
        self.kept_apart.update(other.kept_apart)
        self.embeddings.update(other.embeddings)
        self.rejection_embeddings.update(other.rejection_embeddings)


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit, in words and in rows.

    Attributes:
        forgets: whether it deletes people, so that nothing of it may be kept on the disk.
        kept_id: the number under which it is kept for the next start; None where it is not.
    """

    text: str
    before: Snapshot
    after: Snapshot
    forgets: bool = False
    kept_id: int | None = None

    @property
    def people(self) -> set[int]:
        """Whose rows it changed."""
        return {*self.before.people, *self.after.people}

    def revert(self, session: Session) -> None:
        """Put the rows back as they were.

        Raises:
            GalleryError: somebody else has changed them since.
        """
        _swap(session, self.after, self.before)

    def repeat(self, session: Session) -> None:
        """Do the edit again.

        Raises:
            GalleryError: somebody else has changed its rows since.
        """
        _swap(session, self.before, self.after)


@dataclass(slots=True)
class History:
    """The edits that can be undone and done again, latest last."""

    done: list[Edit] = field(default_factory=list)
    undone: list[Edit] = field(default_factory=list)

    def add(self, edit: Edit) -> None:
        """Remember a new edit; what was undone before it cannot be done again."""
        self.done.append(edit)
        self.undone.clear()

    def forget(self, people: set[int]) -> None:
        """Drop every edit that would bring back anything of these people."""
        for edits in (self.done, self.undone):
            edits[:] = [edit for edit in edits if not people & edit.people]

    def joined(self, start: int, text: str) -> Edit:
        """What the edits done since there were `start` are as one."""
        edits = self.done[start:]
        before = _first_seen([(edit, edit.before) for edit in edits])
        after = _first_seen([(edit, edit.after) for edit in reversed(edits)])
        return Edit(text, before, after, forgets=any(edit.forgets for edit in edits))


def _first_seen(snapshots: Iterable[tuple[Edit, Snapshot]]) -> Snapshot:
    """Of everyone whom some edits are about, the rows in the first snapshot that speaks of them."""
    whole, seen = Snapshot.empty(), set[int]()
    for edit, snapshot in snapshots:
        about = (edit.before.people.keys() | edit.after.people.keys()) - seen
        whole.update(snapshot.of(about))
        seen |= about
    return whole


def _swap(session: Session, present: Snapshot, wanted: Snapshot) -> None:
    people = present.people.keys() | wanted.people.keys()
    found = Snapshot.take(session, people)
    if found != present:
        raise GalleryError("This cannot be undone: another window has changed the same people since.")
    for names in batches(row["name_key"] for row in wanted.people.values()):
        having = set(session.scalars(select(PersonRow.id).where(PersonRow.name_key.in_(names))))
        if having - people:
            raise GalleryError("This cannot be undone: somebody else has the name now. Rename them first.")
    # A picture that was embedded again since keeps what was made of it then, also when it is put back another time.
    present.embeddings.update(found.embeddings)
    present.rejection_embeddings.update(found.rejection_embeddings)
    # What was said about these people goes with them and is put back below.
    for ids in batches(present.templates):
        session.execute(delete(TemplateRow).where(TemplateRow.id.in_(ids)))
    for ids in batches(present.people):
        session.execute(delete(PersonRow).where(PersonRow.id.in_(ids)))
    if wanted.people:
        session.execute(insert(PersonRow), list(wanted.people.values()))
    if wanted.templates:
        session.execute(insert(TemplateRow), list(wanted.templates.values()))
    known = (wanted.embeddings | found.embeddings).values()
    if embeddings := [row for row in known if row["template_id"] in wanted.templates]:
        session.execute(insert(EmbeddingRow), embeddings)
    if wanted.rejections:
        session.execute(insert(RejectionRow), list(wanted.rejections.values()))
    known = (wanted.rejection_embeddings | found.rejection_embeddings).values()
    if embeddings := [row for row in known if row["rejection_id"] in wanted.rejections]:
        session.execute(insert(RejectionEmbeddingRow), embeddings)
    if wanted.kept_apart:
        session.execute(insert(KeptApartRow), list(wanted.kept_apart.values()))


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Cut ids into lists that a statement can name."""
    waiting = iter(items)
    while batch := list(islice(waiting, _AT_ONCE)):
        yield batch
