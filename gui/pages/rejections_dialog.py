"""The faces that are not a person: look at them, and take one back."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFrame, QVBoxLayout, QWidget

from engine.care import Rejection
from engine.types import Person, PixelArray
from gui.context import Context
from gui.theme import tokens as t
from gui.widgets.basics import RoundedPicture, button, clear, column, label, row, scrolled, set_look


class RejectionsDialog(QDialog):
    """Lists a person's rejected faces. Opens without blocking; follows the gallery."""

    def __init__(self, context: Context, person: Person, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Not {person.name}")
        self._context, self._person = context, person
        self._pictures: dict[int, RoundedPicture] = {}
        self._lines = column(spacing=t.GAP)
        self._lines.setContentsMargins(0, 0, t.GAP, 0)
        around = column(self._lines, None)
        around.setContentsMargins(0, 0, 0, 0)
        scroll = scrolled(around, "Rejected faces")
        self._nobody = label("No face is kept here.", "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.MARGIN, t.MARGIN, t.MARGIN, t.MARGIN)
        layout.setSpacing(t.GUTTER)
        layout.addWidget(label(f"Faces that are not {person.name}", "title", wrap=True))
        layout.addWidget(label("A face that looks like one of these is no match for them.", "muted", wrap=True))
        layout.addWidget(self._nobody)
        layout.addWidget(scroll, 1)
        close = button("Close", self.accept)
        close.setDefault(True)
        layout.addLayout(row(None, close))
        self.resize(t.FORM_PX - 8 * t.UNIT, t.FORM_PX - 16 * t.UNIT)
        self.removers: dict[int, QWidget] = {}
        context.client.gallery_changed.connect(self._ask)
        self._ask()

    def _ask(self) -> None:
        job = self._context.client.rejections(self._person.id)
        job.succeeded.connect(self._show)

    def _show(self, kept: list[Rejection]) -> None:
        clear(self._lines)
        self._pictures.clear()
        self.removers.clear()
        self._nobody.setVisible(not kept)
        for one in kept:
            self._lines.addWidget(self._line(one))
        self._context.client.rejection_crops([one.id for one in kept]).succeeded.connect(self._show_crops)

    def _line(self, one: Rejection) -> QFrame:
        line = QFrame()
        set_look(line, "card")
        picture = RoundedPicture(t.THUMBNAIL_PX, f"Face from {one.source}")
        self._pictures[one.id] = picture
        remove = button("Take back", partial(self._take_back, one), "quiet", "undo")
        remove.setAccessibleName(f"Take back the face from {one.source}")
        self.removers[one.id] = remove
        words = column(
            None, label(one.source, "strong", wrap=True), label(f"{one.created_at:%d %B %Y, %H:%M}", "caption"), None
        )
        layout = row(picture, spacing=t.GUTTER)
        layout.addLayout(words, 1)
        layout.addWidget(remove)
        layout.setContentsMargins(t.GAP, t.GAP, t.GAP, t.GAP)
        line.setLayout(layout)
        return line

    def _show_crops(self, crops: dict[int, PixelArray]) -> None:
        for id_, crop in crops.items():
            if id_ in self._pictures:
                self._pictures[id_].show_pixels(crop)

    def _take_back(self, one: Rejection) -> None:
        job = self._context.client.forget_rejection(one.id)
        self._context.edit(job, f"The face no longer counts as not being {self._person.name}.")
