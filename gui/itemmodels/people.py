"""Everyone in the gallery as a Qt list model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer
from PySide6.QtGui import QPixmap
from typing_extensions import override

from engine.types import Person, PixelArray
from gui.engine_client import EngineClient
from gui.theme import tokens as t
from gui.theme.style import THEME
from gui.widgets.basics import image_of, rounded

PERSON = Qt.ItemDataRole.UserRole
SEARCH_TEXT = Qt.ItemDataRole.UserRole + 1
_MOST_THUMBNAILS = 4000
"""Kept in memory: about 100 MB at the most."""
_Index = QModelIndex | QPersistentModelIndex


class PeopleModel(QAbstractListModel):
    """People by name, each with a thumbnail that is fetched when it is first shown."""

    def __init__(self, client: EngineClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._people: Sequence[Person] = ()
        self._thumbnails: dict[int, QPixmap] = {}
        self._wanted: set[int] = set()
        self._asked = 0
        self.loaded = False
        self._fetch = QTimer(self)
        self._fetch.setSingleShot(True)
        self._fetch.setInterval(0)
        self._fetch.timeout.connect(self._fetch_thumbnails)
        client.gallery_changed.connect(self.refresh)
        THEME.changed.connect(self._repaint)

    @property
    def people(self) -> Sequence[Person]:
        """Everyone, by name."""
        return self._people

    def find(self, name: str) -> Person | None:
        """The person of this name, whatever its case."""
        wanted = " ".join(name.split()).casefold()
        return next((person for person in self._people if person.name.casefold() == wanted), None)

    def row_of(self, person_id: int) -> int:
        """Where a person is, or -1."""
        return next((row for row, person in enumerate(self._people) if person.id == person_id), -1)

    def refresh(self) -> None:
        """Load everyone again."""
        self._asked += 1
        ticket = self._asked

        def on_people(people: list[Person]) -> None:
            if ticket == self._asked:
                self._show(people)

        self._client.people().succeeded.connect(on_people)

    def clear(self) -> None:
        """Let go of everyone, with their pictures."""
        self._asked += 1
        self._thumbnails.clear()
        self._wanted.clear()
        self._show([])
        self.loaded = False

    def _show(self, people: list[Person]) -> None:
        self.beginResetModel()
        self._people = tuple(people)
        self.loaded = True
        self.endResetModel()

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._people)

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._people):
            return None
        person = self._people[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return person.name
            case Qt.ItemDataRole.DecorationRole:
                return self._thumbnail(person.cover_id)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{person.name}, {pictures_in_words(person.template_count)}"
            case _:
                return {PERSON: person, SEARCH_TEXT: _search_text(person)}.get(role)

    def _thumbnail(self, template_id: int | None) -> QPixmap:
        if template_id is None:
            return rounded(None, t.SMALL_THUMBNAIL_PX)
        if template_id not in self._thumbnails:
            self._wanted.add(template_id)
            self._fetch.start()
            return rounded(None, t.SMALL_THUMBNAIL_PX)
        return self._thumbnails[template_id]

    def _fetch_thumbnails(self) -> None:
        wanted, self._wanted = list(self._wanted), set()
        if len(self._thumbnails) > _MOST_THUMBNAILS:
            self._thumbnails.clear()
        self._client.crops(wanted).succeeded.connect(self._keep_thumbnails)

    def _keep_thumbnails(self, crops: dict[int, PixelArray]) -> None:
        for template_id, crop in crops.items():
            self._thumbnails[template_id] = rounded(image_of(crop), t.SMALL_THUMBNAIL_PX, 2.0)
        self._repaint()

    def _repaint(self) -> None:
        if self._people:
            self.dataChanged.emit(self.index(0), self.index(len(self._people) - 1), [Qt.ItemDataRole.DecorationRole])


def _search_text(person: Person) -> str:
    return " ".join((person.name, *person.tags, person.notes)).casefold()


def pictures_in_words(count: int) -> str:
    """Say how many templates someone has."""
    return "1 picture" if count == 1 else f"{count:,} pictures"
