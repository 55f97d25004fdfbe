"""Sortings in the gallery's file: what was found, how it is grouped, and every change with its way back.

They are in the same file as people and templates, so that faces of strangers are kept, protected and deleted as those
are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from sqlalchemy import delete, func, insert, select, type_coerce, update
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from engine.errors import BadInputError, GalleryError
from engine.gallery.rows import embedding_bytes, now
from engine.gallery.sorting_layout import Change, Found, KeptFace, Layout, LookedAt, Measured, Particulars, Placed, Row
from engine.gallery.sorting_places import Places, groups_of, places_of, rows_of
from engine.gallery.sorting_schema import FaceRow, GroupRow, PictureRow, SortingRow
from engine.sorting_values import GroupKind, Sorting
from engine.types import FloatArray

_IDS_AT_ONCE = 500
"""SQLite takes a limited number of values in one statement."""


class Writes(Protocol):
    """Opens a transaction that writes; one that erases is followed by emptying the log.

    `touches` are the people whose rows are changed: here never any.
    """

    def __call__(self, *, erases: bool, touches: set[int] | None) -> AbstractContextManager[Session]: ...  # noqa: D102 - said above


class SortingStore:
    """Reads and writes sortings through the gallery's own transactions."""

    def __init__(
        self, read: Callable[[], AbstractContextManager[Session]], write: Writes, stamp: Callable[[], object]
    ) -> None:
        """Use a gallery's ways to read and write.

        Args:
            read: opens a session that reads.
            write: opens a transaction.
            stamp: returns what is another value once anything has been written into the gallery, here or elsewhere.
        """
        self._read, self._write, self.stamp = read, write, stamp

    # --- folders ------------------------------------------------------------------------------------------------

    def sortings(self) -> list[Sorting]:
        """All folders that were sorted, latest first."""
        with self._read() as session:
            rows = session.scalars(select(SortingRow).order_by(SortingRow.id.desc())).all()
            return [_sorting(session, row) for row in rows]

    def sorting(self, sorting_id: int) -> Sorting:
        """One of them.

        Raises:
            BadInputError: it is no longer there.
        """
        with self._read() as session:
            return _sorting(session, _row(session, sorting_id))

    def find(self, folder: Path) -> Sorting | None:
        """The sorting of a folder, if there is one."""
        with self._read() as session:
            row = session.scalar(select(SortingRow).where(SortingRow.folder == stored(folder)))
            return None if row is None else _sorting(session, row)

    def begin(self, folder: Path, pack_id: str) -> int:
        """Return the number of a folder's sorting, which is made where there is none."""
        with self._write(erases=False, touches=set()) as session:
            known = session.scalar(select(SortingRow.id).where(SortingRow.folder == stored(folder)))
            if known is not None:
                return known
            row = SortingRow(folder=stored(folder), pack_id=pack_id, created_at=now())
            session.add(row)
            session.flush()
            return row.id

    def delete(self, sorting_id: int) -> None:
        """Delete a sorting with all its faces, from the disk too; people who were enrolled stay."""
        with self._write(erases=True, touches=set()) as session:
            session.execute(delete(SortingRow).where(SortingRow.id == sorting_id))

    def pack_id(self, sorting_id: int) -> str:
        """Whose embeddings its faces have."""
        with self._read() as session:
            return _row(session, sorting_id).pack_id

    def arranged(self, sorting_id: int) -> bool:
        """Whether everything that was found has been grouped."""
        with self._read() as session:
            return _row(session, sorting_id).arranged

    def embed_again(self, sorting_id: int, pack_id: str, embeddings: Mapping[int, FloatArray]) -> None:
        """Replace the embeddings of all faces by another pack's, in one transaction."""
        with self._write(erases=True, touches=set()) as session:
            row = _row(session, sorting_id)
            row.pack_id, row.arranged = pack_id, False
            values = [{"id": id_, "embedding": embedding_bytes(one)} for id_, one in embeddings.items()]
            if values:
                session.execute(update(FaceRow), values)

    # --- pictures -----------------------------------------------------------------------------------------------

    def looked_at(self, sorting_id: int) -> dict[str, tuple[int, int]]:
        """Size and time of change of each picture that was looked at, by path."""
        columns = PictureRow.path, PictureRow.size, PictureRow.modified_ns
        with self._read() as session:
            rows = session.execute(select(*columns).where(PictureRow.sorting_id == sorting_id))
            return {row.path: (row.size, row.modified_ns) for row in rows}

    def count(self, sorting_id: int, there: Sequence[str]) -> None:
        """Note which pictures there are. What was found in those that are gone goes, unless somebody decided on it."""
        with self._write(erases=False, touches=set()) as session:
            _row(session, sorting_id).total = len(there)
            known = session.execute(
                select(PictureRow.id, PictureRow.path).where(PictureRow.sorting_id == sorting_id)
            ).all()
            present = set(there)
            gone = [row.id for row in known if row.path not in present] if there else []
            for some in _slices(gone):
                decided = select(FaceRow.picture_id).where(FaceRow.settled, FaceRow.picture_id.in_(some))
                unwanted = PictureRow.id.in_(some), PictureRow.id.not_in(decided)
                session.execute(delete(PictureRow).where(*unwanted))

    def keep(self, sorting_id: int, looked: Sequence[LookedAt]) -> None:
        """Store what was found in some pictures, in place of what was found in them before, in one transaction."""
        paths = [one.path for one in looked]
        again = PictureRow.sorting_id == sorting_id, PictureRow.path.in_(paths)
        with self._read() as session:
            replaced = session.scalar(select(func.count()).select_from(PictureRow).where(*again))
        with self._write(erases=bool(replaced), touches=set()) as session:
            session.execute(delete(PictureRow).where(*again))
            _row(session, sorting_id).arranged = False
            for one in looked:
                picture = PictureRow(
                    sorting_id=sorting_id, path=one.path, size=one.size, modified_ns=one.modified_ns,
                    problem=one.problem,
                )  # fmt: skip
                session.add(picture)
                session.flush()
                session.add_all([_face_row(face, picture.id) for face in one.faces])

    def problems(self, sorting_id: int) -> tuple[tuple[str, str], ...]:
        """Pictures that could not be read, and why."""
        unreadable = PictureRow.sorting_id == sorting_id, PictureRow.problem != ""
        with self._read() as session:
            rows = session.execute(
                select(PictureRow.path, PictureRow.problem).where(*unreadable).order_by(PictureRow.path)
            )
            return tuple((row.path, row.problem) for row in rows)

    # --- faces --------------------------------------------------------------------------------------------------

    def layout(self, sorting_id: int) -> Layout:
        """All faces with their embeddings, and all groups."""
        # Without a type, as `places_of` reads them.
        refused = type_coerce(FaceRow.refused, NullType())
        columns = FaceRow.id, FaceRow.picture_id, FaceRow.group_id, FaceRow.settled, refused, FaceRow.embedding
        of_sorting = select(*columns).join(PictureRow, PictureRow.id == FaceRow.picture_id)
        face_ids, picture_ids, blobs, placed, places = [], [], [], [], Places()
        with self._read() as session:
            query = of_sorting.where(PictureRow.sorting_id == sorting_id).order_by(FaceRow.id)
            for id_, picture_id, group_id, settled, people, embedding in rows_of(session, query):
                face_ids.append(id_)
                picture_ids.append(picture_id)
                blobs.append(embedding)
                placed.append(places.of(group_id, settled, people))
            groups = groups_of(session, sorting_id)
        dimension = len(blobs[0]) // 4 if blobs else 0
        return Layout(
            np.array(face_ids, np.int64),
            np.array(picture_ids, np.int64),
            np.frombuffer(b"".join(blobs), "<f4").reshape(len(blobs), dimension),
            tuple(placed),
            groups,
        )

    def places(self, sorting_id: int) -> tuple[dict[int, Placed], dict[int, Row]]:
        """Where each face is, by its number, ascending, and the rows of all groups."""
        with self._read() as session:
            return places_of(session, sorting_id), groups_of(session, sorting_id)

    def found(self, face_ids: Iterable[int]) -> list[Found]:
        """Faces with all that is known of them, by number; those that are gone are left out."""
        with self._read() as session:
            made: list[Found] = []
            for some in _slices(list(face_ids)):
                query = (
                    select(FaceRow, PictureRow.path, SortingRow.folder, SortingRow.pack_id)
                    .join(PictureRow, PictureRow.id == FaceRow.picture_id)
                    .join(SortingRow, SortingRow.id == PictureRow.sorting_id)
                    .where(FaceRow.id.in_(some))
                    .order_by(FaceRow.id)
                )
                made += [Found(row[0].id, _face(row[0]), *row[1:]) for row in session.execute(query)]
            return made

    def particulars(self, face_ids: Iterable[int]) -> dict[int, Particulars]:
        """Where faces are, without their pictures; those that are gone are left out."""
        with self._read() as session:
            made: dict[int, Particulars] = {}
            for some in _slices(list(face_ids)):
                query = (
                    select(FaceRow.id, PictureRow.path, FaceRow.box, FaceRow.quality)
                    .join(PictureRow, PictureRow.id == FaceRow.picture_id)
                    .where(FaceRow.id.in_(some))
                )
                for id_, path, box, quality in session.execute(query):
                    made[id_] = Particulars(path, tuple(box), _measured(quality))
            return made

    def crops(self, face_ids: Iterable[int]) -> dict[int, bytes]:
        """Encoded crops by face; those that are gone are left out."""
        with self._read() as session:
            made: dict[int, bytes] = {}
            for some in _slices(list(face_ids)):
                query = select(FaceRow.id, FaceRow.crop_jpeg).where(FaceRow.id.in_(some))
                made |= {row.id: row.crop_jpeg for row in session.execute(query)}
            return made

    # --- groups -------------------------------------------------------------------------------------------------

    def change(self, sorting_id: int, work: Callable[[Session], None]) -> Change:
        """Change groups and places in one transaction, and return what it takes to go back."""
        with self._write(erases=False, touches=set()) as session:
            _row(session, sorting_id)
            groups, placed = groups_of(session, sorting_id), places_of(session, sorting_id)
            work(session)
            session.flush()
            _drop_empty(session, sorting_id)
            return _difference(groups, placed, groups_of(session, sorting_id), places_of(session, sorting_id))

    def revert(self, sorting_id: int, change: Change) -> None:
        """Put groups and places back as they were before a change.

        Raises:
            GalleryError: something else has changed them since.
        """
        with self._write(erases=False, touches=set()) as session:
            groups, placed = groups_of(session, sorting_id), places_of(session, sorting_id)
            touched = change.groups_before.keys() | change.groups_after.keys()
            as_left = {id_: groups[id_] for id_ in touched if id_ in groups} == change.groups_after
            if not as_left or any(placed.get(id_) != one for id_, one in change.placed_after.items()):
                raise GalleryError("This is no longer possible: the same faces have been changed elsewhere since.")
            for id_, row in change.groups_before.items():
                if id_ in groups:
                    session.execute(update(GroupRow).where(GroupRow.id == id_).values(**row))
                else:
                    session.execute(insert(GroupRow).values(**row))
            put(session, change.placed_before)
            session.execute(delete(GroupRow).where(GroupRow.id.in_(touched - change.groups_before.keys())))


