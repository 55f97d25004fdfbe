"""A sorted folder as Qt list models: its groups, and the wall of one group's faces."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from typing_extensions import override

from engine.sorting_values import GroupKind, SortedFace, SortedGroup
from engine.wording import counted
from gui.engine_client import EngineClient
from gui.itemmodels.face_thumbnails import Thumbnails
from gui.itemmodels.following import FollowingRows
from gui.theme import tokens as t

ID = Qt.ItemDataRole.UserRole
VALUE = Qt.ItemDataRole.UserRole + 1
_Index = QModelIndex | QPersistentModelIndex
_NOTES = {
    GroupKind.KNOWN: "proposed",
    GroupKind.CONFIRMED: "confirmed",
    GroupKind.ALONE: "nobody alike",
}


class GroupsModel(FollowingRows[SortedGroup]):
    """The groups of a folder, in order."""

    key = attrgetter("id")

    def __init__(self, client: EngineClient, parent: QObject) -> None:
        super().__init__(parent)
        self._thumbnails = Thumbnails(client, t.SMALL_THUMBNAIL_PX, self)
        self._thumbnails.arrived.connect(self._repaint)

    @property
    def groups(self) -> tuple[SortedGroup, ...]:
        """The groups in sight."""
        return self.values

    def row_of(self, group_id: int) -> int:
        """Where a group is, or -1."""
        return next((row for row, group in enumerate(self.groups) if group.id == group_id), -1)

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.groups)

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self.groups):
            return None
        group = self.groups[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return f"{group.name}\n{group_note(group)}"
            case Qt.ItemDataRole.DecorationRole:
                return self._thumbnails.of(group.cover_id)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{group.name}, {group_note(group)}"
            case _:
                return {ID: group.id, VALUE: group}.get(role)

    def _repaint(self, face_ids: list[int]) -> None:
        arrived = set(face_ids)
        repaint(self, [row for row, one in enumerate(self.groups) if one.cover_id in arrived])


class FacesModel(FollowingRows[SortedFace]):
    """The faces of one group."""

    shown = Signal()
    """Other faces are there than before, or others of the same group."""
    key = attrgetter("id")

    def __init__(self, client: EngineClient, parent: QObject) -> None:
        super().__init__(parent)
        self._rows: dict[int, int] = {}
        self._client = client
        self._asked = 0
        self._shown: tuple[int, int] | None = None
        self._thumbnails = Thumbnails(client, t.THUMBNAIL_PX, self)
        self._thumbnails.arrived.connect(self._repaint)

    @property
    def faces(self) -> tuple[SortedFace, ...]:
        """The faces in sight."""
        return self.values

    def show_group(self, sorting_id: int, group_id: int) -> None:
        """Show a group's faces, as soon as they are there."""
        if self._shown != (sorting_id, group_id):
            self._shown = (sorting_id, group_id)
            self._show([])
        self._asked += 1
        ticket = self._asked

        def on_faces(faces: list[SortedFace]) -> None:
            if ticket == self._asked:
                self._show(faces)

        self._client.sorted_faces(sorting_id, group_id).succeeded.connect(on_faces)

    def show_nothing(self) -> None:
        """Show no group."""
        self._asked += 1
        self._shown = None
        self._show([])

    def _show(self, faces: Sequence[SortedFace]) -> None:
        self.follow(faces)
        self._rows = {face.id: row for row, face in enumerate(self.faces)}
        self.shown.emit()

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.faces)

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self.faces):
            return None
        face = self.faces[index.row()]
        match role:
            case Qt.ItemDataRole.DecorationRole:
                return self._thumbnails.of(face.id)
            case Qt.ItemDataRole.ToolTipRole:
                return "\n".join((face.picture, *face.reasons))
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"Face {index.row() + 1} of {len(self.faces):,}, from {face.picture}"
            case _:
                return {ID: face.id, VALUE: face}.get(role)

    def _repaint(self, face_ids: list[int]) -> None:
        repaint(self, [self._rows[one] for one in face_ids if one in self._rows])


def repaint(model: QAbstractListModel, rows: Sequence[int]) -> None:
    """Say that pictures have come; every row on its own, since a view looks at all rows of a range."""
    for row in rows:
        index = model.index(row)
        model.dataChanged.emit(index, index, [Qt.ItemDataRole.DecorationRole])


def group_note(group: SortedGroup) -> str:
    """Say how many faces a group has, and what is known of them."""
    count = counted(group.count, "face")
    note = _NOTES.get(group.kind, "") if group.count > 1 or group.kind is not GroupKind.ALONE else ""
    return f"{count}, {note}" if note else count
