"""Identify: everyone in one or many pictures; click a face to see the candidates, correct or enroll."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QStackedWidget
from typing_extensions import override

from engine.types import Candidate, Identification, IdentifiedPicture
from gui.context import Context
from gui.engine_client import Job
from gui.pages.face_dialog import FaceDialog
from gui.pages.page import Page
from gui.pages.picture_names import named_pictures, names_button
from gui.pages.reject_dialog import RejectDialog
from gui.theme import tokens as t
from gui.widgets.basics import (
    RoundedPicture,
    button,
    card,
    clear,
    column,
    image_of,
    label,
    rounded,
    row,
    scrolled,
    set_look,
)
from gui.widgets.drop_zone import DropZone
from gui.widgets.face_canvas import FaceCanvas
from gui.widgets.face_marks import found_mark
from gui.widgets.job_bar import JobBar
from gui.widgets.score_gauge import ScoreGauge

_MOST_CANDIDATES = 5
_STRIP_PX = t.SMALL_THUMBNAIL_PX + 6 * t.GAP


class IdentifyPage(Page):
    """The chosen picture with its faces, a strip of all pictures, and what is known of the chosen face."""

    title = "Identify"
    takes_pictures = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.add = button("Add pictures …", self.choose_pictures, "", "add")
        self.clear_all = button("Clear", self._clear, "quiet", "close")
        self.names = names_button(context, lambda: self._answers)
        self.header.addWidget(self.clear_all)
        self.header.addWidget(self.names)
        self.header.addWidget(self.add)
        self.jobs = JobBar()
        self.body.addWidget(self.jobs)
        self.zone = DropZone("Drop pictures or folders here to see who is in them", folders=True)
        self.list = QListWidget()
        self.list.setAccessibleName("Pictures")
        self.list.setFlow(QListWidget.Flow.LeftToRight)
        self.list.setFixedHeight(_STRIP_PX)
        self.list.setGridSize(QSize(t.PANEL_PX - 14 * t.UNIT, t.SMALL_THUMBNAIL_PX + 3 * t.GAP))
        self.list.setIconSize(QSize(t.SMALL_THUMBNAIL_PX, t.SMALL_THUMBNAIL_PX))
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.canvas = FaceCanvas("Picture with its faces")
        self._caption = label("", "caption", wrap=True)
        picture, inside = card()
        inside.addWidget(self.canvas, 1)
        inside.addWidget(self._caption)
        self.panel = _FacePanel(context)
        pictures = column(picture, self.list)
        pictures.setStretch(0, 1)
        work = row(pictures, self.panel, spacing=t.GUTTER)
        work.setStretch(0, 1)
        self._work = QFrame()
        self._work.setLayout(work)
        work.setContentsMargins(0, 0, 0, 0)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.zone)
        self._stack.addWidget(self._work)
        self.body.addWidget(self._stack, 1)
        self._answers: list[IdentifiedPicture] = []
        self._given: list[Path | bytes] = []
        self.zone.dropped.connect(self.take_pictures)
        self.list.currentRowChanged.connect(self._show_picture)
        self.canvas.face_chosen.connect(self._show_face)
        context.client.gallery_changed.connect(self._on_gallery_changed)
        self._clear()

    @property
    def answers(self) -> Sequence[IdentifiedPicture]:
        """What was found in each picture of the list."""
        return self._answers

    @override
    def take_pictures(self, pictures: Sequence[Path | bytes]) -> None:
        self._given += pictures
        self._identify(pictures)

    @override
    def choose_pictures(self) -> None:
        self.zone.choose.click()

    def _identify(self, pictures: Sequence[Path | bytes]) -> Job:
        job = self.context.tell_failure(self.context.client.identify(pictures))
        self.jobs.follow(job, "Looking for faces")
        job.partial.connect(self._on_picture)
        job.succeeded.connect(self._on_all)
        return job

    def _on_picture(self, answer: IdentifiedPicture) -> None:
        self._answers.append(answer)
        item = QListWidgetItem(_icon(answer), f"{Path(answer.source).name}\n{_summary(answer)}")
        item.setSizeHint(self.list.gridSize())
        item.setToolTip(answer.error or answer.source)
        self.list.addItem(item)
        self._stack.setCurrentWidget(self._work)
        self.list.setVisible(self.list.count() > 1)
        self.add.show()
        self.clear_all.show()
        self.names.setVisible(bool(named_pictures(self._answers)))
        if self.list.currentRow() < 0:
            self.list.setCurrentRow(0)

    def _on_all(self, answers: list[IdentifiedPicture]) -> None:
        skipped = [answer.error for answer in answers if answer.error]
        if not answers:
            self.context.toasts.show("There is no picture in that folder. Choose another one.", "bad")
        elif len(skipped) == 1:
            self.context.toasts.show(skipped[0], "bad")
        elif skipped:
            self.context.toasts.show(
                f"{len(skipped)} of {len(answers)} pictures could not be read and were skipped.",
                "bad",
                "\n".join(skipped),
            )

    def _show_picture(self, number: int) -> None:
        self.panel.show_nothing()
        if not 0 <= number < len(self._answers):
            self.canvas.show_still(None)
            self._caption.setText("")
            return
        answer = self._answers[number]
        marks = [found_mark(found, answer.preview_scale) for found in answer.identifications]
        self.canvas.show_still(answer.preview, marks)
        self._caption.setText(answer.error or " ".join((_summary(answer) + ".", *answer.notes)))
        if answer.identifications:
            self.canvas.select(0)
            self._show_face(0)
        elif not answer.error:
            self.panel.show_nothing("No face was found in this picture.")

    def _show_face(self, number: int) -> None:
        answer = self._answers[self.list.currentRow()]
        self.panel.show_face(answer.identifications[number], answer.source)

    def _on_gallery_changed(self) -> None:
        """Names follow the gallery: who was unknown may be enrolled now."""
        if not self._given or self.jobs.isVisibleTo(self):
            return
        job = self.context.client.identify(self._given)
        job.succeeded.connect(self._on_again)

    def _on_again(self, answers: list[IdentifiedPicture]) -> None:
        chosen, face = self.list.currentRow(), self.canvas.selected
        self._answers = list(answers)
        if len(answers) != self.list.count():
            self._fill()
        for number, answer in enumerate(answers):
            self.list.item(number).setText(f"{Path(answer.source).name}\n{_summary(answer)}")
        self.names.setVisible(bool(named_pictures(self._answers)))
        self.list.setCurrentRow(chosen)
        self._show_picture(chosen)
        if 0 <= chosen < len(answers) and 0 <= face < len(answers[chosen].identifications):
            self.canvas.select(face)
            self._show_face(face)

    def _fill(self) -> None:
        answers, self._answers = self._answers, []
        self.list.clear()
        for answer in answers:
            self._on_picture(answer)

    def _clear(self) -> None:
        self._answers, self._given = [], []
        self.list.clear()
        self._show_picture(-1)
        self._stack.setCurrentWidget(self.zone)
        self.add.hide()
        self.clear_all.hide()
        self.names.hide()


class _FacePanel(QFrame):
    """One face: the decision, the ranked candidates, and what can be done about it."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        set_look(self, "card")
        self.setFixedWidth(t.PANEL_PX)
        self._context = context
        self._shown: Identification | None = None
        self._source = ""
        self._crop = RoundedPicture(t.CROP_PX, "The chosen face")
        self.decision = label("", "title", wrap=True)
        self._why = label("", "muted", wrap=True)
        self.gauge = ScoreGauge()
        self._candidates = column(spacing=t.GAP)
        self.confirm = button("", self._confirm, "primary", "check")
        self.correct = button("", self._correct, "", "edit")
        self.reject = button("", self._reject, "quiet", "close")
        known = column(self.decision, self._why, self.gauge, self._candidates, None)
        known.insertWidget(0, self._crop, alignment=Qt.AlignmentFlag.AlignHCenter)
        known.setContentsMargins(0, 0, 0, 0)
        scroll = scrolled(known, "What is known of the face")
        layout = column(scroll, self.confirm, self.correct, self.reject)
        layout.setContentsMargins(t.GUTTER, t.GUTTER, t.GUTTER, t.GUTTER)
        layout.setStretch(0, 1)
        self.setLayout(layout)

    def show_nothing(self, text: str = "") -> None:
        """No face is chosen."""
        self._shown = None
        self._crop.show_pixels(None)
        self.decision.setText("")
        self._why.setText(text)
        clear(self._candidates)
        for widget in (self.gauge, self.confirm, self.correct, self.reject):
            widget.hide()

    def show_face(self, found: Identification, source: str) -> None:
        """Show who a face is, or who it is nearest to."""
        self._shown, self._source = found, source
        self._crop.show_pixels(found.face.crop)
        person, poor = found.person, not found.face.quality.acceptable
        self.decision.setText(person.name if person else "Unknown")
        self._why.setText(_reason(found))
        self.gauge.setVisible(bool(found.candidates))
        if found.candidates:
            shown = person or found.candidates[0]
            self.gauge.show_distance(shown.distance, found.threshold)
        clear(self._candidates)
        if found.candidates:
            self._candidates.addWidget(label("Nearest people", "caption"))
        for candidate in found.candidates[:_MOST_CANDIDATES]:
            self._candidates.addWidget(_CandidateLine(candidate, found))
        self.confirm.setVisible(person is not None)
        self.confirm.setEnabled(not poor)
        self.reject.setVisible(person is not None)
        if person is not None:
            self.confirm.setText("Right, add this picture")
            self.reject.setText(f"Not {_short(person.name)} …")
            self.reject.setToolTip(f"Remember that this is not {person.name}")
        self.correct.setText("Someone else …" if person else "Enroll …")
        self.correct.show()

    def _confirm(self) -> None:
        if self._shown is not None and self._shown.person is not None:
            person = self._shown.person
            job = self._context.client.assign(self._shown.face, person.person_id, self._source)
            self._context.edit(job, f"The picture was added to “{person.name}”.")

    def _reject(self) -> None:
        if self._shown is not None and self._shown.person is not None:
            RejectDialog(self._context, self._shown.face, self._source, self._shown.person.person_id, self).open()

    def _correct(self) -> None:
        if self._shown is not None:
            FaceDialog(self._context, self._shown, self._source, self).open()


