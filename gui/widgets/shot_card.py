"""One picture of a guided enrollment: its view, what it adds, and whether it is kept."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from engine.guided import TITLES, Shot, Worth
from gui.theme import tokens as t
from gui.widgets.basics import RoundedPicture, button, column, icon_label, label, row, set_look

_LOOKS = {
    Worth.ADDS: ("check", "good", "Adds", "good-text"),
    Worth.REDUNDANT: ("info", "muted", "Redundant", "strong"),
    Worth.HURTS: ("warning", "warning", "Hurts", "warning-strong"),
}


class ShotCard(QFrame):
    """Shows a `Shot`; it can be left out and put back."""

    toggled = Signal(int)

    def __init__(self, shot: Shot) -> None:
        super().__init__()
        set_look(self, "card")
        self.shot = shot
        face, title = shot.candidate.face, TITLES[shot.sector]
        icon_name, role, word, look = _LOOKS[shot.worth]
        picture = RoundedPicture(t.THUMBNAIL_PX, title)
        picture.show_pixels(face.crop if face else None)
        verdict = row(icon_label(icon_name, t.ICON_PX, role), label(word, look), label(title, "caption"), None)
        lines = column(spacing=t.GAP // 2)
        lines.addStretch(1)
        lines.addLayout(verdict)
        lines.addWidget(label(shot.sentence, "muted", wrap=True))
        if face is not None:
            quality = face.quality.score("unified")
            known = f"quality {quality} of 100 · " if quality >= 0 else ""
            text = f"{known}eyes {face.quality['eye_distance']:.0f} px apart"
            lines.addWidget(label(text if shot.kept else f"Left out · {text}", "caption", wrap=True))
        lines.addStretch(1)
        self.change = button("Leave out" if shot.kept else "Put back", lambda: self.toggled.emit(shot.id), "quiet", "")
        self.change.setAccessibleName(f"{self.change.text()}: {title}")
        layout = row(picture, spacing=t.GUTTER)
        layout.setContentsMargins(t.GAP, t.GAP, t.GAP, t.GAP)
        layout.addLayout(lines, 1)
        layout.addWidget(self.change)
        self.setLayout(layout)
        self.setAccessibleName(f"{title}: {word}. {'Kept' if shot.kept else 'Left out'}. {shot.sentence}")
