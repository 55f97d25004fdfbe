"""Where every face of a sorting is, read so that nothing is left for the garbage collector to look through.

A window waits while it looks: reading thousands of rows as objects brought about a full collection nearly every time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import Select
from sqlalchemy.types import NullType

from engine.gallery.sorting_layout import Placed, Row
from engine.gallery.sorting_schema import FaceRow, GroupRow, PictureRow

_ROWS_AT_ONCE = 256
"""Fewer than the objects after which the collector looks at the young ones."""


def places_of(session: Session, sorting_id: int) -> dict[int, Placed]:
    """Where each face is, by its number, ascending; faces that are in one place share one object."""
    # Without a type: nearly every face was refused nobody, and need not be decoded.
    refused = type_coerce(FaceRow.refused, NullType())
    query = select(FaceRow.id, FaceRow.group_id, FaceRow.settled, refused).join(
        PictureRow, PictureRow.id == FaceRow.picture_id
    )
    places = Places()
    made: dict[int, Placed] = {}
    for id_, group_id, settled, people in rows_of(session, query.where(PictureRow.sorting_id == sorting_id)):
        made[id_] = places.of(group_id, settled, people)
    ascending = sorted(made)
    return {id_: made[id_] for id_ in ascending}


def groups_of(session: Session, sorting_id: int) -> dict[int, Row]:
    """The rows of all groups, by number."""
    columns = GroupRow.__table__.columns
    names = columns.keys()
    query = select(*columns).where(GroupRow.sorting_id == sorting_id)
    return {row[0]: dict(zip(names, row, strict=True)) for row in rows_of(session, query)}


def rows_of(session: Session, query: Select[*tuple[Any, ...]]) -> Iterator[Any]:
    """The rows that a query of columns selects, a few at a time."""
    for some in session.connection().execute(query).partitions(_ROWS_AT_ONCE):
        yield from some


class Places:
    """Makes one object for each place that there is."""

    def __init__(self) -> None:
        self._made: dict[tuple[int | None, bool, str], Placed] = {}

    def of(self, group_id: int | None, settled: object, refused: object) -> Placed:
        """Return the place of a row; `refused` as the database has it: JSON, which a server has decoded already."""
        key = group_id, bool(settled), refused if isinstance(refused, str) else json.dumps(refused)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = Placed(group_id, key[1], tuple(json.loads(key[2])))
        return made
