"""Everyone in the gallery as a Qt list model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QStringListModel, Qt, QTimer
from PySide6.QtGui import QPixmap
from typing_extensions import override

from engine.types import Person, PixelArray
from engine.wording import pictures
from gui.engine_client import EngineClient
from gui.itemmodels.everyone import Everyone, typed
from gui.theme import tokens as t
from gui.theme.style import THEME
from gui.widgets.basics import image_of, rounded

PERSON = Qt.ItemDataRole.UserRole
_MOST_THUMBNAILS = 4000
"""Kept in memory: about 100 MB at the most."""
_THUMBNAILS_AT_ONCE = 48
_FETCH_AFTER_MS = 30
"""A list that is scrolled fast shows people for less."""
_NAME_ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole)
_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
_Index = QModelIndex | QPersistentModelIndex


class PeopleList(QStringListModel):
    """A list of people's names whose other roles are made when they are looked at.

    Views ask for each row's index when they lay a list out; with Qt's own list that stays within Qt, and takes
    milliseconds for a hundred thousand people, not a second.
    """

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role in _NAME_ROLES or not index.isValid():
            return super().data(index, role)
        return self.shown(index.row(), role)

    @override
    def flags(self, index: _Index) -> Qt.ItemFlag:
        return _FLAGS if index.isValid() else Qt.ItemFlag.NoItemFlags

    def shown(self, row: int, role: int) -> Any:
        """What a role other than the name shows."""
        raise NotImplementedError


class PeopleModel(PeopleList):
    """People by name, each with a thumbnail that is fetched when it is first shown."""

    def __init__(self, client: EngineClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self.everyone = Everyone()
        self._thumbnails: dict[int, QPixmap] = {}
        self._no_thumbnail = rounded(None, t.SMALL_THUMBNAIL_PX)
        self._wanted: dict[int, None] = {}
        self._fetching = False
        self._asked = 0
        self.loaded = False
        self._fetch = QTimer(self)
        self._fetch.setSingleShot(True)
        self._fetch.setInterval(_FETCH_AFTER_MS)
        self._fetch.timeout.connect(self._fetch_thumbnails)
        client.gallery_changed.connect(self.refresh)
        THEME.changed.connect(self._on_theme)

    @property
    def people(self) -> Sequence[Person]:
        """Everyone, by name."""
        return self.everyone.people

    def find(self, name: str) -> Person | None:
        """The person of this name, whatever its case."""
        row = self.everyone.named.get(typed(name))
        return None if row is None else self.people[row]

    def row_of(self, person_id: int) -> int:
        """Where a person is, or -1."""
        return self.everyone.rows.get(person_id, -1)

    def refresh(self) -> None:
        """Load everyone again."""
        self._asked += 1
        ticket = self._asked

        def on_everyone(everyone: Everyone) -> None:
            if ticket == self._asked:
                self._show(everyone)

        self._client.submit(lambda service, _job: Everyone.of(service.people())).succeeded.connect(on_everyone)

    def clear(self) -> None:
        """Let go of everyone, with their pictures."""
        self._asked += 1
        self._thumbnails.clear()
        self._wanted.clear()
        self._show(Everyone.of([]))
        self.loaded = False

    def _show(self, everyone: Everyone) -> None:
        self.everyone, self.loaded = everyone, True
        self.setStringList(everyone.names)

    @override
    def shown(self, row: int, role: int) -> Any:
        return self.value(row, role) if row < len(self.people) else None

    def value(self, row: int, role: int) -> Any:
        """What a role shows of the person in a row."""
        person = self.people[row]
        match role:
            case Qt.ItemDataRole.DecorationRole:
                return self._thumbnail(person.cover_id)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{person.name}, {pictures(person.template_count)}"
            case _:
                return person if role == PERSON else None

    def _thumbnail(self, template_id: int | None) -> QPixmap:
        if template_id in self._thumbnails:
            return self._thumbnails[template_id]
        if template_id is not None:
            self._wanted[template_id] = None
            self._fetch.start()
        return self._no_thumbnail

    def _fetch_thumbnails(self) -> None:
        """Ask for the pictures of those shown last; who was scrolled past is asked for when seen again."""
        if self._fetching:
            return
        wanted, self._wanted = list(self._wanted)[-_THUMBNAILS_AT_ONCE:], {}
        if not wanted:
            return
        if len(self._thumbnails) > _MOST_THUMBNAILS:
            self._thumbnails.clear()
        self._fetching = True
        job = self._client.crops(wanted)
        job.succeeded.connect(self._keep_thumbnails)
        job.finished.connect(self._on_fetched)

    def _on_fetched(self) -> None:
        self._fetching = False
        if self._wanted:
            self._fetch.start()

    def _keep_thumbnails(self, crops: dict[int, PixelArray]) -> None:
        for template_id, crop in crops.items():
            self._thumbnails[template_id] = rounded(image_of(crop), t.SMALL_THUMBNAIL_PX, 2.0)
            row = self.everyone.covers.get(template_id)
            if row is not None:
                changed = self.index(row)
                self.dataChanged.emit(changed, changed, [Qt.ItemDataRole.DecorationRole])

    def _on_theme(self) -> None:
        self._no_thumbnail = rounded(None, t.SMALL_THUMBNAIL_PX)
        if self.people:
            self.dataChanged.emit(self.index(0), self.index(len(self.people) - 1), [Qt.ItemDataRole.DecorationRole])
