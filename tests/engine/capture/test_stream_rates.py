"""Slow cameras, fast ones, large ones, and clocks that go back."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from engine.capture.sources import LONGEST_LIVE_PX, CameraSource
from engine.capture.stream import Patience, Phase
from engine.types import Frame
from tests.engine.capture.scripted import HURRIED, ScriptedSource, Watched, picture

LOOKS = 12


def numbered(number: int) -> Frame:
    """A picture that says in its time which one it is; the stream does not look at it."""
    return replace(picture(number), time_s=float(number))


def test_that_at_120_a_second_each_look_gets_the_newest_and_the_rest_are_counted(
    started: Callable[..., Watched],
) -> None:
    watched = started(ScriptedSource(numbered, fps=120, takes_s=1 / 120), Patience())
    seen: list[int] = []
    for look in range(1, LOOKS + 1):
        # Whoever looks takes as long as several pictures do.
        watched.wait(lambda look=look: watched.source.reads >= 5 * look)  # type: ignore[misc]
        begun = watched.source.reads
        frame = watched.stream.latest()
        assert frame is not None
        # What was being read when it was asked for is not there yet; everything before it is.
        assert frame.time_s >= begun - 1
        seen.append(int(frame.time_s))
    watched.stream.stop()
    waiting = watched.stream.latest()
    assert seen == sorted(set(seen)), "no picture is seen twice, none after a newer one"
    assert watched.stream.latest() is None, "one waits at most"
    given = watched.source.reads
    assert watched.stream.delivered == LOOKS + (waiting is not None)
    assert watched.stream.delivered + watched.stream.dropped == given
    assert watched.stream.dropped >= 3 * LOOKS
    assert {state.phase for state in watched.states} == {Phase.RUNNING, Phase.STOPPED}


def test_that_a_slow_camera_is_awaited_by_its_own_rate(started: Callable[..., Watched]) -> None:
    patience = replace(HURRIED, frame_s=0.05, first_s=0.05)
    watched = started(ScriptedSource(numbered, fps=5, takes_s=0.06), patience)
    watched.wait(lambda: watched.source.reads >= 10)
    assert [state.phase for state in watched.states] == [Phase.RUNNING], "three pictures' time may pass without one"


def test_that_5_a_second_are_no_loss_for_the_usual_patience() -> None:
    assert Patience().frame_s > 3 / 5


class Wide:
    """An OpenCV capture that gives 4K, each picture another."""

    def __init__(self) -> None:
        self._pixels, self._given = np.zeros((2160, 3840, 3), np.uint8), 0

    def __call__(self, *_: object) -> Wide:
        return self

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return True

    def set(self, *_: object) -> bool:
        return True

    def get(self, _key: int) -> float:
        return 120.0

    def read(self) -> tuple[bool, object]:
        self._given += 1
        self._pixels[:] = self._given % 250
        return True, self._pixels

    def release(self) -> None:
        pass


def test_that_of_4k_one_reduced_picture_waits_and_it_is_the_newest(
    monkeypatch: pytest.MonkeyPatch, started: Callable[..., Watched]
) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", Wide())
    watched = started(CameraSource(0, 0, "Wide"), Patience())  # type: ignore[arg-type]
    watched.wait(lambda: watched.stream.dropped >= 4)
    watched.stream.stop()
    frame = watched.stream.latest()
    assert frame is not None
    assert max(frame.size) == LONGEST_LIVE_PX
    level = int(frame.pixels[0, 0, 0])
    assert level == watched.stream.dropped + 1, "those before it were dropped, each of them counted"
    assert watched.stream.latest() is None


def test_that_pictures_whose_times_go_back_are_taken_as_they_come(started: Callable[..., Watched]) -> None:
    watched = started(ScriptedSource(lambda number: replace(picture(number), time_s=1e6 - number)))
    watched.wait(lambda: watched.source.reads > 30)
    first = watched.stream.latest()
    watched.wait(lambda: watched.source.reads > 60)
    second = watched.stream.latest()
    assert first is not None
    assert second is not None
    assert second.time_s < first.time_s
    assert [state.phase for state in watched.states] == [Phase.RUNNING]


def test_that_a_clock_that_is_set_back_loses_no_camera(
    started: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where no clock counts sleep, the one on the wall stands in, which can be set.
    back_s = [0.0]
    monkeypatch.setattr("engine.capture.stream.elapsed_s", lambda: time.monotonic() - back_s[0])
    watched = started(ScriptedSource(picture))
    watched.wait_for(Phase.RUNNING)
    back_s[0] = 3600
    reads = watched.source.reads
    watched.wait(lambda: watched.source.reads > reads + 30)
    assert [state.phase for state in watched.states] == [Phase.RUNNING]
