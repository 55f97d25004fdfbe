from dataclasses import replace
from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from engine.decisions import embedding_of
from engine.errors import BadInputError, PackError
from engine.live_values import LiveResult
from engine.liveness import weights
from engine.liveness.bench import Trials
from engine.liveness.challenge import Challenge, Move
from engine.liveness.loaded import LivenessNetworks
from engine.liveness.passed import CHECK_LASTS_S
from engine.liveness.passive import LEAST_FRAMES
from engine.liveness.sameness import SameFace
from engine.liveness_desk import LivenessDesk
from engine.liveness_values import Answer, CheckPhase, Policy, TrialSetup
from engine.service import FaceService
from engine.settings import Settings
from engine.types import Box, Face, Frame, FrameKind, PixelArray, Pose
from tests.engine.liveness.heads import head
from tests.engine.tracking.faces import quality as measured
from tests.given_networks import Alive, Brightness, GivenNetworks

SAME_FACE = SameFace(straight=0.06, turned=0.3)


def face(x: float = 100, yaw_deg: float = 0.0, person: int = 0) -> Face:
    chip = np.zeros((4, 4, 3), np.uint8)
    quality = replace(measured(yaw=yaw_deg), pose=Pose(yaw_deg, 0, 0))
    embedding = np.eye(4, dtype=np.float32)[person]
    return Face(Box(x, 100, 60, 80), 1.0, np.zeros((5, 2), np.float32), chip, chip, quality, embedding,
                points=head(yaw_deg=yaw_deg))  # fmt: skip


def frame(time_s: float, level: int = 200, kind: FrameKind = "camera") -> Frame:
    return Frame(np.full((360, 640, 3), level, np.uint8), "Webcam", time_s, kind=kind)


@pytest.fixture
def desk(tmp_path: Path) -> LivenessDesk:
    trials, networks = Trials(tmp_path / "trials.json"), GivenNetworks(Brightness())
    return LivenessDesk(lambda: Policy.CHALLENGE, lambda: SAME_FACE, embedding_of, networks, trials)


def test_that_a_face_is_live_only_after_enough_frames(desk: LivenessDesk) -> None:
    answers = [desk.observe(frame(number / 5), [face()])[0].answer for number in range(12)]
    assert answers[: LEAST_FRAMES - 1] == [Answer.UNSURE] * (LEAST_FRAMES - 1)
    assert answers[-1] is Answer.LIVE


def test_that_two_faces_have_answers_of_their_own(desk: LivenessDesk) -> None:
    pixels = np.full((360, 640, 3), 200, np.uint8)
    pixels[:, :320] = 40
    for number in range(12):
        seen = Frame(pixels, "Webcam", number / 5, kind="camera")
        faces = [face(100 + number), face(500 - number)]
        cues = desk.observe(seen, faces if number % 2 else faces[::-1])
    answers = [cue.answer for cue in cues]
    assert answers == [Answer.ATTACK, Answer.LIVE]


def test_that_frames_close_in_time_are_scored_once(desk: LivenessDesk) -> None:
    for number in range(100):
        cue = desk.observe(frame(number / 100), [face()])[0]
    assert cue.frames <= 10


def passed(desk: LivenessDesk) -> float:
    """Let person 0 pass a check; returns when."""
    time_s = 0.0
    for _ in range(12):
        time_s += 0.2
        cues = desk.observe(frame(time_s), [face()])
    assert not desk.decision(frame(time_s), cues).met
    state = desk.begin_challenge()
    assert state.phase is CheckPhase.WAITING
    desk._check = Challenge(SAME_FACE, (Move.LEFT,))
    for yaw in [0.0] * 6 + [6.0, 12.0] + [20.0] * 5 + [12.0, 6.0] + [0.0] * 4:
        time_s += 0.1
        cues = desk.observe(frame(time_s), [face(yaw_deg=yaw)])
    assert desk.state is not None
    assert desk.state.phase is CheckPhase.PASSED
    decision = desk.decision(frame(time_s), cues)
    assert decision.met, decision.reason
    assert {cue.key for cue in decision.cues} == {"passive", "challenge"}
    return time_s


def seen(desk: LivenessDesk, time_s: float, one: Face) -> tuple[bool, str]:
    """What is decided on a face that follows at the same place."""
    decision = desk.decision(frame(time_s), desk.observe(frame(time_s), [one]))
    return decision.met, decision.reason


