"""The webcam on the Enroll page, to snap from."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QVBoxLayout

from gui.camera import Phase, StreamState
from gui.context import Context
from gui.theme import tokens as t
from gui.widgets.basics import button, give_key, row, set_look
from gui.widgets.camera_view import CameraView
from gui.widgets.source_picker import SourcePicker


class CameraBox(QFrame):
    """The webcam, to snap from."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        set_look(self, "card")
        self._feed = context.feed
        self.source = SourcePicker(context.cameras, context.settings)
        self.source.setMinimumContentsLength(12)
        self.view = CameraView(context.feed, context.settings)
        self.snap = button("Snap", lambda: None, "", "snap")
        give_key(self.snap, "Ctrl+Space", "Take a picture")
        self.snap.setEnabled(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.GAP, t.GAP, t.GAP, t.GAP)
        layout.addWidget(self.view, 1)
        line = row(self.source, self.snap)
        line.setStretch(0, 1)
        layout.addLayout(line)
        self._context = context
        self.source.source_chosen.connect(self._start)
        self.view.start_wanted.connect(self._start)
        self.view.video_wanted.connect(self.source.open_video)
        context.feed.state_changed.connect(self._on_state)

    def _start(self, _spec: str = "") -> None:
        if self.source.spec:
            self.view.active = True
            self._feed.start(self.source.spec)
        else:
            self._context.cameras.refresh()
            self._context.toasts.show("No camera was found. Plug one in, or open a video in its place.", "bad")

    def stop(self) -> None:
        """Let the camera go."""
        if self.view.active:
            self.view.active = False
            self._feed.stop()

    def on_frame(self, _frame: object) -> None:
        """A picture is there to snap."""
        self.snap.setEnabled(True)

    def _on_state(self, state: StreamState) -> None:
        if state.phase is not Phase.RUNNING:
            self.snap.setEnabled(False)
