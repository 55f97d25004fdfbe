"""Values of erasing a person for good: what there is, and the receipt of what was removed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

ERASED = "erased"
"""What stands where the name of somebody stood who was erased."""
_ONE = {
    "pictures": "picture",
    "embeddings": "embedding",
    "rejected faces": "rejected face",
    "answers that they are not somebody else": "answer that they are not somebody else",
    "faces in sorted folders": "face in sorted folders",
    "file names in sorted folders": "file name in sorted folders",
    "answers in sorted folders": "answer in sorted folders",
    "entries of the history log": "entry of the history log",
    "aligned crops kept for training": "aligned crop kept for training",
    "training runs that named them": "training run that named them",
    "trials of the spoof bench that named them": "trial of the spoof bench that named them",
}


@dataclass(frozen=True, slots=True)
class Holding:
    """What there is of a person, and which copies of the gallery still hold them.

    Attributes:
        counts: how many of what.
        copies: names of backups and other copies beside the gallery.
        notes: what erasing cannot reach, as sentences.
    """

    person_id: int
    name: str
    counts: Mapping[str, int]
    copies: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was removed of a person. It does not say who it was.

    Attributes:
        number: which the history log has, too.
        at: UTC.
        removed: how many of what.
        copies_removed: copies of the gallery that held the person and were deleted.
        copies_left: those that still hold the person.
        notes: what erasing cannot reach, as sentences.
        file: what became of the gallery's file, as a sentence.
        file_before: bytes that it had, and `file_after`, that it has; None where only a server knows.
    """

    number: str
    at: datetime
    removed: Mapping[str, int]
    copies_removed: tuple[str, ...]
    copies_left: tuple[str, ...]
    notes: tuple[str, ...] = ()
    file: str = ""
    file_before: int | None = None
    file_after: int | None = None

    @property
    def data(self) -> dict[str, Any]:
        """It as JSON has it."""
        return {
            "receipt": self.number,
            "at": self.at.isoformat(timespec="seconds"),
            "removed": dict(self.removed),
            "copies_removed": list(self.copies_removed),
            "copies_left": list(self.copies_left),
            "file": {"said": self.file, "bytes_before": self.file_before, "bytes_after": self.file_after},
            "notes": list(self.notes),
        }

    @property
    def text(self) -> str:
        """It as a page of text."""
        lines = [f"Receipt {self.number}", f"One person erased for good, {self.at:%Y-%m-%d %H:%M:%S} UTC.", ""]
        lines += ["Removed:", *_lines(self.removed)]
        if self.copies_removed:
            lines += ["", "Copies of the gallery that held them and were deleted:", *_names(self.copies_removed)]
        if self.copies_left:
            lines += ["", "Copies of the gallery that STILL HOLD them:", *_names(self.copies_left)]
        else:
            lines += ["", "No backup or other copy beside the gallery holds them any more."]
        if self.file:
            lines += ["", self.file]
        if self.notes:
            lines += ["", *self.notes]
        return "\n".join(lines) + "\n"

    def content(self, *, as_json: bool) -> bytes:
        """It as a file's content."""
        return (json.dumps(self.data, indent=1, ensure_ascii=False) + "\n" if as_json else self.text).encode()


def listed(counts: Mapping[str, int]) -> str:
    """Counts in a sentence."""
    return ", ".join(f"{count:,} {_called(what, count)}" for what, count in counts.items()) or "nothing but the name"


def _lines(counts: Mapping[str, int]) -> list[str]:
    lines = [f"  {count:>7,}  {_called(what, count)}" for what, count in counts.items()]
    return lines or ["  nothing but the name"]


def _called(what: str, count: int) -> str:
    return _ONE.get(what, what) if count == 1 else what


def _names(names: tuple[str, ...]) -> list[str]:
    return [f"  {name}" for name in names]
