"""People in numbers: out of a gallery as it stands at one moment, and into it in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from engine.errors import InvalidNameError
from engine.gallery.edits import check_dimensions
from engine.gallery.names import LONGEST_NAME, clean_name, name_key, search_text
from engine.gallery.rejections_travelling import PortableRejection, RejectedHere, arrive
from engine.gallery.rows import embedding_bytes, now
from engine.gallery.schema import NO_PICTURE, Base, EmbeddingRow, PersonRow, RejectionRow, TemplateRow
from engine.gallery.store import Gallery
from engine.types import CancelToken, FloatArray

_AT_ONCE = 250
_READ_AT_ONCE = 50
REJECTED_HERE = "One of their pictures was rejected here as not them. Take that back first if they are in it."
_PERSON_OWN = frozenset(("id", "name", "name_key", "search_text"))
_TEMPLATE_OWN = frozenset(("id", "person_id", "crop_jpeg", "crop_sha256"))
PERSON_FIELDS = tuple(column for column in Base.metadata.tables["people"].columns if column.name not in _PERSON_OWN)
"""What else is kept of a person: these columns travel."""
TEMPLATE_FIELDS = tuple(
    column for column in Base.metadata.tables["templates"].columns if column.name not in _TEMPLATE_OWN
)


@dataclass(frozen=True, slots=True, eq=False)
class PortableTemplate:
    """A template between galleries.

    Attributes:
        embeddings: (D,) float32 of unit length by pack.
        fields: source, quality, created_at (UTC, without a zone) and what else is kept of a template.
    """

    embeddings: Mapping[str, FloatArray]
    crop_jpeg: bytes
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class PortablePerson:
    """Someone between galleries.

    Attributes:
        templates: looked at once, and may be read from a file meanwhile.
        fields: notes, tags, consent_date, created_at (UTC, without a zone) and what else is kept of a person.
        rejections: faces that are not them; looked at once, after the templates.
    """

    name: str
    templates: Iterable[PortableTemplate]
    fields: Mapping[str, Any] = field(default_factory=dict)
    rejections: Iterable[PortableRejection] = ()


@dataclass(slots=True)
class Arrivals:
    """What an import has put where so far. One import may come in several transactions.

    Attributes:
        placed: id by name key of everybody who was met; None where they are passed over.
    """

    placed: dict[str, int | None] = field(default_factory=dict)
    added: list[int] = field(default_factory=list)
    merged: list[int] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    templates: int = 0
    known: int = 0
    rejections: int = 0


@dataclass(frozen=True, slots=True)
class Leaving:
    """People on their way out, all as they stood at one moment."""

    session: Session
    chosen: Sequence[int] | None

    def counted(self) -> tuple[int, int, int]:
        """How many people, templates and embeddings there are."""
        return _counted(self.session, self.chosen)

    def rejections(self) -> int:
        """How many faces there are that are not these people."""
        query = _chosen(select(func.count()).select_from(RejectionRow).join(PersonRow), self.chosen)
        return self.session.scalar(query) or 0

    def people(self) -> Iterator[tuple[PersonRow, int, Iterator[TemplateRow]]]:
        """Everyone by name, with how many templates and these, oldest first; only some are in memory at a time."""
        ids = list(self.session.scalars(_chosen(select(PersonRow.id), self.chosen).order_by(PersonRow.name_key)))
        for person_id in ids:
            person = self.session.get_one(PersonRow, person_id)
            count = select(func.count()).select_from(TemplateRow).where(TemplateRow.person_id == person_id)
            yield person, self.session.scalar(count) or 0, self._templates(person_id)
            self.session.expunge_all()

    def _templates(self, person_id: int) -> Iterator[TemplateRow]:
        query = select(TemplateRow).where(TemplateRow.person_id == person_id).order_by(TemplateRow.id)
        last, full = 0, True
        while full:
            rows = list(self.session.scalars(query.where(TemplateRow.id > last).limit(_READ_AT_ONCE)))
            yield from rows
            full = len(rows) == _READ_AT_ONCE
            last = rows[-1].id if rows else last


def bring(
    gallery: Gallery,
    text: str,
    people: Iterable[PortablePerson],
    *,
    names: Sequence[str],
    conflict: str,
    arrivals: Arrivals,
    token: CancelToken | None = None,
) -> None:
    """Put people into a gallery in one transaction that can be undone.

    Args:
        text: what the edit is called.
        people: may be made while they are taken; whatever that raises leaves the gallery as it was.
        names: of all of them.
        conflict: "skip", "merge" or "rename", for those whose name is taken.
        arrivals: what came before; added to when everything is stored.

    Raises:
        GalleryError: the gallery cannot be written; nothing was.
        PackMismatchError: embeddings do not fit those of their pack; nothing was stored.
        OperationCancelledError: the token was turned; nothing was stored.
    """
    new = Arrivals(dict(arrivals.placed))

    def touched(session: Session) -> set[int]:
        keys = {name_key(name) for name in names}
        ids = {placed for key in keys if (placed := new.placed.get(key)) is not None}
        if conflict == "merge":
            ids |= set(_ids(session, keys - new.placed.keys()).values())
        return ids

    def work(session: Session, ids: set[int]) -> None:
        for person in people:
            if token:
                token.check()
            _bring_one(session, person, conflict, new, ids)

    gallery.edit_many(text, touched, work)
    arrivals.placed = new.placed
    for name in ("added", "merged", "skipped", "renamed", "refused"):
        getattr(arrivals, name).extend(getattr(new, name))
    arrivals.templates += new.templates
    arrivals.known += new.known
    arrivals.rejections += new.rejections


def _bring_one(session: Session, person: PortablePerson, conflict: str, new: Arrivals, ids: set[int]) -> None:
    key = name_key(person.name)
    if key not in new.placed:
        try:
            new.placed[key] = _place(session, person, conflict, new)
        except InvalidNameError as error:
            new.placed[key] = None
            new.refused.append((person.name, str(error)))
    target = new.placed[key]
    if target is None:
        return
    ids.add(target)
    stored = _stored(session, target) if target not in new.added else {}
    here_alone = {known.template_id for some in stored.values() for known in some}
    rejected = RejectedHere(session, target)
    rows: list[TemplateRow] = []
    for template in person.templates:
        row = _template_row(template, target)
        known = _known(row, stored)
        if known is not None:
            here_alone.discard(known.template_id)
            new.known += 1
            continue
        if rejected.has(template.embeddings):
            new.refused.append((person.name, REJECTED_HERE))
            continue
        made = {one.pack_id: one.embedding for one in row.embeddings}
        stored.setdefault(row.crop_sha256, []).append(_Stored(0, made))
        rows.append(row)
        new.templates += 1
        if len(rows) == _AT_ONCE:
            _store(session, rows)
    _store(session, rows)
    new.rejections += arrive(session, target, person.rejections, here_alone)


def _store(session: Session, rows: list[TemplateRow]) -> None:
    """Write rows and let go of them."""
    check_dimensions(session, [made for row in rows for made in row.embeddings])
    session.add_all(rows)
    session.flush()
    session.expunge_all()
    rows.clear()


def _place(session: Session, person: PortablePerson, conflict: str, new: Arrivals) -> int | None:
    """Find or make the row that a person's templates go to; None where the name is to be left alone."""
    name = clean_name(person.name)
    known = _ids(session, {name_key(name)}).get(name_key(name))
    if known is not None and conflict == "skip":
        new.skipped.append(name)
        return None
    if known is not None and conflict == "merge":
        _add_fields(session.get_one(PersonRow, known), person.fields)
        new.merged.append(known)
        return known
    if known is not None:
        free = _free_name(session, name)
        new.renamed.append((name, free))
        name = free
    row = PersonRow(name=name, name_key=name_key(name), **{"notes": "", "tags": [], **person.fields})
    row.search_text = search_text(name, row.notes, row.tags)
    row.created_at = row.created_at or now()
    session.add(row)
    session.flush()
    new.added.append(row.id)
    return row.id


