"""Groups as people see them: in order, each with a name and the face that stands for it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from engine.gallery.sorting_layout import Layout, Particulars, Row
from engine.sorting.grouping import centred
from engine.sorting_values import ALONE, GroupKind, SortedFace, SortedGroup
from engine.types import Box

_ORDER = (GroupKind.KNOWN, GroupKind.CLUSTER, GroupKind.ALONE, GroupKind.CONFIRMED, GroupKind.IGNORED)


def list_groups(layout: Layout, names: Mapping[int, str]) -> tuple[SortedGroup, ...]:
    """List all groups: proposed names, unknown people by size, those alone, the confirmed, the ignored.

    Args:
        layout: of the sorting.
        names: of everyone in the gallery; a group whose person is gone is unknown again.
    """
    groups = [_group(layout, id_, members.tolist(), names) for id_, members in rows_by_group(layout).items()]
    return tuple(sorted(groups, key=lambda group: (_ORDER.index(group.kind), -group.count, group.id)))


def rows_by_group(layout: Layout) -> dict[int, NDArray[np.int64]]:
    """Rows of the faces of each group, ascending."""
    rows: dict[int, list[int]] = {}
    for row, one in enumerate(layout.placed):
        rows.setdefault(one.group_id or ALONE, []).append(row)
    return {group_id: np.array(members, np.int64) for group_id, members in rows.items()}


def in_order(
    layout: Layout, group_id: int, rows: NDArray[np.int64], about: Mapping[int, Particulars]
) -> list[SortedFace]:
    """The faces of a group, nearest to its middle first; those of which nothing is known any more are left out."""
    apart = np.zeros(len(rows), np.float32) if group_id == ALONE else centred(layout.embeddings[rows])
    made = []
    for place in np.argsort(apart, kind="stable").tolist():
        id_ = int(layout.face_ids[rows[place]])
        if id_ in about:
            one = about[id_]
            made.append(SortedFace(id_, one.path, Box(*one.box), float(apart[place]), one.reasons))
    return made


def _group(layout: Layout, group_id: int, rows: list[int], names: Mapping[int, str]) -> SortedGroup:
    if group_id == ALONE:
        name = "Faces on their own" if len(rows) > 1 else "A face on its own"
        return SortedGroup(ALONE, GroupKind.ALONE, name, len(rows), int(layout.face_ids[rows[0]]))
    cover = int(layout.face_ids[rows[int(np.argmin(centred(layout.embeddings[rows])))]])
    stored: Row = layout.groups[group_id]
    kind, person_id = GroupKind(stored["kind"]), stored["person_id"]
    if kind is GroupKind.IGNORED:
        return SortedGroup(group_id, kind, "Ignored", len(rows), cover)
    if person_id in names:
        return SortedGroup(group_id, kind, names[person_id], len(rows), cover, person_id)
    return SortedGroup(group_id, GroupKind.CLUSTER, f"Person {stored['number']}", len(rows), cover)
