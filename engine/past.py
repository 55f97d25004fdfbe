"""This session's decisions, in memory only: what another limit or a rejection would have changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from engine.types import Decided, FloatArray

DECISIONS_KEPT = 2000
"""How many decisions of this session can be looked at again."""
LIVE_EVERY_S = 1.0
"""Of one person before the camera: many pictures a second would say the same."""
_SAME_FACE = 1e-5
"""Cosine distance under which two embeddings are one face of one picture."""


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
        self._kept: list[Past] = []
        self._live: dict[tuple[str, str], tuple[float, bool]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Past]:
        """Oldest first."""
        return iter(list(self._kept))

    def add(self, past: Past) -> bool:
        """Keep a decision; the oldest goes where there are too many.

        Returns:
            Whether it is news: the same question about the same face was not answered the same before.
        """
        news = True
        same = [place for place, before in enumerate(self._kept) if _asks_alike(before, past)]
        if same:
            # The last digits of an embedding depend on how many faces were embedded at once.
            apart = 1 - np.stack([self._kept[place].probe for place in same]) @ past.probe
            if apart.min() < _SAME_FACE:
                known = self._kept.pop(same[int(apart.argmin())])
                news = (known.record.match, known.person_id) != (past.record.match, past.person_id)
        self._kept.append(past)
        del self._kept[:-DECISIONS_KEPT]
        return news

    def add_live(self, past: Past, time_s: float) -> None:
        """Keep a decision about a live frame, if it is another one than before about them, or a second later."""
        key = past.record.what, past.record.about
        known = self._live.get(key)
        # A stream that begins again has an earlier time.
        if known is None or known[1] != past.record.match or not 0 <= time_s - known[0] < LIVE_EVERY_S:
            self._live[key] = time_s, past.record.match
            self.add(past)

    def clear(self) -> None:
        """Drop everything."""
        self._kept.clear()
        self._live.clear()

    def forget(self, person_id: int) -> None:
        """Drop what was decided about somebody who is deleted."""
        self._kept = [past for past in self._kept if past.person_id != person_id]


def _asks_alike(before: Past, past: Past) -> bool:
    """Whether two decisions answer the same kind of question about the same claim."""
    if (before.record.what, before.pack_id) != (past.record.what, past.pack_id):
        return False
    match past.record.what:
        case "verification":
            return before.person_id == past.person_id
        case "comparison":
            return before.record.about == past.record.about
        case _:
            return True
