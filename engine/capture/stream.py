"""A thread that reads a source and leaves the newest frame in a mailbox of one; notices what is lost and gets it back.

Importing this module loads nothing heavy: the window does it at its start.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from engine.capture.options import Asked
from engine.errors import VisavisError
from engine.types import Frame

if TYPE_CHECKING:
    from engine.capture.sources import FrameSource

log = logging.getLogger(__name__)


class Phase(StrEnum):
    """What a stream is doing."""

    OPENING = "opening"
    RUNNING = "running"
    LOST = "lost"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class StreamState:
    """What a stream is doing, for the page to show.

    Attributes:
        message: a sentence about what went wrong; empty while all is well.
        label: of the source, once it is known.
        live: whether it is a camera; a video, a folder or a program that stands in for one is never live.
        camera: whether it is a camera, or poses as one.
        instead: what it gives in place of what it was asked for, as a sentence; empty where it took everything.
    """

    phase: Phase
    message: str = ""
    label: str = ""
    live: bool = False
    camera: bool = False
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait before something counts as lost, in seconds.

    A loss is to be said within 2 seconds, 5 for opening, and a camera that is back to give pictures within 5; what is
    left of that is for a busy machine and for cameras that open slowly.
    """

    opening_s: float = 4.5
    first_s: float = 3.0
    frame_s: float = 1.5
    retries_s: tuple[float, ...] = (0.5, 1.0, 2.0)
    jump_s: float = 5.0