def forget_person(session: Session, person_id: int) -> None:
    """Delete every found face that was confirmed as somebody who is being deleted."""
    theirs = select(GroupRow.id).where(GroupRow.person_id == person_id, GroupRow.kind == GroupKind.CONFIRMED.value)
    session.execute(delete(FaceRow).where(FaceRow.group_id.in_(theirs)))


def replace_person(session: Session, source_id: int, target_id: int) -> None:
    """Let groups of one person be another's, when the two are merged."""
    session.execute(update(GroupRow).where(GroupRow.person_id == source_id).values(person_id=target_id))


def put(session: Session, placed: Mapping[int, Placed]) -> None:
    """Place faces."""
    values = [
        {"id": id_, "group_id": one.group_id, "settled": one.settled, "refused": list(one.refused)}
        for id_, one in placed.items()
    ]
    if values:
        session.execute(update(FaceRow), values)


def add_group(session: Session, sorting_id: int, kind: GroupKind, *, number: int, person_id: int | None = None) -> int:
    """Make a group and return its id."""
    row = GroupRow(sorting_id=sorting_id, kind=kind.value, number=number, person_id=person_id)
    session.add(row)
    session.flush()
    return row.id


def stored(folder: Path) -> str:
    """A folder's path as it is stored: absolute, and text whatever its bytes."""
    return str(folder.absolute()).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _row(session: Session, sorting_id: int) -> SortingRow:
    row = session.get(SortingRow, sorting_id)
    if row is None:
        raise BadInputError("What was found in this folder has been deleted. Sort the folder again.")
    return row