def test_that_a_challenge_is_required_passed_and_runs_out(desk: LivenessDesk) -> None:
    time_s = passed(desk)
    ends_s = time_s + CHECK_LASTS_S
    assert all(seen(desk, float(later_s), face())[0] for later_s in np.arange(time_s + 0.5, ends_s - 0.2, 0.5))
    met, reason = seen(desk, ends_s + 0.2, face())
    assert not met
    assert "Press" in reason


def test_that_a_passed_check_does_not_go_over_to_a_face_that_takes_its_place(desk: LivenessDesk) -> None:
    time_s = passed(desk)
    met, reason = seen(desk, time_s + 0.4, face(person=1))
    assert not met
    assert "not the face that passed" in reason
    assert seen(desk, time_s + 0.8, face())[0], "a single look may be off"
    for later_s in (1.2, 1.6, 2.0):
        assert not seen(desk, time_s + later_s, face(person=1))[0]
    assert not seen(desk, time_s + 2.4, face())[0], "whoever had gone does not lend it to others"


def test_that_a_passed_check_waits_while_nobody_can_tell_whose_face_it_is(desk: LivenessDesk) -> None:
    time_s = passed(desk)
    blurred = replace(face(person=1), quality=replace(measured(sharpness=0.0), pose=Pose(0, 0, 0)))
    said = [seen(desk, time_s + 0.45 * step, blurred) for step in range(1, 10)]
    assert [met for met, _ in said] == [True] * 6 + [False] * 3
    assert "Look straight" in said[-1][1]
    assert seen(desk, time_s + 5, face())[0]


@pytest.mark.parametrize("kind", ["video", "folder", "virtual", "picture"])
def test_that_what_is_no_camera_is_never_live(desk: LivenessDesk, kind: FrameKind) -> None:
    for number in range(12):
        cues = desk.observe(frame(number / 5, kind=kind), [face()])
    decision = desk.decision(frame(2.5, kind=kind), cues)
    assert not decision.met
    assert "not a camera" in decision.reason


def test_that_another_camera_starts_over(desk: LivenessDesk) -> None:
    for number in range(12):
        desk.observe(frame(number / 5), [face()])
    desk.begin_challenge()
    cues = desk.observe(replace(frame(3.0), source="Other"), [face()])
    assert cues[0].answer is Answer.UNSURE
    assert desk.state is None


def test_that_a_trial_is_kept_and_can_be_taken_back(desk: LivenessDesk) -> None:
    with pytest.raises(BadInputError, match="no species"):
        desk.begin_trial(TrialSetup("hologram"))
    desk.begin_trial(TrialSetup("phone_still"))
    for number in range(40):
        seen = frame(number / 5, level=20)
        desk.see_trial(seen, [face()], desk.observe(seen, [face()]), matched=True)
    found = next(way for way in desk.bench().ways if way.attacks)
    assert found.attacks[0].species == "phone_still"
    assert (found.attacks[0].error.errors, found.attacks[0].error.total) == (0, 1)
    assert found.models == ("given",)
    taken = desk.take_back_trial()
    assert taken is not None
    assert not any(way.attacks for way in desk.bench().ways)
    desk.keep_trial(taken)
    assert any(way.attacks for way in desk.bench().ways)


def test_that_a_missing_pack_is_said(tmp_path: Path) -> None:
    desk = LivenessDesk(
        lambda: Policy.PASSIVE, networks=LivenessNetworks(tmp_path / "none"), trials=Trials(tmp_path / "t.json")
    )
    cues = desk.observe(frame(0.0), [face()])
    assert "minifasnet" in cues[0].hint
    assert not desk.decision(frame(0.0), cues).met
    with pytest.raises(PackError, match="minifasnet"):
        desk.begin_trial(TrialSetup("matt_print"))


def test_that_with_the_policy_off_nothing_is_scored_or_refused(tmp_path: Path) -> None:
    desk = LivenessDesk(
        lambda: Policy.OFF, networks=LivenessNetworks(tmp_path / "none"), trials=Trials(tmp_path / "t.json")
    )
    assert desk.observe(frame(0.0), [face()]) == ()
    assert desk.decision(frame(0.0), ()).met


