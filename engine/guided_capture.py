"""Guided enrollment without a camera or a window: faces go in, guidance and captured faces come out.

The poses are told from the person's own straight look, which the first picture fixes: five landmarks give every head
a tilt of its own, and every person sits as near as they like.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.guided import ASKS, Guidance, Sector
from engine.pipeline import RIVAL_AREA
from engine.quality.advice import advice, ordered_reasons
from engine.quality.pose import eye_distances
from engine.types import Face, FloatArray, Frame, Pose

SIDE_DEG, NOD_DEG = 12.0, 8.0
"""From how far on a head counts as turned, or raised."""
NEARER, FARTHER = 1.25, 0.8
"""How much larger and smaller than at first the face must be."""
_SIDEWAYS = 0.4
STILL = 0.08
"""Between two frames the landmarks may move by this share of the eyes' distance."""
STILL_WITHIN_S = 0.5
"""Frames farther apart say nothing about movement."""
BETTER = 5.0
"""A picture takes the place of its sector's picture when it is better by this much."""
MOST_SHOTS = 12
DIFFERENT = 0.02
"""A view is taken once more where it is as far from all others as two pictures of one day seldom are (cosine)."""
_STRAY_FRAMES = 3
"""One frame in which a face looks like another person may be a blink; so many in a row are not."""
_NOBODY = "Nobody is in the picture. Sit in front of the camera."
_SECOND = "A second face is in the picture. Only one person can be enrolled."
_OTHER = "This is another person than before. Go on with the first one, or start again."
_STILL_HINT = "Hold still."

