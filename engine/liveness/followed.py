"""The faces in sight, followed from frame to frame, with what is known of the liveness of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.liveness.passed import Ended
from engine.liveness.passive import PassiveTrack
from engine.liveness_values import Cue
from engine.networks.temporal import FRAMES
from engine.types import Box, Face

GONE_S = 1.5
"""A face that was not seen for so long is another one when it comes back."""
_SAME_PLACE = 0.25


@dataclass(slots=True, eq=False)
class Followed:
    """One face over time.

    Attributes:
        passive: what the passive networks said of it.
        check: the check that it ended, if it ended one.
        window: its latest frames, for the network over time.
        window_s: when the last of these was taken.
        motion: what the network over time says.
    """

    id: int
    box: Box
    seen_s: float
    passive: PassiveTrack = field(default_factory=PassiveTrack)
    check: Ended | None = None
    window: deque[Face] = field(default_factory=lambda: deque(maxlen=FRAMES))
    window_s: float = float("-inf")
    motion: Cue | None = None


class InSight:
    """Who is before the camera.

    Attributes:
        faces: of the latest frame, in the order in which they were given, largest first.
    """

    def __init__(self) -> None:
        """Begin with nobody."""
        self.faces: list[Followed] = []
        self._by_id: dict[int, Followed] = {}
        self._next_id = 0

    @property
    def first(self) -> Followed | None:
        """The largest face."""
        return self.faces[0] if self.faces else None

    def follow(self, time_s: float, faces: Sequence[Face], tracks: Sequence[int] | None) -> None:
        """Take in a frame's faces; `tracks` says which of earlier frames they are, and without it their places do."""
        for number in [n for n, one in self._by_id.items() if not 0 <= time_s - one.seen_s <= GONE_S]:
            del self._by_id[number]
        if tracks is None:
            tracks = self._by_place(faces)
        self.faces = []
        for number, face in zip(tracks, faces, strict=True):
            one = self._by_id.setdefault(number, Followed(number, face.box, time_s))
            one.box, one.seen_s = face.box, time_s
            self.faces.append(one)

    def forget(self) -> None:
        """Nobody is in sight any more."""
        self.faces = []
        self._by_id.clear()

    def _by_place(self, faces: Sequence[Face]) -> list[int]:
        free, found = dict(self._by_id), []
        for face in faces:
            near = max(free.values(), key=lambda one: one.box.iou(face.box), default=None)
            if near is None or near.box.iou(face.box) < _SAME_PLACE:
                self._next_id -= 1
                found.append(self._next_id)
            else:
                found.append(near.id)
                del free[near.id]
        return found
