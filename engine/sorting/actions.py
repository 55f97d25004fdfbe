"""What can be done with faces and groups: each a change of places, to be carried out in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import update
from sqlalchemy.orm import Session

from engine.errors import BadInputError
from engine.gallery.sorting_layout import Layout, Placed
from engine.gallery.sorting_schema import GroupRow
from engine.gallery.sorting_store import add_group, put
from engine.sorting.grouping import next_number
from engine.sorting_values import ALONE, GroupKind

Work: TypeAlias = Callable[[Session], None]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What an action is about: some faces, or else all faces of some groups.

    Attributes:
        rows: places of the faces in the layout.
        whole: the groups of which all faces are meant.
    """

    rows: tuple[int, ...]
    whole: tuple[int, ...] = ()

    @classmethod
    def of(cls, layout: Layout, face_ids: Collection[int], group_ids: Sequence[int]) -> Chosen:
        """Take the faces where there are some, else the groups.

        Raises:
            BadInputError: none of them is there any more.
        """
        if face_ids:
            wanted = set(face_ids)
            chosen = cls(tuple(row for row, id_ in enumerate(layout.face_ids.tolist()) if id_ in wanted))
        else:
            groups = {id_ or None for id_ in group_ids}
            rows = tuple(row for row, one in enumerate(layout.placed) if one.group_id in groups)
            chosen = cls(rows, tuple(group_ids))
        if not chosen.rows:
            raise BadInputError("These faces are no longer there. Choose others.")
        return chosen


def split(sorting_id: int, layout: Layout, chosen: Chosen) -> Work:
    """Put faces into a new group of their own."""

    def work(session: Session) -> None:
        number = next_number(layout.groups)
        _move(session, layout, chosen.rows, add_group(session, sorting_id, GroupKind.CLUSTER, number=number))

    return work


def ignore(sorting_id: int, layout: Layout, chosen: Chosen) -> Work:
    """Put faces aside."""

    def work(session: Session) -> None:
        aside = group_of_kind(layout, GroupKind.IGNORED)
        if aside is None:
            aside = add_group(session, sorting_id, GroupKind.IGNORED, number=0)
        _move(session, layout, chosen.rows, aside)

    return work


def reject(layout: Layout, chosen: Chosen) -> Work:
    """Say that faces are not who they are taken for.

    Single faces leave their group and stand alone; a whole group that has a name proposed loses the name.

    Raises:
        BadInputError: nothing is said of them that could be wrong.
    """
    if chosen.whole:
        return _reject_names(layout, chosen)
    if all(layout.placed[row].group_id is None for row in chosen.rows):
        raise BadInputError("These faces stand alone already. Ignore them, or move them to somebody.")

    def work(session: Session) -> None:
        put(session, {int(layout.face_ids[row]): _refused(layout, row, None, settled=True) for row in chosen.rows})

    return work


def taken_for(layout: Layout, chosen: Chosen) -> dict[int, list[int]]:
    """Rows of the chosen faces by the person they are taken for; those of nameless groups are left out."""
    people: dict[int, list[int]] = {}
    for row in chosen.rows:
        group = layout.groups.get(layout.placed[row].group_id or 0)
        proposed = group is not None and (not chosen.whole or group["kind"] == GroupKind.KNOWN.value)
        if group is not None and proposed and group["person_id"] is not None:
            people.setdefault(group["person_id"], []).append(row)
    return people


def _reject_names(layout: Layout, chosen: Chosen) -> Work:
    named = [id_ for id_ in chosen.whole if id_ != ALONE and layout.groups[id_]["kind"] == GroupKind.KNOWN.value]
    if not named:
        raise BadInputError("No name is proposed here. Choose single faces that do not belong to the group.")

    def work(session: Session) -> None:
        rows = [row for row in chosen.rows if layout.placed[row].group_id in named]
        put(
            session,
            {
                int(layout.face_ids[row]): _refused(
                    layout, row, layout.placed[row].group_id, settled=layout.placed[row].settled
                )
                for row in rows
            },
        )
        values = {"kind": GroupKind.CLUSTER.value, "person_id": None}
        session.execute(update(GroupRow).where(GroupRow.id.in_(named)).values(values))

    return work


