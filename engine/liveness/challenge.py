"""Active liveness: a random sequence of movements, done in time, by one face, with the depth that a picture lacks.

It begins and ends with a straight look, so that the last face can be compared with the first one.

Pure: it is told what each frame shows and says what to ask next. The nose lies well before the plane of eyes and mouth.
A flat picture, however it is held, moves all five points by one homography, which the four outer points determine; the
nose of a head that turns leaves the place that this homography gives it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import atan, degrees

import cv2
import numpy as np

from engine.liveness.sameness import Look, SameFace, Sameness
from engine.liveness_values import Answer, CheckPhase, CheckState, Cue
from engine.types import FloatArray, Pose

STEPS = 3
NEUTRAL_FRAMES, HOLD_FRAMES = 5, 3
"""Frames that make the straight look, and for how many in a row a movement is held."""
STEP_S, WAITING_S = 7.0, 15.0
TURN_DEG, NOD_DEG, CLOSER = 15.0, 9.0, 1.25
"""How far from the straight look: turning, nodding, and how much larger the face becomes."""
STRAIGHT_DEG = 12.0
"""How far from the camera a straight look may be, to either side."""
LEAST_PARALLAX = 0.07
"""By how many eye distances the nose must leave the plane of eyes and mouth, in the direction asked for."""
_LOST_S = 0.8
_JUMP_DEG, _JUMP_S = 30.0, 0.25
_NOSE_AHEAD, _EYES_TO_MOUTH = 0.6, 1.1
"""Tip of the nose before the plane of eyes and mouth, mouth below eyes, in eye distances; they only scale angles."""


class Move(StrEnum):
    """What can be asked for; left and right are the person's own."""

    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"
    CLOSER = "closer"


_PROMPTS = {
    Move.LEFT: "Turn your head to your left.",
    Move.RIGHT: "Turn your head to your right.",
    Move.UP: "Look up.",
    Move.DOWN: "Look down.",
    Move.CLOSER: "Come closer to the camera.",
}
_TURNS = (Move.LEFT, Move.RIGHT)
_DID = {
    Move.LEFT: "turned left",
    Move.RIGHT: "turned right",
    Move.UP: "looked up",
    Move.DOWN: "looked down",
    Move.CLOSER: "came closer",
}
_STRAIGHT, _STRAIGHT_AGAIN = "Look straight at the camera.", "Look straight at the camera again."
_BEGAN, _ENDED = "began", "looked straight at the end"


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """What one frame shows.

    Attributes:
        faces: how many there are; the rest is of the largest.
        points: (5, 2) eye centres, nose tip, mouth corners as the detector gives them; None where it gives none.
        look: what the face is compared by.
    """

    time_s: float
    faces: int
    pose: Pose | None = None
    points: FloatArray | None = None
    look: Look | None = None


def random_moves(count: int = STEPS) -> tuple[Move, ...]:
    """Draw different movements, at least one of them a turn, from the system's source of randomness."""
    draw = secrets.SystemRandom()
    while True:
        moves = tuple(draw.sample(list(Move), count))
        if any(move in _TURNS for move in moves):
            return moves


def parallax(straight: FloatArray, now: FloatArray) -> tuple[float, float]:
    """How far the nose is from where a flat picture would have it: along the eyes' line and down, in eye distances.

    Args:
        straight: (5, 2) points of the straight look.
        now: (5, 2) points of the same face.
    """
    outer = [0, 1, 3, 4]
    plane = cv2.getPerspectiveTransform(straight[outer].astype(np.float32), now[outer].astype(np.float32))
    flat = cv2.perspectiveTransform(straight[2].reshape(1, 1, 2).astype(np.float64), plane)[0, 0]
    along, down, span = _axes(now)
    off = (now[2] - flat) / span
    return float(off @ along), float(off @ down)


def nod_deg(straight: FloatArray, now: FloatArray) -> float:
    """How far the head is raised since the straight look, by where the nose is between eyes and mouth.

    `quality.pose` has the base of the nose alone, which hardly moves when a head is lowered.
    """
    return degrees(atan((_nose_place(straight) - _nose_place(now)) * _EYES_TO_MOUTH / _NOSE_AHEAD))


def _nose_place(points: FloatArray) -> float:
    _, down, _ = _axes(points)
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    whole = float((mouth - eyes) @ down)
    return float((points[2] - eyes) @ down) / whole if whole > 1 else 0.5


