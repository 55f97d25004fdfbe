"""The report card of a guided enrollment: what each picture adds, and what is to be expected."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.guided import GuidedReport, in_words
from gui.theme import tokens as t
from gui.widgets.basics import button, clear, column, label, row, scrolled, set_look
from gui.widgets.shot_card import ShotCard


class GuidedReportCard(QWidget):
    """Shows a `GuidedReport`; pictures can be left out and put back before they are enrolled."""

    changed = Signal(list)
    """Ids of the pictures that are to be left out."""
    enroll_wanted = Signal()
    again_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.headline = label("", "title", wrap=True)
        self.recognition = label("", "muted", wrap=True)
        self.look_alike = label("", "muted", wrap=True)
        self.source = label("", "caption", wrap=True)
        self._shots = column(spacing=t.GAP)
        self._shots.setContentsMargins(0, 0, t.GAP, 0)
        filled = column(self._shots, None)
        filled.setContentsMargins(0, 0, 0, 0)
        scroll = scrolled(filled, "Pictures taken")
        self.again = button("Start again", self.again_wanted.emit, "quiet", "retry")
        self.enroll = button("Enroll", self.enroll_wanted.emit, "primary", "enroll")
        texts = column(self.headline, self.recognition, self.look_alike, self.source)
        layout = column(texts, scroll, row(None, self.again, self.enroll), spacing=t.GUTTER)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setStretch(1, 1)
        self.setLayout(layout)
        self.report: GuidedReport | None = None
        self.cards: list[ShotCard] = []

    @property
    def left_out(self) -> list[int]:
        """Ids of the pictures that are not to be enrolled."""
        return [shot.id for shot in self.report.shots if not shot.kept] if self.report else []

    def show_report(self, report: GuidedReport) -> None:
        """Show what was found."""
        focused = next((card.shot.id for card in self.cards if card.change.hasFocus()), None)
        self.report = report
        self.headline.setText(report.headline)
        self.recognition.setText(report.recognition)
        self.look_alike.setText(report.look_alike_text)
        alike = report.look_alike
        set_look(self.look_alike, "warning-text" if alike and alike.distance <= report.limit else "muted")
        missing = f" Not seen: {in_words(report.missing)}." if report.missing else ""
        self.source.setText(report.source_text + missing)
        clear(self._shots)
        self.cards = [ShotCard(shot) for shot in report.shots]
        for card in self.cards:
            card.toggled.connect(self._toggle)
            self._shots.addWidget(card)
            if card.shot.id == focused:
                card.change.setFocus()
        kept = len(report.kept)
        self.enroll.setText(f"Enroll {kept}" if kept else "Enroll")
        self.enroll.setEnabled(kept > 0)

    def _toggle(self, number: int) -> None:
        out = set(self.left_out) ^ {number}
        self.changed.emit(sorted(out))
