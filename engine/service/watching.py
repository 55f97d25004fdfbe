"""Watching: live frames, with attempts counted, visits written down and decisions remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine import minutes
from engine.capture.stream import Patience, elapsed_s
from engine.device import DEVICE_FAILURES
from engine.live_desk import LiveDesk
from engine.live_values import LiveResult, Visit
from engine.liveness_desk import LivenessDesk
from engine.service.in_force import InForce
from engine.service.remembering import identified, verified
from engine.service.sight import Sight
from engine.types import Frame, Identification, Verification

AWAY_S = Patience().jump_s
"""After so long without a frame nobody is taken to have stayed where they were: the computer slept, or was not
watching."""


class Watching:
    """The part of the service that looks at live frames.

    Attributes:
        live: everyone before the camera, followed from frame to frame.
        liveness: whether they are alive.
    """

    _now: InForce
    _sight: Sight
    live: LiveDesk
    liveness: LivenessDesk
    _watched_s: float | None = None

    def watch(self, frame: Frame, claimed: int | None = None) -> LiveResult:
        """Identify everyone in a live frame, and verify the largest face where an identity is claimed.

        Raises:
            UnknownPersonError: the claimed person is no longer there.
        """
        # The frames' own clock may stand still while the computer sleeps.
        if self._watched_s is not None and elapsed_s() - self._watched_s > AWAY_S:
            self._come_back(self._watched_s)
        try:
            return self._watch(frame, claimed)
        finally:
            self._watched_s = elapsed_s()

    def leave(self) -> None:
        """Forget who is before the camera: a check or trial under way ends, and one that was passed counts no more."""
        self.live.forget()
        self.liveness.lose_sight()
        self.liveness.end_check()

    def _come_back(self, gone_s: float) -> None:
        """Do as `leave` does, but for a check or trial that was begun while nothing was watched."""
        self.live.forget()
        self.liveness.lose_sight()
        if self.liveness.begun_s <= gone_s:
            self.liveness.end_check()

    def _watch(self, frame: Frame, claimed: int | None) -> LiveResult:
        # Who shows attacks to the spoof bench does not try to get in, and is to be looked at each time.
        on_trial = self.liveness.on_trial
        pause_s = 0.0 if claimed is None or on_trial else self._now.claiming.pause_s(claimed)
        if pause_s:
            claimed = None
        try:
            result = self.live.watch(frame, claimed)
        except DEVICE_FAILURES as error:
            self._sight.leave_device(error)
            self.live.forget()
            result = self.live.watch(frame, claimed)
        result = self.liveness.looked_at(result)
        self._count_attempts(result, None if on_trial else claimed)
        return replace(result, pause_s=pause_s)

    def _remember_live(
        self, identifications: Sequence[Identification], verification: Verification | None, time_s: float
    ) -> None:
        for past in identified(self._now, identifications):
            self._now.past.add_live(past, time_s)
        if verification is not None:
            verification = self.liveness.judged_now(verification)
            self._now.past.add_live(verified(verification), time_s)

    def _count_attempts(self, result: LiveResult, claimed: int | None) -> None:
        """Count attempts before the camera, and write down those that end."""
        found, frame = result.verification, result.frame
        ended = self._now.claiming.watched(claimed, found, frame.time_s)
        # An attempt that ends because nobody is there any more has no numbers of its own.
        notes = [
            minutes.verification(found, frame.source, failed=not success)
            for person_id, success in ended
            if found is not None and found.person_id == person_id
        ]
        self._now.gallery.journal.note(*notes)

    def _account_for_visits(self) -> None:
        """Keep account of who is there if the log is to have it."""
        if self._now.opened is not None:
            self.live.tell_visits(self._write_down if self._now.opened.journal.policy.sightings else None)

    def _write_down(self, visit: Visit) -> None:
        self._now.gallery.journal.note(minutes.visit(visit, self.live.source))
