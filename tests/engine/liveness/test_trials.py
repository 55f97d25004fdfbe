"""Trials at the desk: what is presented does what it is asked, moves as a picture does, or does nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from engine.capture.images import read_image
from engine.decisions import embedding_of
from engine.liveness.bench import Trials
from engine.liveness.challenge import Move
from engine.liveness.presentation import TRIAL_S
from engine.liveness.sameness import SameFace
from engine.liveness_desk import LivenessDesk
from engine.liveness_values import Answer, CheckState, Policy, Trial, TrialSetup, Way
from engine.service import FaceService
from engine.settings import Settings
from engine.types import Box, Face, FloatArray, Frame, Measure, PixelArray, Pose, Quality
from tests.engine.liveness.heads import head, photograph
from tests.engine.tracking.faces import quality
from tests.given_networks import Brightness, GivenNetworks, Moves

LEVEL = {Answer.LIVE: 200, Answer.UNSURE: 135, Answer.ATTACK: 20}
"""How bright a picture is that the passive network takes for this."""
ASKED = {
    "to your left": {"yaw_deg": 22.0},
    "to your right": {"yaw_deg": -22.0},
    "Look up": {"pitch_deg": 16.0},
    "Look down": {"pitch_deg": -16.0},
    "closer": {"away_mm": 420.0},
}
STEP = {"yaw_deg": 4.0, "pitch_deg": 4.0, "away_mm": 40.0}
FRAME_S = 0.1
BOX = Box(260, 140, 120, 160)
Shape = Callable[..., FloatArray]


class Presented:
    """What is before the camera, and how it answers what is asked."""

    def __init__(self, passive: Answer, shape: Shape = head, *, moves: bool = True, reflects: float = 0.0) -> None:
        self.level, self.reflects, self.box = LEVEL[passive], reflects, BOX
        self._shape, self._moves = shape, moves
        self._place = {"yaw_deg": 0.0, "pitch_deg": 0.0, "away_mm": 600.0}

    def face(self, prompt: str) -> Face:
        """The face, a little further on the way to what is asked."""
        wanted = next((there for words, there in ASKED.items() if self._moves and words in prompt), {})
        for key, rest in (("yaw_deg", 0.0), ("pitch_deg", 0.0), ("away_mm", 600.0)):
            left = wanted.get(key, rest) - self._place[key]
            self._place[key] += float(np.clip(left, -STEP[key], STEP[key]))
        points, chip = self._shape(**self._place), np.full((150, 150, 3), 90, np.uint8)
        measured = replace(quality(), pose=Pose(self._place["yaw_deg"], self._place["pitch_deg"], 0))
        return Face(self.box, 1.0, points, chip, chip, measured, np.eye(4, dtype=np.float32)[0], points=points)

    def pixels(self, state: CheckState | None, time_s: float) -> PixelArray:
        """The picture: the face reflects what a screen would show."""
        seen = np.full((360, 640, 3), self.level, np.float32)
        colour = state.plan.colour_at(time_s - FRAME_S) if state and state.plan else None
        if colour is not None:
            rows, columns = (slice(int(at), int(at + 120)) for at in (self.box.y, self.box.x))
            seen[rows, columns] += self.reflects * np.array(colour, np.float32)
        return seen.clip(0, 255).astype(np.uint8)


@pytest.fixture
def kept(tmp_path: Path) -> Trials:
    return Trials(tmp_path / "trials.json")


@pytest.fixture
def desk(kept: Trials) -> LivenessDesk:
    return desk_with(kept, GivenNetworks(Brightness()))


def desk_with(kept: Trials, networks: GivenNetworks, policy: Policy = Policy.OFF) -> LivenessDesk:
    return LivenessDesk(lambda: policy, lambda: SameFace(0.06, 0.3), embedding_of, networks, kept)


def present(desk: LivenessDesk, way: Way, shown: Presented, *, frames: int = 600, matched: bool | None = None) -> float:
    """Hold something before the camera until the trial is over; returns how long that took, by the camera's clock."""
    # Colours are drawn for a moment of the real clock.
    start_s = time_s = monotonic() - TRIAL_S
    state: CheckState | None = desk.begin_trial(TrialSetup("matt_print", way=way))
    for _ in range(frames):
        faces = [shown.face(state.prompt if state else "")]
        frame = Frame(shown.pixels(state, time_s), "Webcam", time_s, kind="camera")
        desk.see_trial(frame, faces, desk.observe(frame, faces), matched)
        state = desk.state
        if state is None or state.over:
            break
        time_s += FRAME_S
    return time_s - start_s