def move(layout: Layout, chosen: Chosen, target: int) -> Work:
    """Put faces into a group that is there.

    Raises:
        BadInputError: it is not.
    """
    if target == ALONE:
        return lambda session: _move(session, layout, chosen.rows, None)
    if target not in layout.groups:
        raise BadInputError("This group is no longer there. Choose another one.")
    return lambda session: _move(session, layout, chosen.rows, target)


def merge(layout: Layout, group_ids: Sequence[int]) -> tuple[Work, int]:
    """Make one group of several, and return which it is: the one with a name, else the largest.

    Raises:
        BadInputError: they are two known people, or there is only one.
    """
    groups = [id_ for id_ in dict.fromkeys(group_ids) if id_ in layout.groups]
    if ALONE in group_ids or len(groups) < 2:
        raise BadInputError("Choose two or more groups to merge. Faces that stand alone are moved one by one.")
    people = {layout.groups[id_]["person_id"] for id_ in groups} - {None}
    if len(people) > 1:
        raise BadInputError(
            "These groups have different names. Reject a name first, or merge the people in the gallery."
        )
    sizes = {id_: len(layout.rows_of(id_)) for id_ in groups}

    def rank(id_: int) -> tuple[bool, bool, int]:
        row = layout.groups[id_]
        return row["kind"] == GroupKind.CONFIRMED.value, row["person_id"] is not None, sizes[id_]

    target = max(groups, key=rank)
    rows = tuple(row for row, one in enumerate(layout.placed) if one.group_id in groups)
    return lambda session: _move(session, layout, rows, target), target


def confirm(
    sorting_id: int, layout: Layout, rows: Iterable[int], person_id: int, look_alikes: tuple[list[int], list[int]]
) -> Work:
    """Note that faces are a person, and propose the person where others look like them.

    Args:
        look_alikes: unknown groups, and rows of faces alone, that look like the person.
    """
    rows = tuple(rows)
    groups, alone = look_alikes

    def work(session: Session) -> None:
        kinds = {row["kind"]: id_ for id_, row in layout.groups.items() if row["person_id"] == person_id}
        number = next_number(layout.groups)
        target = kinds.get(GroupKind.CONFIRMED.value)
        if target is None:
            target = add_group(session, sorting_id, GroupKind.CONFIRMED, number=number, person_id=person_id)
        _move(session, layout, rows, target)
        known = kinds.get(GroupKind.KNOWN.value)
        taken = set(rows)
        others = [
            row
            for row, one in enumerate(layout.placed)
            if row not in taken and (one.group_id in groups or row in set(alone))
        ]
        if others:
            known = known or add_group(session, sorting_id, GroupKind.KNOWN, number=number + 1, person_id=person_id)
            put(session, {int(layout.face_ids[row]): _placed(layout, row, known) for row in others})

    return work


def group_of_kind(layout: Layout, kind: GroupKind) -> int | None:
    """The first group of a kind."""
    return next((id_ for id_, row in layout.groups.items() if row["kind"] == kind.value), None)


def _move(session: Session, layout: Layout, rows: Iterable[int], group_id: int | None) -> None:
    put(session, {int(layout.face_ids[row]): Placed(group_id, True, layout.placed[row].refused) for row in rows})


def _placed(layout: Layout, row: int, group_id: int) -> Placed:
    return Placed(group_id, layout.placed[row].settled, layout.placed[row].refused)


def _refused(layout: Layout, row: int, group_id: int | None, *, settled: bool) -> Placed:
    """A face that is not the person of its group."""
    one = layout.placed[row]
    person = layout.groups[one.group_id]["person_id"] if one.group_id is not None else None
    refused = one.refused if person is None or person in one.refused else (*one.refused, person)
    return Placed(group_id, settled, refused)
