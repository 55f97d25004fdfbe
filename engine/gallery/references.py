"""The templates of one pack, laid out for matching, and brought up to date from the rows that have changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import Select
from sqlalchemy.types import NullType

from engine.gallery.schema import EmbeddingRow, TemplateRow
from engine.gallery.seals import Seals, seal_array
from engine.types import FloatArray, frozen

Ids: TypeAlias = NDArray[np.int64]
_ROWS_AT_ONCE = 8192
MOST_UPDATED = 5000
"""Where the templates of more people have changed, reading all of them takes no longer."""
PROVED_AT_ONCE = 20_000
"""Looking at the seals of more templates takes longer than somebody should wait for."""


class Names(Mapping[int, str]):
    """Names by person id, looked up when they are asked for: a million of them would fill 200 MB."""

    def __init__(self, people: Ids, name_of: Callable[[int], str]) -> None:
        self._people = people
        self.name_of = name_of
        self._known: dict[int, str] = {}

    def __getitem__(self, person_id: int) -> str:
        if person_id not in self._known:
            if person_id not in self:
                raise KeyError(person_id)
            self._known[person_id] = self.name_of(person_id)
        return self._known[person_id]

    def __contains__(self, person_id: object) -> bool:
        if not isinstance(person_id, int):
            return False
        place = int(np.searchsorted(self._people, person_id))
        return place < len(self._people) and int(self._people[place]) == person_id

    def __iter__(self) -> Iterator[int]:
        return iter(self._people.tolist())

    def __len__(self) -> int:
        return len(self._people)


class _Read(NamedTuple):
    """Templates as they were read: ids ascending, whose each is, embeddings; and whose were left out, by id."""

    ids: Ids
    owners: Ids
    vectors: FloatArray
    left_out: Mapping[int, int]

    def only(self, chosen: NDArray[np.bool_]) -> _Read:
        return _Read(self.ids[chosen], self.owners[chosen], self.vectors[chosen], self.left_out)


@dataclass(slots=True, eq=False)
class _Room:
    """Rows of memory (R, D), of which the first `used` are taken: templates are added without copying the others."""

    rows: FloatArray
    used: int

    @classmethod
    def for_rows(cls, count: int, dimension: int) -> _Room:
        return cls(np.empty((count + count // 64 + 64, dimension), np.float32), count)


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """N templates of one pack.

    Attributes:
        pack_id: which pack's.
        matrix: (N, D) float32 embeddings.
        person_ids: (N,) whose template each is.
        template_ids: (N,), ascending.
        names: name by person id, of everyone who has a template of this pack.
        lineage: the same object for all states in which a template of one id has one embedding.
        left_out: whose templates are not among them, by id: their embeddings are not those that were stored.
        unproved: (N, 16) the seals of the embeddings, where nobody has looked at them yet; None once somebody has.
    """

    pack_id: str
    matrix: FloatArray
    person_ids: Ids
    template_ids: Ids
    names: Names
    lineage: object = field(default_factory=object)
    left_out: Mapping[int, int] = field(default_factory=dict)
    unproved: NDArray[np.uint8] | None = None
    _room: _Room | None = None

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for array in (self.matrix, self.person_ids, self.template_ids):
            frozen(array)

    @classmethod
    def load(
        cls, session: Session, pack_id: str, name_of: Callable[[int], str], seals: Seals, *, prove: bool = False
    ) -> References:
        """Read all templates of a pack.

        Args:
            session: of the gallery.
            pack_id: whose embeddings.
            name_of: a person's name.
            seals: what the embeddings are sealed with.
            prove: leave out those whose seals do not hold, however many there are to look at; otherwise only of few.
        """
        count = session.scalar(select(func.count()).where(EmbeddingRow.pack_id == pack_id)) or 0
        template_ids, filled, room = np.empty(count, np.int64), 0, _Room.for_rows(0, 0)
        of_pack = _embeddings().where(EmbeddingRow.pack_id == pack_id).order_by(EmbeddingRow.template_id)
        stored = seal_array([None]).repeat(count, axis=0)
        for ids, vectors, sealed in _read(session, of_pack):
            if not filled:
                room = _Room.for_rows(count, vectors.shape[1])
            part = slice(filled, filled + len(ids))
            template_ids[part], room.rows[part], stored[part] = ids, vectors, sealed
            filled += len(ids)
        person_ids = _owners(session, template_ids)
        names = Names(_distinct(person_ids), name_of)
        read = cls(pack_id, room.rows[:count], person_ids, template_ids, names, _room=room)
        if count > PROVED_AT_ONCE and not prove:
            return replace(read, unproved=stored)
        return read._without(seals.broken(pack_id, person_ids, template_ids, read.matrix, stored))

    def updated(self, session: Session, people: set[int], seals: Seals) -> References:
        """Return the state after an edit of these people; only their templates are read."""
        if not len(self.template_ids) or len(people) > MOST_UPDATED:
            return self.load(session, self.pack_id, self.names.name_of, seals)
        read = self._read_people(session, people, seals)
        places = np.searchsorted(self.template_ids, read.ids)
        known = places < len(self.template_ids)
        known[known] = self.template_ids[places[known]] == read.ids[known]
        places = places[known]
        if read.vectors.shape[1] != self.matrix.shape[1] or (self.matrix[places] != read.vectors[known]).any():
            return self.load(session, self.pack_id, self.names.name_of, seals)
        known_now = set(read.ids.tolist())
        others = {id_: owner for id_, owner in self.left_out.items() if owner not in people and id_ not in known_now}
        read = read._replace(left_out=others | {**read.left_out})
        stays = ~np.isin(self.person_ids, list(people))
        stays[places] = True
        person_ids = self.person_ids.copy()
        person_ids[places] = read.owners[known]
        added = read.only(~known)
        if stays.all() and (not len(added.ids) or added.ids[0] > self.template_ids[-1]):
            return self._appended(person_ids, added)
        return self._rebuilt(stays, person_ids, added)

    def _read_people(self, session: Session, people: set[int], seals: Seals) -> _Read:
        owned = session.execute(select(TemplateRow.id, TemplateRow.person_id).where(TemplateRow.person_id.in_(people)))
        owner_of = {row.id: row.person_id for row in owned}
        theirs = select(TemplateRow.id).where(TemplateRow.person_id.in_(people))
        query = _embeddings().where(EmbeddingRow.pack_id == self.pack_id, EmbeddingRow.template_id.in_(theirs))
        parts = list(_read(session, query.order_by(EmbeddingRow.template_id)))
        if not parts:
            return _Read(np.empty(0, np.int64), np.empty(0, np.int64), self.matrix[:0], {})
        ids, vectors, stored = (np.concatenate([part[at] for part in parts]) for at in range(3))
        owners = np.array([owner_of[id_] for id_ in ids.tolist()], np.int64)
        broken = seals.broken(self.pack_id, owners, ids, vectors, stored)
        return _Read(ids, owners, vectors, _owned(ids, owners, broken)).only(~broken)

    def _without(self, broken: NDArray[np.bool_]) -> References:
        """The same without some of the templates."""
        if not broken.any():
            return self
        left_out = _owned(self.template_ids, self.person_ids, broken)
        none = _Read(self.template_ids[:0], self.person_ids[:0], self.matrix[:0], left_out)
        return self._rebuilt(~broken, self.person_ids, none)

    def _appended(self, person_ids: Ids, added: _Read) -> References:
        before, count = len(self.template_ids), len(self.template_ids) + len(added.ids)
        room = self._room
        if room is None or room.used != before or count > len(room.rows):
            room = _Room.for_rows(count, self.matrix.shape[1])
            room.rows[:before] = self.matrix
        # Only rows that no earlier state shows are written.
        room.rows[before:count], room.used = added.vectors, count
        owners, ids = np.concatenate([person_ids, added.owners]), np.concatenate([self.template_ids, added.ids])
        return self._with(room, owners, ids, added.left_out)

    def _rebuilt(self, stays: NDArray[np.bool_], person_ids: Ids, added: _Read) -> References:
        ids = np.concatenate([self.template_ids[stays], added.ids])
        order = np.argsort(ids, kind="stable")
        kept = len(ids) - len(added.ids)
        room = _Room.for_rows(len(ids), self.matrix.shape[1])
        np.compress(stays, self.matrix, axis=0, out=room.rows[:kept])
        room.rows[kept : len(ids)] = added.vectors
        if added.ids.size:
            room.rows[: len(ids)] = room.rows[: len(ids)][order]
        return self._with(room, np.concatenate([person_ids[stays], added.owners])[order], ids[order], added.left_out)

    def _with(self, room: _Room, person_ids: Ids, ids: Ids, left_out: Mapping[int, int]) -> References:
        return replace(
            self,
            matrix=room.rows[: len(ids)],
            person_ids=person_ids,
            template_ids=ids,
            names=Names(_distinct(person_ids), self.names.name_of),
            left_out=left_out,
            unproved=None,
            _room=room,
        )

    def people_changed(self, session: Session) -> set[int]:
        """Whose templates have come, gone or moved in the file since these were read; their embeddings are not read."""
        of_pack = select(EmbeddingRow.template_id).where(EmbeddingRow.pack_id == self.pack_id)
        now = _integers(session, of_pack.order_by(EmbeddingRow.template_id))[0]
        owner_ids = _owners(session, now)
        there = np.intersect1d(now, self.template_ids, assume_unique=True)
        old, new = np.searchsorted(self.template_ids, there), np.searchsorted(now, there)
        moved = self.person_ids[old] != owner_ids[new]
        gone, come = np.ones(len(self.template_ids), np.bool_), np.ones(len(now), np.bool_)
        gone[old[~moved]] = come[new[~moved]] = False
        # Those that were left out count as come, so that they are looked at again.
        return {*self.person_ids[gone].tolist(), *owner_ids[come].tolist(), *self.left_out.values()}


def _owners(session: Session, template_ids: Ids) -> Ids:
    """Whose each template is, (N,); all of them are read, in the order of an index that holds no crops."""
    if not len(template_ids):
        return template_ids
    owner_ids, ids = _integers(session, select(TemplateRow.person_id, TemplateRow.id).order_by(TemplateRow.person_id))
    order = np.argsort(ids, kind="stable")
    found: Ids = owner_ids[order[np.searchsorted(ids, template_ids, sorter=order)]]
    return found


def _owned(ids: Ids, owners: Ids, chosen: NDArray[np.bool_]) -> dict[int, int]:
    """Owners by template, of some."""
    return dict(zip(ids[chosen].tolist(), owners[chosen].tolist(), strict=True))


def _distinct(person_ids: Ids) -> Ids:
    if (person_ids[1:] < person_ids[:-1]).any():
        person_ids = np.sort(person_ids)
    first = np.ones(len(person_ids), np.bool_)
    first[1:] = person_ids[1:] != person_ids[:-1]
    return person_ids[first]


def _embeddings() -> Select[int, bytes, bytes | None]:
    # Without a type: the driver gives bytes already, and a converter would be called a million times.
    embedding, seal = (type_coerce(column, NullType()) for column in (EmbeddingRow.embedding, EmbeddingRow.seal))
    return select(EmbeddingRow.template_id, embedding, seal)


def _read(
    session: Session, query: Select[int, bytes, bytes | None]
) -> Iterator[tuple[Ids, FloatArray, NDArray[np.uint8]]]:
    for ids, blobs, seals in _columns(session, query):
        vectors = np.frombuffer(b"".join(blobs), "<f4").reshape(len(ids), -1)
        yield np.array(ids, np.int64), vectors, seal_array(seals)


def _integers(session: Session, query: Select[*tuple[int, ...]]) -> Ids:
    """Columns of integers, (columns, N)."""
    parts = [np.array(columns, np.int64) for columns in _columns(session, query)]
    return np.concatenate(parts, axis=1) if parts else np.empty((len(query.selected_columns), 0), np.int64)


def _columns(session: Session, query: Select[*tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """Columns of some thousand rows at a time, as the driver gives them: SQLAlchemy's rows take three times as long."""
    with closing(_cursor(session.connection(), query)) as cursor:
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            yield list(zip(*rows, strict=True))


def _cursor(connection: Connection, query: Select[*tuple[Any, ...]]) -> Any:
    """The driver's own cursor over what a query selects; a server's sends some rows at a time, never all at once."""
    if connection.dialect.name != "postgresql":
        return connection.execute(query).cursor
    text = query.compile(connection, compile_kwargs={"render_postcompile": True})
    driver: Any = connection.connection.driver_connection
    cursor = driver.cursor(name="references")
    cursor.execute(text.string, text.params)
    return cursor