def _add_fields(row: PersonRow, fields: Mapping[str, Any]) -> None:
    """Add what is known of someone elsewhere; what is known here stays."""
    notes, tags = str(fields.get("notes", "")), list(fields.get("tags", ()))
    if notes and notes not in row.notes:
        row.notes = "\n".join(filter(None, (row.notes, notes)))
    if tags:
        row.tags = list(dict.fromkeys((*row.tags, *tags)))
    for column in PERSON_FIELDS:
        if column.name not in ("notes", "tags", "created_at") and getattr(row, column.name) is None:
            setattr(row, column.name, fields.get(column.name))
    row.search_text = search_text(row.name, row.notes, row.tags)


def _free_name(session: Session, name: str) -> str:
    """Find a name that nobody has: "Ada (2)"."""
    number = 2
    while True:
        end = f" ({number})"
        free = name[: LONGEST_NAME - len(end)] + end
        if not _ids(session, {name_key(free)}):
            return free
        number += 1


def _template_row(template: PortableTemplate, person_id: int) -> TemplateRow:
    fields = {"source": "", "quality": {}, **template.fields}
    row = TemplateRow(
        person_id=person_id,
        embeddings=[
            EmbeddingRow(pack_id=pack_id, embedding=embedding_bytes(embedding))
            for pack_id, embedding in template.embeddings.items()
        ],
        crop_jpeg=template.crop_jpeg,
        crop_sha256=hashlib.sha256(template.crop_jpeg).hexdigest(),
        **fields,
    )
    row.source = row.source.encode("utf-8", "backslashreplace").decode()
    row.created_at = row.created_at or now()
    return row


