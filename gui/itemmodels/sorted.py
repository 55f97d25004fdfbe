"""A sorted folder as Qt list models: its groups, and the wall of one group's faces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QPixmap
from typing_extensions import override

from engine.sorting_values import GroupKind, SortedFace, SortedGroup
from engine.types import PixelArray
from engine.wording import counted
from gui.engine_client import EngineClient
from gui.theme import tokens as t
from gui.theme.style import THEME
from gui.widgets.basics import image_of, rounded

ID = Qt.ItemDataRole.UserRole
VALUE = Qt.ItemDataRole.UserRole + 1
_MOST_THUMBNAILS = 3000
"""Kept in memory: about 110 MB at the most."""
_Index = QModelIndex | QPersistentModelIndex
_NOTES = {
    GroupKind.KNOWN: "proposed",
    GroupKind.CONFIRMED: "confirmed",
    GroupKind.ALONE: "nobody alike",
}


class Thumbnails(QObject):
    """Pictures of faces, fetched when they are first asked for."""

    arrived = Signal()

    def __init__(self, client: EngineClient, side_px: int, parent: QObject) -> None:
        super().__init__(parent)
        self._client, self._side_px = client, side_px
        self._kept: dict[int, QPixmap] = {}
        self._wanted: dict[int, None] = {}
        self._fetch = QTimer(self)
        self._fetch.setSingleShot(True)
        self._fetch.setInterval(0)
        self._fetch.timeout.connect(self._fetch_wanted)
        THEME.changed.connect(self.arrived)

    def of(self, face_id: int) -> QPixmap:
        """A face's picture; an empty tile until it is there."""
        kept = self._kept.get(face_id)
        if kept is None:
            self._wanted[face_id] = None
            self._fetch.start()
            return rounded(None, self._side_px)
        return kept

    def _fetch_wanted(self) -> None:
        wanted, self._wanted = list(self._wanted), {}
        if len(self._kept) > _MOST_THUMBNAILS:
            self._kept.clear()
        self._client.sorted_crops(wanted).succeeded.connect(self._keep)

    def _keep(self, crops: dict[int, PixelArray]) -> None:
        for face_id, crop in crops.items():
            self._kept[face_id] = rounded(image_of(crop), self._side_px, 2.0)
        self.arrived.emit()


class GroupsModel(QAbstractListModel):
    """The groups of a folder, in order."""

    def __init__(self, client: EngineClient, parent: QObject) -> None:
        super().__init__(parent)
        self.groups: Sequence[SortedGroup] = ()
        self._thumbnails = Thumbnails(client, t.SMALL_THUMBNAIL_PX, self)
        self._thumbnails.arrived.connect(self._repaint)

    def show_groups(self, groups: Sequence[SortedGroup]) -> None:
        """Show these from now on."""
        self.beginResetModel()
        self.groups = tuple(groups)
        self.endResetModel()

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

    def _repaint(self) -> None:
        if self.groups:
            self.dataChanged.emit(self.index(0), self.index(len(self.groups) - 1), [Qt.ItemDataRole.DecorationRole])


class FacesModel(QAbstractListModel):
    """The faces of one group."""

    def __init__(self, client: EngineClient, parent: QObject) -> None:
        super().__init__(parent)
        self.faces: Sequence[SortedFace] = ()
        self._client = client
        self._asked = 0
        self._shown: tuple[int, int] | None = None
        self._thumbnails = Thumbnails(client, t.THUMBNAIL_PX, self)
        self._thumbnails.arrived.connect(self._repaint)

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
        if tuple(faces) == self.faces:
            return
        self.beginResetModel()
        self.faces = tuple(faces)
        self.endResetModel()

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

    def _repaint(self) -> None:
        if self.faces:
            self.dataChanged.emit(self.index(0), self.index(len(self.faces) - 1), [Qt.ItemDataRole.DecorationRole])


def group_note(group: SortedGroup) -> str:
    """Say how many faces a group has, and what is known of them."""
    count = counted(group.count, "face")
    note = _NOTES.get(group.kind, "") if group.count > 1 or group.kind is not GroupKind.ALONE else ""
    return f"{count}, {note}" if note else count
