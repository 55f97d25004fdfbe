"""Faces of successive frames put together into tracks, by where they are and by what they look like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, count
from math import log2
from typing import TypeAlias

from engine.tracking.looks import Look, weight_of
from engine.tracking.motion import apart, assign
from engine.tracking.track import Track
from engine.types import Box, Face

Embed: TypeAlias = Callable[[Sequence[Face]], list[Face]]
"""Gives the same faces with embeddings."""

COAST_S = 0.3
"""How long a face that is not found is still shown where it should be."""
REMEMBER_S = 3.0
"""How long a face that went may come back as the same track."""
DETECT_EVERY_S = 0.2
"""How often the whole picture is searched while faces are followed."""
JUMP_S = 2.0
"""A pause after which nothing is believed to have gone on."""
TENTATIVE_SCORE, TENTATIVE_FRAMES = 0.9, 3
"""What the detector is less sure of is believed after so many frames."""
_CLOSE = 0.25
"""Difference of two costs under which position alone does not tell which face is whose."""
_TOUCHING = 0.2
"""Overlap of two faces from which on they may be taken for each other."""
_SAME_PLACE = 0.4


class Tracker:
    """Follows faces. Pure: the same faces at the same times give the same tracks."""

    def __init__(self, break_limit: float, ids: Iterator[int] | None = None) -> None:
        """Start with nobody.

        Args:
            break_limit: cosine distance of a look to the track's fused embedding beyond which it is somebody else.
            ids: gives tracks their ids; they begin with 1 without.
        """
        self.break_limit = break_limit
        self.tracks: list[Track] = []
        self._lost: list[Track] = []
        self._ids = ids or count(1)
        self._now_s = float("-inf")
        self._apart_s = 0.0
        self._searched_s = float("-inf")
        self.forgotten: list[int] = []
        """Ids of tracks that ended since somebody last emptied the list."""

    def begin(self, time_s: float) -> bool:
        """Let time pass until the next frame; returns whether the whole picture must be searched."""
        apart_s = time_s - self._now_s
        if not 0 < apart_s <= JUMP_S:
            self.reset()
            apart_s = 0.0
        before_s, self._now_s, self._apart_s = self._now_s, time_s, apart_s
        for track in self.tracks:
            track.motion.predict(apart_s)
        searched_apart_s = time_s - self._searched_s
        steady = self.tracks and all(track.last_s == before_s for track in self.tracks)
        return not steady or apart_s >= DETECT_EVERY_S / 2 or not 0 <= searched_apart_s < DETECT_EVERY_S

    def coasting(self, time_s: float) -> bool:
        """Whether so little time has passed since the last frame that everyone is believed to be where they were."""
        return 0 <= time_s - self._now_s <= COAST_S

    def cut(self) -> None:
        """The picture shows another scene all at once: nobody is where they were, but anybody may come back."""
        self._lost += [track for track in self.tracks if not _tentative(track)]
        self.forgotten += [track.id for track in self.tracks if _tentative(track)]
        self.tracks = []

    def reset(self) -> None:
        """Forget everybody: what comes next has nothing to do with what was."""
        self.forgotten += [track.id for track in (*self.tracks, *self._lost)]
        self.tracks, self._lost = [], []
        self._now_s = self._searched_s = float("-inf")

    @property
    def expected(self) -> list[Box]:
        """Where the faces should be now."""
        return [track.motion.box for track in self.tracks]

    @staticmethod
    def collided(boxes: Sequence[Box]) -> bool:
        """Whether followed places have run into each other, so that the picture must be searched."""
        return any(one.iou(other) > _SAME_PLACE for one, other in combinations(boxes, 2))

    def update(self, faces: Sequence[Face], embed: Embed, *, searched: bool) -> None:
        """Take in the faces of the frame that `begin` announced.

        Args:
            faces: found in it, without embeddings.
            embed: embeds what it is given.
            searched: whether the whole picture was searched.
        """
        now = self._now_s
        if searched:
            self._searched_s = now
        embedded: dict[int, Face] = {}
        costs = [[apart(track.motion.box, face.box) for face in faces] for track in self.tracks]
        unclear = self._unclear(faces, costs)
        self._embed(sorted(unclear), faces, embed, embedded)
        for row, track in zip(costs, self.tracks, strict=True):
            for number in unclear & embedded.keys():
                if len(track.looks):
                    row[number] += track.looks.distance(embedded[number], now) / self.break_limit
        pairs = assign(costs, len(faces))
        taken = {number for number in pairs if number is not None}
        for track, found in zip(self.tracks, pairs, strict=True):
            if found is not None:
                track.found(faces[found], now)
                track.suspect |= found in unclear
        new = [number for number in range(len(faces)) if number not in taken]
        due = [
            number
            for track, number in zip(self.tracks, pairs, strict=True)
            if number is not None and track.due(now, self._apart_s)
        ]
        self._embed([number for number in (*due, *new) if number not in embedded], faces, embed, embedded)
        for place, found in enumerate(pairs):
            if found is not None and found in embedded:
                self._look(place, embedded[found])
        for number in new:
            self._take_up(embedded[number])
        self._let_go()

    @staticmethod
    def _embed(numbers: Sequence[int], faces: Sequence[Face], embed: Embed, into: dict[int, Face]) -> None:
        if numbers:
            into.update(zip(numbers, embed([faces[number] for number in numbers]), strict=True))

    def _unclear(self, faces: Sequence[Face], costs: Sequence[Sequence[float]]) -> set[int]:
        """Numbers of the faces whose place alone does not tell whose they are."""
        unclear: set[int] = set()
        for number in range(len(faces)):
            fitting = sorted(row[number] for row in costs)
            if len(fitting) > 1 and fitting[1] - fitting[0] < _CLOSE:
                unclear.add(number)
        for one, other in combinations(range(len(faces)), 2):
            if faces[one].box.iou(faces[other].box) > _TOUCHING:
                unclear |= {one, other}
        if len(self.tracks) < 2:
            return set()
        return unclear

    def _look(self, place: int, face: Face) -> None:
        """Take in a look at a track's face; a face that is unlike it ends the track and begins another."""
        track, now = self.tracks[place], self._now_s
        track.since_look, track.last_look_s = 0, now
        look = Look(face, weight_of(face.quality), now)
        unlike = len(track.looks) > 0 and track.looks.distance(face, now) > self.break_limit
        changed_at_once, track.suspect = track.suspect, False
        if not unlike:
            track.doubts = 0
            track.looks.add(look)
            track.version += 1
            return
        track.doubts += 1
        if changed_at_once or track.doubts > 1:
            self._lost.append(track)
            self.tracks[place] = self._again(face) or self._started(face)

    def _take_up(self, face: Face) -> None:
        """Begin a track, or go on with one that was lost."""
        self.tracks.append(self._again(face) or self._started(face))

    def _started(self, face: Face) -> Track:
        track = Track(next(self._ids), face, self._now_s, self._now_s)
        self._first_look(track, face)
        return track

    def _again(self, face: Face) -> Track | None:
        """The lost track whose face this is."""
        ranked = sorted(
            ((track.looks.distance(face, self._now_s), track.id, track) for track in self._lost if len(track.looks)),
            key=lambda one: one[:2],
        )
        if not ranked or ranked[0][0] > self.break_limit:
            return None
        track = ranked[0][2]
        self._lost.remove(track)
        track.motion = type(track.motion)(face.box)
        track.face, track.last_s, track.frames = face, self._now_s, track.frames + 1
        track.suspect, track.doubts = False, 0
        self._first_look(track, face)
        return track

    def _first_look(self, track: Track, face: Face) -> None:
        track.looks.add(Look(face, weight_of(face.quality), self._now_s))
        track.version += 1
        track.since_look, track.last_look_s = 0, self._now_s

    def _let_go(self) -> None:
        now = self._now_s
        gone = [track for track in self.tracks if now - track.last_s > COAST_S or self._never_was(track)]
        self.tracks = [track for track in self.tracks if track not in gone]
        self._lost += [track for track in gone if not _tentative(track)]
        self.forgotten += [track.id for track in gone if _tentative(track)]
        expired = [track for track in self._lost if now - track.last_s > REMEMBER_S]
        self.forgotten += [track.id for track in expired]
        self._lost = [track for track in self._lost if track not in expired]

    def _never_was(self, track: Track) -> bool:
        """Whether a face the detector was not sure of was seen once and never again."""
        return _tentative(track) and track.last_s < self._now_s

    def shown(self) -> list[Track]:
        """The tracks to show, largest first; what the detector is not sure of only once it has lasted.

        Faces of about the same size keep their order.
        """
        sure = [track for track in self.tracks if self._apart_s == 0 or not _tentative(track)]
        return sorted(sure, key=lambda track: (-round(log2(track.motion.box.area)), track.id))


def _tentative(track: Track) -> bool:
    return track.frames < TENTATIVE_FRAMES and track.face.score < TENTATIVE_SCORE


def identities(tracks: Sequence[Track], time_s: float) -> Mapping[int, Face]:
    """Each track's best face with the fused embedding, by the track's id."""
    return {
        track.id: replace(track.looks.best(time_s).face, embedding=track.looks.fused(time_s), views=1)
        for track in tracks
    }
