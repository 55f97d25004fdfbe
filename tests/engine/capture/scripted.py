"""A camera that does as a test has it, and a stream over it that writes down all it says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np

from engine.capture.sources import Kind
from engine.capture.stream import CameraStream, Patience, Phase, StreamState
from engine.types import Frame

HURRIED = Patience(opening_s=0.4, frame_s=0.25, retries_s=(0.02,), jump_s=30)
WITHIN_S = 5.0


class ScriptedSource:
    """A camera whose every read is decided by the test."""

    label = "Scripted"

    def __init__(
        self,
        read: Callable[[int], Frame | None],
        opened: Callable[[], None] = lambda: None,
        *,
        fps: float = 30.0,
        takes_s: float = 0.001,
    ) -> None:
        self.kind: Kind = "camera"
        self.reads = self.opens = self.closes = 0
        self._fps, self._takes_s = fps, takes_s
        self._read, self._opened = read, opened

    def open(self) -> float:
        self.opens += 1
        self._opened()
        return self._fps

    def read(self) -> Frame | None:
        self.reads += 1
        time.sleep(self._takes_s)
        return self._read(self.reads)

    def close(self) -> None:
        self.closes += 1


def picture(number: int) -> Frame:
    return Frame(np.full((24, 32, 3), number % 250, np.uint8), "Scripted", time.monotonic())


class Watched:
    """A stream, and all it says."""

    def __init__(self, source: ScriptedSource, patience: Patience = HURRIED) -> None:
        self.states: list[StreamState] = []
        self.source = source
        self._changed = threading.Condition()
        self.stream = CameraStream(lambda: source, self._notify, self._on_state, patience)

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _on_state(self, state: StreamState) -> None:
        with self._changed:
            self.states.append(state)
            self._changed.notify_all()

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, WITHIN_S)

    def wait_for(self, phase: Phase, times: int = 1) -> StreamState:
        self.wait(lambda: [state.phase for state in self.states].count(phase) >= times)
        return next(state for state in reversed(self.states) if state.phase is phase)
