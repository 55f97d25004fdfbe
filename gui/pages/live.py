"""Live: everyone in the camera picture by name, or one claimed identity verified."""

from __future__ import annotations

from collections import deque
from time import monotonic

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox
from typing_extensions import override

from engine.live_values import LiveResult
from engine.types import Frame, Identification, Verification
from gui.camera import Phase, StreamState
from gui.context import Context
from gui.pages.face_dialog import FaceDialog
from gui.pages.page import Page
from gui.theme import tokens as t
from gui.widgets.basics import RoundedPicture, button, card, column, label, row, set_icon, set_look
from gui.widgets.camera_view import CameraView
from gui.widgets.face_canvas import FaceMark, Tone
from gui.widgets.liveness_check import LivenessCheck, with_liveness
from gui.widgets.person_picker import PersonPicker
from gui.widgets.score_gauge import ScoreGauge, rate_in_words
from gui.widgets.source_picker import SourcePicker

_RATE_OVER = 30
"""Frames over which the rate is taken."""


class LivePage(Page):
    """The camera picture is the hero; a panel says what is seen."""

    title = "Live"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        client, feed = context.client, context.feed
        self.source = SourcePicker(context.cameras, context.settings)
        self.toggle = button("Start", self._toggle, "", "play")
        self.toggle.setShortcut("Ctrl+Return")
        self.header.addWidget(self.source)
        self.header.addWidget(self.toggle)
        self.view = CameraView(feed, context.settings)
        self.panel = _Panel(context)
        content = row(spacing=t.GUTTER)
        self.liveness = LivenessCheck(context)
        content.addLayout(column(self.view, self.liveness, spacing=t.GUTTER), 1)
        content.addWidget(self.panel.frame)
        self.body.addLayout(content, 1)
        self._result: LiveResult | None = None
        self._stopped_by_user = False
        self._times: deque[float] = deque(maxlen=_RATE_OVER)
        self.source.source_chosen.connect(feed.start)
        self.view.start_wanted.connect(self._start)
        self.view.video_wanted.connect(self.source.open_video)
        self.view.frame_shown.connect(self._on_frame)
        self.view.canvas.face_chosen.connect(self._on_face_chosen)
        feed.state_changed.connect(self._on_state)
        client.live_result.connect(self._on_result)
        client.live_failed.connect(self.panel.tell)
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
        if state.phase is not Phase.RUNNING:
            self._result = None
            self._times.clear()

    def _on_frame(self, frame: Frame) -> None:
        self.context.client.offer(frame, self.panel.claimed)

    def _on_result(self, result: LiveResult) -> None:
        if not self.view.active or self.view.state.phase is not Phase.RUNNING:
            return
        self._result = result
        self._times.append(monotonic())
        marks = [_claim_mark(result.verification)] if result.verification else []
        marks += [_mark(identification) for identification in result.identifications[len(marks) :]]
        cues = [*result.cues, *[None] * (len(marks) - len(result.cues))]
        self.view.canvas.mark_faces([with_liveness(mark, cue) for mark, cue in zip(marks, cues, strict=True)])
        self.liveness.show_cues(result.cues, result.verification.liveness if result.verification else None)
        self.liveness.follow(result.check)
        span = self._times[-1] - self._times[0]
        rate = (len(self._times) - 1) / span if span > 0 else 0.0
        self.panel.show_result(result, rate, self.context.client.dropped_frames)

    def _on_face_chosen(self, number: int) -> None:
        if self._result is not None and number < len(self._result.identifications):
            source = self.view.state.label or "camera"
            dialog = FaceDialog(self.context, self._result.identifications[number], source, self)
            dialog.open()


