from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.liveness.challenge import (
    LEAST_PARALLAX,
    STEP_S,
    Challenge,
    Move,
    Sight,
    nod_deg,
    parallax,
    random_moves,
)
from engine.liveness.sameness import Look, SameFace, Sameness
from engine.liveness_values import Answer, CheckPhase, CheckState
from engine.types import FloatArray, Pose
from tests.engine.liveness.heads import head, photograph, pose

Shape = Callable[..., FloatArray]
ASKED = {
    Move.LEFT: {"yaw_deg": 22.0},
    Move.RIGHT: {"yaw_deg": -22.0},
    Move.UP: {"pitch_deg": 16.0},
    Move.DOWN: {"pitch_deg": -16.0},
    Move.CLOSER: {"away_mm": 420.0},
}
SAME_FACE = SameFace(straight=0.06, turned=0.3)


def look(person: FloatArray, weight: float = 1.0) -> Look:
    return Look(weight, lambda: person)


PERSON, OTHER = (look(one) for one in np.eye(8, dtype=np.float32)[:2])


def sights(
    moves: tuple[Move, ...], shape: Shape = head, *, noise_px: float = 0.0, fps: float = 15.0
) -> Iterator[Sight]:
    """Frames of somebody who looks straight, then does what is asked, evenly, and looks straight again."""
    draw = np.random.default_rng(0)
    place = {"yaw_deg": 0.0, "pitch_deg": 0.0, "away_mm": 600.0}
    time_s, targets = 0.0, [{}, *(ASKED[move] for move in moves), {}]
    for target in targets:
        wanted = {"yaw_deg": 0.0, "pitch_deg": 0.0, "away_mm": 600.0} | target
        start = dict(place)
        for number in range(1, 16):
            share = min(number / 8, 1.0)
            place = {key: start[key] + share * (wanted[key] - start[key]) for key in place}
            points = shape(**place) + draw.normal(0, noise_px, (5, 2)).astype(np.float32)
            time_s += 1 / fps
            yield Sight(time_s, 1, pose(place["yaw_deg"], place["pitch_deg"]), points, PERSON)


def run(challenge: Challenge, frames: Iterator[Sight]) -> CheckState:
    state = challenge.state
    for sight in frames:
        state = challenge.see(sight)
        if state.over:
            break
    return state


@pytest.mark.parametrize("first", [Move.LEFT, Move.RIGHT])
@pytest.mark.parametrize("second", [Move.UP, Move.DOWN, Move.CLOSER])
def test_that_a_head_that_does_what_is_asked_is_live(first: Move, second: Move) -> None:
    moves = (first, second, Move.LEFT if first is Move.RIGHT else Move.RIGHT)
    state = run(Challenge(SAME_FACE, moves), sights(moves, noise_px=0.5))
    assert state.phase is CheckPhase.PASSED
    assert state.cue is not None
    assert state.cue.answer is Answer.LIVE


@pytest.mark.parametrize("move", [Move.LEFT, Move.RIGHT, Move.UP, Move.DOWN])
def test_that_a_flat_photograph_is_never_live(move: Move) -> None:
    # Even where the measured pose would be fooled, as the pose given here is.
    moves = (move, Move.CLOSER)
    state = run(Challenge(SAME_FACE, moves), sights(moves, photograph, noise_px=0.3))
    assert state.cue is None or state.cue.answer is not Answer.LIVE


def test_that_a_photograph_that_pretends_to_turn_is_an_attack() -> None:
    moves = (Move.LEFT,)
    state = run(Challenge(SAME_FACE, moves), sights(moves, photograph))
    assert state.cue is not None
    assert state.cue.answer is Answer.ATTACK
    assert "flat" in state.prompt


@given(st.floats(-50, 50), st.floats(-40, 40), st.floats(300, 1200))
def test_that_a_plane_has_no_parallax_however_it_is_held(yaw: float, pitch: float, away: float) -> None:
    aside, down = parallax(photograph(), photograph(yaw, pitch, away))
    assert abs(aside) < 0.01
    assert abs(down) < 0.01


@pytest.mark.parametrize("yaw", [-30.0, -18.0, 18.0, 30.0])
def test_that_the_nose_of_a_head_leaves_the_plane_towards_where_it_turns(yaw: float) -> None:
    aside, _ = parallax(head(), head(yaw_deg=yaw))
    assert aside * np.sign(yaw) > 1.5 * LEAST_PARALLAX


@pytest.mark.parametrize("pitch", [-20.0, -12.0, 0.0, 12.0, 20.0])
def test_that_nodding_is_measured(pitch: float) -> None:
    assert nod_deg(head(), head(pitch_deg=pitch)) == pytest.approx(pitch, abs=5)


