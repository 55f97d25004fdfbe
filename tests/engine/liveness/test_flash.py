from itertools import pairwise

import numpy as np
import pytest

from engine.liveness.flash import COLOURS, Flash, likeness, random_plan
from engine.liveness_values import Answer, CheckPhase, CheckState, FlashPlan
from engine.types import Box, PixelArray

FACE = Box(60, 40, 40, 50)


def filmed(plan: FlashPlan, time_s: float, *, face: float, room: float, lag_s: float = 0.12) -> PixelArray:
    """A frame in which face and room reflect that much of the screen, with a camera's noise."""
    colour = np.array(plan.colour_at(time_s - lag_s) or (128, 128, 128), np.float64)
    draw = np.random.default_rng(int(time_s * 1000))
    pixels = np.full((120, 160, 3), 70.0) + room * colour
    pixels[40:90, 60:100] = 110.0 + face * colour
    pixels += draw.normal(0, 4, pixels.shape)
    return pixels.clip(0, 255).astype(np.uint8)


def run(*, face: float, room: float, other: FlashPlan | None = None) -> CheckState:
    """A check in which what is filmed follows its plan, or another one."""
    flash = Flash(10.0)
    plan = other or flash.plan
    state = flash.state
    for number in range(200):
        time_s = 10.0 + number / 20
        state = flash.see(filmed(plan, time_s, face=face, room=room), [FACE], time_s)
        if state.over:
            break
    return state


def test_that_a_face_that_reflects_the_screen_passes() -> None:
    state = run(face=0.06, room=0.01)
    assert state.phase is CheckPhase.PASSED
    assert state.cue is not None
    assert state.cue.answer is Answer.LIVE


def test_that_a_face_that_reflects_nothing_does_not_pass() -> None:
    state = run(face=0.0, room=0.0)
    assert state.cue is not None
    assert state.cue.answer is Answer.UNSURE
    assert "darken the room" in state.prompt


def test_that_a_recording_made_under_other_colours_does_not_pass() -> None:
    passed = [run(face=0.06, room=0.01, other=random_plan(10.0)).phase is CheckPhase.PASSED for _ in range(20)]
    assert sum(passed) <= 2


def test_that_a_room_that_glows_as_much_as_the_face_does_not_pass() -> None:
    # As where exposure or a lamp, and not the screen, makes everything brighter.
    assert run(face=0.11, room=0.07).phase is CheckPhase.FAILED


def test_that_a_check_without_a_face_is_not_sure() -> None:
    flash = Flash(0.0)
    state = flash.see(np.zeros((40, 40, 3), np.uint8), [], 60.0)
    assert state.cue is not None
    assert state.cue.answer is Answer.UNSURE


def test_that_colours_change_at_most_three_times_a_second() -> None:
    for _ in range(20):
        plan = random_plan(0.0)
        assert 1 / plan.each_s <= 3
        assert len(plan.colours) == COLOURS
        assert all(one != other for one, other in pairwise(plan.colours))
        assert plan.colour_at(-0.1) is None
        assert plan.colour_at(plan.end_s + 0.01) is None


def test_that_the_cameras_lag_is_found() -> None:
    plan = random_plan(0.0)
    flash = Flash(0.0, plan)
    for number in range(100):
        time_s = number / 20
        flash.see(filmed(plan, time_s, face=0.06, room=0.0, lag_s=0.25), [FACE], time_s)
    alike, change = likeness(plan, flash._glows)
    assert alike > 0.8
    assert change == pytest.approx(0.06 * 210 / 118, rel=0.4)