class _Panel:
    """What is seen, in words; and the claim."""

    def __init__(self, context: Context) -> None:
        self.frame, layout = card()
        self.frame.setFixedWidth(t.PANEL_PX)
        layout.setSpacing(t.GUTTER)
        self.mode = QComboBox()
        self.mode.setAccessibleName("What to do")
        self.mode.addItems(["Identify everyone", "Verify a claimed identity"])
        self.mode.currentIndexChanged.connect(self._on_mode)
        self.person = PersonPicker(context.people, "Who do they claim to be?")
        self._picture = RoundedPicture(t.CROP_PX, "The largest face")
        self.decision = label("", "title", wrap=True)
        self.decision.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.gauge = ScoreGauge()
        self.words = label("", "muted", wrap=True)
        self._hint = label("", "caption", wrap=True)
        self.speed = label("", "caption", wrap=True)
        layout.addWidget(self.mode)
        layout.addWidget(self.person)
        layout.addWidget(self._picture, alignment=Qt.AlignmentFlag.AlignHCenter)
        for widget in (self.decision, self.gauge, self.words):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(self._hint)
        layout.addWidget(self.speed)
        self._source = ""
        self._on_mode(0)

    @property
    def claimed(self) -> int | None:
        """Id of the person claimed; None while everyone is identified."""
        person = self.person.person if self.mode.currentIndex() == 1 else None
        return person.id if person else None

    def _on_mode(self, mode: int) -> None:
        self.person.setVisible(mode == 1)
        self._clear("Nobody is in the picture yet.")
        self._hint.setText("Click a face to enroll it." if mode == 0 else "The largest face is compared.")

    def tell(self, sentence: str) -> None:
        """Say what went wrong with a frame."""
        self._clear(sentence)

    def show_source(self, state: StreamState) -> None:
        """Say where the picture comes from: a video that stands in for a camera is never called live."""
        kind = "Camera: " if state.live else "Not live. "
        self._source = kind + state.label if state.label else ""
        if state.phase is not Phase.RUNNING:
            self._clear("")
            self.speed.setText(self._source)

    def show_result(self, result: LiveResult, rate: float, dropped: int) -> None:
        """Say who is in the picture, and how fast that was found."""
        spent = sum(result.stages_ms.values())
        self.speed.setText(
            f"{self._source}\n{rate:.0f} pictures a second, {spent:.0f} ms each, {dropped:,} passed over"
        )
        if result.verification is not None:
            self._show_verification(result.verification)
        elif self.mode.currentIndex() == 1:
            self._clear("No face is in the picture." if self.claimed else "Choose who they claim to be.")
        elif result.identifications:
            self._show_identification(result.identifications)
        else:
            self._clear("No face is in the picture.")

    def _show_verification(self, verification: Verification) -> None:
        self._picture.show_pixels(verification.probe.crop)
        self.decision.setText(f"This is {verification.name}" if verification.match else _refusal(verification))
        set_look(self.decision, "title-good" if verification.match else "title-bad")
        self._show_distance(verification.distance, verification.threshold)
        self.words.setText(rate_in_words(verification))

    def _show_identification(self, identifications: tuple[Identification, ...]) -> None:
        first = identifications[0]
        self._picture.show_pixels(first.face.crop)
        names = [found.person.name if found.person else "Unknown" for found in identifications]
        self.decision.setText(", ".join(names))
        set_look(self.decision, "title")
        nearest = first.candidates[0] if first.candidates else None
        if nearest is None:
            self.gauge.hide()
            self.words.setText("Nobody is enrolled yet. Click the face to enroll it.")
            return
        self._show_distance(nearest.distance, first.threshold)
        others = "" if len(names) == 1 else f" The numbers are those of the largest of {len(names)} faces."
        self.words.setText(f"Nearest: {nearest.name}, distance {nearest.distance:.3f}.{others}")

    def _show_distance(self, distance: float, limit: float) -> None:
        self.gauge.show()
        self.gauge.show_distance(distance, limit)

    def _clear(self, sentence: str) -> None:
        self._picture.show_pixels(None)
        self.decision.setText("")
        self.gauge.hide()
        self.words.setText(sentence)


def _mark(identification: Identification) -> FaceMark:
    person = identification.person
    if person is None:
        return FaceMark(identification.face.box, "Unknown")
    return FaceMark(identification.face.box, person.name, f"{person.distance:.2f}", "good")


def _claim_mark(verification: Verification) -> FaceMark:
    text = verification.name if verification.match else f"Not {verification.name}"
    if verification.refused_as_not_live:
        text = f"{verification.name}?"
    tone: Tone = "good" if verification.match else "bad"
    return FaceMark(verification.probe.box, text, f"{verification.distance:.2f}", tone)


def _refusal(verification: Verification) -> str:
    return "Liveness not shown" if verification.refused_as_not_live else f"Not {verification.name}"