def expected(*answers: Answer) -> Answer:
    """All that is required says live, and nothing says attack."""
    if Answer.ATTACK in answers:
        return Answer.ATTACK
    return Answer.LIVE if set(answers) == {Answer.LIVE} else Answer.UNSURE


def said(trial: Trial) -> dict[str, Answer]:
    return {cue.key: cue.answer for cue in trial.cues}


@pytest.mark.parametrize("passive", Answer)
@pytest.mark.parametrize("movement", Answer)
def test_that_movements_are_required_beside_the_look(
    desk: LivenessDesk, kept: Trials, monkeypatch: pytest.MonkeyPatch, passive: Answer, movement: Answer
) -> None:
    if movement is Answer.ATTACK:
        # A photograph that is nodded never seems to nod.
        monkeypatch.setattr("engine.liveness.challenge.random_moves", lambda: (Move.LEFT, Move.RIGHT, Move.CLOSER))
    shape = photograph if movement is Answer.ATTACK else head
    present(desk, Way.CHALLENGE, Presented(passive, shape, moves=movement is not Answer.UNSURE))
    (trial,) = kept.all()
    assert said(trial) == {"passive": passive, "challenge": movement}
    assert (trial.way, trial.answer, trial.refused) == (Way.CHALLENGE, expected(passive, movement), "")
    assert desk.state is not None
    assert f"Answer: {trial.answer}. The look of the face: {passive}. The movement: {movement}." in desk.state.prompt


@pytest.mark.parametrize("passive", Answer)
@pytest.mark.parametrize("reflects", [0.0, 0.1])
def test_that_colours_are_required_beside_the_look(
    desk: LivenessDesk, kept: Trials, passive: Answer, reflects: float
) -> None:
    present(desk, Way.FLASH, Presented(passive, reflects=reflects))
    (trial,) = kept.all()
    colours = Answer.LIVE if reflects else Answer.UNSURE
    assert said(trial) == {"passive": passive, "flash": colours}
    assert (trial.way, trial.answer) == (Way.FLASH, expected(passive, colours))


@pytest.mark.parametrize("passive", Answer)
@pytest.mark.parametrize("logit", [None, -9.0, 0.0, 9.0])
def test_that_a_network_over_time_can_only_keep_out(kept: Trials, passive: Answer, logit: float | None) -> None:
    desk = desk_with(kept, GivenNetworks(Brightness(), None if logit is None else Moves(logit)))
    present(desk, Way.PASSIVE, Presented(passive))
    (trial,) = kept.all()
    moving = {None: {}, -9.0: {"clip": Answer.ATTACK}, 0.0: {"clip": Answer.UNSURE}, 9.0: {"clip": Answer.LIVE}}[logit]
    assert said(trial) == {"passive": passive, **moving}
    assert trial.answer == (Answer.ATTACK if logit == -9.0 else passive)
    assert ("over time" in trial.model) is (logit is not None)


def test_that_without_movements_a_trial_is_over_after_the_look(desk: LivenessDesk, kept: Trials) -> None:
    assert present(desk, Way.PASSIVE, Presented(Answer.LIVE)) == pytest.approx(TRIAL_S, abs=FRAME_S)
    assert [one.answer for one in kept.all()] == [Answer.LIVE]


