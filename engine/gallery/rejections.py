"""Faces that the user said are not a person, and people said not to be the same: kept with the gallery's people."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, delete, select, update
from sqlalchemy.orm import Session

from engine.care import Rejection
from engine.errors import GalleryError, OwnPictureError, UnknownPersonError
from engine.gallery.rows import embedding_bytes, now
from engine.gallery.schema import (
    EmbeddingRow,
    KeptApartRow,
    PersonRow,
    RejectionEmbeddingRow,
    RejectionRow,
    TemplateRow,
)
from engine.types import FloatArray, NewTemplate, frozen

Result = TypeVar("Result")
_SHORTEST = 1e-6
SAME_PICTURE = 5e-4
"""Cosine distance under which two embeddings come from copies of one picture."""


class Change(Protocol):
    """Makes an edit of the gallery that can be undone."""

    def __call__(  # noqa: D102 - said above
        self, text: str, touched: set[int], work: Callable[[Session], Result], *, erases: bool = False
    ) -> Result: ...


@dataclass(frozen=True, slots=True, eq=False)
class Rejected:
    """R rejected faces of one pack, laid out for matching.

    Attributes:
        faces: (R, D) float32 embeddings of unit length.
        own: (R, D) float32, for each the mean template of the person it is not, of unit length.
        person_ids: (R,) whom each is not.
    """

    faces: FloatArray
    own: FloatArray
    person_ids: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for array in (self.faces, self.own, self.person_ids):
            frozen(array)

    @classmethod
    def load(cls, session: Session, pack_id: str) -> Rejected:
        """Read a pack's rejected faces; those of people without a template of the pack are left out."""
        columns = RejectionEmbeddingRow.embedding, RejectionRow.person_id
        of_pack = select(*columns).join(RejectionRow).where(RejectionEmbeddingRow.pack_id == pack_id)
        rows = session.execute(of_pack.order_by(RejectionRow.id)).all()
        means = _means(session, pack_id, {row.person_id for row in rows})
        rows = [row for row in rows if row.person_id in means]
        if not rows:
            return cls(np.empty((0, 0), np.float32), np.empty((0, 0), np.float32), np.empty(0, np.int64))
        return cls(
            np.stack([_vector(row.embedding) for row in rows]),
            np.stack([means[row.person_id] for row in rows]),
            np.array([row.person_id for row in rows], np.int64),
        )


