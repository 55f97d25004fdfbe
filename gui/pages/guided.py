"""Guided enrollment: the live picture with what to do next, then a report, then one enrollment."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QCheckBox, QLineEdit, QStackedWidget, QWidget

from engine.guided import STANDARD_PLAN, Guidance, GuidedReport, Sector
from engine.types import Enrollment, Frame
from gui.camera import Phase, StreamState, is_file_spec
from gui.context import Context
from gui.pages.guided_report import GuidedReportCard
from gui.theme import tokens as t
from gui.widgets.basics import button, card, column, give_key, label, row
from gui.widgets.camera_view import CameraView
from gui.widgets.guide_overlay import GuideOverlay
from gui.widgets.guide_steps import GuideSteps
from gui.widgets.job_bar import JobBar
from gui.widgets.source_picker import SourcePicker
from gui.widgets.speech_option import SpeechOption

_NEEDED = "Type a name and tick the consent to start."
_LOST = "The camera is lost. What was taken so far is kept; it goes on when the camera is back."


class GuidedPanel(QWidget):
    """One person after another. The page says who, and whether they consented."""

    enrolled = Signal(object)
    occupied = Signal(bool)
    """Whether pictures of somebody are being taken or wait to be enrolled, so that the name must stay."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._name, self._consented = "", False
        self._in_flight = False
        self._waiting: Frame | None = None
        self._round = 0
        self.running = False
        self.guidance: Guidance | None = None
        self.view = CameraView(context.feed, context.settings)
        self.view.start.setVisible(False)
        self.overlay = GuideOverlay(self.view.canvas)
        self.overlay.show_guidance(None, mirrored=True)
        self.source = SourcePicker(context.cameras, context.settings)
        self.not_live = label("", "caption", wrap=True)
        self.steps = GuideSteps()
        self.report = GuidedReportCard()
        self.jobs = JobBar()
        self._panel = QStackedWidget()
        self._panel.addWidget(self._make_setup())
        self._panel.addWidget(self._make_run())
        self._panel.addWidget(self.report)
        left = column(self.view, row(self.source, None), self.not_live, spacing=t.GAP)
        left.setContentsMargins(0, 0, 0, 0)
        left.setStretch(0, 1)
        self._picture = QWidget()
        self._picture.setLayout(left)
        frame, inside = card()
        inside.addWidget(self._panel, 1)
        content = row(spacing=t.GUTTER)
        content.setContentsMargins(0, 0, 0, 0)
        content.addWidget(self._picture, 3)
        content.addWidget(frame, 2)
        self.setLayout(content)
        self._connect()
        self._show_setup()

    def _make_setup(self) -> QWidget:
        self.purpose = QLineEdit()
        self.purpose.setAccessibleName("Purpose")
        self.purpose.setPlaceholderText("What for? For example: front door")
        self.glasses = QCheckBox("With and without glasses")
        self.glasses.setToolTip("Asks for one more view, with glasses put on or taken off.")
        self.sound = QCheckBox("A sound for each picture taken")
        self.speech = SpeechOption(self._context.settings)
        self.need = label("", "muted", wrap=True)
        self.start = button("Start", self._start, "primary", "play")
        give_key(self.start, "Ctrl+Return")
        text = label(
            "Sit in front of the camera. Seven views are taken by themselves: straight ahead, turned to each side, "
            "chin up and down, nearer and farther. Only one person may be in the picture.",
            "muted",
            wrap=True,
        )
        options = column(self.purpose, self.glasses, self.sound, self.speech)
        return _filled(label("Guided enrollment", "title"), text, options, None, self.need, row(None, self.start))

    def _make_run(self) -> QWidget:
        self.hint = label("", "title", wrap=True)
        self.hint.setMinimumHeight(8 * t.UNIT)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.reasons = label("", "warning-text", wrap=True)
        self.quality = label("", "caption", wrap=True)
        self.snap = button("Take now (Space)", self._snap, "", "snap")
        self.done = button("Finish", self._finish_early, "", "check")
        self.stop_button = button("Stop (Esc)", self.stop, "quiet", "stop")
        self._keys = []
        for keys, act in ((Qt.Key.Key_Space, self._snap), (Qt.Key.Key_Escape, self.stop)):
            shortcut = QShortcut(QKeySequence(keys), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)
            shortcut.setEnabled(False)
            self._keys.append(shortcut)
        return _filled(
            self.hint, self.reasons, self.steps, self.quality, None, row(self.snap, self.done), row(self.stop_button)
        )

    def _connect(self) -> None:
        self.view.frame_shown.connect(self._on_frame)
        self.view.video_wanted.connect(self.source.open_video)
        self.view.start_wanted.connect(self._start_camera)
        self.source.source_chosen.connect(self._start_camera)
        self._context.feed.state_changed.connect(self._on_state)
        self.report.changed.connect(self._report_again)
        self.report.enroll_wanted.connect(self._enroll)
        self.report.again_wanted.connect(self.stop)

    # --- from the page ----------------------------------------------------------------------------------------------

    def set_person(self, name: str, *, consented: bool) -> None:
        """Say who is to be enrolled, and whether they consented."""
        if self._panel.currentIndex() > 0 and (name != self._name or not consented):
            self.stop()
        self._name, self._consented = name, consented
        self._show_need()

    def let_go(self) -> None:
        """Forget pictures that were taken and not enrolled."""
        if self._panel.currentIndex() > 0:
            self.stop()

    def entered(self) -> None:
        """The panel has come into sight."""
        self.view.active = True
        self.speech.look_for_voice()
        if self.source.spec and self._panel.currentIndex() < 2:
            self._start_camera()

    def left(self) -> None:
        """The panel goes out of sight; what was taken is kept."""
        if self.view.active:
            self.view.active = False
            self.speech.stop()
            self._context.feed.stop()

    # --- running ----------------------------------------------------------------------------------------------------

    def _start_camera(self, _spec: str = "") -> None:
        if not self.view.active:
            return
        if self.source.spec:
            self._context.feed.start(self.source.spec)
        else:
            self._context.cameras.refresh()
            self._context.toasts.show("No camera was found. Plug one in, or open a video in its place.", "bad")

    def _start(self) -> None:
        if not self._name or not self._consented:
            return
        if not self._context.feed.running:
            self._start_camera()
        plan = (*STANDARD_PLAN, Sector.GLASSES) if self.glasses.isChecked() else STANDARD_PLAN
        live = not is_file_spec(self.source.spec)
        begun = self._context.client.guided_begin(self._name, date.today(), self.purpose.text(), plan, live)
        self._context.tell_failure(begun).succeeded.connect(self._on_begun)
        self.start.setEnabled(False)

    def _on_begun(self, guidance: Guidance) -> None:
        self._round += 1
        self.running = True
        self._show_panel(1)
        for shortcut in self._keys:
            shortcut.setEnabled(True)
        self._show(guidance)
        self.snap.setFocus()

    def stop(self) -> None:
        """Stop, and let go of what was taken."""
        self._context.client.guided_stop()
        self._end_run()
        self._show_setup()
        if self.view.active and not self._context.feed.running and self.source.spec:
            self._start_camera()

    def _end_run(self) -> None:
        self.running = False
        self._waiting = None
        self.speech.stop()
        self._round += 1
        for shortcut in self._keys:
            shortcut.setEnabled(False)
        self.overlay.show_guidance(None, mirrored=True)

    def _on_frame(self, frame: Frame) -> None:
        """One frame is looked at and one waits; a newer one takes the place of the one that waits."""
        if not self.running:
            return
        if self._in_flight:
            self._waiting = frame
            return
        self._in_flight = True
        began = self._round
        job = self._context.client.guided_see(Frame(frame.pixels, self.view.state.label or "camera", frame.time_s))
        job.succeeded.connect(lambda guidance: self._on_guidance(guidance, began))
        job.failed.connect(lambda sentence, _details: self.hint.setText(sentence))
        job.finished.connect(self._on_seen)

    def _on_seen(self) -> None:
        self._in_flight = False
        frame, self._waiting = self._waiting, None
        if frame is not None:
            self._on_frame(frame)

    def _on_guidance(self, guidance: Guidance, began: int) -> None:
        if self.running and began == self._round:
            self._show(guidance)
            if guidance.complete:
                self._finish_early()

    def _snap(self) -> None:
        if self.running:
            began = self._round
            job = self._context.tell_failure(self._context.client.guided_snap())
            job.succeeded.connect(lambda guidance: self._on_guidance(guidance, began))

    def _show(self, guidance: Guidance) -> None:
        before, self.guidance = self.guidance, guidance
        mirrored = self._context.settings.value.mirror and self.view.state.live
        frame = self.view.latest
        self.overlay.show_guidance(guidance, mirrored=mirrored, picture=frame.size if frame else None)
        self.steps.show_guidance(guidance)
        if self.hint.text() != guidance.hint:
            self.hint.setText(guidance.hint)
            self.speech.say(guidance.hint)
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.hint, guidance.hint))
        rest = [reason for reason in guidance.reasons if reason != guidance.hint]
        self.reasons.setText(" ".join(rest))
        self.reasons.setVisible(bool(rest))
        self.quality.setText(_quality_text(guidance))
        self.done.setEnabled(bool(guidance.covered))
        self.done.setText(f"Finish with {len(guidance.covered)}" if guidance.covered else "Finish")
        if guidance.captured and self.sound.isChecked() and before is not guidance:
            QApplication.beep()

    def _on_state(self, state: StreamState) -> None:
        if not self.view.active:
            return
        self.view.start.setVisible(False)
        file = state.phase is Phase.RUNNING and not state.live
        self.not_live.setText("Not live: a file stands in for the camera." if file else "")
        self.not_live.setVisible(file)
        if self.running and state.phase is Phase.LOST:
            self.hint.setText(_LOST)
            self.speech.say(_LOST)

    # --- the report -------------------------------------------------------------------------------------------------

    def _finish_early(self) -> None:
        if not self.running:
            return
        self._end_run()
        job = self._context.tell_failure(self._context.client.guided_report())
        job.succeeded.connect(self._on_report)
        job.failed.connect(lambda *_: self.stop())

    def _report_again(self, left_out: list[int]) -> None:
        job = self._context.tell_failure(self._context.client.guided_report(left_out))
        job.succeeded.connect(self._on_report)

    def _on_report(self, report: GuidedReport) -> None:
        first = self._panel.currentIndex() != 2
        self._show_panel(2)
        self.report.show_report(report)
        if first:
            self._context.feed.stop()
            self.report.enroll.setFocus()

    def _enroll(self) -> None:
        self.report.enroll.setEnabled(False)
        job = self._context.tell_failure(self._context.client.guided_finish(self.report.left_out))
        job.succeeded.connect(self._on_enrolled)
        job.failed.connect(lambda *_: self.report.enroll.setEnabled(True))

    def _on_enrolled(self, enrollment: Enrollment) -> None:
        self.purpose.clear()
        self._show_setup()
        self.enrolled.emit(enrollment)

    def _show_setup(self) -> None:
        self._show_panel(0)
        self.guidance = None
        self._show_need()

    def _show_panel(self, number: int) -> None:
        """Show one of the three panels; the report needs no camera picture beside it."""
        self._panel.setCurrentIndex(number)
        self._picture.setVisible(number < 2)
        self.occupied.emit(number > 0)

    def _show_need(self) -> None:
        ready = bool(self._name) and self._consented
        self.start.setEnabled(ready)
        self.need.setText("" if ready else _NEEDED)
        self.need.setVisible(not ready)


def _quality_text(guidance: Guidance) -> str:
    quality = guidance.quality
    if quality is None:
        return guidance.progress
    parts = (("sharp", "sharpness"), ("light", "luminance_mean"), ("size", "inter_eye_distance"))
    scores = [f"{word} {quality.score(key)}" for word, key in parts if quality.score(key) >= 0]
    return f"{guidance.progress}. Of 100: {', '.join(scores)}"


def _filled(*items: object) -> QWidget:
    made = QWidget()
    layout = column(*items, spacing=t.GUTTER)  # type: ignore[arg-type]  # widgets, layouts and stretches
    layout.setContentsMargins(0, 0, 0, 0)
    made.setLayout(layout)
    return made
