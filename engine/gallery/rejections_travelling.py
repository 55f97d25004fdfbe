"""Rejected faces on their way between galleries: they go with the people whom they are not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.gallery.edits import check_dimensions
from engine.gallery.rejections import SAME_PICTURE, is_one_of
from engine.gallery.rows import embedding_bytes, now
from engine.gallery.schema import Base, EmbeddingRow, RejectionEmbeddingRow, RejectionRow, TemplateRow
from engine.types import FloatArray

_OWN = frozenset(("id", "person_id", "crop_jpeg", "crop_sha256"))
REJECTION_FIELDS = tuple(column for column in Base.metadata.tables["rejections"].columns if column.name not in _OWN)
"""What else is kept of a rejected face: these columns travel."""


@dataclass(frozen=True, slots=True, eq=False)
class PortableRejection:
    """A face that is not somebody, between galleries.

    Attributes:
        embeddings: (D,) float32 of unit length by pack.
        fields: source, created_at (UTC, without a zone) and what else is kept of it.
    """

    embeddings: Mapping[str, FloatArray]
    crop_jpeg: bytes
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LeavingRejection:
    """A rejected face as it is stored.

    Attributes:
        embeddings: as stored, by pack, in the order of their packs.
    """

    row: RejectionRow
    embeddings: Mapping[str, bytes]


def leaving(session: Session, person_id: int) -> Iterator[LeavingRejection]:
    """The faces that are not somebody, oldest first."""
    ids = select(RejectionRow.id).where(RejectionRow.person_id == person_id).order_by(RejectionRow.id)
    for id_ in session.scalars(ids).all():
        yield LeavingRejection(session.get_one(RejectionRow, id_), _made(session, id_))


def count_of(session: Session, person_id: int) -> int:
    """How many faces are not somebody."""
    query = select(func.count()).select_from(RejectionRow).where(RejectionRow.person_id == person_id)
    return session.scalar(query) or 0


def arrive(session: Session, person_id: int, coming: Iterable[PortableRejection], here_alone: set[int]) -> int:
    """Store rejected faces of somebody whose templates have just arrived.

    A face is not stored where the gallery knows better: where it is one of the person's own pictures here, or would bar
    one, as when two people are merged.

    Args:
        session: in a transaction.
        person_id: whom the faces are not.
        coming: looked at once.
        here_alone: templates of the person that were here and did not come along, too.

    Returns:
        How many were stored.
    """
    stored = 0
    here = _here(session, person_id)
    own = _Own(session, person_id, here_alone)
    for rejection in coming:
        digest = hashlib.sha256(rejection.crop_jpeg).hexdigest()
        made = {pack_id: embedding_bytes(embedding) for pack_id, embedding in rejection.embeddings.items()}
        if any(all(made[pack] == one[pack] for pack in made.keys() & one.keys()) for one in here.get(digest, ())):
            continue
        if any(own.bars(pack_id, embedding) for pack_id, embedding in rejection.embeddings.items()):
            continue
        _store(session, person_id, rejection, digest, made)
        here.setdefault(digest, []).append(made)
        stored += 1
    return stored


def _store(
    session: Session, person_id: int, rejection: PortableRejection, digest: str, made: Mapping[str, bytes]
) -> None:
    fields = {"source": "", **rejection.fields}
    row = RejectionRow(person_id=person_id, crop_jpeg=rejection.crop_jpeg, crop_sha256=digest, **fields)
    row.source = row.source.encode("utf-8", "backslashreplace").decode()
    row.created_at = row.created_at or now()
    session.add(row)
    session.flush()
    rows = [
        RejectionEmbeddingRow(rejection_id=row.id, pack_id=pack_id, embedding=content)
        for pack_id, content in made.items()
    ]
    check_dimensions(session, rows)
    session.add_all(rows)
    session.flush()
    session.expunge_all()


def _here(session: Session, person_id: int) -> dict[str, list[dict[str, bytes]]]:
    """The embeddings by pack of the faces that are known not to be somebody, by their crops' digests."""
    query = select(RejectionRow.id, RejectionRow.crop_sha256).where(RejectionRow.person_id == person_id)
    found: dict[str, list[dict[str, bytes]]] = {}
    for row in session.execute(query).all():
        found.setdefault(row.crop_sha256, []).append(_made(session, row.id))
    return found


def _made(session: Session, rejection_id: int) -> dict[str, bytes]:
    columns = RejectionEmbeddingRow.pack_id, RejectionEmbeddingRow.embedding
    query = select(*columns).where(RejectionEmbeddingRow.rejection_id == rejection_id)
    return {row.pack_id: row.embedding for row in session.execute(query.order_by(RejectionEmbeddingRow.pack_id))}


class RejectedHere:
    """The faces that were rejected here as not being somebody."""

    def __init__(self, session: Session, person_id: int) -> None:
        """Read them."""
        columns = RejectionEmbeddingRow.pack_id, RejectionEmbeddingRow.embedding
        rows = session.execute(select(*columns).join(RejectionRow).where(RejectionRow.person_id == person_id)).all()
        packs = {row.pack_id for row in rows}
        self._packs = {
            pack: _stacked([np.frombuffer(row.embedding, "<f4") for row in rows if row.pack_id == pack])
            for pack in packs
        }

    def has(self, embeddings: Mapping[str, FloatArray]) -> bool:
        """Whether a template shows one of these very faces; what was said here stays."""
        return any(
            float((1 - self._packs[pack_id] @ embedding).min()) < SAME_PICTURE
            for pack_id, embedding in embeddings.items()
            if pack_id in self._packs and self._packs[pack_id].shape[1] == len(embedding)
        )


class _Own:
    """A person's own templates, of which some came along and some are here alone."""

    def __init__(self, session: Session, person_id: int, here_alone: set[int]) -> None:
        """Look at a person; vectors are read when a pack is first asked for."""
        self._session, self._person_id, self._here_alone = session, person_id, here_alone
        self._packs: dict[str, tuple[FloatArray, FloatArray]] = {}

    def bars(self, pack_id: str, face: FloatArray) -> bool:
        """Whether a rejected face is one of the person's own pictures, or would bar one that was here alone."""
        if pack_id not in self._packs:
            self._packs[pack_id] = self._read(pack_id)
        here, came = self._packs[pack_id]
        if any(len(own) and own.shape[1] != len(face) for own in (here, came)):
            # It is refused where it is stored.
            return False
        same = any(len(own) and float((1 - own @ face).min()) < SAME_PICTURE for own in (here, came))
        return bool(same or (len(here) and len(came) and is_one_of(face, here, came)))

    def _read(self, pack_id: str) -> tuple[FloatArray, FloatArray]:
        query = select(EmbeddingRow.template_id, EmbeddingRow.embedding).join(TemplateRow)
        wanted = query.where(EmbeddingRow.pack_id == pack_id, TemplateRow.person_id == self._person_id)
        here: list[FloatArray] = []
        came: list[FloatArray] = []
        for row in self._session.execute(wanted):
            (here if row.template_id in self._here_alone else came).append(np.frombuffer(row.embedding, "<f4"))
        return _stacked(here), _stacked(came)


def _stacked(vectors: list[FloatArray]) -> FloatArray:
    return np.stack(vectors).astype(np.float32) if vectors else np.zeros((0, 1), np.float32)
