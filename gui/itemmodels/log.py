"""The history log as a Qt table model: entries are fetched when they come into sight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer
from typing_extensions import override

from engine.journal import LogEntry, LogQuery
from gui.engine_client import EngineClient, Job

HEADINGS = ("When", "What", "In words")
ENTRY = Qt.ItemDataRole.UserRole
_AT_ONCE = 200
_Index = QModelIndex | QPersistentModelIndex


class LogModel(QAbstractTableModel):
    """Entries that fit a query, newest first."""

    def __init__(self, client: EngineClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self.query = LogQuery()
        self.numbers: Sequence[int] = ()
        self._entries: dict[int, LogEntry] = {}
        self._asked: set[int] = set()
        self._wanted: set[int] = set()
        self._job: Job | None = None
        # What is painted in one go is asked for in one go.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._fetch)

    def ask(self, query: LogQuery) -> Job:
        """Look for entries; an answer to what was asked before is dropped."""
        self.query = query
        job = self._client.log_numbers(query)
        self._job = job
        job.succeeded.connect(lambda numbers: self._show(job, numbers))
        return job

    def _show(self, job: Job, numbers: Sequence[int]) -> None:
        if job is not self._job:
            return
        self.beginResetModel()
        self.numbers = numbers
        self._entries.clear()
        self._asked.clear()
        self._wanted.clear()
        self.endResetModel()

    def _fetch(self) -> None:
        rows, self._wanted = sorted(self._wanted), set()
        numbers = [self.numbers[row] for row in rows if row < len(self.numbers)]
        if numbers:
            asked = self._job
            job = self._client.log_entries(numbers)
            job.succeeded.connect(lambda entries: self._keep(entries) if asked is self._job else None)

    def _keep(self, entries: Sequence[LogEntry]) -> None:
        self._entries |= {entry.number: entry for entry in entries}
        if self.numbers:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.numbers) - 1, len(HEADINGS) - 1))

    def _want(self, row: int) -> None:
        if row not in self._asked:
            start = row - row % _AT_ONCE
            rows = range(start, min(start + _AT_ONCE, len(self.numbers)))
            self._asked.update(rows)
            self._wanted.update(rows)
            self._soon.start()

    @override
    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.numbers)

    @override
    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(HEADINGS)

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADINGS[section] if 0 <= section < len(HEADINGS) else None
        return None

    @override
    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self.numbers):
            return None
        entry = self._entries.get(self.numbers[index.row()])
        if entry is None:
            self._want(index.row())
            return "…" if role == Qt.ItemDataRole.DisplayRole else None
        if role == ENTRY:
            return entry
        if role == Qt.ItemDataRole.DisplayRole:
            when = f"{entry.at.astimezone():%Y-%m-%d %H:%M:%S}"
            return (when, entry.title, entry.sentence)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"Entry {entry.number:,}\n{entry.sentence}"
        return None