class _CandidateLine(QFrame):
    """A candidate's name and distance; a check mark where it is close enough."""

    def __init__(self, candidate: Candidate, found: Identification) -> None:
        super().__init__()
        near = candidate.distance <= found.threshold and candidate.rejected_at is None
        chosen = found.person is not None and candidate.person_id == found.person.person_id
        set_look(self, "good" if chosen else "")
        distance = label(f"{candidate.distance:.3f}", "good-text" if near else "muted")
        name = candidate.name if candidate.rejected_at is None else f"{candidate.name} (rejected)"
        layout = row(label(name, "strong" if chosen else ""), None, distance)
        layout.setContentsMargins(t.GAP, t.GAP // 2, t.GAP, t.GAP // 2)
        self.setLayout(layout)


def _reason(found: Identification) -> str:
    """Why the face has this name, or none."""
    if not found.candidates:
        return "Nobody is enrolled yet."
    nearest = found.candidates[0]
    if nearest.rejected_at is not None and nearest.distance <= found.threshold:
        return (
            f"{nearest.name} is nearest ({nearest.distance:.3f}), but you said of a face like this one that it is not "
            f"them: it is {nearest.rejected_at:.3f} from that face."
        )
    if found.person is None:
        if nearest.distance <= found.threshold:
            return f"{nearest.name} is nearest, but is already another face of this picture."
        return f"Nobody is close enough: the limit is {found.threshold:.3f}."
    if len(found.candidates) > 1:
        return f"The next person is {found.margin:.3f} further away."
    return f"The limit is {found.threshold:.3f}."


def _short(name: str, most: int = 24) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _summary(answer: IdentifiedPicture) -> str:
    if answer.error:
        return "could not be read"
    names = [found.person.name for found in answer.identifications if found.person]
    unknown = len(answer.identifications) - len(names)
    if unknown:
        names.append(f"{unknown} unknown")
    return ", ".join(names) or "no face"


def _icon(answer: IdentifiedPicture) -> QIcon:
    image = None if answer.preview is None else image_of(answer.preview)
    return QIcon(rounded(image, t.SMALL_THUMBNAIL_PX, 2.0))
