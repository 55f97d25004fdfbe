"""What the window and the command line ask of the history log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.exchange import TableFormat
from engine.gallery.store import Gallery
from engine.journal import LogEntry, LogQuery, LogVerdict
from engine.transfer.tables import write_table
from engine.types import CancelToken

COLUMNS = ("number", "at", "kind", "people", "text", "details")
_AT_ONCE = 500


class JournalDesk:
    """Looks into the log. Synchronous, as the service."""

    def __init__(self, gallery: Callable[[], Gallery]) -> None:
        """Look into the log of a gallery.

        Args:
            gallery: returns the one that is open; raises GalleryLockedError while it is locked.
        """
        self._gallery = gallery

    @property
    def notice(self) -> str:
        """What is odd about the gallery as a whole, as a sentence; empty when nothing is."""
        return self._gallery().journal.notice

    def numbers(self, query: LogQuery) -> list[int]:
        """Numbers of the entries that fit, newest first."""
        return self._gallery().journal.numbers(query)

    def entries(self, numbers: Sequence[int]) -> list[LogEntry]:
        """Entries by their numbers."""
        return self._gallery().journal.entries(numbers)

    def verify(self) -> LogVerdict:
        """Read the whole log and say whether it is as it was written."""
        return self._gallery().journal.verify()

    def accept(self) -> None:
        """Take the gallery as it is, though it is not the one that was last used here.

        Raises:
            GalleryError: it cannot be written.
        """
        self._gallery().accept()

    def export(self, place: Path, query: LogQuery, token: CancelToken | None = None) -> int:
        """Write the entries that fit as a table, as the file's name says, and return how many there are.

        Raises:
            BadInputError: the file's name asks for no table, or the file cannot be written.
            OperationCancelledError: the token was turned; nothing was left behind.
        """
        form = TableFormat.of(place)
        return write_table(place, COLUMNS, self._rows(self.numbers(query), form), form, token)

    def _rows(self, numbers: Sequence[int], form: TableFormat) -> Iterator[dict[str, Any]]:
        for start in range(0, len(numbers), _AT_ONCE):
            for entry in self.entries(numbers[start : start + _AT_ONCE]):
                yield row(entry) if form is TableFormat.JSON else row(entry) | {"details": _flat(entry.details)}


def row(entry: LogEntry) -> dict[str, Any]:
    """What a table says of an entry."""
    return {
        "number": entry.number,
        "at": entry.at.isoformat(timespec="seconds"),
        "kind": entry.kind,
        "people": list(entry.people),
        "text": entry.sentence,
        "details": dict(entry.details),
    }


def _flat(details: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in details.items())
