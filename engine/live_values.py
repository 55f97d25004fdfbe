"""What is said of a live picture: everyone followed from frame to frame, how sure it is, and what would help."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol, TypeAlias

from engine.liveness_values import CheckState, Cue
from engine.types import Box, Face, Frame, Identification, Verification


class Verdict(StrEnum):
    """The three answers."""

    MATCH = "match"
    NOT_SURE = "not sure"
    NO_MATCH = "no match"


class Blur(StrEnum):
    """Whose faces are made unrecognisable in clips and snapshots."""

    STRANGERS = "strangers"
    EVERYONE = "everyone"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip that was saved.

    Attributes:
        seconds: how long it is.
        left_out_s: time in which no pictures came, and which is left out of it; 0 where it was recorded in one go.
    """

    seconds: float
    left_out_s: float = 0.0

    @property
    def words(self) -> str:
        """How long it is, and what is missing."""
        long = _in_words(self.seconds)
        gap = (
            f" No pictures came for another {_in_words(self.left_out_s)}; they are left out." if self.left_out_s else ""
        )
        return f"{long} long.{gap}"


def _in_words(seconds: float) -> str:
    whole = round(seconds)
    if whole >= 120:
        return f"{round(seconds / 60):,} minutes"
    return "1 second" if whole == 1 else f"{whole} seconds"


ObservationTone: TypeAlias = Literal["good", "unknown", "bad"]


@dataclass(frozen=True, slots=True)
class Observation:
    """What an observer says of one followed face, to be shown on its mark.

    Attributes:
        key: which observer, e.g. "liveness".
        text: a word or two.
        tone: as colour and icon.
        note: a sentence with the numbers.
    """

    key: str
    text: str
    tone: ObservationTone = "unknown"
    note: str = ""


class TrackObserver(Protocol):
    """Watches every followed face beside the naming; called on the engine's thread, once a frame and face."""

    def see(self, track_id: int, frame: Frame, face: Face) -> Observation | None:
        """Look at a face where it is now.

        Args:
            track_id: stays the same while it is the same face; never used again for another one.
            frame: the whole picture, with its time.
            face: with box, landmarks and quality in this frame; its embedding is None in most frames.

        Returns:
            What to show on the mark; None for nothing (yet).
        """

    def forget(self, track_id: int) -> None:
        """That face has gone and will not come back under this id."""


@dataclass(frozen=True, slots=True, eq=False)
class TrackedFace:
    """One face as it is followed.

    Attributes:
        track_id: the same for as long as it is the same face.
        box: where it is in this frame, smoothed; predicted where the detector missed it for a moment.
        speed_px_s: how fast the box's centre moves, (x, y) in frame pixels per second.
        face: as this frame shows it, or as it was last found; without an embedding in most frames.
        identification: the decision over the track's best frames. Its face is the best of them, with the fused
            embedding; its person is the one shown, None unless the verdict is a match.
        verdict: match, not sure, no match.
        likely: whom it may be where the verdict is not sure; empty for nobody in particular.
        hint: what would help where it is not sure, as a few words ("come closer"); else empty.
        looks: how many embeddings were computed since the track began.
        frames: in how many frames the face was found since.
        observations: what the observers say.
    """

    track_id: int
    box: Box
    speed_px_s: tuple[float, float]
    face: Face
    identification: Identification
    verdict: Verdict
    likely: str = ""
    hint: str = ""
    looks: int = 0
    frames: int = 0
    observations: tuple[Observation, ...] = ()


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody of the gallery was before the camera.

    Attributes:
        first: when they were first named, with its zone.
        last: when they were last.
    """

    person_id: int
    name: str
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class LightNote:
    """What is wrong with a frame's light.

    Attributes:
        skipped: whether the frame was passed over.
        lifted: whether the detector was given a brighter copy.
        sentence: what to do about it; empty when nothing needs to be said.
    """

    skipped: bool = False
    lifted: bool = False
    sentence: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class LiveResult:
    """One processed live frame.

    Attributes:
        tracked: everyone in the picture, largest first.
        verification: set when an identity is claimed and a face is in the picture: of the largest one.
        stages_ms: time spent by stage: "light", "detect", "align", "embed", "match", "liveness".
        detected: whether the whole picture was searched, and not only the places of known faces.
        recorded_s: how long the clip that is being recorded is so far; None while none is.
        record_problem: why the recording ended by itself, as a sentence; empty otherwise.
        pause_s: how long the claimed identity is not looked at, after too many failed attempts.
        cues: what passive liveness says of each face, in the order of `tracked`; empty where it is off.
        check: the liveness check on demand that is under way or has just ended.
    """

    frame: Frame
    tracked: tuple[TrackedFace, ...]
    verification: Verification | None
    stages_ms: dict[str, float]
    light: LightNote = LightNote()
    detected: bool = True
    recorded_s: float | None = None
    record_problem: str = ""
    pause_s: float = 0.0
    cues: tuple[Cue, ...] = ()
    check: CheckState | None = None

    @property
    def identifications(self) -> tuple[Identification, ...]:
        """The decisions, in the order of `tracked`."""
        return tuple(one.identification for one in self.tracked)
