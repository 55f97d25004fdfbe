"""What is asked about liveness: faces of live frames, checks on demand, the spoof bench."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic, perf_counter

from engine.capture.stream import elapsed_s
from engine.errors import BadInputError, PackError
from engine.live_values import LiveResult, Observation, ObservationTone
from engine.liveness.bench import Trials, report
from engine.liveness.challenge import Challenge, Sight
from engine.liveness.clips import FRAMES_A_SECOND, windows
from engine.liveness.flash import Flash
from engine.liveness.followed import GONE_S, Followed, InSight
from engine.liveness.learning import probabilities
from engine.liveness.loaded import LivenessNetworks
from engine.liveness.passed import Ended
from engine.liveness.passive import LIVE_FROM, their_box
from engine.liveness.policy import decide
from engine.liveness.presentation import Presentation
from engine.liveness.sameness import Look, SameFace
from engine.liveness_values import (
    BONA_FIDE,
    SPECIES,
    Answer,
    BenchReport,
    CheckState,
    Cue,
    FlashPlan,
    LivenessDecision,
    Policy,
    Trial,
    TrialSetup,
    Way,
)
from engine.networks.temporal import FRAMES
from engine.tracking.looks import weight_of
from engine.types import Face, FloatArray, Frame, Verification

log = logging.getLogger(__name__)

SCORE_EVERY_S = 0.12
"""A track is scored no more often: neighbouring frames say the same."""
FLASH_DELAY_S = 0.6
"""Until the first colour, so that the window has heard of it."""


class LivenessDesk:
    """Looks at live frames one after another. Synchronous, as the service."""

    def __init__(
        self, policy: Callable[[], Policy], same_face: Callable[[], SameFace] | None = None,
        embed: Callable[[Face], FloatArray] | None = None, networks: LivenessNetworks | None = None,
        trials: Trials | None = None,
    ) -> None:  # fmt: skip
        """Begin with nobody in sight.

        Args:
            policy: returns the one in force.
            same_face: returns the largest distances between two looks at one person; no challenge without.
            embed: embeds a face that was found, (D,) of unit length; no challenge without.
            networks: that look at faces; those that are installed and in use, without.
            trials: of the spoof bench; this machine's, without.
        """
        self._policy, self._same_face, self._embed = policy, same_face, embed
        self.networks = networks or LivenessNetworks()
        self._trials = trials or Trials()
        self._in_sight = InSight()
        self._check: Challenge | Flash | None = None
        self._trial: Presentation | None = None
        self._checked: int | None = None
        self._source = ""
        self._last: tuple[Frame, tuple[Cue, ...]] | None = None
        self.begun_s = float("-inf")
        """When a check or a trial was last begun or given up, by the clock that counts sleep."""

    @property
    def wanted(self) -> bool:
        """Whether faces are to be scored at all."""
        return self._policy() is not Policy.OFF or self.on_trial

    @property
    def on_trial(self) -> bool:
        """Whether what is before the camera is presented to the spoof bench."""
        return self._trial is not None and not self._trial.over

    # --- live frames --------------------------------------------------------------------------------------------

    def observe(self, frame: Frame, faces: Sequence[Face], tracks: Sequence[int] | None = None) -> tuple[Cue, ...]:
        """Look at a live frame.

        Args:
            frame: of any source.
            faces: found in it, largest first.
            tracks: which faces of earlier frames they are; by their places, without.

        Returns:
            What the passive networks say of each face so far; nothing where liveness is not asked for.
        """
        if frame.source != self._source:
            self.forget()
            self._source = frame.source
        self._in_sight.follow(frame.time_s, faces, tracks)
        self._see_check(frame, faces)
        self._see_who_passed(frame, faces)
        if not self.wanted:
            return ()
        scorer = self.networks.passive()
        if scorer is None:
            return tuple(Cue("passive", Answer.UNSURE, hint=self.networks.problem) for _ in faces)
        due = [
            (track, face)
            for track, face in zip(self._in_sight.faces, faces, strict=True)
            if frame.time_s - track.passive.last_s >= SCORE_EVERY_S or frame.time_s < track.passive.last_s
        ]
        scores = scorer.score(frame.pixels, [their_box(face.box) for _, face in due])
        for (track, _), score in zip(due, scores, strict=True):
            track.passive.add(frame.time_s, score)
        self._see_motion(frame, faces)
        cues = tuple(track.passive.cue() for track in self._in_sight.faces)
        self._last = frame, cues
        return cues

    def looked_at(self, result: LiveResult) -> LiveResult:
        """Add to a live result what can be said of each face's liveness, and judge its verification by it."""
        frame, faces = result.frame, [one.face for one in result.tracked]
        if result.light.skipped:
            return replace(result, check=self.state, verification=None)
        start = perf_counter()
        cues = self.observe(frame, faces, [one.track_id for one in result.tracked])
        if cues:
            result.stages_ms["liveness"] = (perf_counter() - start) * 1000
        verification = result.verification
        self.see_trial(frame, faces, cues, verification.match if verification else None)
        if verification is not None:
            verification = self.judged(verification, self.decision(frame, cues))
        tracked = result.tracked
        if cues:
            cues = tuple(_gravest(cue, track) for cue, track in zip(cues, self._in_sight.faces, strict=True))
            tracked = tuple(
                replace(one, observations=(*one.observations, observation(cue)))
                for one, cue in zip(tracked, cues, strict=True)
            )
        return replace(result, tracked=tracked, verification=verification, cues=cues, check=self.state)

    def _see_motion(self, frame: Frame, faces: Sequence[Face]) -> None:
        """Ask the network over time about the largest face, where one was trained and put to use."""
        track = self._in_sight.first
        if track is None or self.networks.over_time() is None:
            return
        if frame.time_s - track.window_s < 1 / FRAMES_A_SECOND:
            return
        if frame.time_s - track.window_s > GONE_S:
            track.window.clear()
        track.window.append(faces[0])
        track.window_s = frame.time_s
        known = self.networks.over_time()
        if known is None or len(track.window) < FRAMES:
            return
        kind, network = known
        (clip,) = windows([(frame, face) for face in track.window], "", live=True)
        score = probabilities(network, [clip], kind)[0]
        answer = Answer.LIVE if score >= LIVE_FROM else Answer.ATTACK if score <= 1 - LIVE_FROM else Answer.UNSURE
        track.motion = Cue("clip", answer, score, FRAMES)

    def decision(self, frame: Frame, cues: Sequence[Cue], number: int = 0) -> LivenessDecision:
        """Say whether a face of the frame last observed may count as present.

        Args:
            frame: the frame.
            cues: as `observe` returned them.
            number: of the face.
        """
        own = list(cues[number : number + 1])
        for track in self._in_sight.faces[number : number + 1]:
            checked = track.check.cue(frame.time_s) if track.check is not None else None
            own += [cue for cue in (checked, track.motion) if cue is not None]
        return decide(self._policy(), own, source=frame.source, source_live=frame.kind == "camera")

    def judged(self, verification: Verification, decision: LivenessDecision) -> Verification:
        """Write a decision on liveness into a verification: without what is required there is no match."""
        if decision.policy is Policy.OFF:
            return verification
        return replace(verification, match=verification.match and decision.met, liveness=decision)

    def judged_now(self, verification: Verification) -> Verification:
        """Write into a verification of the largest face what the frames until now say."""
        if self._last is None:
            return self.judged(verification, decide(self._policy(), (), source="", source_live=False))
        return self.judged(verification, self.decision(*self._last))

    def unseen(self, frame: Frame) -> LivenessDecision:
        """The decision on a picture that was never before a camera."""
        return decide(self._policy(), (), source=frame.source, source_live=False)

    def lose_sight(self) -> None:
        """Forget every face in sight, and with it the check that it passed."""
        self._in_sight.forget()
        self._last = None

    def forget(self) -> None:
        """Forget every face in sight, and end a check that is under way."""
        self.lose_sight()
        if self._check is not None:
            self.end_check()

    # --- checks on demand ---------------------------------------------------------------------------------------

    def begin_challenge(self) -> CheckState:
        """Ask the largest face for random movements.

        Raises:
            ValueError: the desk was made without what compares faces.
        """
        check = self._challenge()
        self.end_check()
        self._check, self._checked = check, None
        return check.state

    def _challenge(self) -> Challenge:
        if self._same_face is None or self._embed is None:
            raise ValueError("a challenge needs limits and a network to compare faces with")
        return Challenge(self._same_face())

    def begin_flash(self) -> FlashPlan:
        """Draw the colours that the window is to show, beginning in a moment."""
        self.end_check()
        flash = self._check = Flash(monotonic() + FLASH_DELAY_S)
        self._checked = None
        return flash.plan

    def end_check(self) -> None:
        """Give up the check or the trial that is under way."""
        self._check = self._trial = None
        self.begun_s = elapsed_s()

    @property
    def state(self) -> CheckState | None:
        """The check or the trial that is under way or has just ended."""
        if self._trial is None:
            return None if self._check is None else self._check.state
        return self._trial.state if self._check is None else replace(self._check.state, kind="trial")

    def _see_check(self, frame: Frame, faces: Sequence[Face]) -> None:
        check = self._check
        if check is None or check.state.over:
            return
        first = self._in_sight.first
        if self._checked is None and first is not None:
            self._checked = first.id
        if isinstance(check, Flash):
            state = check.see(frame.pixels, [face.box for face in faces], frame.time_s)
        elif first is not None and first.id != self._checked:
            # It may even be embedded by another network by now, and not be comparable.
            state = check.lose()
        else:
            state = check.see(self._sight(frame, faces))
        if state.cue is not None and first is not None and first.id == self._checked:
            limit = self._same_face().turned if self._same_face is not None and self._embed is not None else None
            face = check.face if isinstance(check, Challenge) else None
            first.check = Ended(state.cue, frame.time_s, limit, face)

    def _see_who_passed(self, frame: Frame, faces: Sequence[Face]) -> None:
        """Compare with the faces that passed a check, where that is what matters."""
        if self._policy() is Policy.CHALLENGE:
            for track, face in zip(self._in_sight.faces, faces, strict=True):
                look = self._look(face)
                if track.check is not None and look is not None:
                    track.check.see(frame.time_s, look)

    def _sight(self, frame: Frame, faces: Sequence[Face]) -> Sight:
        if not faces:
            return Sight(frame.time_s, 0)
        first = faces[0]
        return Sight(frame.time_s, len(faces), first.quality.pose, first.points, self._look(first))

    def _look(self, face: Face) -> Look | None:
        embed = self._embed
        return Look(weight_of(face.quality), lambda: embed(face)) if embed is not None else None

    # --- the spoof bench ----------------------------------------------------------------------------------------

    def begin_trial(self, setup: TrialSetup) -> CheckState:
        """Look at one presentation of an attack or a living face, and put it to what it is to be judged by.

        Raises:
            BadInputError: there is no such species.
            PackError: the passive networks are not installed.
        """
        if setup.species not in (*SPECIES, BONA_FIDE):
            raise BadInputError(f"“{setup.species}” is no species. Choose one of: {', '.join(SPECIES)}, {BONA_FIDE}.")
        scorer, over_time = self.networks.passive(), self.networks.over_time()
        if scorer is None:
            raise PackError(self.networks.problem)
        self.end_check()
        self.forget()
        model = scorer.model if over_time is None else f"{scorer.model} and one over time ({over_time[0]})"
        self._trial = Presentation(setup, model)
        return self._trial.state

    def see_trial(self, frame: Frame, faces: Sequence[Face], cues: Sequence[Cue], matched: bool | None) -> None:
        """Take a frame into the trial that is under way; keeps the trial once it is over.

        Args:
            frame: as observed.
            faces: found in it, largest first.
            cues: of the faces.
            matched: whether the largest is the person claimed; None where nobody is.

        Raises:
            BadInputError: the trial is over and cannot be kept.
        """
        trial = self._trial
        if trial is None or trial.over:
            return
        if trial.check_due:
            state = trial.see_check(self._outcome(), matched)
        else:
            state = self._look_at(trial, frame, faces, cues, matched)
        if state.over:
            self._check = None
            try:
                self._trials.add(trial.trial())
            except BadInputError:
                # One that was not kept is not to look as if it were.
                self.end_check()
                raise

    def _look_at(
        self, trial: Presentation, frame: Frame, faces: Sequence[Face], cues: Sequence[Cue], matched: bool | None
    ) -> CheckState:
        """Take in a frame of the look, and begin the check once it is over."""
        own = list(cues[:1])
        if (first := self._in_sight.first) is not None:
            # The check is for this face, as a policy wants all cues of one.
            self._checked = first.id
            own += [first.motion] if first.motion is not None else []
        state = trial.see(
            frame.time_s, own, faces[0].quality.reasons if faces else (), matched=matched, source=frame.source,
            source_live=frame.kind == "camera",
        )  # fmt: skip
        if trial.check_due:
            self._check = self._challenge() if trial.way is Way.CHALLENGE else Flash(monotonic() + FLASH_DELAY_S)
        return state

    def _outcome(self) -> Cue | None:
        """What the check of a trial says, once it does."""
        cue, first = self._check.state.cue if self._check is not None else None, self._in_sight.first
        if cue is not None and cue.answer is Answer.LIVE and (first is None or first.id != self._checked):
            return replace(cue, answer=Answer.UNSURE, hint="Another face came to the front.")
        return cue

    def take_back_trial(self) -> Trial | None:
        """Forget the latest trial, and return it.

        Raises:
            BadInputError: the trials cannot be read or written.
        """
        return self._trials.take_back()

    def keep_trial(self, trial: Trial) -> None:
        """Put a trial back that was taken back.

        Raises:
            BadInputError: the trials cannot be read or written.
        """
        self._trials.add(trial)

    def bench(self) -> BenchReport:
        """What the trials so far allow to be claimed.

        Raises:
            BadInputError: the trials cannot be read.
        """
        return report(self._trials.all(), self._policy())


_WORDS: dict[Answer, tuple[str, ObservationTone]] = {
    Answer.LIVE: ("living face", "good"),
    Answer.UNSURE: ("not sure if alive", "unknown"),
    Answer.ATTACK: ("picture of a face", "bad"),
}


def _gravest(cue: Cue, track: Followed) -> Cue:
    """What to show of a face: a picture that moves as one is none of a living face, however it looks."""
    motion = track.motion
    return motion if motion is not None and motion.answer is Answer.ATTACK else cue


def observation(cue: Cue) -> Observation:
    """What is shown on a face's mark."""
    text, tone = _WORDS[cue.answer]
    numbers = f"Score {cue.score:.2f} over {cue.frames} frames."
    return Observation("liveness", text, tone, f"{numbers} {cue.hint}".strip())