Alike = Callable[[FloatArray, FloatArray], bool]
"""Whether two embeddings may be one person's."""
_PARTS = ("sharpness", "luminance_mean", "inter_eye_distance", "under_exposure", "over_exposure", "unified")


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A captured face."""

    sector: Sector
    frame: Frame
    face: Face
    score: float


class Capture:
    """One person being enrolled by guided capture."""

    def __init__(self, plan: Sequence[Sector], alike: Alike) -> None:
        """Begin.

        Args:
            plan: the sectors that are wanted; the straight look comes first in any case.
            alike: whether two embeddings may be one person's, for telling that somebody else has sat down.
        """
        self.plan = tuple(dict.fromkeys((Sector.FRONT, *plan)))
        self._alike = alike
        self.taken: dict[Sector, Taken] = {}
        self._more: list[Taken] = []
        self._before: tuple[Face, float] | None = None
        self._latest: tuple[Frame, Face] | None = None
        self._stray = 0
        self._in_the_way: Counter[str] = Counter()

    @property
    def problem(self) -> str:
        """What kept most of the frames from being taken, as a sentence; empty where none was looked at."""
        return next((hint for hint, _ in self._in_the_way.most_common(1)), "")

    @property
    def shots(self) -> list[Taken]:
        """Everything captured, in the plan's order; a view that looked different twice is there twice."""
        every = [*self.taken.values(), *self._more]
        return sorted(every, key=lambda taken: self.plan.index(taken.sector))

    @property
    def wanted(self) -> Sector | None:
        """The sector to be asked for next; None once all have a picture."""
        return next((sector for sector in self.plan if sector not in self.taken), None)

    def start(self) -> Guidance:
        """What is to be done first."""
        return self._guidance(ASKS[Sector.FRONT])

    def see(self, frame: Frame, faces: Sequence[Face]) -> Guidance:
        """Look at a frame, and capture its face where it is wanted, good, still and the same person's.

        Args:
            frame: the picture.
            faces: found in it, largest first, of which the largest has an embedding.
        """
        guidance = self._see(frame, faces)
        if guidance.captured is None:
            self._in_the_way[guidance.hint] += 1
        return guidance

    def _see(self, frame: Frame, faces: Sequence[Face]) -> Guidance:
        self._latest = None
        if not faces:
            self._before = None
            return self._guidance(_NOBODY, paused=True)
        face = faces[0]
        if len(faces) > 1 and faces[1].box.area >= RIVAL_AREA * face.box.area:
            self._before = None
            return self._guidance(_SECOND, face, paused=True)
        if not self._same(face):
            return self._guidance(_OTHER if self._stray >= _STRAY_FRAMES else _STILL_HINT, face, paused=True)
        still = self._still(face, frame.time_s)
        self._before = face, frame.time_s
        self._latest = frame, face
        present, reasons = self.sector_of(face), ordered_reasons(face.quality)
        if reasons:
            return self._guidance(reasons[0], face, present=present, reasons=reasons)
        if present in self.plan and not still:
            return self._guidance(_STILL_HINT, face, present=present)
        captured = present if present is not None and self._keep(present, frame, face) else None
        return self._guidance(self._next_hint(face), face, present=present, captured=captured)

    def snap(self) -> Guidance:
        """Take the frame seen last for the sector that is asked for, because somebody says so."""
        if self._latest is None:
            return self._guidance(_NOBODY, paused=True)
        frame, face = self._latest
        reasons = ordered_reasons(face.quality)
        if reasons:
            return self._guidance(reasons[0], face, reasons=reasons)
        present, wanted = self.sector_of(face), self.wanted
        # What the head does is what the picture shows; only what cannot be seen is taken by its word.
        sector = Sector.GLASSES if wanted is Sector.GLASSES and present is Sector.FRONT else present
        if sector is None or sector not in self.plan:
            return self._guidance(ASKS[wanted] if wanted else _STILL_HINT, face, present=present)
        self.taken[sector] = Taken(sector, frame, face, score_of(face))
        return self._guidance(self._next_hint(face), face, present=present, captured=sector)

    def sector_of(self, face: Face) -> Sector | None:
        """Where a face is looking, from how it looked at first; None between the sectors."""
        pose, front = face.quality.pose, self.taken.get(Sector.FRONT)
        if front is None:
            return Sector.FRONT if _about_straight(pose) else None
        base = front.face.quality
        aside, raised = pose.yaw_deg - base.pose.yaw_deg, pose.pitch_deg - base.pose.pitch_deg
        if max(abs(aside) / SIDE_DEG, abs(raised) / NOD_DEG) >= 1:
            # A head that is turned far seems to nod as well, by five points; one that nods does not seem turned.
            if abs(aside) / SIDE_DEG >= max(0.7, _SIDEWAYS * abs(raised) / NOD_DEG):
                # The person's own left is on the picture's right.
                return Sector.LEFT if aside > 0 else Sector.RIGHT
            return Sector.UP if raised > 0 else Sector.DOWN
        size = face.quality["eye_distance"] / base["eye_distance"]
        if size >= NEARER:
            return Sector.NEAR
        return Sector.FAR if size <= FARTHER else Sector.FRONT

    def _keep(self, sector: Sector, frame: Frame, face: Face) -> bool:
        """Keep the face if its sector has none, or a worse one; the straight look is what others are told from."""
        if sector not in self.plan:
            return False
        score, before = score_of(face), self.taken.get(sector)
        fixed = sector is Sector.FRONT and len(self.taken) > 1
        if before is not None and (fixed or score < before.score + BETTER):
            return self._keep_more(Taken(sector, frame, face, score))
        self.taken[sector] = Taken(sector, frame, face, score)
        return before is None

    def _keep_more(self, taken: Taken) -> bool:
        """Keep another picture of a view where it looks different: other light, another expression."""
        if len(self.taken) + len(self._more) >= MOST_SHOTS or taken.face.embedding is None:
            return False
        kept = [one.face.embedding for one in self.shots if one.face.embedding is not None]
        if 1 - float((np.stack(kept) @ taken.face.embedding).max()) < DIFFERENT:
            return False
        self._more.append(taken)
        return True

    def _same(self, face: Face) -> bool:
        kept = [taken.face.embedding for taken in self.shots if taken.face.embedding is not None]
        if not kept or face.embedding is None:
            return True
        mean = np.sum(kept, axis=0)
        if self._alike((mean / np.linalg.norm(mean)).astype(np.float32), face.embedding):
            self._stray = 0
            return True
        self._stray += 1
        return False

    def _still(self, face: Face, time_s: float) -> bool:
        if self._before is None or time_s - self._before[1] > STILL_WITHIN_S:
            return True
        moved = np.linalg.norm(face.landmarks - self._before[0].landmarks, axis=1).mean()
        return bool(moved <= STILL * eye_distances(face.landmarks[None])[0])

    def _next_hint(self, face: Face) -> str:
        wanted = self.wanted
        if wanted is None:
            return "All views are there."
        return ASKS[wanted] if wanted is not Sector.FRONT else advice(face.quality) or ASKS[wanted]

    def _guidance(
        self,
        hint: str,
        face: Face | None = None,
        *,
        present: Sector | None = None,
        reasons: tuple[str, ...] = (),
        paused: bool = False,
        captured: Sector | None = None,
    ) -> Guidance:
        return Guidance(
            self.plan,
            frozenset(self.taken),
            self.wanted,
            hint,
            present,
            reasons,
            paused,
            captured,
            face.quality if face else None,
            face.box if face else None,
        )


def score_of(face: Face) -> float:
    """How good a face is for choosing among the same view, 0..100: the mean of what can be assessed."""
    scores = [face.quality.score(key) for key in _PARTS]
    known = [score for score in scores if score >= 0]
    return sum(known) / len(known) if known else 0.0


def _about_straight(pose: Pose) -> bool:
    """Whether somebody looks about straight ahead, before it is known how that looks with them."""
    return abs(pose.yaw_deg) <= SIDE_DEG and abs(pose.pitch_deg) <= 2.5 * NOD_DEG and abs(pose.roll_deg) <= 20