def _axes(points: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    along = points[1] - points[0]
    span = max(float(np.linalg.norm(along)), 1e-3)
    along = along / span
    return along, np.array([-along[1], along[0]], np.float32), span


def _size(points: FloatArray) -> float:
    """Of a face, whichever way it is turned: its longer side, in pixels."""
    across = float(np.linalg.norm(points[1] - points[0]))
    down = float(np.linalg.norm(points[3:].mean(axis=0) - points[:2].mean(axis=0)))
    return max(across, down / _EYES_TO_MOUTH)


class Challenge:
    """One check: look straight, then do what is asked, then look straight again."""

    def __init__(self, same_face: SameFace, moves: Sequence[Move] | None = None) -> None:
        """Begin.

        Args:
            same_face: largest cosine distances between two looks at one person.
            moves: what to ask for; drawn at random without.
        """
        self.moves = tuple(moves) if moves is not None else random_moves()
        self._sameness = Sameness(same_face)
        self._straight: list[FloatArray] = []
        self._yaw: list[float] = []
        self._done = self._frames = self._held = 0
        self._offsets: list[float] = []
        self._parallaxes: list[float] = []
        self._started_s: float | None = None
        self._step_s = 0.0
        self._last: tuple[float, float] | None = None
        self._cue: Cue | None = None
        self._now_s = 0.0

    @property
    def face(self) -> FloatArray | None:
        """The embedding of the latest look that was compared, (D,) of unit length; None before the first one."""
        return self._sameness.latest

    @property
    def _steps(self) -> int:
        return len(self.moves) + 1

    @property
    def _moving(self) -> bool:
        """Whether a movement is being asked for, and not the straight look at the end."""
        return self._done < len(self.moves)

    @property
    def state(self) -> CheckState:
        """What to ask now."""
        if self._cue is not None:
            passed = self._cue.answer is Answer.LIVE
            text = "That was a living face." if passed else self._cue.hint
            phase = CheckPhase.PASSED if passed else CheckPhase.FAILED
            return CheckState("challenge", phase, text, self._done, self._steps, 0.0, self._cue)
        if not self._ready:
            left = WAITING_S - (self._now_s - (self._started_s if self._started_s is not None else self._now_s))
            return CheckState("challenge", CheckPhase.WAITING, _STRAIGHT, 0, self._steps, max(left, 0.0))
        left = STEP_S - (self._now_s - self._step_s)
        prompt = _PROMPTS[self.moves[self._done]] if self._moving else _STRAIGHT_AGAIN
        return CheckState("challenge", CheckPhase.RUNNING, prompt, self._done, self._steps, max(left, 0.0))

    @property
    def _ready(self) -> bool:
        return len(self._straight) >= NEUTRAL_FRAMES

    def see(self, sight: Sight) -> CheckState:
        """Take in a frame."""
        if self._cue is not None:
            return self.state
        self._now_s = sight.time_s
        if self._started_s is None:
            self._started_s = sight.time_s
        if self._out_of_time() or self._broken(sight):
            return self.state
        if sight.pose is None or sight.points is None:
            return self.state
        self._frames += 1
        if not self._ready:
            self._look_straight(sight.pose, sight.points, sight.look)
        elif self._moving:
            self._move(sight.pose, sight.points, sight.look)
        else:
            self._look_back(sight.pose, sight.points, sight.look)
        return self.state

    def lose(self) -> CheckState:
        """The face that began it is no longer the largest, or is another one."""
        if self._cue is None:
            self._end(Answer.UNSURE, "Another face came to the front. Try again alone before the camera.")
        return self.state

    def _out_of_time(self) -> bool:
        started = self._started_s if self._started_s is not None else self._now_s
        late = self._now_s - self._step_s > STEP_S if self._ready else self._now_s - started > WAITING_S
        if late:
            self._end(Answer.UNSURE, "The time ran out. Try again, one movement after the other.")
        return late

    def _broken(self, sight: Sight) -> bool:
        """Whether it can no longer be one and the same face; ends the check then."""
        if sight.faces > 1 and self._ready:
            self._end(Answer.UNSURE, "There was more than one face. Try again alone before the camera.")
        elif sight.faces and sight.points is None:
            self._end(Answer.UNSURE, "The detector in use gives no points to judge depth by. Choose MTCNN in Settings.")
        elif sight.pose is not None:
            self._follow(sight)
        elif self._last is not None and self._ready and sight.time_s - self._last[0] > _LOST_S:
            self._end(Answer.UNSURE, "The face went out of sight. Try again, and stay in the picture.")
        return self._cue is not None

    def _follow(self, sight: Sight) -> None:
        yaw = sight.pose.yaw_deg if sight.pose else 0.0
        if self._last is not None and self._ready:
            apart_s = sight.time_s - self._last[0]
            if apart_s > _LOST_S:
                self._end(Answer.UNSURE, "The face went out of sight. Try again, and stay in the picture.")
            elif apart_s < _JUMP_S and abs(yaw - self._last[1]) > _JUMP_DEG:
                self._end(Answer.UNSURE, "The face jumped. Try again, and move evenly.")
        self._last = (sight.time_s, yaw)

    def _look_straight(self, pose: Pose, points: FloatArray, look: Look | None) -> None:
        if abs(pose.yaw_deg) > STRAIGHT_DEG:
            self._straight.clear()
            self._yaw.clear()
            self._sameness.drop()
            return
        self._straight.append(points)
        self._yaw.append(pose.yaw_deg)
        self._sameness.offer(look)
        if self._ready and self._same(_BEGAN, turned=False):
            self._step_s = self._now_s

    def _same(self, what: str, *, turned: bool) -> bool:
        """End a moment; whether the face in it is the one of all moments before. Ends the check where it is not."""
        other = self._sameness.settle(what, turned=turned)
        if other is None:
            self._end(Answer.UNSURE, "The face could not be compared. Try again in more even light.")
        elif other:
            self._end(Answer.ATTACK, f"It is not the same face throughout: the one that {what} is not who {other}.")
        return other == ""

    def _since_straight(self, pose: Pose, points: FloatArray) -> tuple[FloatArray, float, float]:
        """The straight look's points, and by how many degrees the head is turned and raised since."""
        straight = np.median(np.stack(self._straight), axis=0).astype(np.float32)
        return straight, pose.yaw_deg - float(np.median(self._yaw)), nod_deg(straight, points)

    def _move(self, pose: Pose, points: FloatArray, look: Look | None) -> None:
        straight, yaw, nod = self._since_straight(pose, points)
        move = self.moves[self._done]
        size = _size(points) / _size(straight)
        aside, down = parallax(straight, points)
        # The person's own left is the picture's right.
        there, depth = {
            Move.LEFT: (yaw >= TURN_DEG, aside),
            Move.RIGHT: (yaw <= -TURN_DEG, -aside),
            Move.UP: (nod >= NOD_DEG, -down),
            Move.DOWN: (nod <= -NOD_DEG, down),
            Move.CLOSER: (size >= CLOSER, None),
        }[move]
        if self._holds(look, there=there, depth=depth):
            self._finish_step(move)

    def _look_back(self, pose: Pose, points: FloatArray, look: Look | None) -> None:
        _, yaw, nod = self._since_straight(pose, points)
        there = abs(yaw) <= STRAIGHT_DEG and abs(nod) < NOD_DEG
        if self._holds(look, there=there, depth=None) and self._same(_ENDED, turned=False):
            self._done += 1
            self._end(Answer.LIVE, "")

    def _holds(self, look: Look | None, *, there: bool, depth: float | None) -> bool:
        """Whether what is asked for has been there for long enough."""
        if not there:
            self._held = 0
            self._offsets.clear()
            self._sameness.drop()
            return False
        self._held += 1
        self._sameness.offer(look)
        if depth is not None:
            self._offsets.append(depth)
        return self._held >= HOLD_FRAMES

    def _finish_step(self, move: Move) -> None:
        if self._offsets:
            offset = float(np.median(self._offsets))
            if offset < LEAST_PARALLAX:
                self._end(Answer.ATTACK, "It moved as a flat picture moves.")
                return
            self._parallaxes.append(offset)
        if not self._same(_DID[move], turned=True):
            return
        self._done += 1
        self._held, self._step_s = 0, self._now_s
        self._offsets.clear()

    def _end(self, answer: Answer, hint: str) -> None:
        depth = float(np.mean(self._parallaxes)) if self._parallaxes else 0.0
        self._cue = Cue("challenge", answer, min(depth / (3 * LEAST_PARALLAX), 1.0), self._frames, hint)