def test_that_a_match_without_required_liveness_is_no_match_and_says_why(
    service: FaceService, astronaut: PixelArray, astronaut_file: Path
) -> None:
    person = service.enroll("Eileen", service.judge([astronaut_file])).person
    assert service.verify(person.id, astronaut_file).match
    service.apply(Settings(precision="fp32", liveness="passive"))
    refused = service.verify(person.id, astronaut_file)
    assert not refused.match
    assert refused.distance < refused.threshold
    assert refused.liveness is not None
    assert refused.liveness.policy is Policy.PASSIVE
    assert "not a camera" in refused.refused_as_not_live
    assert service.decided[-1].rejected
    service.liveness.networks = GivenNetworks(Brightness())
    bright = (astronaut // 2 + 127).astype(np.uint8)
    for number in range(LEAST_FRAMES + 1):
        seen = Frame(bright, "Webcam", number / 5, kind="camera")
        live = service.watch(seen, person.id)
    assert live.verification is not None
    assert live.cues[0].answer is Answer.LIVE
    assert live.verification.match
    assert live.verification.liveness is not None
    assert live.verification.liveness.met


class Sitting:
    """Eileen Collins before a camera of a service that requires a check, at five frames a second."""

    def __init__(self, service: FaceService, pixels: PixelArray, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        service.apply(Settings(precision="fp32", liveness="challenge"))
        service.liveness.networks = GivenNetworks(Alive())
        self.service, self.pixels = service, pixels
        self.person = service.enroll("Eileen", service.judge([file])).person
        self.asleep_s, self._time_s = 0.0, 1.0
        for place in ("engine.service.watching", "engine.liveness_desk"):
            monkeypatch.setattr(f"{place}.elapsed_s", lambda: monotonic() + self.asleep_s)

    def watch(self, frames: int) -> LiveResult:
        """Let her sit there; returns what is said at last. The frames' clock stands still while the computer sleeps."""
        for _ in range(frames):
            self._time_s += 0.2
            seen = Frame(self.pixels.copy(), "Webcam", self._time_s, kind="camera")
            result = self.service.watch(seen, self.person.id)
        return result

    def pass_a_check(self) -> LiveResult:
        """Let her pass the shortest one: a straight look, and another."""
        self.watch(1)
        self.service.liveness.begin_challenge()
        self.service.liveness._check = Challenge(self.service._same_face(), ())
        result = self.watch(LEAST_FRAMES + 12)
        assert result.check is not None
        assert result.check.phase is CheckPhase.PASSED, result.check.prompt
        return result


@pytest.fixture
def sitting(
    service: FaceService, astronaut: PixelArray, astronaut_file: Path, monkeypatch: pytest.MonkeyPatch
) -> Sitting:
    return Sitting(service, astronaut, astronaut_file, monkeypatch)


def accepted(result: LiveResult) -> bool:
    assert result.verification is not None
    return result.verification.match


def test_that_after_sleep_a_check_under_way_has_ended_and_a_passed_one_is_void(sitting: Sitting) -> None:
    assert accepted(sitting.pass_a_check())
    sitting.asleep_s += 4
    assert accepted(sitting.watch(1)), "a moment without frames is no sleep"
    sitting.asleep_s += 6
    result = sitting.watch(LEAST_FRAMES + 2)
    assert not accepted(result)
    assert result.check is None
    assert "Press" in result.verification.liveness.reason  # type: ignore[union-attr]
    sitting.service.liveness.begin_challenge()
    assert sitting.watch(1).check is not None
    sitting.asleep_s += 6
    assert sitting.watch(1).check is None
    assert accepted(sitting.pass_a_check()), "it can be made again"
    sitting.asleep_s += 6
    sitting.service.liveness.begin_challenge()
    result = sitting.watch(1)
    assert result.check is not None, "one that is begun before the first picture is not given up"
    assert not accepted(result)


def test_that_whoever_leaves_the_camera_takes_a_passed_check_along(sitting: Sitting) -> None:
    assert accepted(sitting.pass_a_check())
    sitting.service.leave()
    assert sitting.service.liveness.state is None
    first = sitting.watch(1)
    assert not accepted(first)
    assert sitting.service.decided[-1].rejected, "nor does it count for what is kept of this session"


def test_that_after_sleep_a_trial_has_ended_and_nothing_is_kept_of_it(sitting: Sitting) -> None:
    sitting.service.liveness.begin_trial(TrialSetup("phone_still"))
    assert sitting.watch(2).check is not None
    sitting.asleep_s += 6
    assert sitting.watch(1).check is None
    assert not any(way.attacks for way in sitting.service.liveness.bench().ways)


def test_that_the_published_files_are_told_by_their_digest() -> None:
    assert [known.scale for known in weights.FILES] == [2.7, 4.0]
    assert all(len(known.sha256) == 64 for known in weights.FILES)
