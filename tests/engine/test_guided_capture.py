"""Guided capture without a camera: which faces are taken, and which are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.guided import STANDARD_PLAN, Guidance, Sector
from engine.guided_capture import Capture
from engine.types import Box, Component, Face, FloatArray, Frame, Measure, Pose, Quality

FRAME = Frame(np.zeros((480, 640, 3), np.uint8), "camera")
NOTHING = np.zeros((1, 1, 3), np.uint8)
SOMEBODY, ANOTHER = np.eye(8, dtype=np.float32)[:2]


def face(
    yaw: float = 0,
    pitch: float = 0,
    *,
    eyes_px: float = 60,
    who: FloatArray = SOMEBODY,
    moved_px: float = 0,
    reason: str = "",
    sharp: int = 80,
) -> Face:
    """A face that looks somewhere; the front's own tilt is 5 degrees, as many people's is."""
    points = np.array([[1, 0], [0.6, 0], [0, 0], [0.4, 0], [0.5, 0.7]], np.float32) * eyes_px + 200 + moved_px
    quality = Quality(
        (Measure("eye_distance", eyes_px), Measure("sharpness", 0.2, "", reason)),
        Pose(yaw, pitch + 5, 0),
        (Component("sharpness", sharp),),
    )
    return Face(Box(200, 150, 150, 180), 1.0, points.astype(np.float32), NOTHING, NOTHING, quality, who.copy(), "p", 1)


@pytest.fixture
def capture() -> Capture:
    return Capture(STANDARD_PLAN, lambda one, other: float(one @ other) > 0.5)


class Clock:
    """Shows faces to a capture, one after another."""

    def __init__(self, capture: Capture, step_s: float = 1.0) -> None:
        self.capture, self.step_s, self.now = capture, step_s, 0.0

    def show(self, *faces: Face) -> Guidance:
        self.now += self.step_s
        return self.capture.see(replace(FRAME, time_s=self.now), faces)


def test_that_every_view_of_the_plan_is_taken_by_itself(capture: Capture) -> None:
    clock = Clock(capture)
    assert capture.start().wanted is Sector.FRONT
    views = [
        (face(), Sector.FRONT),
        (face(20), Sector.LEFT),
        (face(-20), Sector.RIGHT),
        (face(0, 12), Sector.UP),
        (face(0, -12), Sector.DOWN),
        (face(eyes_px=80), Sector.NEAR),
        (face(eyes_px=45), Sector.FAR),
    ]
    for number, (shown, sector) in enumerate(views, 1):
        guidance = clock.show(shown)
        assert guidance.captured is sector
        assert len(guidance.covered) == number
    assert guidance.complete
    assert [taken.sector for taken in capture.shots] == list(STANDARD_PLAN)


def test_that_a_turned_head_is_nothing_before_the_straight_look_is_known(capture: Capture) -> None:
    guidance = Clock(capture).show(face(25))
    assert (guidance.captured, guidance.wanted) == (None, Sector.FRONT)
    assert "straight" in guidance.hint


def test_that_a_poor_face_is_not_taken_and_says_why(capture: Capture) -> None:
    guidance = Clock(capture).show(face(reason="The face is blurred. Hold still."))
    assert (guidance.captured, guidance.hint) == (None, "The face is blurred. Hold still.")
    assert guidance.reasons == ("The face is blurred. Hold still.",)
    assert capture.snap().captured is None, "by hand neither"


def test_that_a_moving_face_is_not_taken(capture: Capture) -> None:
    clock = Clock(capture, 0.1)
    clock.show(face(25))
    moving = clock.show(face(moved_px=30))
    assert (moving.captured, moving.hint) == (None, "Hold still.")
    assert clock.show(face(moved_px=31)).captured is Sector.FRONT


def test_that_a_second_face_pauses_it_and_a_small_one_in_the_background_does_not(capture: Capture) -> None:
    clock = Clock(capture)
    second = clock.show(face(), face(who=ANOTHER))
    assert second.paused
    assert "second face" in second.hint
    assert not capture.taken
    small = replace(face(who=ANOTHER), box=Box(0, 0, 40, 40))
    assert clock.show(face(), small).captured is Sector.FRONT


def test_that_another_person_is_never_taken_and_is_said_after_three_frames(capture: Capture) -> None:
    clock = Clock(capture)
    clock.show(face())
    hints = [clock.show(face(20, who=ANOTHER)).hint for _ in range(3)]
    assert "another person" in hints[-1]
    assert "another person" not in hints[0], "one odd frame may be a blink"
    assert set(capture.taken) == {Sector.FRONT}
    assert clock.show(face(20)).captured is Sector.LEFT, "the first one goes on"


def test_that_losing_the_face_keeps_what_was_taken(capture: Capture) -> None:
    clock = Clock(capture)
    clock.show(face())
    gone = clock.show()
    assert gone.paused
    assert gone.covered == {Sector.FRONT}
    assert clock.show(face(0, 12)).captured is Sector.UP


def test_that_a_better_picture_takes_the_place_of_a_worse_one(capture: Capture) -> None:
    clock = Clock(capture)
    clock.show(face(sharp=70))
    clock.show(face(sharp=72))
    assert capture.taken[Sector.FRONT].score == 70, "hardly better"
    clock.show(face(sharp=95))
    assert capture.taken[Sector.FRONT].score == 95
    clock.show(face(20))
    clock.show(face(sharp=100))
    assert capture.taken[Sector.FRONT].score == 95, "other views are told from it by now"


def test_that_a_view_that_looks_different_is_taken_once_more(capture: Capture) -> None:
    clock = Clock(capture)
    clock.show(face())
    other_light = SOMEBODY + 0.4 * np.eye(8, dtype=np.float32)[3]
    other_light /= np.linalg.norm(other_light)
    assert clock.show(face(who=other_light)).captured is Sector.FRONT
    assert len(capture.shots) == 2
    assert clock.show(face(who=other_light)).captured is None, "a third would be the same"


def test_that_glasses_are_taken_by_their_word() -> None:
    capture = Capture((Sector.GLASSES,), lambda _one, _other: True)
    clock = Clock(capture)
    clock.show(face())
    assert capture.wanted is Sector.GLASSES
    assert clock.show(face()).captured is None, "nobody said that they changed"
    assert capture.snap().captured is Sector.GLASSES
    assert capture.wanted is None


def test_that_a_snap_by_hand_takes_what_the_head_does_now(capture: Capture) -> None:
    assert capture.snap().paused, "there is nothing to take"
    clock = Clock(capture)
    clock.show(face())
    clock.show(face(20))
    del capture.taken[Sector.LEFT]
    assert capture.snap().captured is Sector.LEFT
