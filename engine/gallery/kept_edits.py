"""Edits that can be undone after a restart, kept in the gallery's own file.

Erasure stays real: no crop and no embedding is kept, only who a picture belonged to, by its number, and what was known
of a person (name, notes, tags, dates). An edit that deletes somebody is not kept at all, one that deletes a picture
cannot be, and with whatever is deleted go the kept edits that speak of it. Notes and tags that are taken away are
deleted too.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from engine.errors import GalleryError
from engine.gallery.rows import now
from engine.gallery.schema import KeptApartRow, KeptEditRow, PersonRow, RejectionRow, TemplateRow
from engine.gallery.undo import Edit, Row, Snapshot, batches

Key = TypeVar("Key")
Stored: TypeAlias = dict[str, Any]

MOST = 200
"""How many edits are kept; older ones go."""
MOST_ROWS = 2000
"""An edit of more people and pictures is not kept: it would have to be read again at each deletion."""


@dataclass(frozen=True, slots=True)
class Outline:
    """Some people as a snapshot has them, without what they look like.

    Attributes:
        people: their rows, by id.
        templates: whose each is, and whether it is confirmed, by id.
        rejections: whom each is not, by id.
        kept_apart: pairs of ids.
    """

    people: dict[int, Row]
    templates: dict[int, tuple[int, bool]]
    rejections: dict[int, int]
    kept_apart: frozenset[tuple[int, int]]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Outline:
        """Leave the pictures out of a snapshot."""
        return cls(
            snapshot.people,
            {id_: (row["person_id"], bool(row["confirmed"])) for id_, row in snapshot.templates.items()},
            {id_: row["person_id"] for id_, row in snapshot.rejections.items()},
            frozenset(snapshot.kept_apart),
        )

    @classmethod
    def take(cls, session: Session, person_ids: Collection[int]) -> Outline:
        """Look at how these people are now; no picture is read."""
        people: dict[int, Row] = {}
        templates: dict[int, tuple[int, bool]] = {}
        rejections: dict[int, int] = {}
        apart: set[tuple[int, int]] = set()
        columns = TemplateRow.id, TemplateRow.person_id, TemplateRow.confirmed
        for ids in batches(person_ids):
            found = session.execute(select(PersonRow.__table__).where(PersonRow.id.in_(ids)))
            people |= {row.id: dict(row._mapping) for row in found}
            owned = session.execute(select(*columns).where(TemplateRow.person_id.in_(ids)))
            templates |= {row.id: (row.person_id, row.confirmed) for row in owned}
            of_them = select(RejectionRow.id, RejectionRow.person_id).where(RejectionRow.person_id.in_(ids))
            rejections |= {row.id: row.person_id for row in session.execute(of_them)}
            either = or_(KeptApartRow.first_id.in_(ids), KeptApartRow.second_id.in_(ids))
            pairs = session.execute(select(KeptApartRow.first_id, KeptApartRow.second_id).where(either))
            apart |= {(row.first_id, row.second_id) for row in pairs}
        return cls(people, templates, rejections, frozenset(apart))

    @property
    def size(self) -> int:
        """How many rows it speaks of."""
        return len(self.people) + len(self.templates) + len(self.rejections) + len(self.kept_apart)

    def stored(self) -> Stored:
        """It as JSON."""
        return {
            "people": [{name: _text(value) for name, value in row.items()} for row in self.people.values()],
            "templates": [[id_, owner, confirmed] for id_, (owner, confirmed) in self.templates.items()],
            "rejections": [[id_, owner] for id_, owner in self.rejections.items()],
            "kept_apart": [list(pair) for pair in sorted(self.kept_apart)],
        }

    @classmethod
    def read(cls, stored: Stored) -> Outline:
        """The reverse of `stored`."""
        return cls(
            {row["id"]: _row(row) for row in stored["people"]},
            {id_: (owner, confirmed) for id_, owner, confirmed in stored["templates"]},
            dict(stored["rejections"]),
            frozenset((first, second) for first, second in stored["kept_apart"]),
        )

    def filled(self, present: Snapshot) -> Snapshot:
        """A snapshot of how it was, with the pictures as they are in the gallery now."""
        templates: dict[int, Row] = {
            id_: {**present.templates[id_], "person_id": owner, "confirmed": confirmed}
            for id_, (owner, confirmed) in self.templates.items()
        }
        rejections: dict[int, Row] = {
            id_: {**present.rejections[id_], "person_id": owner} for id_, owner in self.rejections.items()
        }
        return Snapshot(
            self.people,
            templates,
            rejections,
            {pair: {"first_id": pair[0], "second_id": pair[1]} for pair in self.kept_apart},
            {key: row for key, row in present.embeddings.items() if key[0] in templates},
            {key: row for key, row in present.rejection_embeddings.items() if key[0] in rejections},
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept edit: its number, what it was, and when (UTC)."""

    id: int
    text: str
    made_at: datetime

    @property
    def words(self) -> str:
        """What it was and when, here."""
        return f"{self.text} ({self.made_at.replace(tzinfo=UTC).astimezone():%d %B %Y, %H:%M})"


# --- as edits are made ----------------------------------------------------------------------------------------------