class CameraStream:
    """One source being read.

    Attributes:
        delivered: frames that were fetched.
        dropped: frames that were overwritten before anyone fetched them.
        unusable: reads of a camera that gave no picture.
    """

    parked: ClassVar[set[threading.Thread]] = set()
    """Threads that hang inside a camera's driver: each ends by itself when the driver answers."""

    def __init__(
        self,
        find_source: Callable[[], FrameSource],
        on_frame: Callable[[], None],
        on_state: Callable[[StreamState], None],
        patience: Patience | None = None,
    ) -> None:
        """Start reading; returns at once.

        Args:
            find_source: gives the source; called on the stream's thread, again whenever it was lost.
            on_frame: called on the stream's thread when a frame is in the mailbox.
            on_state: called on one of the stream's threads when the state changes.
            patience: when to call something lost.
        """
        self.delivered = self.dropped = self.unusable = 0
        self._find_source, self._on_frame, self._on_state = find_source, on_frame, on_state
        self._patience = patience or Patience()
        self._box: Frame | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._state = StreamState(Phase.OPENING)
        self._deadline = time.monotonic() + self._patience.opening_s
        self._reader = threading.Thread(target=self._run, name="camera", daemon=True)
        self._watchdog = threading.Thread(target=self._watch, name="camera watchdog", daemon=True)
        self._reader.start()
        self._watchdog.start()

    def latest(self) -> Frame | None:
        """Take the newest frame out of the mailbox."""
        with self._lock:
            frame, self._box = self._box, None
            self.delivered += frame is not None
        return frame

    def cancel(self) -> None:
        """Ask the reading to stop; returns at once."""
        self._stopping.set()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Stop reading and wait for the thread.

        Returns:
            False when the source hangs: its thread is left behind, and ends by itself when the source answers.
        """
        self.cancel()
        self._watchdog.join()
        self._reader.join(timeout_s)
        CameraStream.parked = {thread for thread in (*CameraStream.parked, self._reader) if thread.is_alive()}
        if self._reader.is_alive():
            log.warning("A camera hangs; its thread is left behind, %d in all.", len(CameraStream.parked))
        return not self._reader.is_alive()

    def _run(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            self._expect_life_within(self._patience.opening_s)
            problem, delivered = self._read_until_lost()
            if self._stopping.is_set():
                break
            attempt = 0 if delivered else attempt
            self._tell(StreamState(Phase.LOST, problem, self._state.label, self._state.live))
            pauses = self._patience.retries_s
            pause = pauses[min(attempt, len(pauses) - 1)]
            self._expect_life_within(pause + self._patience.opening_s)
            self._stopping.wait(pause)
            attempt += 1
        self._tell(StreamState(Phase.STOPPED, label=self._state.label))

    def _read_until_lost(self) -> tuple[str, bool]:
        """Open the source and read it; returns why it ended, and whether any frame had come."""
        source: FrameSource | None = None
        delivered = False
        try:
            source = self._find_source()
            if self._stopping.is_set():
                # Finding it took its time; another stream may want it by now.
                return "", False
            fps = source.open()
            delivered, problem = self._pump(source, fps)
        except VisavisError as error:
            problem = str(error)
        except Exception:
            log.exception("A camera failed.")
            problem = "The camera stopped with an error. It is tried again; check its cable."
        finally:
            if source is not None:
                source.close()
        return problem, delivered

    def _pump(self, source: FrameSource, fps: float) -> tuple[bool, str]:
        """Deliver frames until none come, or until they stop changing."""
        live, patience = source.kind == "camera", self._patience
        paced = source.kind in ("video", "folder")
        allowance = max(patience.frame_s, 3 / fps)
        frozen = None if paced else _Frozen(allowance)
        delivered, last, awake = False, time.monotonic(), elapsed_s()
        due = last
        while not self._stopping.is_set():
            patient_s = allowance if delivered else max(allowance, patience.first_s)
            self._expect_life_within(patient_s)
            frame = source.read()
            now, before, awake = time.monotonic(), awake, elapsed_s()
            if max(now - last, awake - before) > max(patience.jump_s, allowance):
                return delivered, "The computer was asleep. The camera is started again."
            repeated = frame is not None and frozen is not None and frozen.holds(frame, now)
            if frame is not None and not repeated:
                last, delivered = now, True
                # The state first: whoever takes the first frame asks what it is from.
                instead = source.instead if isinstance(source, Asked) else ""
                self._tell(StreamState(Phase.RUNNING, label=source.label, live=live, camera=not paced, instead=instead))
                self._put(frame)
            elif repeated:
                return (
                    delivered,
                    f"“{source.label}” repeats one picture. It is started again; check its cable and cover.",
                )
            elif now - last > patient_s:
                return delivered, f"“{source.label}” gives no more pictures. It is tried again; check its cable."
            if paced:
                due = max(due + 1 / fps, now - 1 / fps)
                self._stopping.wait(max(0.0, due - time.monotonic()))
            elif frame is None:
                self.unusable += 1
                # A camera that has nothing answers at once; asking it without a pause would take a whole core.
                self._stopping.wait(0.01)
        return delivered, ""

    def _put(self, frame: Frame) -> None:
        with self._lock:
            self.dropped += self._box is not None
            self._box = frame
        self._on_frame()

    def _tell(self, state: StreamState) -> None:
        if state != self._state:
            self._state = state
            self._on_state(state)

    def _expect_life_within(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds

    def _watch(self) -> None:
        """Say so when the source hangs inside a call, where its own thread cannot."""
        tick = min(self._patience.frame_s, self._patience.opening_s) / 16
        while not self._stopping.wait(tick):
            if time.monotonic() > self._deadline and self._state.phase is not Phase.LOST:
                message = "The camera does not answer. Wait, unplug it and plug it in again, or choose another one."
                self._tell(StreamState(Phase.LOST, message, self._state.label, self._state.live))


def elapsed_s() -> float:
    """Seconds on a clock that goes on while the computer sleeps, where the monotonic one may stand still."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.time()


class _Frozen:
    """Notices a camera that repeats one picture, as some drivers do after the camera is unplugged."""

    def __init__(self, allowance_s: float) -> None:
        self._allowance_s = allowance_s
        self._digest = b""
        self._since = 0.0

    def holds(self, frame: Frame, now: float) -> bool:
        """Whether the picture has been the same, to the last bit, for too long."""
        digest = hashlib.blake2b(frame.pixels[::8, ::8].tobytes(), digest_size=16).digest()
        if digest != self._digest:
            self._digest, self._since = digest, now
            return False
        return now - self._since > self._allowance_s
