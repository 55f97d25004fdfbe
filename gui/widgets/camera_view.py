"""The live picture: frames from the camera, or what is wrong with it and what to do."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QStackedLayout, QVBoxLayout, QWidget

from engine.types import Frame
from gui.camera import CameraFeed, Phase, StreamState
from gui.settings_store import SettingsStore
from gui.theme import tokens as t
from gui.widgets.basics import button, icon_label, label, set_look
from gui.widgets.face_canvas import FaceCanvas
from gui.widgets.sides import SidesLayout


class CameraView(QFrame):
    """Shows the feed while it is `active`; several views can share one feed."""

    frame_shown = Signal(object)
    start_wanted = Signal()
    video_wanted = Signal()

    def __init__(self, feed: CameraFeed, settings: SettingsStore) -> None:
        super().__init__()
        set_look(self, "scrim")
        self._feed, self._settings = feed, settings
        self.active = False
        self.latest: Frame | None = None
        self.state = StreamState(Phase.STOPPED)
        self.canvas = FaceCanvas("Live picture")
        self._notice = QWidget()
        self._message = label("", "on-scrim", wrap=True)
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setMinimumWidth(28 * t.UNIT)
        self.start = button("Start", self.start_wanted.emit, "primary", "play")
        self.open_video = button("Open a video …", self.video_wanted.emit)
        notice = QVBoxLayout(self._notice)
        notice.setSpacing(t.GUTTER)
        centre = Qt.AlignmentFlag.AlignHCenter
        notice.addStretch(1)
        notice.addWidget(icon_label("live", t.ILLUSTRATION_PX, "muted"), alignment=centre)
        notice.addWidget(self._message, alignment=centre)
        choices = SidesLayout(centred=True)
        for choice in (self.start, self.open_video):
            choices.addWidget(choice)
        notice.addLayout(choices)
        notice.addStretch(1)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._notice)
        self._stack.addWidget(self.canvas)
        feed.frame_ready.connect(self._on_frame)
        feed.state_changed.connect(self._on_state)
        self._on_state(self.state)

    @property
    def message(self) -> str:
        """What is said in place of the picture; empty while there is one."""
        return "" if self._stack.currentWidget() is self.canvas else self._message.text()

    def _on_frame(self) -> None:
        if not self.active:
            return
        frame = self._feed.latest()
        if frame is None:
            return
        self.latest = frame
        self._stack.setCurrentWidget(self.canvas)
        mirrored = self._settings.value.mirror and self.state.camera
        self.canvas.show_frame(frame.pixels, mirrored=mirrored)
        self.frame_shown.emit(frame)

    def _on_state(self, state: StreamState) -> None:
        self.state = state
        if state.phase is Phase.RUNNING:
            return
        self.latest = None
        self.canvas.mark_faces(())
        texts = {Phase.OPENING: "Opening the camera …", Phase.STOPPED: "The camera is off."}
        self._message.setText(state.message or texts.get(state.phase, "The camera is lost. It is tried again."))
        stopped = state.phase is Phase.STOPPED
        self.start.setVisible(stopped)
        self.open_video.setVisible(state.phase is not Phase.OPENING)
        self._stack.setCurrentWidget(self._notice)
