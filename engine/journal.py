"""Values of the history log: what was changed and decided, when, about whom; and how it is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from engine.journal_words import SOMEBODY, in_words
from engine.wording import counted

KINDS: Mapping[str, str] = {
    "enroll": "Enrollment",
    "rename": "Another name",
    "describe": "Particulars",
    "merge": "Merge",
    "move": "Picture moved",
    "delete_picture": "Picture deleted",
    "delete": "Person deleted",
    "change": "Change",
    "reject": "Not this person",
    "unreject": "Rejection taken back",
    "keep_apart": "Not the same",
    "confirm": "Picture is right",
    "undo": "Undo",
    "redo": "Redo",
    "verify": "Verification",
    "compare": "Comparison",
    "identify": "Identification",
    "live": "Live sighting",
    "pause": "Too many attempts",
    "import": "Import",
    "export": "Export",
    "protect": "Protection",
    "unlock": "Unlocked",
    "backup": "Backup",
    "restore": "Restored",
    "repair": "Repair",
    "pack": "Embedding network",
    "erase": "Erased for good",
    "accept": "Older copy accepted",
    "prune": "Old entries",
    "log": "The log itself",
}
"""Every kind of entry, with what it is called."""
__all__ = ["KINDS", "SOMEBODY", "LogEntry", "LogPolicy", "LogQuery", "LogVerdict"]


@dataclass(frozen=True, slots=True)
class LogPolicy:
    """What is written into the history log.

    Attributes:
        days: how long entries are kept; 0 for ever.
    """

    changes: bool = True
    decisions: bool = True
    sightings: bool = False
    days: int = 365

    @classmethod
    def of(cls, level: str, days: int) -> LogPolicy:
        """What the settings say: "off", "changes", "decisions" or "live", each with what comes before it."""
        rank = ("off", "changes", "decisions", "live").index(level)
        return cls(rank >= 1, rank >= 2, rank >= 3, days)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry of the history log.

    Attributes:
        at: UTC.
        people: names of those it is about, as they are called now; "somebody deleted" for those who are gone.
        details: what else is known; never an embedding, a picture or a path.
        erased: what it said was erased with the person it was about.
        clock_back: the clock was set back before it: its time is earlier than that of the entry before it.
    """

    number: int
    at: datetime
    kind: str
    people: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    erased: bool = False
    clock_back: bool = False

    @property
    def title(self) -> str:
        """What kind it is, in words."""
        return KINDS.get(self.kind, self.kind)

    @property
    def sentence(self) -> str:
        """All of it in words."""
        if self.erased:
            return "What this entry said was erased with the person it was about."
        words = in_words(self.kind, self.details, self.people)
        return f"{words} The clock was set back before this." if self.clock_back else words


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which entries are looked for.

    Attributes:
        person_id: about this person.
        kind: of this kind; any where empty.
        since, until: first and last day, in local time.
        text: contained in what is shown, whatever its case.
    """

    person_id: int | None = None
    kind: str = ""
    since: date | None = None
    until: date | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class LogVerdict:
    """Whether the log is as it was written.

    Attributes:
        fault: the first thing that is wrong, as a sentence; empty where nothing is.
        number: of the first entry that is not as it was written; 0 where all are.
        notice: what is odd about the gallery as a whole, such as an older copy in its place; empty otherwise.
    """

    entries: int
    erased: int
    fault: str = ""
    number: int = 0
    notice: str = ""

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.fault and not self.notice

    @property
    def sentence(self) -> str:
        """It in words."""
        if self.notice or self.fault:
            after = " What came before it is as it was written; compare what follows with a backup." * bool(self.fault)
            return f"{self.fault}{after} {self.notice}".strip()
        entries = counted(self.entries, "entry", "entries")
        erased = f"; what {self.erased:,} of them said was erased on purpose" if self.erased else ""
        return f"The history log is as it was written: {entries}, none altered, none missing{erased}."
