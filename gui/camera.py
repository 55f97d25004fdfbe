"""The window's side of a camera: frames and states as signals, at most one notification under way."""

from __future__ import annotations

from pathlib import Path
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from engine.capture.options import CameraOptions
from engine.capture.stream import CameraStream, Phase, StreamState
from engine.types import Frame

if TYPE_CHECKING:
    from engine.capture.sources import FrameSource

__all__ = ["CameraFeed", "CameraList", "CameraOptions", "Phase", "StreamState"]


RELEASE_WITHIN_S, END_WITHIN_S = 3.0, 0.7
"""How long a camera that is chosen again waits for its release, and how long the end of the program does at most."""


class CameraFeed(QObject):
    """One camera, video or folder at a time."""

    frame_ready = Signal()
    state_changed = Signal(object)
    _frame_arrived = Signal()
    _state_arrived = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stream: CameraStream | None = None
        self._releases: dict[str, Thread] = {}
        self._notified = False
        self.instead = ""
        """What the camera that runs gives in place of what it was asked for, as a sentence."""
        self._spec = ""
        self._options: CameraOptions | None = None
        self._frame_arrived.connect(self._on_frame, Qt.ConnectionType.QueuedConnection)
        self._state_arrived.connect(self._on_state, Qt.ConnectionType.QueuedConnection)

    @property
    def running(self) -> bool:
        """Whether a source is being read, or tried."""
        return self._stream is not None

    @property
    def is_camera(self) -> bool:
        """Whether the source chosen last is a camera and no file."""
        return not is_file_spec(self._spec)

    @property
    def dropped(self) -> int:
        """Frames of the present source that nobody fetched."""
        return self._stream.dropped if self._stream else 0

    def start(self, spec: str) -> None:
        """Read the source that a camera's spec or a path names; returns at once."""
        self.stop()
        self.instead = ""
        self._spec, options = spec, self._options
        before = self._releases.pop(spec, None)

        def find() -> FrameSource:
            # A camera that is still being released would count as in use by another program.
            if before is not None:
                before.join(RELEASE_WITHIN_S)
            from engine.capture.cameras import open_source  # noqa: PLC0415 - loads OpenCV, on the camera's thread

            return open_source(spec, options)

        stream: list[CameraStream] = []
        self._notified = False
        self._stream = CameraStream(
            find,
            on_frame=self._notify,
            on_state=lambda state: self._state_arrived.emit(state, stream),
        )
        stream.append(self._stream)
        self.state_changed.emit(StreamState(Phase.OPENING))

    def use(self, options: CameraOptions) -> None:
        """Ask cameras for this from now on; one that is running is started again."""
        changed, self._options = options != self._options, options
        if changed and self.running and not is_file_spec(self._spec):
            self.start(self._spec)

    def latest(self) -> Frame | None:
        """Take the newest frame."""
        return self._stream.latest() if self._stream else None

    def stop(self) -> None:
        """Stop reading. A source that hangs is left behind rather than waited for."""
        if self._stream is None:
            return
        stream, self._stream = self._stream, None
        stream.cancel()
        # Releasing a camera takes its time; it must not take the window's.
        release = Thread(target=stream.stop, name="camera release", daemon=True)
        self._releases = {spec: thread for spec, thread in self._releases.items() if thread.is_alive()}
        self._releases[self._spec] = release
        release.start()
        self.state_changed.emit(StreamState(Phase.STOPPED))

    def ask_to_stop(self) -> None:
        """Stop reading; see `Closable`."""
        self.stop()

    def close(self, within_s: float = END_WITHIN_S) -> None:
        """Stop and wait, for the end of the program; nothing is lost with a camera that hangs."""
        self.stop()
        end_s = monotonic() + min(within_s, END_WITHIN_S)
        for release in self._releases.values():
            release.join(max(0.0, end_s - monotonic()))

    def _notify(self) -> None:
        # On the stream's thread. However fast frames come, one event waits in the GUI thread's queue.
        if not self._notified:
            self._notified = True
            self._frame_arrived.emit()

    def _on_frame(self) -> None:
        self._notified = False
        if self._stream is not None:
            self.frame_ready.emit()

    def _on_state(self, state: StreamState, stream: list[CameraStream]) -> None:
        if self._stream is not None and stream == [self._stream]:
            self.instead = state.instead
            self.state_changed.emit(state)


class CameraList(QObject):
    """The cameras there are, looked up in the background."""

    found = Signal(list)
    """(spec, name) of each camera."""
    _arrived = Signal(list)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._arrived.connect(self.found, Qt.ConnectionType.QueuedConnection)
        self._search: Thread | None = None

    def refresh(self) -> None:
        """Look again."""
        if self._search is None or not self._search.is_alive():
            self._search = Thread(target=self._run, name="camera list", daemon=True)
            self._search.start()

    def ask_to_stop(self) -> None:
        """Do nothing: a search ends by itself."""

    def close(self, within_s: float = END_WITHIN_S) -> None:
        """Wait for a search under way; see `Closable`."""
        if self._search is not None:
            self._search.join(min(within_s, END_WITHIN_S))

    def _run(self) -> None:
        from engine.capture.cameras import list_cameras  # noqa: PLC0415 - loads OpenCV, on this thread

        self._arrived.emit([(camera.spec, camera.name) for camera in list_cameras()])


def is_file_spec(spec: str) -> bool:
    """Whether a remembered source is a path and not a camera."""
    return bool(spec) and not spec.startswith("camera:") and Path(spec).name != ""
