"""One presentation at the spoof bench: looked at for some seconds, put to a check where one belongs to it, answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from engine.liveness.passive import LEAST_FRAMES
from engine.liveness.policy import answer_of
from engine.liveness_values import (
    BONA_FIDE,
    BONA_FIDE_TITLE,
    CUE_TITLES,
    SPECIES,
    Answer,
    CheckPhase,
    CheckState,
    Cue,
    Trial,
    TrialSetup,
    Way,
)

TRIAL_S, GIVE_UP_S = 4.0, 12.0
"""How long a presentation is looked at once a face is there, and how long one is waited for."""
_STEPS_A_SECOND = 10


class Presentation:
    """One trial under way.

    What is seen at rest counts for the look: a turned head and colours disturb it, and who verifies is looked at again
    once the check is over.
    """

    def __init__(self, setup: TrialSetup, model: str) -> None:
        """Begin to wait for a face.

        Args:
            setup: what is presented, and what it is put to.
            model: which networks look.
        """
        self._setup, self._model = setup, model
        self._began_s: float | None = None
        self._seen_s: float | None = None
        self._now_s = 0.0
        self._cues: tuple[Cue, ...] = ()
        self._check: Cue | None = None
        self._matched: bool | None = None
        self._reasons: list[str] = []
        self._looked = False
        self._source, self._source_live = "", False

    @property
    def way(self) -> Way:
        """What it is put to."""
        return self._setup.way

    @property
    def check_due(self) -> bool:
        """Whether it was looked at, and only the check is missing."""
        return self._looked and self.way is not Way.PASSIVE and self._check is None and not self._refused

    @property
    def over(self) -> bool:
        """Whether it has an answer, or was refused."""
        return self._looked and not self.check_due

    @property
    def state(self) -> CheckState:
        """What is being done; the check tells of itself."""
        title = BONA_FIDE_TITLE if self._setup.species == BONA_FIDE else SPECIES[self._setup.species]
        if self.over:
            first = self._cues[0] if self._cues else None
            return CheckState("trial", CheckPhase.PASSED, f"{title}. {self._outcome}", 1, 1, 0.0, first)
        if self._seen_s is None:
            waited = 0.0 if self._began_s is None else self._now_s - self._began_s
            return CheckState("trial", CheckPhase.WAITING, f"{title}: show it to the camera.", 0, 0, GIVE_UP_S - waited)
        left = max(TRIAL_S - (self._now_s - self._seen_s), 0.0)
        steps = round(TRIAL_S * _STEPS_A_SECOND)
        done = steps - round(left * _STEPS_A_SECOND)
        return CheckState("trial", CheckPhase.RUNNING, f"{title}: hold it before the camera.", done, steps, left)

    @property
    def _outcome(self) -> str:
        if self._answer is None:
            return f"Refused: {self._refused}"
        said = self._said if len(self._said) > 1 else ()
        return " ".join((f"Answer: {self._answer}.", *(f"{CUE_TITLES[cue.key]}: {cue.answer}." for cue in said)))

    @property
    def _refused(self) -> str:
        """Why the quality was too poor in most frames; empty where it was not."""
        if not self._cues:
            return "No face was found."
        poor = [reason for reason in self._reasons if reason]
        if 2 * len(poor) > len(self._reasons):
            return max(set(poor), key=poor.count)
        return "" if self._cues[0].frames >= LEAST_FRAMES else "The face was seen in too few frames."

    @property
    def _said(self) -> tuple[Cue, ...]:
        """What each way of looking says."""
        return self._cues if self._check is None else (*self._cues, self._check)

    @property
    def _answer(self) -> Answer | None:
        return None if self._refused else answer_of(self.way.policy, self._said)

    def see(
        self,
        time_s: float,
        cues: Sequence[Cue],
        reasons: Sequence[str],
        *,
        matched: bool | None,
        source: str,
        source_live: bool,
    ) -> CheckState:
        """Take in a frame of the look.

        Args:
            time_s: of the frame.
            cues: of the largest face so far, the passive one first; none without a face.
            reasons: why its quality is too poor.
            matched: whether the face is the person claimed; None where nobody is.
            source: what gave the frame.
            source_live: whether that was a camera.
        """
        if self._looked:
            return self.state
        self._now_s, self._source, self._source_live = time_s, source, source_live
        self._began_s = time_s if self._began_s is None else self._began_s
        if cues:
            self._seen_s = time_s if self._seen_s is None else self._seen_s
            self._cues = tuple(cues)
            self._reasons.append(reasons[0] if reasons else "")
            self._match(matched)
        if self._seen_s is None:
            self._looked = time_s - self._began_s >= GIVE_UP_S
        else:
            self._looked = time_s - self._seen_s >= TRIAL_S
        return self.state

    def see_check(self, outcome: Cue | None, matched: bool | None) -> CheckState:
        """Take in a frame of the check.

        Args:
            outcome: of the check; None while it goes on.
            matched: whether the face is the person claimed; None where nobody is.
        """
        self._check = outcome
        self._match(matched)
        return self.state

    def _match(self, matched: bool | None) -> None:
        if matched is not None:
            self._matched = matched or bool(self._matched)

    def trial(self) -> Trial:
        """What is kept of it, once it is over."""
        setup, refused = self._setup, self._refused
        return Trial(
            species=setup.species,
            answer=self._answer,
            refused=refused,
            score=round(self._cues[0].score, 4) if self._cues else 0.0,
            matched=self._matched,
            source=self._source,
            source_live=self._source_live,
            model=self._model,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            light=setup.light,
            distance=setup.distance,
            subject=setup.subject,
            glasses=setup.glasses,
            way=setup.way,
            cues=() if refused else self._said,
        )
