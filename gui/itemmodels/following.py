"""Letting a list model's rows become others by what has changed, so that views keep what is chosen and in sight."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject

Value = TypeVar("Value")
_MOST_RUNS = 32
"""Where more runs of rows come or go, beginning anew is quicker."""


class FollowingRows(QAbstractListModel, Generic[Value]):
    """A list model of values that have keys; each value is one row."""

    key: Callable[[Value], Hashable]
    """What tells that two values are the same row."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.values: tuple[Value, ...] = ()

    def follow(self, values: Iterable[Value]) -> None:
        """Let the rows be these: others go, come, move or change in place."""
        wanted, key = tuple(values), self.key
        if wanted == self.values:
            return
        keys = [key(one) for one in wanted]
        places = {one: place for place, one in enumerate(keys)}
        had = {key(one) for one in self.values}
        gone = _runs([row for row, one in enumerate(self.values) if key(one) not in places])
        come = _runs([row for row, one in enumerate(keys) if one not in had])
        if len(gone) + len(come) > _MOST_RUNS or not had & places.keys():
            self.beginResetModel()
            self.values = wanted
            self.endResetModel()
            return
        for first, last in reversed(gone):
            self.beginRemoveRows(QModelIndex(), first, last)
            self.values = (*self.values[:first], *self.values[last + 1 :])
            self.endRemoveRows()
        self._put_in_order(places)
        for first, last in come:
            self.beginInsertRows(QModelIndex(), first, last)
            self.values = (*self.values[:first], *wanted[first : last + 1], *self.values[first:])
            self.endInsertRows()
        before, self.values = self.values, wanted
        for first, last in _runs([row for row, one in enumerate(wanted) if one != before[row]]):
            self.dataChanged.emit(self.index(first), self.index(last))

    def _put_in_order(self, places: dict[Hashable, int]) -> None:
        ordered = tuple(sorted(self.values, key=lambda one: places[self.key(one)]))
        if [self.key(one) for one in ordered] == [self.key(one) for one in self.values]:
            return
        self.layoutAboutToBeChanged.emit()
        rows = {self.key(one): row for row, one in enumerate(ordered)}
        before = self.persistentIndexList()
        after = [self.index(rows[self.key(self.values[index.row()])]) for index in before]
        self.values = ordered
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()


def _runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of each run of ascending rows without a gap."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and runs[-1][1] == row - 1:
            runs[-1] = runs[-1][0], row
        else:
            runs.append((row, row))
    return runs
