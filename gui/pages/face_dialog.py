"""Who is this? A face that was found gets a name: a new person, or another picture of someone enrolled."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from engine.types import Enrollment, EnrollmentCandidate, Identification
from engine.wording import pictures
from gui.context import Context
from gui.pages.reject_dialog import RejectDialog
from gui.theme import tokens as t
from gui.widgets.basics import RoundedPicture, button, column, label, row
from gui.widgets.person_picker import NameEdit

_MOST_CANDIDATES = 3


class FaceDialog(QDialog):
    """Enrolls one face under a name. Opens without blocking; closes itself when done."""

    def __init__(self, context: Context, identification: Identification, source: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Who is this?")
        self._context = context
        self._face, self._source = identification.face, source
        self.source = label(f"From “{Path(source).name}”.", "caption", wrap=True)
        picture = RoundedPicture(t.CROP_PX, "The face")
        picture.show_pixels(self._face.crop)
        self.name = NameEdit(context.people)
        self.name.setMinimumWidth(t.PANEL_PX - 8 * t.UNIT)
        self._hint = label("", "muted", wrap=True)
        self.enroll = button("Enroll", self._enroll, "primary", "enroll")
        self.enroll.setDefault(True)
        cancel = button("Cancel", self.reject)
        self._person = identification.person
        taken_for = self._person.name if self._person else ""
        self.not_them = button(f"Not {taken_for} …", self._not_them, "quiet", "close")
        self.not_them.setVisible(self._person is not None)
        known = [candidate.name for candidate in identification.candidates[:_MOST_CANDIDATES]]
        right = column(
            label("Who is this?", "title"),
            self.name,
            *self._suggestions(known),
            *(label(reason, "warning-text", wrap=True) for reason in self._face.quality.reasons),
            self._hint,
            self.source,
            None,
        )
        body = row(spacing=t.MARGIN)
        body.addWidget(picture, alignment=Qt.AlignmentFlag.AlignTop)
        body.addLayout(right, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.MARGIN, t.MARGIN, t.MARGIN, t.MARGIN)
        layout.setSpacing(t.MARGIN)
        layout.addLayout(body)
        layout.addLayout(row(self.not_them, None, cancel, self.enroll))
        self.name.textChanged.connect(self._on_name)
        if identification.person is not None:
            self.name.setText(identification.person.name)
        self._on_name()
        self.name.setFocus()

    def _suggestions(self, names: Sequence[str]) -> list[QWidget]:
        made = [button(name, partial(self.name.setText, name), "choice", "gallery") for name in names]
        return [label("Most alike", "caption"), *made] if made else []

    def _on_name(self) -> None:
        person, poor = self.name.person, not self._face.quality.acceptable
        if poor:
            hint = "This picture of the face is too poor to enroll."
        elif person is not None:
            hint = f"“{person.name}” is enrolled with {pictures(person.template_count)}; this adds one."
        else:
            hint = "A new person." if self.name.name else "Type a name."
        self._hint.setText(hint)
        self.enroll.setText("Add this picture" if person else "Enroll")
        self.enroll.setEnabled(bool(self.name.name) and not poor)

    def _not_them(self) -> None:
        if self._person is not None:
            asked = RejectDialog(self._context, self._face, self._source, self._person.person_id, self)
            asked.accepted.connect(self._on_rejected)
            asked.open()

    def _on_rejected(self) -> None:
        """What remains is to say who it is instead, if that is known."""
        self.not_them.hide()
        if self._person is not None and self.name.name == self._person.name:
            self.name.clear()
        self._person = None

    def _enroll(self) -> None:
        self.enroll.setEnabled(False)
        name, context = self.name.name, self._context
        job = context.client.enroll(name, [EnrollmentCandidate(self._source, self._face)])
        job.succeeded.connect(self._on_enrolled)
        job.failed.connect(self._on_failed)

    def _on_enrolled(self, enrollment: Enrollment) -> None:
        toasts = self._context.toasts
        toasts.show(f"“{enrollment.person.name}” is enrolled.", "good", action="Undo", act=self._context.undo)
        self.accept()

    def _on_failed(self, sentence: str, _details: str) -> None:
        self._hint.setText(sentence)
        self.enroll.setEnabled(True)
