"""Where sorting begins: a place to drop a folder, and the folders that were sorted before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from engine.sorting_values import Sorting
from engine.wording import counted, pictures
from gui.theme import tokens as t
from gui.widgets.basics import button, clear, column, label, row, scrolled, set_look
from gui.widgets.drop_zone import DropZone

_MOST_LISTED_PX = 30 * t.UNIT


class SortStart(QWidget):
    """An invitation, and what can be gone on with."""

    chosen = Signal(object)
    """A folder to sort, or to go on with: its Path."""
    opened = Signal(object)
    """A Sorting to look at as it is."""
    unwanted = Signal(object)
    """A Sorting that is to be deleted."""

    def __init__(self) -> None:
        super().__init__()
        self.zone = DropZone(
            "Drop a folder of photographs here. Every face in it is found and grouped by person; "
            "then you say who they are. Nothing leaves this computer.",
            folder_only=True,
        )
        self.zone.dropped.connect(self._on_dropped)
        self._lines = column(spacing=t.GAP)
        self._lines.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._lines.setContentsMargins(0, 0, 0, 0)
        scroll = scrolled(self._lines, "Folders sorted before")
        scroll.setMaximumHeight(_MOST_LISTED_PX)
        self.before = QWidget()
        before = column(label("Sorted before", "title"), scroll)
        before.setContentsMargins(0, 0, 0, 0)
        self.before.setLayout(before)
        layout = column(self.zone, self.before, spacing=t.MARGIN)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setStretch(0, 1)
        self.setLayout(layout)
        self.lines: list[SortingLine] = []
        self.show_sortings([])

    def show_sortings(self, sortings: Sequence[Sorting]) -> None:
        """List the folders that were sorted before."""
        clear(self._lines)
        self.lines = [SortingLine(one, self) for one in sortings]
        for line in self.lines:
            self._lines.addWidget(line)
        self.before.setVisible(bool(sortings))

    def _on_dropped(self, places: list[Path | bytes]) -> None:
        self.chosen.emit(places[0])


class SortingLine(QFrame):
    """One folder that was sorted before."""

    def __init__(self, sorting: Sorting, start: SortStart) -> None:
        super().__init__()
        set_look(self, "card")
        folder = Path(sorting.folder)
        name = label(folder.name or sorting.folder, "strong")
        name.setToolTip(sorting.folder)
        self.open = button("Open", lambda: start.opened.emit(sorting), "", "sort")
        self.go_on = button("Go on", lambda: start.chosen.emit(folder), "primary", "play")
        self.delete = button("Delete …", lambda: start.unwanted.emit(sorting), "quiet", "delete")
        self.go_on.setVisible(not sorting.complete)
        for control, verb in (
            (self.open, "Open"),
            (self.go_on, "Go on with"),
            (self.delete, "Delete what was found in"),
        ):
            control.setAccessibleName(f"{verb} {folder.name}")
        text = column(name, label(_facts(sorting), "caption"), spacing=0)
        layout = row(text, None, self.go_on, self.open, self.delete)
        layout.setContentsMargins(t.GUTTER, t.GAP, t.GAP, t.GAP)
        self.setLayout(layout)


def _facts(sorting: Sorting) -> str:
    looked_at = pictures(sorting.done) if sorting.complete else f"{sorting.done:,} of {pictures(sorting.total)}"
    return f"{looked_at}, {counted(sorting.faces, 'face')}, {sorting.decided:,} decided"