class Rejections:
    """The gallery's part for rejected faces and people kept apart; its edits are undone as all others."""

    def __init__(
        self,
        read: Callable[[], AbstractContextManager[Session]],
        write: Callable[..., AbstractContextManager[Session]],
        change: Change,
    ) -> None:
        """Use the gallery's own ways to read, to write, and to edit."""
        self._read, self._write, self._change = read, write, change
        self._loaded: dict[str, Rejected] = {}

    def forget(self) -> None:
        """The gallery has changed; read again when asked next."""
        self._loaded.clear()

    def of_pack(self, pack_id: str) -> Rejected:
        """All rejected faces of one pack, for matching."""
        if pack_id not in self._loaded:
            with self._read() as session:
                self._loaded[pack_id] = Rejected.load(session, pack_id)
        return self._loaded[pack_id]

    def of_person(self, person_id: int) -> list[Rejection]:
        """The faces that are not this person, oldest first."""
        with self._read() as session:
            rows = session.scalars(select(RejectionRow).where(RejectionRow.person_id == person_id))
            return [
                Rejection(row.id, row.person_id, row.source, row.created_at.replace(tzinfo=UTC))
                for row in sorted(rows, key=lambda row: row.id)
            ]

    def counts(self) -> dict[int, int]:
        """How many rejected faces each person has; those without are left out."""
        with self._read() as session:
            counts: dict[int, int] = {}
            for person_id in session.scalars(select(RejectionRow.person_id)):
                counts[person_id] = counts.get(person_id, 0) + 1
            return counts

    def crops(self, rejection_ids: Iterable[int]) -> dict[int, bytes]:
        """Encoded crops by rejection; those that are gone are left out."""
        with self._read() as session:
            query = select(RejectionRow.id, RejectionRow.crop_jpeg).where(RejectionRow.id.in_(list(rejection_ids)))
            return {row.id: row.crop_jpeg for row in session.execute(query)}

    def add(self, person_id: int, face: NewTemplate) -> int:
        """Remember that a face is not this person, and return the rejection's id.

        Raises:
            UnknownPersonError: there is no such person.
            OwnPictureError: the face is one of the person's own pictures.
        """
        name = self._name(person_id)
        encoded = embedding_bytes(face.embedding)
        made: list[int] = []

        def work(session: Session) -> int:
            if _nearest(session, person_id, face.pack_id, face.embedding) < SAME_PICTURE:
                raise OwnPictureError(
                    f"This picture is enrolled as one of “{name}”. Move it to somebody else, or delete it."
                )
            row = RejectionRow(
                person_id=person_id,
                crop_jpeg=face.crop_jpeg,
                crop_sha256=hashlib.sha256(face.crop_jpeg).hexdigest(),
                source=face.source.encode("utf-8", "backslashreplace").decode(),
                created_at=now(),
            )
            session.add(row)
            session.flush()
            session.add(RejectionEmbeddingRow(rejection_id=row.id, pack_id=face.pack_id, embedding=encoded))
            made.append(row.id)
            return person_id

        self._change(f"Not {name}", {person_id}, work)
        return made[0]

    def remove(self, rejection_id: int) -> None:
        """Forget a rejection with its crop, on the disk too.

        Raises:
            GalleryError: there is no such rejection.
        """
        with self._read() as session:
            owner = session.scalar(select(RejectionRow.person_id).where(RejectionRow.id == rejection_id))
        if owner is None:
            raise GalleryError("This face is no longer kept as rejected. Look again.")

        def work(session: Session) -> int:
            session.execute(delete(RejectionRow).where(RejectionRow.id == rejection_id))
            return owner

        self._change(f"Forget a face that is not {self._name(owner)}", {owner}, work, erases=True)

    # --- people and pictures that are right as they are -----------------------------------------------------------

    def kept_apart(self) -> set[tuple[int, int]]:
        """Pairs of people who are not the same, the smaller id first."""
        with self._read() as session:
            return {(row.first_id, row.second_id) for row in session.scalars(select(KeptApartRow))}

    def keep_apart(self, one_id: int, other_id: int) -> None:
        """Remember that two people are not the same.

        Raises:
            UnknownPersonError: one of them does not exist.
            GalleryError: they are the same row.
        """
        if one_id == other_id:
            raise GalleryError("One person cannot be kept apart from themselves. Choose two different people.")
        text = f"{self._name(one_id)} and {self._name(other_id)} are not the same"
        first, second = sorted((one_id, other_id))

        def work(session: Session) -> int:
            session.merge(KeptApartRow(first_id=first, second_id=second))
            return first

        self._change(text, {first, second}, work)

    def confirmed(self) -> set[int]:
        """Templates that are right, said the user, though they look unlike the person's others."""
        with self._read() as session:
            return set(session.scalars(select(TemplateRow.id).where(TemplateRow.confirmed)))

    def confirm(self, template_id: int) -> None:
        """Remember that a template is right.

        Raises:
            GalleryError: there is no such template.
        """
        with self._read() as session:
            owner = session.scalar(select(TemplateRow.person_id).where(TemplateRow.id == template_id))
        if owner is None:
            raise GalleryError("This picture is no longer in the gallery. Look again.")

        def work(session: Session) -> int:
            session.execute(update(TemplateRow).where(TemplateRow.id == template_id).values(confirmed=True))
            return owner

        self._change(f"A picture of {self._name(owner)} is right", {owner}, work)

    # --- packs --------------------------------------------------------------------------------------------------

    def without_embedding(self, pack_id: str) -> list[int]:
        """Rejections that this pack has not embedded yet."""
        embedded = select(RejectionEmbeddingRow.rejection_id).where(RejectionEmbeddingRow.pack_id == pack_id)
        with self._read() as session:
            return list(session.scalars(select(RejectionRow.id).where(RejectionRow.id.not_in(embedded))))

    def add_embeddings(self, pack_id: str, embeddings: Mapping[int, FloatArray]) -> None:
        """Store what a pack makes of rejected faces; those that are gone are passed over.

        Raises:
            PackError: one is no embedding; nothing was stored.
        """
        encoded = {id_: embedding_bytes(embedding) for id_, embedding in embeddings.items()}
        with self._write(erases=False, touches=set()) as session:
            there = set(session.scalars(select(RejectionRow.id)))
            for id_ in encoded.keys() & there:
                session.merge(RejectionEmbeddingRow(rejection_id=id_, pack_id=pack_id, embedding=encoded[id_]))

    def _name(self, person_id: int) -> str:
        with self._read() as session:
            name = session.scalar(select(PersonRow.name).where(PersonRow.id == person_id))
        if name is None:
            raise UnknownPersonError(f"person {person_id}")
        return name


