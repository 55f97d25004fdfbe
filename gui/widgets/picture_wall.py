"""A person's pictures as a wall: choose some, delete one with its key, ask for what else can be done."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QListView

from gui.theme import tokens as t


class PictureWall(QListView):
    """Shows the pictures of an item model in as many columns as fit."""

    delete_wanted = Signal()

    def __init__(self, pictures: QAbstractItemModel) -> None:
        super().__init__()
        self.setAccessibleName("Pictures")
        self.setModel(pictures)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setMinimumHeight(t.THUMBNAIL_PX + 4 * t.GAP)
        self.setIconSize(QSize(t.THUMBNAIL_PX, t.THUMBNAIL_PX))
        self.setGridSize(QSize(t.THUMBNAIL_PX + 2 * t.GAP, t.THUMBNAIL_PX + 2 * t.GAP))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        delete = QAction("Delete picture", self)
        delete.setShortcut(QKeySequence.StandardKey.Delete)
        delete.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        delete.triggered.connect(self.delete_wanted)
        self.addAction(delete)
