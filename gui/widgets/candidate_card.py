"""One picture judged for enrollment: its face, and good or why not."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame

from engine.types import EnrollmentCandidate
from gui.theme import tokens as t
from gui.widgets.basics import RoundedPicture, column, icon_button, icon_label, label, row, set_look
from gui.widgets.one_line import OneLine


class CandidateCard(QFrame):
    """Shows an `EnrollmentCandidate`; can be taken away."""

    removed = Signal(object)

    def __init__(self, candidate: EnrollmentCandidate) -> None:
        super().__init__()
        set_look(self, "card")
        self.candidate = candidate
        name = Path(candidate.source).name
        self.setAccessibleName(f"{name}: {self.verdict}")
        picture = RoundedPicture(t.THUMBNAIL_PX, "Face found")
        picture.show_pixels(candidate.face.crop if candidate.face else None)
        good = candidate.acceptable
        # A long name gives way; the card is never wider than its column.
        file_name = OneLine(name, "caption")
        file_name.setToolTip(candidate.source)
        verdict = row(
            icon_label("check" if good else "close", t.ICON_PX, "good" if good else "bad"),
            label("Good" if good else "Cannot be enrolled", "good-text" if good else "bad-text"),
            file_name,
        )
        verdict.setStretch(2, 1)
        lines = column(spacing=t.GAP // 2)
        lines.addStretch(1)
        lines.addLayout(verdict)
        for text in (*candidate.refusals, *candidate.notes):
            lines.addWidget(label(text, "muted", wrap=True))
        self._rival = label("", "warning-text", wrap=True)
        lines.addWidget(self._rival)
        self._resembles = label("", "muted", wrap=True)
        lines.addWidget(self._resembles)
        if candidate.face is not None:
            lines.addWidget(label(_numbers(candidate), "caption", wrap=True))
        lines.addStretch(1)
        leave = f"Leave out {name}"
        remove = icon_button(leave, lambda: self.removed.emit(self), "close", "Leave this picture out")
        layout = row(picture, spacing=t.GUTTER)
        layout.setContentsMargins(t.GAP, t.GAP, t.GAP, t.GAP)
        layout.addLayout(lines, 1)
        layout.addWidget(remove)
        self.setLayout(layout)
        self.look_for_rival("")

    @property
    def verdict(self) -> str:
        """What is said about the picture."""
        return "good" if self.candidate.acceptable else " ".join(self.candidate.refusals)

    @property
    def warning(self) -> str:
        """What is said about someone who looks alike; empty when nobody does."""
        return self._rival.text()

    @property
    def notice(self) -> str:
        """What is said about someone whom the face resembles, though it is told apart; empty when nobody is near."""
        return self._resembles.text()

    def look_for_rival(self, name: str) -> None:
        """Warn when the face looks like someone enrolled under another name than this; say whom it resembles."""
        near = self.candidate.resembles
        self._resembles.setText(near.sentence if near and near.name.casefold() != name.casefold() else "")
        self._resembles.setVisible(bool(self.notice))
        rival = self.candidate.look_alike
        alike = rival is not None and rival.name.casefold() != name.casefold()
        if alike and rival is not None:
            often = f" {rival.false_match.sentence}" if rival.false_match else ""
            self._rival.setText(
                f"Looks like {rival.name}, who is already enrolled (distance {rival.distance:.3f}).{often}"
            )
        else:
            self._rival.clear()
        self._rival.setVisible(alike)


def _numbers(candidate: EnrollmentCandidate) -> str:
    if candidate.face is None:
        return ""
    quality = candidate.face.quality
    yaw = abs(quality.pose.yaw_deg)
    return f"eyes {quality['eye_distance']:.0f} px apart · sharpness {quality['sharpness']:.2f} · turned {yaw:.0f}°"