def keep(session: Session, edit: Edit) -> Edit:
    """Keep an edit that has just been made, as far as it may be, and let go of what must not be kept any longer.

    Returns:
        The edit, with its number where it is kept.
    """
    before, after = Outline.of(edit.before), Outline.of(edit.after)
    gone = before.people.keys() - after.people.keys()
    pictures = before.templates.keys() - after.templates.keys()
    faces = before.rejections.keys() - after.rejections.keys()
    # Faces that a merge has dropped stay dropped.
    before = replace(before, rejections=_without(before.rejections, faces))
    reworded = _with_words_taken_away(before, after)
    fits = not edit.forgets and not pictures and not reworded and before.size + after.size <= MOST_ROWS
    forget(session, people=reworded if fits else gone | reworded, pictures=pictures, faces=faces)
    if not fits or before == after:
        return edit
    row = KeptEditRow(text=edit.text, made_at=now(), before=before.stored(), after=after.stored())
    session.add(row)
    session.flush()
    _trim(session)
    return replace(edit, kept_id=row.id)


def _with_words_taken_away(before: Outline, after: Outline) -> set[int]:
    """Whose notes or tags are no longer all there."""
    return {
        id_
        for id_, row in before.people.items()
        if (now_ := after.people.get(id_)) is not None
        and (not now_["notes"].startswith(row["notes"]) or not set(row["tags"]) <= set(now_["tags"]))
    }


def take_back(session: Session, edit: Edit) -> None:
    """An edit has been undone: what it had brought is forgotten, and so is the edit."""
    drop(session, [edit.kept_id])
    before, after = edit.before, edit.after
    forget(
        session,
        people=after.people.keys() - before.people.keys(),
        pictures=after.templates.keys() - before.templates.keys(),
        faces=after.rejections.keys() - before.rejections.keys(),
    )


def drop(session: Session, kept_ids: Collection[int | None]) -> None:
    """Let go of some edits."""
    session.execute(delete(KeptEditRow).where(KeptEditRow.id.in_([id_ for id_ in kept_ids if id_ is not None])))


def forget(session: Session, *, people: Collection[int], pictures: Collection[int], faces: Collection[int]) -> None:
    """Let go of every kept edit that speaks of something that is deleted.

    Those who were merged into somebody are found in the edits that go: what is known of them alone goes too.
    """
    lost = set(people)
    if not (lost or pictures or faces):
        return
    edits = {
        row.id: (Outline.read(row.before), Outline.read(row.after)) for row in session.scalars(select(KeptEditRow))
    }
    dropped: set[int] = set()
    while hit := {
        id_
        for id_, both in edits.items()
        if id_ not in dropped and any(_speaks_of(one, lost, pictures, faces) for one in both)
    }:
        dropped |= hit
        named = {person for id_ in hit for one in edits[id_] for person in one.people}
        lost |= named - Outline.take(session, named).people.keys()
    drop(session, dropped)


def _speaks_of(outline: Outline, people: set[int], pictures: Collection[int], faces: Collection[int]) -> bool:
    return bool(
        outline.people.keys() & people
        or not outline.templates.keys().isdisjoint(pictures)
        or not outline.rejections.keys().isdisjoint(faces)
    )


def _trim(session: Session) -> None:
    excess = select(KeptEditRow.id).order_by(KeptEditRow.id.desc()).offset(MOST).limit(MOST)
    drop(session, session.scalars(excess).all())


# --- after a restart ------------------------------------------------------------------------------------------------


def newest(session: Session) -> int:
    """The number of the newest kept edit; 0 where there is none."""
    return session.scalar(select(func.max(KeptEditRow.id))) or 0


def latest(session: Session, until: int) -> Kept | None:
    """The newest kept edit up to a number whose people are as it left them; None where there is none."""
    waiting = select(KeptEditRow.id).where(KeptEditRow.id <= until).order_by(KeptEditRow.id.desc())
    for id_ in session.scalars(waiting).all():
        row = session.get_one(KeptEditRow, id_)
        before, after = Outline.read(row.before), Outline.read(row.after)
        if Outline.take(session, before.people.keys() | after.people.keys()) == after:
            return Kept(row.id, row.text, row.made_at)
    return None


def restored(session: Session, kept: Kept) -> Edit:
    """A kept edit with its pictures, as they are in the gallery.

    Raises:
        GalleryError: it is not kept any more, or its people have been changed since.
    """
    row = session.get(KeptEditRow, kept.id)
    if row is None:
        raise GalleryError("There is nothing to undo: another window has just undone this.")
    before, after = Outline.read(row.before), Outline.read(row.after)
    present = Snapshot.take(session, before.people.keys() | after.people.keys())
    if Outline.of(present) != after:
        raise GalleryError("This cannot be undone: another window has changed the same people since.")
    return Edit(row.text, before.filled(present), present, kept_id=row.id)


# --- rows as JSON -----------------------------------------------------------------------------------------------------


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _row(stored: Mapping[str, Any]) -> Row:
    """A person's row; dates are text in JSON. What a later version added has its default."""
    row = dict(stored)
    for column in PersonRow.__table__.columns:
        if isinstance(text := row.get(column.name), str) and column.type.python_type in (date, datetime):
            row[column.name] = column.type.python_type.fromisoformat(text)
    return row


def _without(rows: Mapping[Key, Any], gone: Collection[Key]) -> dict[Key, Any]:
    return {key: value for key, value in rows.items() if key not in gone}
