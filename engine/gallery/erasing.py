"""Erasing a person: everything a gallery's file knows of them goes in one transaction, and is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from engine.erasure import listed
from engine.errors import UnknownPersonError
from engine.gallery.bindings import BindingRow
from engine.gallery.chain import ranges
from engine.gallery.journal import Journal
from engine.gallery.journal_schema import JournalPersonRow
from engine.gallery.journal_wiping import mentions
from engine.gallery.schema import EmbeddingRow, KeptApartRow, PersonRow, RejectionRow, TemplateRow
from engine.gallery.sorting_schema import FaceRow, GroupRow, PictureRow


@dataclass(frozen=True, slots=True)
class Erased:
    """What a gallery's file held of a person.

    Attributes:
        counts: how many of what, in words, those that are none left out.
        crop_sha256: digests of the crops, by which copies of the gallery are searched.
        mentioned: how many other people's notes or tags contain the name; they are left as they are.
    """

    name: str
    counts: Mapping[str, int]
    crop_sha256: frozenset[str]
    mentioned: int = 0


def look(session: Session, person_id: int) -> Erased:
    """Count what there is of a person.

    Raises:
        UnknownPersonError: there is no such person.
    """
    person = session.get(PersonRow, person_id)
    if person is None:
        raise UnknownPersonError(f"person {person_id}")
    templates, rejections = TemplateRow.person_id == person_id, RejectionRow.person_id == person_id
    apart = (KeptApartRow.first_id == person_id) | (KeptApartRow.second_id == person_id)
    faces, pictures, refused = _sorted(session, person_id, person.name)
    counts = {
        "pictures": _count(session, select(func.count()).select_from(TemplateRow).where(templates)),
        "embeddings": _count(
            session, select(func.count()).select_from(EmbeddingRow).join(TemplateRow).where(templates)
        ),
        "rejected faces": _count(session, select(func.count()).select_from(RejectionRow).where(rejections)),
        "answers that they are not somebody else": _count(
            session, select(func.count()).select_from(KeptApartRow).where(apart)
        ),
        "faces in sorted folders": len(faces),
        "file names in sorted folders": len(pictures),
        "answers in sorted folders": len(refused),
        "entries of the history log": _count(
            session,
            select(func.count()).select_from(JournalPersonRow).where(JournalPersonRow.person_id == person_id),
        ),
    }
    digests = set(session.scalars(select(TemplateRow.crop_sha256).where(templates)))
    digests |= set(session.scalars(select(RejectionRow.crop_sha256).where(rejections)))
    return Erased(
        person.name, {what: count for what, count in counts.items() if count}, frozenset(digests),
        _mentioned(session, person),
    )  # fmt: skip


def erase(session: Session, journal: Journal, person_id: int, receipt: str) -> Erased:
    """Delete everything of a person, and note in the log that it was done, without saying who it was.

    Args:
        session: in a transaction.
        journal: whose entries about the person are wiped.
        person_id: who.
        receipt: its number, for the log.

    Raises:
        UnknownPersonError: there is no such person.
    """
    found = look(session, person_id)
    faces, pictures, refused = _sorted(session, person_id, found.name)
    for id_ in refused:
        face = session.get_one(FaceRow, id_)
        face.refused = [one for one in face.refused if one != person_id]
    session.flush()
    session.execute(delete(FaceRow).where(FaceRow.id.in_(faces)))
    session.execute(delete(PictureRow).where(PictureRow.id.in_(pictures)))
    session.execute(delete(GroupRow).where(GroupRow.person_id == person_id))
    # The person's templates, embeddings, rejections and pairs follow by themselves.
    session.execute(delete(PersonRow).where(PersonRow.id == person_id))
    session.execute(delete(BindingRow).where(BindingRow.person_id == person_id))
    session.expire_all()
    wiped = journal.wipe(session, [person_id], found.name)
    counts = dict(found.counts)
    if wiped:
        counts["entries of the history log"] = len(wiped)
    details = {"people": 1, "receipt": receipt, "what": listed(counts), "wiped": ranges(wiped)}
    journal.append(session, "erase", details)
    return Erased(found.name, counts, found.crop_sha256, found.mentioned)


def _sorted(session: Session, person_id: int, name: str) -> tuple[list[int], list[int], list[int]]:
    """Of the sorted folders: faces given to somebody, pictures whose file names contain the name, faces said not to be.

    Pictures of the user's own disk are not touched; what is known of them is.
    """
    theirs = select(GroupRow.id).where(GroupRow.person_id == person_id)
    faces = list(session.scalars(select(FaceRow.id).where(FaceRow.group_id.in_(theirs))))
    paths = session.execute(select(PictureRow.id, PictureRow.path)).yield_per(1000)
    pictures = [row.id for row in paths if mentions(row.path, name.casefold())]
    answers = session.execute(select(FaceRow.id, FaceRow.refused)).yield_per(1000)
    refused = [row.id for row in answers if person_id in row.refused]
    return faces, pictures, refused


def _mentioned(session: Session, person: PersonRow) -> int:
    others = session.execute(select(PersonRow.name, PersonRow.notes, PersonRow.tags).where(PersonRow.id != person.id))
    wanted = person.name.casefold()
    return sum(mentions([row.notes, *row.tags], wanted) for row in others.yield_per(1000))


def _count(session: Session, query: Any) -> int:
    return int(session.scalar(query) or 0)
