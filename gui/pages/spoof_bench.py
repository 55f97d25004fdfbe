"""The spoof bench: attacks and faces before this camera, one trial after the other, and what may be claimed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from engine.live_values import LiveResult
from engine.liveness_values import (
    BONA_FIDE,
    BONA_FIDE_TITLE,
    SPECIES,
    WAY_TITLES,
    BenchReport,
    Policy,
    Trial,
    TrialSetup,
    Way,
)
from engine.types import Frame
from gui.camera import Phase, StreamState
from gui.context import Context
from gui.pages.spoof_report import sentences, tables, was_tried
from gui.theme import tokens as t
from gui.widgets.basics import button, card, clear, column, give_key, label, row, scrolled, set_look
from gui.widgets.camera_view import CameraView
from gui.widgets.check_run import CheckRun, keep_room
from gui.widgets.face_canvas import FaceMark
from gui.widgets.flash_cover import ask_to_flash
from gui.widgets.liveness_check import with_liveness
from gui.widgets.person_picker import PersonPicker
from gui.widgets.source_picker import SourcePicker

_LIGHTS = ("Daylight", "Lamp", "Dim", "Light from behind")
_DISTANCES = ("Near (30 cm)", "Arm's length (60 cm)", "Far (1 m)")
_ABOUT = (
    "Attacks that were never tried here may succeed. Abstaining counts as keeping out. Of each rate the one-sided 95 % "
    "bound is told; 42 presentations without an error bound it to 7 %."
)


class SpoofBench(QWidget):
    """Trials on the left, what they say below and on the right."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.report: BenchReport | None = None
        self.source = SourcePicker(context.cameras, context.settings)
        self.view = CameraView(context.feed, context.settings)
        self.view.setMinimumHeight(t.PLOT_PX)
        self.species = QComboBox()
        for key, title in {**SPECIES, BONA_FIDE: BONA_FIDE_TITLE}.items():
            self.species.addItem(title, key)
        self.way = QComboBox()
        for way, title in WAY_TITLES.items():
            self.way.addItem(f"{title} …" if way is Way.FLASH else title, way.value)
        self.light, self.distance = _choice(_LIGHTS), _choice(_DISTANCES)
        self.subject = QLineEdit()
        self.subject.setPlaceholderText("Initials will do")
        self.glasses = QCheckBox("With glasses")
        self.claimed = PersonPicker(context.people, "Nobody")
        self.begin = button("Start trial", self.start_trial, "primary", "play")
        give_key(self.begin, "Ctrl+Return")
        self.run = CheckRun(context, self, "trial")
        self.prompt, self.cancel = self.run.prompt, self.run.cancel
        for widget in (self.prompt, self.run.bar):
            keep_room(widget)
        self.prompt.setMinimumHeight(t.PROMPT_PX)
        self.back = button("Take back the last", self._take_back, "", "undo")
        self.headline = label("", "title", wrap=True)
        self.shortfalls = label("", "muted", wrap=True)
        self._tables = QVBoxLayout()
        self._lay_out()
        self.source.source_chosen.connect(context.feed.start)
        self.view.start_wanted.connect(self._start_camera)
        self.view.video_wanted.connect(self.source.open_video)
        self.view.frame_shown.connect(self._on_frame)
        context.feed.state_changed.connect(self._on_state)
        context.client.live_result.connect(self._on_result)
        context.client.live_failed.connect(self._on_failure)
        context.settings.changed.connect(self._on_setting)
        self.run.changed.connect(self._on_run)
        self._choose_way()
        self._show_buttons()
        self.begin.setEnabled(context.feed.running)

    def _lay_out(self) -> None:
        inside = QWidget()
        lines = QVBoxLayout(inside)
        lines.setContentsMargins(0, 0, t.GAP, 0)
        lines.setSpacing(t.GUTTER)
        upper = row(spacing=t.GUTTER)
        upper.addWidget(self.view, 1)
        upper.addWidget(self._form())
        lines.addLayout(upper)
        lines.addWidget(self._summary())
        lines.addLayout(self._tables)
        lines.addStretch(1)
        scroll = scrolled(inside, "Spoof bench")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def _form(self) -> QWidget:
        frame, layout = card()
        frame.setFixedWidth(t.PANEL_PX)
        form = QGridLayout()
        form.setSpacing(t.GAP)
        names = ("Camera", "Shown is", "Judged by", "Light", "Distance", "Who holds it", "Claims to be")
        fields = (self.source, self.species, self.way, self.light, self.distance, self.subject, self.claimed)
        for number, (name, field) in enumerate(zip(names, fields, strict=True)):
            field.setAccessibleName(name)
            form.addWidget(label(name), number, 0)
            form.addWidget(field, number, 1)
        form.addWidget(self.glasses, len(names), 1)
        form.setColumnStretch(1, 1)
        layout.addLayout(form)
        layout.addWidget(self.prompt)
        layout.addLayout(row(self.run.bar, self.run.left))
        layout.addStretch(1)
        layout.addLayout(row(self.begin, self.cancel, None))
        layout.addLayout(row(self.back, None))
        return frame

    def _summary(self) -> QWidget:
        frame, layout = card()
        layout.addLayout(column(self.headline, label(_ABOUT, "caption", wrap=True), self.shortfalls))
        return frame

    # --- coming and going ---------------------------------------------------------------------------------------

    def entered(self) -> None:
        """The bench has come into sight."""
        self.view.active = True
        self._context.cameras.refresh()
        self.refresh()
        if self.source.spec:
            self._start_camera()

    def left(self) -> None:
        """The bench is about to go out of sight."""
        if self.view.active:
            self.view.active = False
            self.end()
            self._context.feed.stop()

    def _start_camera(self) -> None:
        if self.source.spec:
            self._context.feed.start(self.source.spec)
        else:
            self._context.toasts.show("No camera was found. Plug one in, or open a video in its place.", "bad")

    def _on_setting(self, key: str) -> None:
        if key == "liveness":
            self._choose_way()

    def _choose_way(self) -> None:
        """Judge by what a verification asks for, until something else is chosen."""
        asked = self._context.settings.value.liveness == Policy.CHALLENGE
        self.way.setCurrentIndex(self.way.findData((Way.CHALLENGE if asked else Way.PASSIVE).value))

    def _on_state(self, state: StreamState) -> None:
        if self.running and state.phase is not Phase.RUNNING:
            self.end()
        self.begin.setEnabled(state.phase is Phase.RUNNING)

    def _on_frame(self, frame: Frame) -> None:
        # Between two trials nobody tries to be anybody.
        person = self.claimed.person if self.run.begun else None
        self._context.client.offer(frame, person.id if person else None)

    def _on_result(self, result: LiveResult) -> None:
        if not self.view.active:
            return
        marks = [FaceMark(one.face.box, "Face") for one in result.identifications]
        cues = [*result.cues, *[None] * (len(marks) - len(result.cues))]
        self.view.canvas.mark_faces([with_liveness(mark, cue) for mark, cue in zip(marks, cues, strict=True)])
        self.run.follow(result.check)

    def _on_failure(self, sentence: str) -> None:
        if self.running:
            self.end()
            self._context.toasts.show(sentence, "bad")

    # --- trials -------------------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether a trial is under way."""
        return self.run.running

    def start_trial(self) -> None:
        """Look at what is held before the camera; where colours belong to it, only who wants them sees them."""
        if self._can_begin():
            if Way(self.way.currentData()) is Way.FLASH:
                ask_to_flash(self.window()).accepted.connect(self._begin)
            else:
                self._begin()

    def _can_begin(self) -> bool:
        if not self._context.feed.running:
            self._context.toasts.show("Start the camera first: there is nothing to look at.", "bad")
        return self._context.feed.running and not self.running

    def _begin(self) -> None:
        if self._can_begin():
            setup = TrialSetup(
                self.species.currentData(), self.light.currentText(), self.distance.currentText(),
                self.subject.text().strip(), self.glasses.isChecked(), Way(self.way.currentData()),
            )  # fmt: skip
            self.run.begin("trial", self._context.client.begin_trial(setup))

    def end(self) -> None:
        """Give up the trial that is under way; nothing is kept of it."""
        self.run.end()

    def _on_run(self) -> None:
        self._show_buttons()
        state = self.run.state
        if state is not None and state.over:
            self._context.client.end_check()
            self.refresh()

    def _take_back(self) -> None:
        job = self._context.tell_failure(self._context.client.take_back_trial())
        job.succeeded.connect(self._on_taken_back)

    def _on_taken_back(self, trial: Trial | None) -> None:
        self.refresh()
        if trial is not None:
            self._context.toasts.show("The last trial is taken back.", action="Undo", act=lambda: self._keep(trial))

    def _keep(self, trial: Trial) -> None:
        job = self._context.tell_failure(self._context.client.keep_trial(trial))
        job.succeeded.connect(lambda _none: self.refresh())

    def _show_buttons(self) -> None:
        if self.running and self.begin.hasFocus():
            self.cancel.setFocus(Qt.FocusReason.OtherFocusReason)
        self.begin.setVisible(not self.running)
        self.back.setEnabled(not self.running and self._any_trial)

    # --- what the trials say ------------------------------------------------------------------------------------

    @property
    def _any_trial(self) -> bool:
        found = self.report
        return found is not None and bool(found.from_files or any(was_tried(way) for way in found.ways))

    def refresh(self) -> None:
        """Count again."""
        self._context.tell_failure(self._context.client.bench()).succeeded.connect(self.show_report)

    def show_report(self, found: BenchReport) -> None:
        """Show what the trials allow to be claimed."""
        self.report = found
        self.headline.setText(found.headline)
        set_look(self.headline, _look(found.label))
        self.shortfalls.setText("\n".join(sentences(found)))
        clear(self._tables)
        for way in found.ways:
            for shown in tables(way):
                self._tables.addWidget(shown)
        self._show_buttons()


def _choice(texts: tuple[str, ...]) -> QComboBox:
    made = QComboBox()
    made.addItems(list(texts))
    return made


def _look(text: str) -> str:
    if text == "not measured":
        return "title"
    return "title-good" if text.startswith("Class-") else "title-bad"