def test_that_the_wrong_movement_runs_out_of_time() -> None:
    challenge = Challenge(SAME_FACE, (Move.LEFT,))
    run(challenge, sights((Move.RIGHT,)))
    assert not challenge.state.over
    state = challenge.see(Sight(STEP_S + 60, 1, pose(), head(), PERSON))
    assert state.cue is not None
    assert state.cue.answer is Answer.UNSURE
    assert "time ran out" in state.prompt


@pytest.mark.parametrize(
    ("begins", "ends", "when"), [(18, 200, "turned left"), (36, 200, "turned right"), (18, 28, "turned left"),
                                 (45, 200, "looked straight at the end")]
)  # fmt: skip
def test_that_another_face_at_any_moment_is_an_attack(begins: int, ends: int, when: str) -> None:
    def swapped() -> Iterator[Sight]:
        for number, sight in enumerate(sights((Move.LEFT, Move.RIGHT))):
            yield replace(sight, look=OTHER if begins <= number < ends else PERSON)

    state = run(Challenge(SAME_FACE, (Move.LEFT, Move.RIGHT)), swapped())
    assert state.cue is not None
    assert state.cue.answer is Answer.ATTACK
    assert f"not the same face throughout: the one that {when} is not who began" in state.prompt


def test_that_it_ends_with_the_straight_look_it_began_with() -> None:
    challenge = Challenge(SAME_FACE, (Move.LEFT,))
    frames = list(sights((Move.LEFT,)))
    state = run(challenge, iter(frames[:30]))
    assert (state.phase, state.step, state.steps) == (CheckPhase.RUNNING, 1, 2)
    assert "straight" in state.prompt
    assert run(challenge, iter(frames[30:])).phase is CheckPhase.PASSED


def test_that_a_turned_look_may_be_further_away_than_a_straight_one() -> None:
    near = np.array([0.85, (1 - 0.85**2) ** 0.5, *[0] * 6], np.float32)

    def seen(number: int, sight: Sight, last: Look) -> Sight:
        return replace(sight, look=PERSON if number < 16 else look(near) if number < 32 else last)

    for last, answer in ((PERSON, Answer.LIVE), (look(near), Answer.ATTACK)):
        frames = (seen(number, sight, last) for number, sight in enumerate(sights((Move.LEFT,))))
        state = run(Challenge(SAME_FACE, (Move.LEFT,)), frames)
        assert state.cue is not None
        assert state.cue.answer is answer


def test_that_only_the_best_look_of_a_moment_is_embedded() -> None:
    asked = []

    def counted(weight: float) -> Look:
        def embed() -> FloatArray:
            asked.append(weight)
            return np.eye(8, dtype=np.float32)[0]

        return Look(weight, embed)

    sameness = Sameness(SAME_FACE)
    for weight in (0.2, 0.9, 0.5):
        sameness.offer(counted(weight))
    assert sameness.settle("began", turned=False) == ""
    assert asked == [0.9]


def test_that_a_face_that_cannot_be_compared_does_not_pass() -> None:
    frames = (replace(sight, look=None) for sight in sights((Move.LEFT,)))
    state = run(Challenge(SAME_FACE, (Move.LEFT,)), frames)
    assert state.cue is not None
    assert state.cue.answer is Answer.UNSURE
    assert "compared" in state.prompt


@pytest.mark.parametrize("what", ["two", "gone", "jump"])
def test_that_what_cannot_be_followed_does_not_pass(what: str) -> None:
    challenge = Challenge(SAME_FACE, (Move.LEFT,))
    run(challenge, (sight for sight in sights(()) if True))
    now = challenge.state
    assert now.phase is CheckPhase.RUNNING
    later = {
        "two": Sight(1.1, 2, pose(), head(), PERSON),
        "gone": Sight(3.0, 0),
        "jump": Sight(1.05, 1, Pose(40, 0, 0), head(yaw_deg=40), PERSON),
    }[what]
    state = challenge.see(later)
    assert state.cue is not None
    assert state.cue.answer is Answer.UNSURE


def test_that_without_the_detectors_points_it_says_so() -> None:
    state = Challenge(SAME_FACE).see(Sight(0.0, 1, pose(), None, PERSON))
    assert state.phase is CheckPhase.FAILED
    assert "MTCNN" in state.prompt


def test_that_sequences_differ_and_always_ask_for_a_turn() -> None:
    drawn = {random_moves() for _ in range(200)}
    assert len(drawn) > 25
    assert all({Move.LEFT, Move.RIGHT} & set(moves) and len(set(moves)) == 3 for moves in drawn)
