"""This session's decisions, in memory only: what another limit or a rejection would have changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.types import Decided, FloatArray

DECISIONS_KEPT = 2000
"""How many decisions of this session can be looked at again."""


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """One decision with the face it was about.

    Attributes:
        probe: (D,) float32 of unit length; never written anywhere.
        person_id: who was claimed, or was nearest; None for a comparison.
    """

    record: Decided
    probe: FloatArray = field(repr=False)
    pack_id: str
    person_id: int | None


class PastDecisions:
    """Keeps each decision once: the same question about the same face takes the place of the earlier one."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int | None, bytes], Past] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Past]:
        """Oldest first."""
        return iter(list(self._kept.values()))

    def add(self, past: Past) -> None:
        """Keep a decision; the oldest goes where there are too many."""
        asked = past.person_id if past.record.what == "verification" else None
        about = past.record.about.encode("utf-8", "backslashreplace") if past.record.what == "comparison" else b""
        key = past.record.what, asked, past.probe.tobytes() + about
        self._kept.pop(key, None)
        self._kept[key] = past
        if len(self._kept) > DECISIONS_KEPT:
            del self._kept[next(iter(self._kept))]

    def forget(self, person_id: int) -> None:
        """Drop what was decided about somebody who is deleted."""
        self._kept = {key: past for key, past in self._kept.items() if past.person_id != person_id}
