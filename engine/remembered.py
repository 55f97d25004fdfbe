"""This session's decisions, in memory only, so that they can be made again under another limit."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from engine.types import Decided

KEPT = 2000
"""How many decisions can be replayed."""
LIVE_EVERY_S = 1.0
"""Of one person before the camera: many pictures a second would say the same."""


class Decisions:
    """The latest decisions, oldest first."""

    def __init__(self) -> None:
        self._kept: deque[Decided] = deque(maxlen=KEPT)
        self._live: dict[tuple[str, str], tuple[float, bool]] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._kept)

    def __iter__(self) -> Iterator[Decided]:
        """All of them, latest first."""
        return reversed(self._kept)

    def add(self, record: Decided) -> None:
        """Remember a decision."""
        self._kept.append(record)

    def add_live(self, record: Decided, time_s: float) -> None:
        """Remember a decision about a live frame, if it is another one than before about them, or a second later."""
        key = record.what, record.about
        known = self._live.get(key)
        # A stream that begins again has an earlier time.
        if known is None or known[1] != record.match or not 0 <= time_s - known[0] < LIVE_EVERY_S:
            self._live[key] = time_s, record.match
            self.add(record)
