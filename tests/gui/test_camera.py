"""The feed of the window: one camera at a time, and nobody in another's way."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.capture.sources import Kind
from engine.errors import CameraError
from engine.types import Frame
from gui.camera import CameraFeed, Phase, StreamState
from tests.gui.conftest import WITHIN_MS


class Exclusive:
    """A camera that one may have at a time, and that takes a moment to open and to let go."""

    kind: Kind = "camera"
    label = "Exclusive"
    taken = threading.Lock()
    opens = 0

    def __init__(self) -> None:
        self._mine = False

    def open(self) -> float:
        Exclusive.opens += 1
        if not Exclusive.taken.acquire(blocking=False):
            raise CameraError("“Exclusive” is in use by another program.")
        self._mine = True
        time.sleep(0.01)
        return 30.0

    def read(self) -> Frame | None:
        time.sleep(0.005)
        return Frame(np.full((24, 32, 3), time.monotonic_ns() // 1_000_000 % 250, np.uint8), self.label)

    def close(self) -> None:
        if self._mine:
            time.sleep(0.02)
            self._mine = False
            Exclusive.taken.release()


def test_that_a_camera_chosen_again_and_again_is_awaited_and_never_called_busy(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.capture.cameras.open_source", lambda *_: Exclusive())
    feed, states = CameraFeed(), list[StreamState]()
    feed.state_changed.connect(states.append)
    for number in range(20):
        feed.start("camera:Exclusive||")
        if number % 3 == 0:
            qtbot.waitUntil(lambda: states[-1].phase is Phase.RUNNING, timeout=WITHIN_MS)
        elif number % 3 == 1:
            feed.stop()
    feed.start("camera:Exclusive||")
    qtbot.waitUntil(lambda: states[-1].phase is Phase.RUNNING, timeout=WITHIN_MS)
    assert [state.message for state in states if state.phase is Phase.LOST] == []
    feed.close()
    qtbot.waitUntil(lambda: not Exclusive.taken.locked(), timeout=WITHIN_MS)


class Burst:
    """A camera that gives a hundred pictures at once, and nothing more."""

    kind: Kind = "camera"
    label = "Burst"
    given = 0
    all_given = threading.Event()

    def open(self) -> float:
        return 120.0

    def read(self) -> Frame | None:
        if Burst.given == 100:
            Burst.all_given.set()
            time.sleep(0.002)
            return None
        Burst.given += 1
        return Frame(np.full((24, 32, 3), Burst.given, np.uint8), self.label, float(Burst.given))

    def close(self) -> None:
        """There is nothing to let go of."""


def test_that_however_many_pictures_come_one_notice_waits_and_it_finds_the_newest(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.capture.cameras.open_source", lambda *_: Burst())
    feed, taken = CameraFeed(), list[Frame | None]()
    feed.frame_ready.connect(lambda: taken.append(feed.latest()))
    feed.start("camera:Burst||")
    # The window is busy meanwhile.
    assert Burst.all_given.wait(WITHIN_MS / 1000)
    assert taken == []
    qtbot.waitUntil(lambda: bool(taken), timeout=WITHIN_MS)
    assert [frame.time_s if frame else None for frame in taken] == [100.0]
    assert feed.dropped == 99
    feed.close()
