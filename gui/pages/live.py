"""Live: everyone in the camera picture by name, or one claimed identity verified."""

from __future__ import annotations

from typing_extensions import override

from engine.live_values import LiveResult
from engine.types import EngineInfo, Frame
from gui.camera import Phase, StreamState
from gui.context import Context
from gui.pages.face_dialog import FaceDialog
from gui.pages.live_panel import LivePanel
from gui.pages.live_recording import CameraDialog, LiveRecording
from gui.pages.page import Page
from gui.theme import tokens as t
from gui.widgets.basics import button, column, give_key, icon_button, row, set_icon
from gui.widgets.camera_view import CameraView
from gui.widgets.face_marks import tracked_mark
from gui.widgets.liveness_check import LivenessCheck
from gui.widgets.source_picker import SourcePicker


class LivePage(Page):
    """The camera picture is the hero; a panel says what is seen."""

    title = "Live"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        client, feed = context.client, context.feed
        self.source = SourcePicker(context.cameras, context.settings)
        self.toggle = button("Start", self._toggle, "", "play")
        give_key(self.toggle, "Ctrl+Return", "Turns the camera on or off")
        self.recording = LiveRecording(context, self)
        tip = "Camera controls: resolution, exposure, mirror, rotation"
        self.camera = icon_button("Camera controls", self._open_camera, "settings", tip)
        for widget in (self.recording.snap, self.recording.record, self.source, self.camera):
            self.header.addWidget(widget)
        self.header.addWidget(self.toggle)
        self.view = CameraView(feed, context.settings)
        self.panel = LivePanel(context)
        content = row(spacing=t.GUTTER)
        self.liveness = LivenessCheck(context)
        content.addLayout(column(self.view, self.liveness, spacing=t.GUTTER), 1)
        content.addWidget(self.panel.frame)
        self.body.addLayout(content, 1)
        self._result: LiveResult | None = None
        self._stopped_by_user = False
        self._device = ""
        self.source.source_chosen.connect(feed.start)
        self.view.start_wanted.connect(self._start)
        self.view.video_wanted.connect(self.source.open_video)
        self.view.frame_shown.connect(self._on_frame)
        self.view.canvas.face_chosen.connect(self._on_face_chosen)
        feed.state_changed.connect(self._on_state)
        client.live_result.connect(self._on_result)
        client.live_failed.connect(self._on_failure)
        client.ready.connect(self._on_info)
        context.cameras.found.connect(self._on_cameras)

    @override
    def entered(self) -> None:
        self.view.active = True
        self.context.cameras.refresh()
        if self.source.spec:
            self._start()

    @override
    def left(self) -> None:
        self.view.active = False
        self.liveness.end()
        self.context.feed.stop()

    def _on_failure(self, sentence: str) -> None:
        # By way of the page, which hears nothing more once it has gone; the panel would.
        self.panel.tell(sentence)

    def _on_cameras(self, _cameras: object) -> None:
        if self.view.active and not self.context.feed.running and self.source.spec and not self._stopped_by_user:
            self._start()

    def _toggle(self) -> None:
        if self.context.feed.running:
            self._stopped_by_user = True
            self.context.feed.stop()
        else:
            self._start()

    def _start(self) -> None:
        self._stopped_by_user = False
        spec = self.source.spec
        if spec:
            self.context.feed.start(spec)
        else:
            self.context.toasts.show("No camera was found. Plug one in, or open a video in its place.", "bad")

    def _on_state(self, state: StreamState) -> None:
        stopped = state.phase is Phase.STOPPED
        self.toggle.setText("Start" if stopped else "Stop")
        set_icon(self.toggle, "play" if stopped else "stop")
        self.panel.show_source(state)
        self.recording.allow(running=state.phase is Phase.RUNNING)
        if stopped:
            self.liveness.end()
        elif state.phase is not Phase.RUNNING:
            # Whoever is there when the pictures come back may be somebody else.
            self.liveness.interrupt()
        if state.phase is not Phase.RUNNING and self._result is not None:
            self._result = None
            self.context.client.leave_live()

    def _on_frame(self, frame: Frame) -> None:
        self.context.client.offer(frame, self.panel.claimed)

    def _on_result(self, result: LiveResult) -> None:
        if not self.view.active or self.view.state.phase is not Phase.RUNNING:
            return
        self._result = result
        self.recording.show_result(result)
        claims = [result.verification, *[None] * len(result.tracked)]
        self.view.canvas.mark_faces(
            [tracked_mark(one, claim) for one, claim in zip(result.tracked, claims, strict=False)]
        )
        self.liveness.show_cues(result.cues, result.verification.liveness if result.verification else None)
        self.liveness.follow(result.check)
        feed, client = self.context.feed, self.context.client
        self.panel.show_result(result, feed.dropped + client.dropped_frames, self._device)

    def _open_camera(self) -> None:
        dialog = CameraDialog(self.context, self)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_info(self, info: EngineInfo) -> None:
        self._device = f"{info.device}, {info.precision}; {info.pack}"

    def _on_face_chosen(self, number: int) -> None:
        if self._result is not None and number < len(self._result.identifications):
            source = self.view.state.label or "camera"
            dialog = FaceDialog(self.context, self._result.identifications[number], source, self)
            dialog.open()
