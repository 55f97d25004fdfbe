"""One person's templates as a Qt list model: the wall of crops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QPixmap
from typing_extensions import override

from engine.types import PixelArray, Template
from gui.engine_client import EngineClient
from gui.theme import tokens as t
from gui.widgets.basics import image_of, rounded

TEMPLATE = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


class TemplatesModel(QAbstractListModel):
    """The templates of one person at a time, oldest first."""

    def __init__(self, client: EngineClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._person_id: int | None = None
        self._templates: Sequence[Template] = ()
        self._crops: dict[int, QPixmap] = {}

    @property
    def templates(self) -> Sequence[Template]:
        """Those shown."""
        return self._templates

    def show_person(self, person_id: int | None) -> None:
        """Show a person's templates; None shows none."""
        if person_id != self._person_id:
            self._person_id = person_id
            self._replace(())
        if person_id is None:
            return

        def on_templates(templates: list[Template]) -> None:
            if self._person_id == person_id:
                self._replace(templates)
                self._client.crops([template.id for template in templates]).succeeded.connect(self._keep_crops)

        self._client.templates(person_id).succeeded.connect(on_templates)

    def _replace(self, templates: Sequence[Template]) -> None:
        self.beginResetModel()
        self._templates = tuple(templates)
        kept = {template.id for template in templates}
        self._crops = {id_: crop for id_, crop in self._crops.items() if id_ in kept}
        self.endResetModel()

    def _keep_crops(self, crops: dict[int, PixelArray]) -> None:
        shown = {template.id for template in self._templates}
        for id_, crop in crops.items():
            if id_ in shown:
                self._crops[id_] = rounded(image_of(crop), t.THUMBNAIL_PX, 2.0)
        if self._templates:
            self.dataChanged.emit(self.index(0), self.index(len(self._templates) - 1))

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._templates)

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._templates):
            return None
        template = self._templates[index.row()]
        if role == Qt.ItemDataRole.DecorationRole:
            return self._crops.get(template.id) or rounded(None, t.THUMBNAIL_PX)
        if role == Qt.ItemDataRole.ToolTipRole:
            packs = ", ".join(sorted(template.embeddings))
            return f"{template.source}\n{template.created_at:%d %B %Y, %H:%M}\nEmbedded by: {packs}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"Picture {index.row() + 1}, from {template.source}"
        if role == TEMPLATE:
            return template
        return None
