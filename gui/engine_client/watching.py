"""Live frames between the jobs, and in the midst of long ones: the newest wins."""

from __future__ import annotations

import logging
from collections import deque

from PySide6.QtCore import QObject, Signal
from typing_extensions import override

from engine.errors import VisavisError
from engine.live_values import LiveResult
from engine.server_address import Place
from engine.settings import Settings
from engine.types import Frame
from gui.engine_client.worker import UNFORESEEN, Worker

log = logging.getLogger(__name__)


class Watching(Worker):
    """A worker that also looks at live frames.

    Attributes:
        dropped_frames: how many were never looked at, because a newer one came.
    """

    live_result = Signal(object)
    live_failed = Signal(str)

    def __init__(self, settings: Settings, gallery_path: Place | None, parent: QObject | None) -> None:
        super().__init__(settings, gallery_path, parent)
        self._in_flight: deque[tuple[Frame, int | None]] = deque()
        """The frame that the engine thread is to take, until it does: in its turn, or in the midst of a long job."""
        self._waiting_frame: tuple[Frame, int | None] | None = None
        self._live_in_flight = False
        self.dropped_frames = 0

    def offer(self, frame: Frame, claimed: int | None = None) -> None:
        """Hand over a live frame. One is worked on and one waits; a newer one takes the place of the one that waits."""
        if self._closed:
            return
        if self._live_in_flight:
            self.dropped_frames += self._waiting_frame is not None
            self._waiting_frame = (frame, claimed)
            return
        self._live_in_flight = True
        self._in_flight.append((frame, claimed))
        self._worker.submit(self._between)

    @override
    def _between(self) -> None:
        """Look at the frame in flight, unless that was done in the midst of a long job already."""
        if self._in_flight:
            self._watch(*self._in_flight.popleft())

    def _watch(self, frame: Frame, claimed: int | None) -> None:
        try:
            result = self._engine().watch(frame, claimed)
        except VisavisError as error:
            sentence = str(error)
            self.post(lambda: self._live_done(None, sentence))
        except Exception:
            log.exception("A live frame failed.")
            self.post(lambda: self._live_done(None, UNFORESEEN))
        else:
            self.post(lambda: self._live_done(result, ""))

    def _live_done(self, result: LiveResult | None, sentence: str) -> None:
        self._live_in_flight = False
        if self._waiting_frame is not None:
            waiting, self._waiting_frame = self._waiting_frame, None
            self.offer(*waiting)
        if result is not None:
            self.live_result.emit(result)
        else:
            self.live_failed.emit(sentence)
