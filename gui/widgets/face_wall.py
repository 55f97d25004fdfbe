"""A wall of faces of which many can be chosen: arrows move, Space chooses, Escape lets go of all."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from gui.theme import tokens as t
from gui.theme.icons import pixmap
from gui.theme.style import THEME

_BADGE_PX = 2.5 * t.UNIT


class FaceWall(QListView):
    """Faces in rows. A click or Space chooses one more, or lets go of it."""

    def __init__(self, model: QAbstractItemModel, accessible_name: str) -> None:
        super().__init__()
        self.setAccessibleName(accessible_name)
        self.setModel(model)
        self.setItemDelegate(_Tile(self))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setGridSize(QSize(t.THUMBNAIL_PX + 2 * t.GAP, t.THUMBNAIL_PX + 2 * t.GAP))
        self.setSelectionMode(QAbstractItemView.SelectionMode.MultiSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.selectionModel().hasSelection():
            self.clearSelection()
        else:
            super().keyPressEvent(event)


class _Tile(QStyledItemDelegate):
    """One face: a ring where the keys are, a frame and a tick where it is chosen."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)

    @override
    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(t.THUMBNAIL_PX + 2 * t.GAP, t.THUMBNAIL_PX + 2 * t.GAP)

    @override
    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        state, area = option.state, QRectF(option.rect)
        picture: QPixmap = index.data(Qt.ItemDataRole.DecorationRole)
        place = QRectF(0, 0, t.THUMBNAIL_PX, t.THUMBNAIL_PX)
        place.moveCenter(area.center())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(place, picture, QRectF(picture.rect()))
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if chosen:
            self._frame(painter, place, THEME.palette.accent, 3)
            badge = QRectF(place.right() - _BADGE_PX, place.top(), _BADGE_PX, _BADGE_PX).translated(-4, 4)
            painter.setBrush(QColor(THEME.palette.accent))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(badge)
            tick = pixmap("check", t.GUTTER, THEME.palette.on_accent)
            inside = QRectF(0, 0, t.GUTTER, t.GUTTER)
            inside.moveCenter(badge.center())
            painter.drawPixmap(inside, tick, QRectF(tick.rect()))
        if state & QStyle.StateFlag.State_HasFocus:
            self._frame(painter, place.adjusted(-4, -4, 4, 4), THEME.palette.text, 2)
        painter.restore()

    def _frame(self, painter: QPainter, place: QRectF, colour: str, width: float) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colour), width))
        painter.drawRoundedRect(place, t.RADIUS_SMALL, t.RADIUS_SMALL)
