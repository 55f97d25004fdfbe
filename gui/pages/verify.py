"""Verify: is this the person they claim to be, or are two pictures the same person?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QVBoxLayout, QWidget
from typing_extensions import override

from engine.types import Comparison, Face, Person, PixelArray, Verification
from gui.context import Context
from gui.engine_client import Job
from gui.pages.page import Page
from gui.pages.reject_dialog import RejectDialog
from gui.theme import tokens as t
from gui.widgets.basics import RoundedPicture, button, card, column, icon_label, label, row, set_look
from gui.widgets.countdown import Countdown
from gui.widgets.drop_zone import DropZone
from gui.widgets.face_canvas import FaceCanvas, FaceMark
from gui.widgets.mark_labels import Tone
from gui.widgets.person_picker import PersonPicker
from gui.widgets.score_gauge import ScoreGauge, rate_in_words
from gui.widgets.sides import SidesLayout


class VerifyPage(Page):
    """A probe on the left; a person, or another picture, on the right; the decision below."""

    title = "Verify"
    takes_pictures = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.probe = _PictureSlot(context, "Picture", "Drop the picture to check here")
        self.other = _PictureSlot(context, "Another picture", "Drop the other picture here")
        self.person = PersonPicker(context.people)
        self.reference = RoundedPicture(t.CROP_PX, "The person's nearest picture")
        self.by_person = button("A person", lambda: self._use_person(True))
        self.by_picture = button("Another picture", lambda: self._use_person(False))
        choice = QButtonGroup(self)
        for chooser in (self.by_person, self.by_picture):
            chooser.setCheckable(True)
            choice.addButton(chooser)
        self.by_person.setChecked(True)
        self._claim, claim = card()
        claim.addWidget(self.person)
        claim.addStretch(1)
        claim.addWidget(self.reference, alignment=Qt.AlignmentFlag.AlignHCenter)
        claim.addStretch(1)
        right = column(row(label("against", "muted"), self.by_person, self.by_picture, None))
        right.addWidget(self._claim, 1)
        right.addWidget(self.other, 1)
        heading = label("This picture", "muted")
        heading.setMinimumHeight(t.CONTROL_PX)
        left = column(heading)
        left.addWidget(self.probe, 1)
        sides = row(spacing=t.GUTTER)
        sides.addLayout(left, 1)
        sides.addLayout(right, 1)
        self.body.addLayout(sides, 1)
        self.result = _ResultCard()
        self.result.reject.clicked.connect(lambda _checked: self._reject())
        self.body.addWidget(self.result)
        self.result.again.clicked.connect(self._on_input)
        self.countdown = Countdown(self)
        self.countdown.told.connect(self.result.show_pause)
        self._job: Job | None = None
        self.probe.changed.connect(self._on_input)
        self.other.changed.connect(self._on_input)
        self.person.person_chosen.connect(self._on_input)
        context.client.gallery_changed.connect(self._on_input)
        context.settings.changed.connect(self._on_setting)
        self._use_person(True)

    @override
    def take_pictures(self, pictures: Sequence[Path | bytes]) -> None:
        first, *more = pictures
        free_side = self.other if self.by_picture.isChecked() and self.probe.picture is not None else self.probe
        free_side.show_picture(first)
        if more and self.by_picture.isChecked():
            self.other.show_picture(more[0])

    @override
    def choose_pictures(self) -> None:
        self.probe.zone.choose.click()

    @override
    def receive(self, person: Person) -> None:
        self.by_person.click()
        self.person.choose(person.id)

    def _use_person(self, with_person: bool) -> None:
        self._claim.setVisible(with_person)
        self.other.setVisible(not with_person)
        self._on_input()

    def _on_setting(self, key: str) -> None:
        if key in ("metric", "verifier", "pack", "false_match_rate", "averaging"):
            self._on_input()

    def _on_input(self, _person: object = None) -> None:
        """Decide anew; an answer to what was asked before is dropped."""
        self._job = None
        self.countdown.stop()
        self.result.show_pause(None)
        probe, client = self.probe.picture, self.context.client
        if self.by_person.isChecked():
            person = self.person.person
            if person is None:
                self.reference.show_pixels(None)
            if probe is None or person is None:
                missing = "Drop a picture on the left." if probe is None else "Choose who they claim to be."
                self._wait(missing)
                return
            job = client.verify(person.id, probe)
            job.finished.connect(lambda: self._ask_pause(job, person))
        else:
            if probe is None or self.other.picture is None:
                self._wait("Drop a picture on each side.")
                return
            job = client.compare(probe, self.other.picture)
        self._job = job
        self.result.wait("Comparing …")
        job.succeeded.connect(lambda answer: self._on_answer(job, answer))
        job.failed.connect(lambda sentence, _details: self._on_failed(job, sentence))

    def _wait(self, missing: str) -> None:
        """Nothing is compared: what a face was marked as before is no longer so."""
        for side in (self.probe, self.other):
            side.mark_face(None)
        self.result.wait(missing)

    def _on_answer(self, job: Job, answer: Verification | Comparison) -> None:
        if job is not self._job:
            return
        tone: Tone = "good" if answer.match else "bad"
        if isinstance(answer, Verification):
            self.reference.show_pixels(answer.reference_crop)
            self.probe.mark_face(answer.probe, tone)
            self.result.show_verification(answer)
        else:
            self.probe.mark_face(answer.first, tone)
            self.other.mark_face(answer.second, tone)
            self.result.show_comparison(answer)

    def _ask_pause(self, job: Job, person: Person) -> None:
        """After too many failed attempts nobody may claim to be the person for a while."""
        asked = self.context.client.claim_pause(person.id)
        asked.succeeded.connect(lambda seconds: self.countdown.start(seconds) if job is self._job else None)

    def _reject(self) -> None:
        answer, probe = self.result.verification, self.probe.picture
        if answer is not None and probe is not None:
            source = str(probe) if isinstance(probe, Path) else "pasted picture"
            RejectDialog(self.context, answer.probe, source, answer.person_id, self).open()

    def _on_failed(self, job: Job, sentence: str) -> None:
        if job is self._job:
            self.result.refuse(sentence)


class _PictureSlot(QFrame):
    """A drop zone that turns into the picture."""

    changed = Signal()

    def __init__(self, context: Context, name: str, invitation: str) -> None:
        super().__init__()
        self.picture: Path | bytes | None = None
        self._pixels: PixelArray | None = None
        self._scale = 1.0
        self._context = context
        self.setAcceptDrops(True)
        self.zone = DropZone(invitation, several=False)
        self.canvas = FaceCanvas(name)
        self._caption = label("", "caption")
        self._shown = QFrame()
        set_look(self._shown, "card")
        replace = button("Replace …", self.zone.choose.click, "quiet", "picture")
        self.remove = button("Remove", self.clear, "quiet", "close")
        inside = QVBoxLayout(self._shown)
        inside.setContentsMargins(t.GAP, t.GAP, t.GAP, t.GAP)
        inside.setSpacing(t.GAP)
        inside.addWidget(self.canvas, 1)
        under = SidesLayout()
        under.lead(self._caption)
        for control in (replace, self.remove):
            under.addWidget(control)
        inside.addLayout(under)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.zone)
        layout.addWidget(self._shown)
        self._shown.hide()
        self.zone.dropped.connect(lambda pictures: self.show_picture(pictures[0]))

    def show_picture(self, picture: Path | bytes) -> None:
        """Take a picture; it counts once it could be read."""
        job = self._context.tell_failure(self._context.client.look_at(picture))
        job.succeeded.connect(lambda preview: self._on_preview(picture, *preview))

    def mark_face(self, face: Face | None, tone: Tone = "good") -> None:
        """Show which face of the picture is meant: it is the largest."""
        box = face.box.scaled(self._scale) if face else None
        self.canvas.show_still(self._pixels, [FaceMark(box, "", "", tone)] if box else ())

    def _on_preview(self, picture: Path | bytes, pixels: PixelArray, scale: float) -> None:
        self.picture = picture
        self._pixels, self._scale = pixels, scale
        self.mark_face(None)
        self._caption.setText(picture.name if isinstance(picture, Path) else "Pasted picture")
        self.zone.hide()
        self._shown.show()
        self.changed.emit()

    def clear(self) -> None:
        """Take the picture away."""
        self.picture = self._pixels = None
        self.mark_face(None)
        self._shown.hide()
        self.zone.show()
        self.changed.emit()


class _ResultCard(QFrame):
    """Both aligned crops, the decision in words, and the distance on its scale."""

    def __init__(self) -> None:
        super().__init__()
        set_look(self, "card")
        self.first = RoundedPicture(t.CROP_PX, "Face of the picture")
        self.second = RoundedPicture(t.CROP_PX, "Face it is compared with")
        self.decision = label("", "title", wrap=True)
        self.gauge = ScoreGauge()
        self.words = label("", "muted", wrap=True, selectable=True)
        self.verification: Verification | None = None
        self.reject = button("", lambda: None, "quiet", "close")
        self.again = button("Check again", lambda: None, "quiet", "retry")
        self.again.hide()
        self._good = icon_label("check", t.ICON_PX, "good")
        self._bad = icon_label("close", t.ICON_PX, "bad")
        headline = row(self._good, self._bad, self.decision)
        headline.setStretch(2, 1)
        headline.setContentsMargins(0, 0, 0, 0)
        self._headline = QWidget()
        self._headline.setLayout(headline)
        middle = column(None, self._headline, self.gauge, self.words, row(self.reject, self.again, None), None)
        layout = row(self.first, self.second, spacing=t.GUTTER)
        layout.setContentsMargins(t.GUTTER, t.GUTTER, t.GUTTER, t.GUTTER)
        layout.addLayout(middle, 1)
        self.setLayout(layout)
        self.wait("")

    def show_pause(self, words: str | None) -> None:
        """Say how long nobody may claim to be the person; empty when that is over, None where there is no pause."""
        self.again.setVisible(words is not None)
        self.again.setEnabled(not words)
        self.again.setText(f"Too many failed attempts: check again in {words}" if words else "Check again")

    def wait(self, text: str) -> None:
        """Say what is still missing."""
        self._show("", None, text)

    def refuse(self, sentence: str) -> None:
        """Say why there is no decision."""
        self._show("No decision", None, sentence)

    def show_verification(self, answer: Verification) -> None:
        """Show a decision about a claimed person."""
        self.first.show_pixels(answer.probe.crop)
        self.second.show_pixels(answer.reference_crop)
        text = f"Yes, this is {answer.name}" if answer.match else f"No, this is not {answer.name}"
        words = rate_in_words(answer)
        count = len(answer.template_distances)
        if count > 1:
            nearest, farthest = answer.template_distances[0], answer.template_distances[-1]
            words += (
                f" {answer.fusion.capitalize()} of {count} pictures; alone they lie at {nearest:.3f} to {farthest:.3f}."
            )
        if answer.rejected_at is not None:
            words = (
                f"You said of a face like this one that it is not {answer.name}: it is {answer.rejected_at:.3f} from "
                f"that face. {words}"
            )
        if answer.refused_as_not_live:
            text, words = f"No match for {answer.name}: liveness is not shown", f"{answer.refused_as_not_live} {words}"
        self._show(text, answer.match, words, answer.distance, answer.threshold)
        self.verification = answer
        self.reject.setText(f"Not {answer.name} …")
        self.reject.setVisible(answer.match)

    def show_comparison(self, answer: Comparison) -> None:
        """Show a decision about two pictures."""
        self.first.show_pixels(answer.first.crop)
        self.second.show_pixels(answer.second.crop)
        text = "Yes, the same person" if answer.match else "No, different people"
        words = rate_in_words(answer)
        self._show(text, answer.match, words, answer.distance, answer.threshold)

    def _show(
        self, decision: str, match: bool | None, words: str, distance: float | None = None, limit: float = 1.0
    ) -> None:
        self.verification = None
        self.reject.hide()
        self.decision.setText(decision)
        self._headline.setVisible(bool(decision))
        self._good.setVisible(match is True)
        self._bad.setVisible(match is False)
        self.words.setText(words)
        self.gauge.setVisible(distance is not None)
        if distance is None:
            # Empty, but in their places, so that the pictures above keep their size.
            self.first.show_pixels(None)
            self.second.show_pixels(None)
        self.gauge.show_distance(distance, limit)