def test_that_who_runs_out_of_time_has_answered_and_was_not_refused(desk: LivenessDesk, kept: Trials) -> None:
    present(desk, Way.CHALLENGE, Presented(Answer.LIVE, moves=False))
    (trial,) = kept.all()
    assert trial.answer is Answer.UNSURE
    assert "time ran out" in trial.cues[1].hint
    (found,) = (way for way in desk.bench().ways if way.attacks)
    assert (found.way, found.attacks[0].refused, found.attacks[0].error.total) == (Way.CHALLENGE, 0, 1)


def test_that_what_is_too_poor_is_refused_before_anything_is_asked(desk: LivenessDesk, kept: Trials) -> None:
    class Blurred(Presented):
        def face(self, prompt: str) -> Face:
            measures = (Measure("sharpness", 0.0, reason="The face is blurred."),)
            return replace(super().face(prompt), quality=Quality(measures, Pose(0, 0, 0)))

    took_s = present(desk, Way.CHALLENGE, Blurred(Answer.LIVE))
    (trial,) = kept.all()
    assert took_s == pytest.approx(TRIAL_S, abs=FRAME_S)
    assert (trial.answer, trial.cues, trial.refused) == (None, (), "The face is blurred.")


def test_that_another_face_cannot_do_what_was_asked_of_the_first(desk: LivenessDesk, kept: Trials) -> None:
    class Swapped(Presented):
        def face(self, prompt: str) -> Face:
            self.box = BOX if prompt.startswith("Matt print") else Box(20, 20, 120, 160)
            return super().face(prompt)

    present(desk, Way.CHALLENGE, Swapped(Answer.LIVE))
    assert said(kept.all()[-1])["challenge"] is Answer.UNSURE
    present(desk, Way.FLASH, Swapped(Answer.LIVE, reflects=0.1))
    assert said(kept.all()[-1])["flash"] is Answer.UNSURE


@pytest.mark.parametrize("frames", [20, 60])
def test_that_nothing_is_kept_of_what_is_given_up(desk: LivenessDesk, kept: Trials, frames: int) -> None:
    present(desk, Way.CHALLENGE, Presented(Answer.LIVE, moves=False), frames=frames)
    assert desk.on_trial
    desk.end_check()
    assert not desk.on_trial
    assert desk.state is None
    assert kept.all() == []


def test_that_another_camera_ends_a_check_of_a_trial(desk: LivenessDesk, kept: Trials) -> None:
    present(desk, Way.CHALLENGE, Presented(Answer.LIVE, moves=False), frames=60)
    frame = Frame(np.full((360, 640, 3), 200, np.uint8), "Other", monotonic(), kind="camera")
    desk.see_trial(frame, [], desk.observe(frame, []), None)
    assert desk.state is None
    assert kept.all() == []


@pytest.mark.parametrize("matched", [True, False])
@pytest.mark.parametrize("moves", [True, False])
def test_that_only_a_match_that_passes_the_check_is_let_in(kept: Trials, matched: bool, moves: bool) -> None:
    desk = desk_with(kept, GivenNetworks(Brightness()), Policy.CHALLENGE)
    present(desk, Way.CHALLENGE, Presented(Answer.LIVE, moves=moves), matched=matched)
    (attack,) = (one for way in desk.bench().ways for one in way.attacks)
    assert (attack.accepted.errors, attack.accepted.total) == (int(matched and moves), 1)


def test_that_what_is_shown_to_the_bench_is_no_attempt(service: FaceService, pictures: Path) -> None:
    person = service.enroll("Eileen", service.judge([pictures / "eileen1.jpg"])).person
    service.apply(Settings(precision="fp32", liveness="passive"))
    service.liveness.networks = GivenNetworks(Brightness())
    pixels = read_image(pictures / "eileen1.jpg").pixels // 2
    for number in range(6):
        service.liveness.begin_trial(TrialSetup("matt_print"))
        for step in range(10):
            result = service.watch(Frame(pixels, "Webcam", 10.0 * number + step / 2, kind="camera"), person.id)
            assert result.pause_s == 0
        assert result.check is not None
        assert result.check.over
    (attack,) = service.liveness.bench().ways[0].attacks
    assert (attack.presented, attack.accepted.errors, attack.accepted.total) == (6, 0, 6)