# --- within the gallery's own edits -------------------------------------------------------------------------------


def forget_enrolled(session: Session, person_id: int, templates: Sequence[NewTemplate]) -> None:
    """Drop a person's rejections of the very pictures that are now enrolled as theirs: the user has thought again."""
    rows = _embedded(session, person_id)
    gone = {
        row.rejection_id
        for row in rows
        for template in templates
        if row.pack_id == template.pack_id and 1 - _vector(row.embedding) @ template.embedding < SAME_PICTURE
    }
    _drop(session, gone)


def move_to(session: Session, source_id: int, target_id: int) -> None:
    """Hand over all that was said about one person to the other, into whom they are merged.

    A face that was rejected as one of the two may be the other's own, and so no impostor of the two together: it is
    dropped where it would bar one of the other's pictures. Call it while both still have their own templates.
    """
    for own, other in ((source_id, target_id), (target_id, source_id)):
        gone = set()
        for row in _embedded(session, own):
            mine, theirs = (_vectors(session, row.pack_id, one) for one in (own, other))
            if len(theirs) and is_one_of(_vector(row.embedding), theirs, mine):
                gone.add(row.rejection_id)
        _drop(session, gone)
    session.execute(update(RejectionRow).where(RejectionRow.person_id == source_id).values(person_id=target_id))
    pairs = select(KeptApartRow).where((KeptApartRow.first_id == source_id) | (KeptApartRow.second_id == source_id))
    for pair in session.scalars(pairs).all():
        third = pair.second_id if pair.first_id == source_id else pair.first_id
        session.delete(pair)
        if third != target_id:
            first, second = sorted((third, target_id))
            session.merge(KeptApartRow(first_id=first, second_id=second))
    session.flush()


def _embedded(session: Session, person_id: int) -> Sequence[Row[int, str, bytes]]:
    columns = RejectionEmbeddingRow.rejection_id, RejectionEmbeddingRow.pack_id, RejectionEmbeddingRow.embedding
    return session.execute(select(*columns).join(RejectionRow).where(RejectionRow.person_id == person_id)).all()


def _drop(session: Session, rejection_ids: Collection[int]) -> None:
    if rejection_ids:
        session.execute(delete(RejectionRow).where(RejectionRow.id.in_(rejection_ids)))


def _means(session: Session, pack_id: str, person_ids: Collection[int]) -> dict[int, FloatArray]:
    """The mean template of each person, (D,) float32 of unit length; those without one are left out."""
    sums: dict[int, NDArray[np.float64]] = {}
    query = select(EmbeddingRow.embedding, TemplateRow.person_id).join(TemplateRow)
    for row in session.execute(query.where(EmbeddingRow.pack_id == pack_id, TemplateRow.person_id.in_(person_ids))):
        sums[row.person_id] = sums.get(row.person_id, np.float64(0)) + _vector(row.embedding)
    return {
        person_id: (total / max(float(np.linalg.norm(total)), _SHORTEST)).astype(np.float32)
        for person_id, total in sums.items()
    }


def is_one_of(face: FloatArray, theirs: FloatArray, mine: FloatArray) -> bool:
    """Whether a face is nearer to one of the (N, D) templates than all others of both people together are."""
    others = theirs.sum(axis=0) + mine.sum(axis=0) - theirs
    others /= np.maximum(np.linalg.norm(others, axis=1, keepdims=True), _SHORTEST)
    return bool((theirs @ face >= (theirs * others).sum(axis=1)).any())


def _vectors(session: Session, pack_id: str, person_id: int) -> FloatArray:
    """A person's templates of one pack, (N, D)."""
    query = select(EmbeddingRow.embedding).join(TemplateRow)
    rows = session.scalars(query.where(EmbeddingRow.pack_id == pack_id, TemplateRow.person_id == person_id)).all()
    return np.stack([_vector(one) for one in rows]) if rows else np.zeros((0, 1), np.float32)


def _nearest(session: Session, person_id: int, pack_id: str, embedding: FloatArray) -> float:
    """Cosine distance to the nearest of a person's templates; 2 without any."""
    own = _vectors(session, pack_id, person_id)
    return float((1 - own @ embedding).min()) if len(own) else 2.0


def _vector(embedding: bytes) -> FloatArray:
    return np.frombuffer(embedding, "<f4").astype(np.float32)
