"""Attempts at claimed identities: what counts as one, and when there were too many.

A picture is an attempt. Before a camera an attempt is a stretch, not each of its frames: it succeeds with the first
match, and has failed once nothing has matched for three seconds, or when whoever has not matched for one second leaves
the picture, takes the claim back or changes it. Frames without a face, and faces too poor to enroll, neither fail nor
prolong a stretch.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.errors import shown
from engine.gallery.attempts import Attempts, Moment, read_claims, refuse_during_pause, write_claims
from engine.gallery.journal import Note
from engine.gallery.schema import PersonRow
from engine.gallery.store import Gallery
from engine.liveness_values import Answer
from engine.types import Verification

STRETCH_S = 3.0
"""So long without a match is a failed attempt."""
GLIMPSE_S = 1.0
"""Whoever leaves earlier has not tried."""
_GAP_S = 5.0
"""Frames further apart belong to two stretches."""


@dataclass(slots=True)
class Stretch:
    """What a camera has seen of one claim, on the clock of its frames."""

    person_id: int | None = None
    began_s: float | None = None
    last_s: float = 0.0
    matched: bool = False

    def look(self, person_id: int | None, match: bool | None, time_s: float) -> list[tuple[int, bool]]:
        """Take note of a frame.

        Args:
            person_id: who is claimed; None where nobody is.
            match: whether the face is theirs; None without a face, or with one that is too poor.
            time_s: of the frame.

        Returns:
            Attempts that ended with it: who was claimed, and whether it succeeded.
        """
        ended: list[tuple[int, bool]] = []
        gap = not 0 <= time_s - self.last_s < _GAP_S
        if person_id != self.person_id or gap:
            ended += self._end()
            self.person_id, self.matched = person_id, False
        elif match is None and self.began_s is not None and time_s - self.last_s >= GLIMPSE_S:
            ended += self._end()
        if person_id is None:
            return ended
        if match is not None:
            self.last_s = time_s
        if match:
            self.began_s = None
            if not self.matched:
                self.matched = True
                ended.append((person_id, True))
        elif match is not None:
            self.began_s = time_s if self.began_s is None else self.began_s
            if time_s - self.began_s >= STRETCH_S:
                self.began_s, self.matched = None, False
                ended.append((person_id, False))
        return ended

    def _end(self) -> list[tuple[int, bool]]:
        tried = self.began_s is not None and self.last_s - self.began_s >= GLIMPSE_S
        self.began_s = None
        return [(self.person_id, False)] if tried and self.person_id is not None else []


@dataclass(slots=True)
class Claims:
    """Counts attempts at the people of a gallery. Without a limit nothing is counted."""

    gallery: Gallery
    limited: bool = True
    stretch: Stretch = field(default_factory=Stretch)

    def pause_s(self, person_id: int) -> float:
        """How long nobody may claim to be a person yet."""
        return self._known(person_id).left_s(Moment.now()) if self.limited else 0.0

    def check(self, person_id: int) -> None:
        """Refuse a claim while a pause lasts.

        Raises:
            TooManyAttemptsError: it does.
            UnknownPersonError: there is no such person.
        """
        if self.limited:
            what = f"attempts to be “{shown(self.gallery.person(person_id).name)}”"
            refuse_during_pause(self._known(person_id), what, Moment.now())

    def answered(self, found: Verification) -> bool:
        """Count the answer to a picture, and return whether it was a failed attempt.

        Raises:
            GalleryError: it cannot be counted, and so must not be given.
        """
        failed = not found.match and found.probe.quality.acceptable and not found.refused_as_not_live
        if failed or found.match:
            self._count(found.person_id, success=found.match)
        return failed

    def watched(self, person_id: int | None, found: Verification | None, time_s: float) -> list[tuple[int, bool]]:
        """Count what a frame ends, and return it: who was claimed, and whether it succeeded.

        Raises:
            GalleryError: it cannot be counted.
        """
        # Whether somebody who is near enough is alive may not be known yet.
        fit = found is not None and (
            found.match or (found.probe.quality.acceptable and (not found.refused_as_not_live or _attack(found)))
        )
        ended = self.stretch.look(person_id, found.match if found and fit else None, time_s)
        for claimed, success in ended:
            self._count(claimed, success=success)
        return ended

    def _known(self, person_id: int) -> Attempts:
        with self.gallery.reading() as session:
            known = read_claims(session, person_id)
        seen = known.seen(Moment.now())
        if seen != known:
            with self.gallery.counting() as session:
                write_claims(session, person_id, seen)
        return seen

    def _count(self, person_id: int, *, success: bool) -> None:
        if not self.limited:
            return
        with self.gallery.reading() as session:
            if success and not read_claims(session, person_id).failures:
                return
        # Read again within the transaction that writes: others may try at the same time.
        with self.gallery.counting() as session:
            if session.get(PersonRow, person_id) is None:
                return
            counted = Attempts() if success else read_claims(session, person_id).failed(Moment.now())
            write_claims(session, person_id, counted)
        if counted.pause_s:
            details = {"failures": counted.failures, "pause_s": counted.pause_s}
            self.gallery.journal.note(Note("pause", details, [person_id]))


def _attack(found: Verification) -> bool:
    return found.liveness is not None and any(cue.answer is Answer.ATTACK for cue in found.liveness.cues)
