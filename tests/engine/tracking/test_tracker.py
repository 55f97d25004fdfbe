"""Following faces: made-up ones, so that every place and every embedding is known."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.tracking.motion import Motion, apart, assign
from engine.tracking.track import SPARSE
from engine.tracking.tracker import COAST_S, REMEMBER_S, Tracker
from engine.types import Box, Face
from tests.engine.tracking.faces import Crowd

STEP_S = 1 / 30


class Stream:
    """Frames at 30 a second."""

    def __init__(self) -> None:
        self.crowd, self.tracker, self.now_s = Crowd(), Tracker(break_limit=0.3), 100.0

    def show(self, *faces: Face, after_s: float = STEP_S) -> dict[int, int]:
        """The next frame; returns who each track is."""
        self.now_s += after_s
        searched = self.tracker.begin(self.now_s)
        self.tracker.update(faces, self.crowd.embed, searched=searched)
        return {track.id: self.crowd.name(track.face) for track in self.tracker.shown()}


@pytest.fixture
def stream() -> Stream:
    return Stream()


def test_that_a_face_that_moves_keeps_its_track(stream: Stream) -> None:
    for step in range(60):
        tracks = stream.show(stream.crowd.face(1, 10 + 8 * step))
    assert tracks == {1: 1}


def test_that_a_steady_face_is_embedded_in_at_most_one_of_five_frames(stream: Stream) -> None:
    for step in range(300):
        stream.show(stream.crowd.face(1, 10 + step), stream.crowd.face(2, 400))
    assert stream.crowd.embedded <= 2 * 300 / SPARSE


def test_that_two_who_cross_keep_their_tracks(stream: Stream) -> None:
    for step in range(60):
        left, right = stream.crowd.face(1, 10 + 6 * step), stream.crowd.face(2, 364 - 6 * step, y=54)
        # Where one is before the other, only one is found.
        hidden = abs(left.box.x - right.box.x) < 20
        tracks = stream.show(*([left] if hidden else [left, right]))
    assert tracks == {1: 1, 2: 2}


def test_that_two_who_turn_back_where_they_meet_keep_their_tracks_too(stream: Stream) -> None:
    for step in range(60):
        x = 10 + 6 * min(step, 59 - step)
        tracks = stream.show(stream.crowd.face(1, x), stream.crowd.face(2, 364 - x, y=54))
    assert tracks == {1: 1, 2: 2}


def test_that_another_face_in_the_same_place_is_another_track(stream: Stream) -> None:
    for _ in range(20):
        stream.show(stream.crowd.face(1, 100))
    assert stream.show(stream.crowd.face(2, 100)) == {2: 2}


def test_that_whoever_comes_back_soon_is_the_same_track(stream: Stream) -> None:
    stream.show(stream.crowd.face(1, 100))
    stream.show(stream.crowd.face(1, 102))
    for _ in range(20):
        assert stream.show() in ({1: 1}, {})
    assert stream.show(stream.crowd.face(1, 400)) == {1: 1}


def test_that_whoever_comes_back_late_is_a_new_track_and_the_old_one_is_forgotten(stream: Stream) -> None:
    stream.show(stream.crowd.face(1, 100))
    for _ in range(round((REMEMBER_S + 1) / STEP_S)):
        stream.show()
    assert stream.tracker.forgotten == [1]
    assert stream.show(stream.crowd.face(1, 100)) == {2: 1}


def test_that_a_face_missed_for_a_moment_stays_where_it_should_be(stream: Stream) -> None:
    for step in range(20):
        stream.show(stream.crowd.face(1, 10 + 6 * step))
    assert stream.show() == {1: 1}
    assert stream.tracker.shown()[0].motion.box.x == pytest.approx(10 + 6 * 20, abs=4)
    assert stream.show(after_s=COAST_S) == {}


def test_that_what_the_detector_is_not_sure_of_is_shown_once_it_lasts(stream: Stream) -> None:
    stream.show()
    assert stream.show(stream.crowd.face(1, 100, score=0.82)) == {}
    assert stream.show() == {}
    for _ in range(3):
        tracks = stream.show(stream.crowd.face(1, 100, score=0.82))
    assert list(tracks.values()) == [1]


def test_that_the_whole_picture_is_searched_only_now_and_then_while_faces_are_steady(stream: Stream) -> None:
    searched = 0
    for step in range(60):
        stream.now_s += STEP_S
        wanted = stream.tracker.begin(stream.now_s)
        searched += wanted
        stream.tracker.update([stream.crowd.face(1, 10 + step)], stream.crowd.embed, searched=wanted)
    assert 8 <= searched <= 15


@pytest.mark.parametrize("jump_s", [-50.0, 0.0, 3600.0])
def test_that_a_clock_that_jumps_begins_anew(stream: Stream, jump_s: float) -> None:
    stream.show(stream.crowd.face(1, 100))
    assert stream.show(stream.crowd.face(1, 100), after_s=jump_s) == {2: 1}


def test_that_the_same_frames_give_the_same_tracks() -> None:
    def run() -> list[dict[int, int]]:
        stream = Stream()
        return [
            stream.show(*(stream.crowd.face(who, 40 * who + step * (who % 3)) for who in range(1, 6)))
            for step in range(30)
        ]

    assert run() == run()


def test_that_a_steady_speed_is_learned() -> None:
    motion = Motion(Box(0, 0, 50, 60))
    for step in range(1, 40):
        motion.predict(STEP_S)
        motion.correct(Box(3.0 * step, 0, 50, 60))
    assert motion.speed == pytest.approx((90, 0), abs=2)
    assert motion.box.width == pytest.approx(50, abs=0.1)


def test_that_a_box_far_off_or_of_another_size_is_no_match() -> None:
    box = Box(100, 100, 50, 50)
    assert apart(box, box) == 0
    assert apart(box, Box(200, 100, 50, 50)) == float("inf")
    assert apart(box, Box(60, 60, 130, 130)) == float("inf")


def _least(costs: Sequence[Sequence[float]], faces: int) -> tuple[int, float]:
    """Most pairs, then the smallest sum, by trying everything."""
    best = 0, 0.0
    for chosen in itertools.product(range(-1, faces), repeat=len(costs)):
        used = [one for one in chosen if one >= 0]
        spent = [row[one] for row, one in zip(costs, chosen, strict=True) if one >= 0]
        if len(set(used)) == len(used) and np.isfinite(spent).all():
            best = min(best, (-len(used), float(sum(spent))))
    return best


@given(
    st.integers(0, 3).flatmap(
        lambda faces: st.lists(
            st.lists(st.one_of(st.floats(0, 1), st.just(float("inf"))), min_size=faces, max_size=faces), max_size=3
        ).map(lambda costs: (costs, faces))
    )
)
def test_that_the_assignment_is_the_cheapest_there_is(given_: tuple[list[list[float]], int]) -> None:
    costs, faces = given_
    pairs = assign(costs, faces)
    used = [number for number in pairs if number is not None]
    assert len(set(used)) == len(used)
    spent = sum(row[number] for row, number in zip(costs, pairs, strict=True) if number is not None)
    most, least = _least(costs, faces)
    assert -len(used) == most
    assert spent == pytest.approx(least, abs=1e-6)
