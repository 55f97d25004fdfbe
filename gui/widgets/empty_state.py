"""What a page shows when there is nothing yet: an invitation with one next step."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.theme import tokens as t
from gui.widgets.basics import button, icon_label, label, row


class EmptyState(QWidget):
    """An icon, a headline, a sentence and at most one button, in the middle."""

    def __init__(
        self, icon_name: str, headline: str, text: str, action: str = "", act: Callable[[], object] | None = None
    ) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setSpacing(t.GAP)
        layout.addStretch(1)
        centre = Qt.AlignmentFlag.AlignHCenter
        layout.addWidget(icon_label(icon_name, t.ILLUSTRATION_PX, "muted"), alignment=centre)
        self.headline = label(headline, "title", wrap=True)
        self.headline.setAlignment(centre)
        self.text = label(text, "muted", wrap=True)
        self.text.setAlignment(centre)
        self.text.setMaximumWidth(t.FORM_PX - 20 * t.UNIT)
        layout.addWidget(self.headline)
        line = row(None, self.text, None)
        line.setStretch(1, 100)
        layout.addLayout(line)
        if act is not None:
            layout.addSpacing(t.GAP)
            self.button = button(action, act, "primary")
            layout.addWidget(self.button, alignment=centre)
        layout.addStretch(1)
