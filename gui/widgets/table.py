"""A small table of figures: a title, what it is about, and columns that stand below one another."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout

from gui.theme import tokens as t
from gui.widgets.basics import card, label


def table(
    title: str, note: str, headings: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int] = ()
) -> QFrame:
    """Make a card with a table.

    Args:
        title: of the card.
        note: one line about all of it; empty for none.
        headings: of the columns.
        rows: as many texts each as there are headings.
        widths: of the columns, in proportion; the first is the narrowest of two by default.
    """
    frame, layout = card()
    layout.addWidget(label(title, "strong", wrap=True))
    if note:
        layout.addWidget(label(note, "caption", wrap=True))
    grid = QGridLayout()
    grid.setHorizontalSpacing(t.GUTTER)
    grid.setVerticalSpacing(t.GAP)
    for place, heading in enumerate(headings):
        grid.addWidget(label(heading, "caption", wrap=True), 0, place, Qt.AlignmentFlag.AlignBottom)
        grid.setColumnStretch(place, widths[place] if widths else 2 + min(place, 1))
    for number, texts in enumerate(rows, 1):
        for place, text in enumerate(texts):
            shown = label(text, "" if place else "muted", wrap=True, selectable=place > 0)
            grid.addWidget(shown, number, place, Qt.AlignmentFlag.AlignTop)
    layout.addLayout(grid)
    layout.addStretch(1)
    frame.setAccessibleName(title)
    frame.setAccessibleDescription("; ".join(f"{texts[0]}: {', '.join(texts[1:])}" for texts in rows))
    return frame