def _sorting(session: Session, row: SortingRow) -> Sorting:
    of_sorting = PictureRow.sorting_id == row.id
    pictures, unreadable = session.execute(
        select(func.count(), func.count().filter(PictureRow.problem != "")).where(of_sorting)
    ).one()
    faces, decided = session.execute(
        select(func.count(), func.count().filter(FaceRow.settled))
        .select_from(FaceRow)
        .join(PictureRow, PictureRow.id == FaceRow.picture_id)
        .where(of_sorting)
    ).one()
    return Sorting(row.id, row.folder, pictures, row.total, unreadable, faces, decided)


def _face_row(face: KeptFace, picture_id: int) -> FaceRow:
    return FaceRow(
        picture_id=picture_id,
        refused=[],
        box=list(face.box),
        score=face.score,
        landmarks=face.landmarks,
        quality=[list(measure) for measure in face.quality],
        views=face.views,
        embedding=embedding_bytes(face.embedding),
        crop_jpeg=face.crop_jpeg,
    )


def _face(row: FaceRow) -> KeptFace:
    return KeptFace(
        box=tuple(row.box),
        score=row.score,
        landmarks=row.landmarks,
        quality=_measured(row.quality),
        views=row.views,
        embedding=np.frombuffer(row.embedding, "<f4").astype(np.float32),
        crop_jpeg=row.crop_jpeg,
    )


def _measured(stored_quality: Sequence[Sequence[Any]]) -> tuple[Measured, ...]:
    return tuple((str(key), float(value), str(unit), str(reason)) for key, value, unit, reason in stored_quality)


def _drop_empty(session: Session, sorting_id: int) -> None:
    used = select(FaceRow.group_id).where(FaceRow.group_id.is_not(None))
    session.execute(delete(GroupRow).where(GroupRow.sorting_id == sorting_id, GroupRow.id.not_in(used)))


def _difference(
    groups: dict[int, Row], placed: dict[int, Placed], groups_now: dict[int, Row], placed_now: dict[int, Placed]
) -> Change:
    touched = {id_ for id_ in groups.keys() | groups_now.keys() if groups.get(id_) != groups_now.get(id_)}
    moved = {id_ for id_, one in placed_now.items() if placed.get(id_) != one}
    return Change(
        {id_: groups[id_] for id_ in touched if id_ in groups},
        {id_: groups_now[id_] for id_ in touched if id_ in groups_now},
        {id_: placed[id_] for id_ in moved},
        {id_: placed_now[id_] for id_ in moved},
    )


def _slices(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + _IDS_AT_ONCE] for start in range(0, len(ids), _IDS_AT_ONCE)]
