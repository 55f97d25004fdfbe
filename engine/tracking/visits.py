"""Who was before the camera from when to when: one entry a visit, not one a frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from engine.live_values import TrackedFace, Verdict, Visit

GAP_S = 10.0
"""Whoever is away for longer has left; coming back is another visit."""
LEAST_S = 0.5
"""Whoever was named for a shorter time was not surely there."""


@dataclass(frozen=True, slots=True)
class _Stay:
    visit: Visit
    first_s: float
    last_s: float


class Visits:
    """Puts frames together into visits."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Start with nobody there.

        Args:
            now: the time of day, with its zone.
        """
        self._now = now
        self._here: dict[int, _Stay] = {}

    def see(self, tracked: Iterable[TrackedFace], time_s: float) -> list[Visit]:
        """Take in who is in a frame; returns the visits that have ended."""
        if any(time_s < stay.last_s for stay in self._here.values()):
            ended = self.end()
        else:
            ended = self._leave([id_ for id_, stay in self._here.items() if time_s - stay.last_s > GAP_S])
        for one in tracked:
            person = one.identification.person
            if one.verdict is Verdict.MATCH and person is not None:
                now = self._now()
                new = _Stay(Visit(person.person_id, person.name, now, now), time_s, time_s)
                stay = self._here.get(person.person_id, new)
                self._here[person.person_id] = replace(stay, visit=replace(stay.visit, last=now), last_s=time_s)
        return ended

    def end(self) -> list[Visit]:
        """Nobody is there any more: the camera was stopped."""
        return self._leave(list(self._here))

    def _leave(self, ids: Iterable[int]) -> list[Visit]:
        gone = [self._here.pop(id_) for id_ in ids]
        return [stay.visit for stay in gone if stay.last_s - stay.first_s >= LEAST_S]
