"""'Not this person': what it would have changed is shown before it is applied."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from engine.care import ChangedDecision, RejectionEffect
from engine.types import Face, PixelArray
from gui.context import Context
from gui.theme import tokens as t
from gui.widgets.basics import RoundedPicture, button, column, label, row

_SHOWN = 4


class RejectDialog(QDialog):
    """Shows the face beside the person it was taken for, and the effect. Opens without blocking."""

    def __init__(
        self,
        context: Context,
        face: Face,
        source: str,
        person_id: int,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._context, self._face, self._source, self._person_id = context, face, source, person_id
        place = context.people.row_of(person_id)
        self._name = context.people.people[place].name if place >= 0 else ""
        self.setWindowTitle(f"Not {self._name}")
        shown = RoundedPicture(t.CROP_PX, "The face")
        shown.show_pixels(face.crop)
        self._cover = RoundedPicture(t.CROP_PX, f"A picture of {self._name}")
        self.effect = label("Looking at this session's decisions …", "strong", wrap=True)
        self.changes = label("", "muted", wrap=True)
        self.apply = button(f"Not {self._name}", self._apply, "primary", "close")
        self.apply.setDefault(True)
        self.apply.setEnabled(False)
        text = (
            f"Faces like this one will be no match for {self._name} any more. The picture of the face is kept for that "
            "with the person; it can be taken back in the gallery."
        )
        sides = row(
            column(label("This face", "caption"), shown, None),
            column(label(self._name, "caption"), self._cover, None),
            spacing=t.GUTTER,
        )
        words = column(
            label(f"This is not {self._name}", "title", wrap=True),
            label(text, "muted", wrap=True),
            self.effect,
            self.changes,
            None,
        )
        body = row(spacing=t.MARGIN)
        body.addLayout(sides)
        body.addLayout(words, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.MARGIN, t.MARGIN, t.MARGIN, t.MARGIN)
        layout.setSpacing(t.MARGIN)
        layout.addLayout(body)
        layout.addLayout(row(None, button("Cancel", self.reject), self.apply))
        self.setMinimumWidth(t.FORM_PX + 12 * t.UNIT)
        self._ask(place)

    def _ask(self, place: int) -> None:
        client = self._context.client
        cover = self._context.people.people[place].cover_id if place >= 0 else None
        if cover is not None:
            client.crops([cover]).succeeded.connect(self._show_cover)
        job = client.rejection_effect(self._person_id, self._face)
        job.succeeded.connect(self._show_effect)
        job.failed.connect(self._on_failed)

    def _show_cover(self, crops: dict[int, PixelArray]) -> None:
        for crop in crops.values():
            self._cover.show_pixels(crop)

    def _show_effect(self, effect: RejectionEffect) -> None:
        self.effect.setText(effect.sentence)
        lines = [_in_words(change) for change in effect.changed[:_SHOWN]]
        if len(effect.changed) > _SHOWN:
            lines.append(f"and {len(effect.changed) - _SHOWN:,} more")
        self.changes.setText("\n".join(lines))
        self.changes.setVisible(bool(lines))
        self.apply.setEnabled(True)
        self.apply.setFocus()

    def _apply(self) -> None:
        self.apply.setEnabled(False)
        job = self._context.client.reject(self._person_id, self._face, self._source)
        job.succeeded.connect(self._on_rejected)
        job.failed.connect(self._on_failed)

    def _on_rejected(self, _rejection: object) -> None:
        self._context.toasts.show(
            f"Remembered: this is not {self._name}.", "good", action="Undo", act=self._context.undo
        )
        self.accept()

    def _on_failed(self, sentence: str, _details: str) -> None:
        self.effect.setText(sentence)


def _in_words(change: ChangedDecision) -> str:
    record = change.record
    now = f"would be {change.now}" if change.now else "would be no match"
    return f"{record.what.capitalize()} of {record.about} at {record.distance:.3f} {now}"