@dataclass(frozen=True, slots=True)
class _Stored:
    """A template that a person has, and its embeddings by pack; one of this import has no number yet."""

    template_id: int
    embeddings: Mapping[str, bytes]


def _stored(session: Session, person_id: int) -> dict[str, list[_Stored]]:
    """A person's templates by the digest of their crop."""
    query = select(TemplateRow.id, TemplateRow.crop_sha256).where(TemplateRow.person_id == person_id)
    crops = {row.id: row.crop_sha256 for row in session.execute(query)}
    made: dict[int, dict[str, bytes]] = {id_: {} for id_ in crops}
    columns = EmbeddingRow.template_id, EmbeddingRow.pack_id, EmbeddingRow.embedding
    of_person = select(*columns).join(TemplateRow).where(TemplateRow.person_id == person_id)
    for template_id, pack_id, embedding in session.execute(of_person):
        made[template_id][pack_id] = embedding
    found: dict[str, list[_Stored]] = {}
    for id_, sha256 in crops.items():
        found.setdefault(sha256, []).append(_Stored(id_, made[id_]))
    return found


def _known(row: TemplateRow, stored: Mapping[str, list[_Stored]]) -> _Stored | None:
    """The template that a person has already, if any. Those without a picture share one crop: the vectors decide."""
    new = {made.pack_id: made.embedding for made in row.embeddings}
    drawn = NO_PICTURE in row.quality
    for known in stored.get(row.crop_sha256, ()):
        shared = new.keys() & known.embeddings.keys()
        if all(new[pack] == known.embeddings[pack] for pack in shared) and (shared or not drawn):
            return known
    return None


def _counted(session: Session, chosen: Sequence[int] | None) -> tuple[int, int, int]:
    people = _chosen(select(func.count()).select_from(PersonRow), chosen)
    templates = _chosen(select(func.count()).select_from(TemplateRow).join(PersonRow), chosen)
    embeddings = _chosen(select(func.count()).select_from(EmbeddingRow).join(TemplateRow).join(PersonRow), chosen)
    return session.scalar(people) or 0, session.scalar(templates) or 0, session.scalar(embeddings) or 0


def _chosen(query: Select[Any], chosen: Sequence[int] | None) -> Select[Any]:
    return query if chosen is None else query.where(PersonRow.id.in_(list(chosen)))


def _ids(session: Session, keys: Iterable[str]) -> dict[str, int]:
    """Ids of those who have these name keys."""
    waiting, found = list(keys), {}
    for start in range(0, len(waiting), _AT_ONCE):
        query = select(PersonRow.name_key, PersonRow.id).where(
            PersonRow.name_key.in_(waiting[start : start + _AT_ONCE])
        )
        found.update({row.name_key: row.id for row in session.execute(query)})
    return found
