"""Enroll: a name, pictures from files or the webcam, each judged at once with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QStackedWidget, QWidget
from typing_extensions import override

from engine.types import Enrollment, EnrollmentCandidate, Frame, Person, Picture
from engine.wording import counted, pictures
from gui.context import Context
from gui.pages.enroll_camera import CameraBox
from gui.pages.guided import GuidedPanel
from gui.pages.page import Page
from gui.theme import tokens as t
from gui.widgets.basics import button, column, give_key, label, row, scrolled, set_icon
from gui.widgets.candidate_card import CandidateCard
from gui.widgets.drop_zone import DropZone
from gui.widgets.empty_state import EmptyState
from gui.widgets.job_bar import JobBar
from gui.widgets.person_picker import NameEdit

_ADVICE = "Three to five pictures in different light and poses work best."


class EnrollPage(Page):
    """On the left where pictures come from, on the right what became of each."""

    title = "Enroll"
    takes_pictures = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.name = NameEdit(context.people)
        self.name.setPlaceholderText("Who is it? A new name, or someone enrolled")
        self.consent = QCheckBox("They consented today")
        self.consent.setToolTip("Remembers today as the date of consent.")
        self.guide = button("Guide me at the camera", self._toggle_guided, "", "live")
        give_key(self.guide, "Ctrl+G", "Changes between pictures and the camera")
        self.header.addWidget(self.guide)
        self.body.addLayout(row(self.name, self.consent, spacing=t.GUTTER))
        pictures = self._make_pictures(context)
        self.guided = GuidedPanel(context)
        self._stack = QStackedWidget()
        self._stack.addWidget(pictures)
        self._stack.addWidget(self.guided)
        self.body.addWidget(self._stack, 1)
        self.zone.dropped.connect(self.take_pictures)
        self.camera.view.frame_shown.connect(self.camera.on_frame)
        self.camera.snap.clicked.connect(self._snap)
        self.name.textChanged.connect(self._update)
        context.people.modelReset.connect(self._update)
        self.consent.toggled.connect(self._tell_guided)
        self.name.textChanged.connect(self._tell_guided)
        self.guided.enrolled.connect(self._on_enrolled)
        self.guided.occupied.connect(self.name.setDisabled)
        self.guided.occupied.connect(self.consent.setDisabled)
        self._judging = 0
        self._update()

    def _make_pictures(self, context: Context) -> QWidget:
        self.zone = DropZone("Drop pictures or folders of one person here", folders=True)
        self.camera = CameraBox(context)
        self.zone.setFixedWidth(t.SOURCE_PX)
        self.camera.setFixedWidth(t.SOURCE_PX)
        left = column(self.zone, self.camera, spacing=t.GUTTER)
        left.setStretch(0, 1)
        left.setStretch(1, 1)
        self.jobs = JobBar()
        self.hint = label("", "muted", wrap=True)
        self._cards: list[CandidateCard] = []
        self._list = column(spacing=t.GAP)
        self._list.addStretch(1)
        self._list.setContentsMargins(0, 0, t.GAP, 0)
        scroll = scrolled(self._list, "Pictures to enroll")
        self.enroll = button("Enroll", self._enroll, "primary", "enroll")
        give_key(self.enroll, "Ctrl+Return")
        self.clear = button("Clear", self._clear, "quiet", "close")
        self._shown = QStackedWidget()
        self._shown.addWidget(EmptyState("picture", "Each picture is judged at once", _ADVICE))
        self._shown.addWidget(scroll)
        right = column(self.jobs, self._shown, self.hint, row(None, self.clear, self.enroll), spacing=t.GAP)
        right.setStretch(1, 1)
        content = row(spacing=t.MARGIN)
        content.setContentsMargins(0, 0, 0, 0)
        content.addLayout(left)
        content.addLayout(right, 1)
        pictures = QWidget()
        pictures.setLayout(content)
        return pictures

    @property
    def cards(self) -> Sequence[CandidateCard]:
        """What was judged, oldest first."""
        return self._cards

    @property
    def is_guided(self) -> bool:
        """Whether the camera guides through the enrollment."""
        return self._stack.currentWidget() is self.guided

    def _toggle_guided(self) -> None:
        if self.is_guided:
            self.guided.let_go()
            self.guided.left()
            self._stack.setCurrentIndex(0)
        else:
            self.camera.stop()
            self._stack.setCurrentIndex(1)
            self.guided.entered()
        self.guide.setText("From pictures" if self.is_guided else "Guide me at the camera")
        set_icon(self.guide, "picture" if self.is_guided else "live")

    def _tell_guided(self) -> None:
        self.guided.set_person(self.name.name, consented=self.consent.isChecked())

    @override
    def entered(self) -> None:
        if self.is_guided:
            self.guided.entered()
        if not self.name.text():
            self.name.setFocus()

    @override
    def left(self) -> None:
        self.camera.stop()
        self.guided.left()

    @override
    def take_pictures(self, pictures: Sequence[Path | bytes]) -> None:
        if self.is_guided:
            self._toggle_guided()
        self._judge(pictures)

    @override
    def choose_pictures(self) -> None:
        self.zone.choose.click()

    @override
    def receive(self, person: Person) -> None:
        self.name.setText(person.name)

    def _snap(self) -> None:
        frame = self.camera.view.latest
        if frame is not None:
            label_ = self.camera.view.state.label or "camera"
            self._judge([Frame(frame.pixels, label_, frame.time_s)])

    def _judge(self, pictures: Sequence[Picture]) -> None:
        job = self.context.tell_failure(self.context.client.judge(pictures, self.name.name))
        self.jobs.follow(job, "Judging pictures")
        self._judging += 1
        job.partial.connect(self._on_judged)
        job.succeeded.connect(self._on_all_judged)
        job.finished.connect(self._on_judging_done)
        self._update()

    def _on_judged(self, candidate: EnrollmentCandidate) -> None:
        made = CandidateCard(candidate)
        made.removed.connect(self._remove)
        self._cards.append(made)
        self._list.insertWidget(self._list.count() - 1, made)
        self._update()

    def _on_all_judged(self, candidates: list[EnrollmentCandidate]) -> None:
        if not candidates:
            self.context.toasts.show("There is no picture in that folder. Choose another one.", "bad")

    def _on_judging_done(self) -> None:
        self._judging -= 1
        self._update()

    def _remove(self, removed: CandidateCard) -> None:
        self._cards.remove(removed)
        self._list.removeWidget(removed)
        removed.hide()
        removed.deleteLater()
        self._update()

    def _clear(self) -> None:
        for made in list(self._cards):
            self._remove(made)

    def _update(self) -> None:
        good = sum(made.candidate.acceptable for made in self._cards)
        person = self.name.person
        for made in self._cards:
            made.look_for_rival(self.name.name)
        self.enroll.setEnabled(bool(good and self.name.name) and not self._judging)
        count = f" {good:,}" if good else ""
        self.enroll.setText(f"Add{count} to {person.name}" if person else f"Enroll{count}")
        self.clear.setVisible(bool(self._cards))
        self._shown.setCurrentIndex(1 if self._cards else 0)
        self.hint.setText(self._next_step(good))
        self.hint.setVisible(bool(self.hint.text()))

    def _next_step(self, good: int) -> str:
        if not self._cards:
            return ""
        if not good:
            return "None of these can be enrolled; each says why."
        left_out = len(self._cards) - good
        text = "Type a name to go on." if not self.name.name else ""
        return f"{text} {left_out:,} will be left out.".strip() if left_out else text

    def _enroll(self) -> None:
        candidates = [made.candidate for made in self._cards if made.candidate.acceptable]
        consent = date.today() if self.consent.isChecked() else None
        job = self.context.tell_failure(self.context.client.enroll(self.name.name, candidates, consent))
        self.enroll.setEnabled(False)
        job.succeeded.connect(self._on_enrolled)
        job.failed.connect(lambda *_: self._update())

    def _on_enrolled(self, enrollment: Enrollment) -> None:
        text = f"“{enrollment.person.name}” is enrolled with {pictures(enrollment.added)}."
        if enrollment.skipped:
            text += f" {counted(len(enrollment.skipped), 'copy was', 'copies were')} left out."
        self.context.toasts.show(text, "good", action="Undo", act=self.context.undo)
        self._clear()
        self.name.clear()
        self.consent.setChecked(False)
        self.name.setFocus()
