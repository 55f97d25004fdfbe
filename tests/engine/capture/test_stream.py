"""A stream over a scripted source: what a machine without a camera cannot have."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from engine.capture.sources import VideoSource
from engine.capture.stream import CameraStream, Patience, Phase, StreamState
from engine.errors import CameraError
from engine.types import Frame
from tests.engine.capture.scripted import HURRIED, WITHIN_S, ScriptedSource, Watched, picture


def test_that_whoever_takes_the_first_frame_knows_what_it_is_from() -> None:
    known: list[bool] = []
    states: list[StreamState] = []
    first = threading.Event()

    def notice() -> None:
        known.append(
            bool(states) and states[-1] == StreamState(Phase.RUNNING, label="Scripted", live=True, camera=True)
        )
        first.set()

    source = ScriptedSource(picture)
    stream = CameraStream(lambda: source, notice, states.append, HURRIED)
    assert first.wait(WITHIN_S)
    stream.stop()
    assert all(known)


def test_that_the_newest_frame_wins_and_the_rest_are_counted(started: Callable[..., Watched]) -> None:
    watched = started(ScriptedSource(picture))
    watched.wait(lambda: watched.source.reads > 50)
    assert watched.stream.dropped >= 40
    assert watched.stream.latest() is not None
    assert watched.stream.delivered == 1


def test_that_a_camera_is_live(started: Callable[..., Watched]) -> None:
    state = started(ScriptedSource(picture)).wait_for(Phase.RUNNING)
    assert (state.live, state.label, state.message) == (True, "Scripted", "")


def test_that_an_unplugged_camera_is_noticed_and_comes_back(started: Callable[..., Watched]) -> None:
    gone = threading.Event()
    watched = started(ScriptedSource(lambda number: None if gone.is_set() else picture(number)))
    watched.wait_for(Phase.RUNNING)
    gone.set()
    lost = watched.wait_for(Phase.LOST)
    assert "“Scripted” gives no more pictures" in lost.message
    gone.clear()
    watched.wait_for(Phase.RUNNING, times=2)
    assert watched.source.closes >= 1


def test_that_a_camera_that_repeats_one_picture_is_noticed_once_the_patience_is_over(
    started: Callable[..., Watched],
) -> None:
    frozen = threading.Event()
    repeated = [0]

    def read(number: int) -> Frame:
        repeated[0] += frozen.is_set() and watched.source.opens == 1
        return picture(7 if frozen.is_set() else number)

    watched = started(ScriptedSource(read))
    watched.wait_for(Phase.RUNNING)
    frozen.set()
    assert "repeats one picture" in watched.wait_for(Phase.LOST).message
    assert repeated[0] <= HURRIED.frame_s / 0.001 + 2, "every reading takes a thousandth of a second at least"


def test_that_a_camera_may_take_longer_for_its_first_picture(started: Callable[..., Watched]) -> None:
    begun = time.monotonic()

    def read(_number: int) -> Frame | None:
        # Three times the patience for a picture, as exposure settles.
        return picture(int(time.monotonic() * 1000)) if time.monotonic() - begun > 3 * HURRIED.frame_s else None

    watched = started(ScriptedSource(read))
    watched.wait_for(Phase.RUNNING)
    assert [state.phase for state in watched.states] == [Phase.RUNNING]


def test_that_a_camera_that_raises_is_tried_again(started: Callable[..., Watched]) -> None:
    def read(number: int) -> Frame:
        if number == 3:
            raise RuntimeError("the driver is unhappy")
        return picture(number)

    watched = started(ScriptedSource(read))
    assert "stopped with an error" in watched.wait_for(Phase.LOST).message
    watched.wait_for(Phase.RUNNING, times=2)


def test_that_a_busy_camera_says_so_and_opens_when_it_is_free(started: Callable[..., Watched]) -> None:
    busy = threading.Event()
    busy.set()

    def opened() -> None:
        if busy.is_set():
            raise CameraError("“Scripted” does not open. Close other programs that use it.")

    watched = started(ScriptedSource(picture, opened))
    assert "does not open" in watched.wait_for(Phase.LOST).message
    busy.clear()
    watched.wait_for(Phase.RUNNING)


@pytest.mark.parametrize("where", ["open", "read"])
def test_that_a_camera_that_hangs_is_noticed_and_left_behind(started: Callable[..., Watched], where: str) -> None:
    answer = threading.Event()

    def hang() -> None:
        answer.wait(30)

    def read(number: int) -> Frame:
        if where == "read" and number == 2:
            hang()
        return picture(number)

    watched = started(ScriptedSource(read, hang if where == "open" else lambda: None))
    assert "does not answer" in watched.wait_for(Phase.LOST).message
    parked = len(CameraStream.parked)
    assert watched.stream.stop(timeout_s=0.05) is False
    assert len(CameraStream.parked) == parked + 1
    answer.set()
    assert watched.stream.stop() is True
    assert len(CameraStream.parked) == parked


def test_that_the_frame_size_may_change(started: Callable[..., Watched]) -> None:
    def read(number: int) -> Frame:
        return Frame(np.full((24 + number % 3, 31, 3), number % 250, np.uint8), "Scripted", time.monotonic())

    watched = started(ScriptedSource(read))
    watched.wait(lambda: watched.source.reads > 30)
    assert [state.phase for state in watched.states] == [Phase.RUNNING]


def test_that_a_sleep_of_the_computer_starts_the_camera_again(
    started: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    asleep_s = [0.0]
    real = time.monotonic
    monkeypatch.setattr("engine.capture.stream.time.monotonic", lambda: real() + asleep_s[0])
    watched = started(ScriptedSource(picture))
    watched.wait_for(Phase.RUNNING)
    asleep_s[0] = 3600
    watched.wait_for(Phase.LOST)
    watched.wait_for(Phase.RUNNING, times=2)


def test_that_a_sleep_is_noticed_by_a_clock_that_goes_on_meanwhile(
    started: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    asleep_s = [0.0]
    monkeypatch.setattr("engine.capture.stream.elapsed_s", lambda: time.monotonic() + asleep_s[0])
    watched = started(ScriptedSource(picture))
    watched.wait_for(Phase.RUNNING)
    asleep_s[0] = 3600
    assert "was asleep" in watched.wait_for(Phase.LOST).message
    watched.wait_for(Phase.RUNNING, times=2)


def test_that_reads_without_a_picture_are_counted(started: Callable[..., Watched]) -> None:
    watched = started(ScriptedSource(lambda number: None if number % 2 else picture(number)))
    watched.wait(lambda: watched.source.reads > 20)
    assert watched.stream.unusable >= 9
    assert [state.phase for state in watched.states] == [Phase.RUNNING]


def test_that_a_program_that_poses_as_a_camera_is_never_live(started: Callable[..., Watched]) -> None:
    source = ScriptedSource(picture)
    source.kind = "virtual"
    state = started(source).wait_for(Phase.RUNNING)
    assert (state.live, state.camera) == (False, True)


def test_that_the_usual_patience_notices_in_two_seconds_and_is_back_in_five() -> None:
    usual = Patience()
    assert usual.frame_s < 2
    assert usual.opening_s < 5
    assert max(usual.retries_s) + 1 < 5, "a camera needs a second to open"
    assert max(usual.retries_s) + usual.first_s <= 5, "an attempt just before the camera was back may be in vain"


def held() -> tuple[int, int, int]:
    """How many files this process holds open, and how many threads it has: Python's, and all."""
    process = psutil.Process()
    return process.num_fds(), threading.active_count(), process.num_threads()


def test_that_a_hundred_starts_leave_nothing_behind() -> None:
    before = held()
    for _ in range(100):
        watched = Watched(ScriptedSource(picture))
        assert watched.stream.stop()
        assert watched.source.opens == watched.source.closes
        assert watched.states[-1].phase is Phase.STOPPED
    assert_held(before)


def assert_held(before: tuple[int, int, int]) -> None:
    """Nothing of a hundred starts is left; the system may still be at taking the last threads away."""
    files, own, every = held()
    assert (files, own) == before[:2]
    assert every < before[2] + 10


def test_that_a_hundred_starts_of_a_film_leave_no_file_open_and_no_decoder_running(tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
    for number in range(5):
        writer.write(np.full((48, 64, 3), 20 * number, np.uint8))
    writer.release()

    def start() -> None:
        first = threading.Event()
        stream = CameraStream(lambda: VideoSource(path), first.set, lambda _state: None)
        assert first.wait(WITHIN_S)
        assert stream.stop()

    start()
    before = held()
    for _ in range(100):
        start()
    assert_held(before)
