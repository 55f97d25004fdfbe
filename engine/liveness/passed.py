"""A check that has ended: for how long it counts, and for whose face.

Whoever passes a check and fades into somebody else is followed as one face; what was passed must not pass on.
"""

from __future__ import annotations

from engine.liveness.sameness import Look
from engine.liveness_values import Answer, Cue
from engine.types import FloatArray

CHECK_LASTS_S = 30.0
"""How long a check counts for the face that it was made of."""
_COMPARED_EVERY_S = 0.3
_UNSEEN_S = 3.0
"""How long it counts without a look that is fit to be compared."""
_FIT = 0.3
"""Weight from which on a look is."""
_GONE_AFTER = 2
"""So many looks in a row of another face end it; the first one suspends it."""


class Ended:
    """What a check on demand said of a face. One that found an attack counts whatever is seen afterwards."""

    def __init__(self, cue: Cue, time_s: float, limit: float | None = None, face: FloatArray | None = None) -> None:
        """Begin to count.

        Args:
            cue: what it said.
            time_s: when it ended.
            limit: largest cosine distance of two looks at one person; nothing is compared without.
            face: embedding of the look it ended with, (D,) of unit length; without, the next one that is fit.
        """
        self._cue, self._since_s, self._limit, self._face = cue, time_s, limit, face
        self._seen_s, self._compared_s = time_s, float("-inf")
        self._others = 0

    def see(self, time_s: float, look: Look) -> None:
        """Take in a frame of the face that is followed; few are compared."""
        decided = self._cue.answer is not Answer.LIVE or self._others >= _GONE_AFTER or not self._lasts(time_s)
        if self._limit is None or decided or look.weight < _FIT or time_s - self._compared_s < _COMPARED_EVERY_S:
            return
        self._compared_s, now = time_s, look.embed()
        if self._face is None:
            self._face = now
        if float(1 - self._face @ now) > self._limit:
            self._others += 1
        else:
            self._others, self._seen_s = 0, time_s

    def cue(self, time_s: float) -> Cue | None:
        """What it says by now; None once it no longer counts."""
        if not self._lasts(time_s):
            return None
        if self._limit is None or self._cue.answer is not Answer.LIVE:
            return self._cue
        if self._others:
            return self._without("This is not the face that passed the check. Press “Check liveness”.")
        if time_s - self._seen_s > _UNSEEN_S:
            return self._without("Look straight at the camera, so that it is seen who passed the check.")
        return self._cue

    def _lasts(self, time_s: float) -> bool:
        return 0 <= time_s - self._since_s <= CHECK_LASTS_S

    def _without(self, hint: str) -> Cue:
        return Cue(self._cue.key, Answer.UNSURE, self._cue.score, self._cue.frames, hint)
