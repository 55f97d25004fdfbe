"""Values of recording clips that a liveness network over time is trained on; the engine and the window share them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.wording import people

LEAST_GROUPS = 5
"""People or recordings of each label: three to learn from, one to stop by, one to test on."""
RECORD_S, READY_S = 6.0, 3.0
"""How long a clip is, and how long one has to get ready."""


@dataclass(frozen=True, slots=True)
class ClipSetup:
    """What is recorded.

    Attributes:
        folder: holds `live` and `spoof`, or will.
        live: whether it is a living face, or else a picture of one.
        who: whom it shows, in the user's words; all clips of one person are one group.
    """

    folder: Path
    live: bool
    who: str


@dataclass(frozen=True, slots=True)
class ClipState:
    """A clip that is being recorded, for the window to show.

    Attributes:
        prompt: what to do now, as a sentence.
        step, steps: how far it is.
        left_s: until the recording begins, or ends.
        recording: whether it has begun.
        saved: the file, once it is whole.
    """

    prompt: str
    step: int = 0
    steps: int = 1
    left_s: float = 0.0
    recording: bool = False
    saved: Path | None = None


@dataclass(frozen=True, slots=True)
class ClipCount:
    """What a folder of recordings holds.

    Attributes:
        live, spoof: recordings of living faces, and of pictures of faces.
        live_groups, spoof_groups: of how many people or occasions.
        groups: of how many altogether.
        problem: why they cannot be trained on as they lie there, as a sentence; empty where they can.
    """

    live: int = 0
    spoof: int = 0
    live_groups: int = 0
    spoof_groups: int = 0
    groups: int = 0
    problem: str = ""

    @property
    def enough(self) -> bool:
        """Whether they can be trained on."""
        return min(self.live_groups, self.spoof_groups) >= LEAST_GROUPS and not self.problem

    @property
    def text(self) -> str:
        """How many there are, and what is missing."""
        there = f"{self.live} living, {self.spoof} spoof of {people(self.groups)}."
        missing = " and ".join(
            f"{what} of {LEAST_GROUPS - groups} more"
            for what, groups in (("living faces", self.live_groups), ("pictures of faces", self.spoof_groups))
            if groups < LEAST_GROUPS
        )
        if missing:
            return f"{there} Still needed: {missing}.{f' {self.problem}' if self.problem else ''}"
        return f"{there} {self.problem or 'Enough to train on.'}"
