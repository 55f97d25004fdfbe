"""Those people whose name, tags or notes contain what is searched for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QObject
from typing_extensions import override

from engine.types import Person
from gui.itemmodels.people import PeopleList, PeopleModel


class FoundPeople(PeopleList):
    """A part of everyone, in their order.

    Qt's own filter asks the model for each text by itself, which takes seconds with a hundred thousand people.
    """

    def __init__(self, people: PeopleModel, parent: QObject | None = None, most: int | None = None) -> None:
        """Show everyone.

        Args:
            most: show no more than so many.
        """
        super().__init__(parent)
        self._people = people
        self._most = most
        self._text = ""
        self._keep: Callable[[Person], bool] | None = None
        self._rows: Sequence[int] = ()
        people.modelReset.connect(self._look)
        people.dataChanged.connect(self._on_changed)
        self._look()

    def search(self, text: str) -> None:
        """Show those whose name, tags or notes contain the text, whatever its case."""
        if text == self._text:
            return
        self._text = text
        self._look()

    def keep_only(self, keep: Callable[[Person], bool] | None) -> None:
        """Leave out everyone else, whatever is searched for; None keeps everyone."""
        self._keep = keep
        self._look()

    def row_of(self, person_id: int) -> int:
        """Where a person is among those found, or -1."""
        row = self._people.row_of(person_id)
        place = bisect_left(self._rows, row)
        return place if row >= 0 and place < len(self._rows) and self._rows[place] == row else -1

    def _look(self) -> None:
        everyone = self._people.everyone
        rows = everyone.containing(self._text)
        if self._keep is not None:
            people = self._people.people
            rows = [row for row in rows if self._keep(people[row])]
        self._rows = rows[: self._most]
        everybody = len(self._rows) == len(everyone.names)
        self.setStringList(everyone.names if everybody else [everyone.names[row] for row in self._rows])

    def _on_changed(self, first: QModelIndex, last: QModelIndex, roles: list[int]) -> None:
        start, end = bisect_left(self._rows, first.row()), bisect_left(self._rows, last.row() + 1)
        if start < end:
            self.dataChanged.emit(self.index(start), self.index(end - 1), roles)

    @override
    def shown(self, row: int, role: int) -> Any:
        return self._people.shown(self._rows[row], role) if row < len(self._rows) else None
