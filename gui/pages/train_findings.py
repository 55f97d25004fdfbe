"""The list of findings of one kind, with thumbnails and ticks."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from engine.learning import DataReport, Finding
from engine.types import PixelArray
from gui.context import Context
from gui.theme import tokens as t
from gui.theme.style import THEME
from gui.widgets.basics import button, label, row
from gui.widgets.face_pair import face_icon, icon_size

AT_ONCE = 300
_THUMBNAILS_AT_ONCE = 24
"""Whole pictures take a while to read; between some of them the engine can do something else."""


class FindingList(QWidget):
    """A tick leaves a picture out; pictures that cannot be used have none."""

    changed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.left_out: set[str] = set()
        self._context = context
        self._folder = Path()
        self._findings: tuple[Finding, ...] = ()
        self._kind: list[Finding] = []
        self._pairs = 1
        self._filling = False
        self._ticket = 0
        self._shown = ""
        self.list = QListWidget()
        self.list.setAccessibleName("Findings; a tick leaves the picture out")
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemChanged.connect(self._on_ticked)
        self.how_many = label("", "muted")
        self.more = button("", self._show_more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(t.GAP)
        layout.addWidget(self.list, 1)
        layout.addLayout(row(self.how_many, None, self.more))
        # The names below the pictures are drawn in the theme's colours.
        THEME.changed.connect(self._draw_again)

    def begin(self, report: DataReport) -> None:
        """Take another folder's findings, with what is proposed to be left out."""
        self._folder, self._findings = Path(report.folder), report.findings
        self.left_out = {one.picture for one in report.findings if one.unusable or one.suggested}

    def show_kind(self, kind: str) -> None:
        """Show the findings of one kind."""
        self._ticket += 1
        self._shown = kind
        self._kind = [one for one in self._findings if one.kind == kind]
        self._pairs = 2 if any(one.other_crop for one in self._kind) else 1
        self.list.clear()
        self.list.setIconSize(icon_size(self._pairs))
        self._show_more()

    def _draw_again(self) -> None:
        self.show_kind(self._shown)

    def _show_more(self) -> None:
        first = self.list.count()
        added = self._kind[first : first + AT_ONCE]
        self._filling = True
        for one in added:
            self.list.addItem(self._item(one))
        self._filling = False
        shown, rest = self.list.count(), len(self._kind) - self.list.count()
        self.how_many.setText(f"The first {shown:,} of {len(self._kind):,} are shown.")
        self.more.setText(f"Show {min(rest, AT_ONCE):,} more")
        self.how_many.setVisible(rest > 0)
        self.more.setVisible(rest > 0)
        self._ask(self._ticket, first)

    def _item(self, one: Finding) -> QListWidgetItem:
        item = QListWidgetItem(f"{one.picture or one.person}\n{one.sentence}")
        item.setIcon(face_icon([(None, one.person)][: 1 if self._pictures(one) else 0], self._pairs))
        item.setToolTip(one.sentence)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{one.picture or one.person}. {one.sentence}")
        if one.unusable:
            item.setText(f"{one.picture}\n{one.sentence} It is left out in any case.")
        elif one.picture:
            item.setCheckState(Qt.CheckState.Checked if one.picture in self.left_out else Qt.CheckState.Unchecked)
        self._describe(item, one)
        return item

    def _describe(self, item: QListWidgetItem, one: Finding) -> None:
        said = "" if not one.picture else "left out" if one.picture in self.left_out else "used"
        item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, said)

    # --- thumbnails ---------------------------------------------------------------------------------------------

    def _pictures(self, one: Finding) -> list[tuple[str, str]]:
        """Files that show a finding, and whom they show; without a face the picture itself."""
        if one.kind == "unreadable":
            return []
        if not one.crop:
            return [(str(self._folder / one.picture), one.person)] if one.picture else []
        other = one.other_picture.split("/")[0]
        return [(one.crop, one.person), *([(one.other_crop, other)] if one.other_crop else [])]

    def _ask(self, ticket: int, first: int) -> None:
        """Fetch the pictures of some findings, and then of the next ones."""
        some = self._kind[first : min(first + _THUMBNAILS_AT_ONCE, self.list.count())]
        if ticket != self._ticket or not some:
            return
        files = list(dict.fromkeys(file for one in some for file, _ in self._pictures(one)))

        def show(pictures: dict[str, PixelArray]) -> None:
            if ticket == self._ticket:
                self._show_thumbnails(first, some, pictures)
                self._ask(ticket, first + len(some))

        if files:
            self._context.client.thumbnails(files).succeeded.connect(show)
        else:
            self._ask(ticket, first + len(some))

    def _show_thumbnails(self, first: int, some: list[Finding], pictures: dict[str, PixelArray]) -> None:
        self._filling = True
        for number, one in enumerate(some, first):
            shown = [(pictures.get(file), name) for file, name in self._pictures(one)]
            self.list.item(number).setIcon(face_icon(shown, self._pairs))
        self._filling = False

    def _on_ticked(self, item: QListWidgetItem) -> None:
        if self._filling:
            return
        finding = self._kind[self.list.row(item)]
        if item.checkState() is Qt.CheckState.Checked:
            self.left_out.add(finding.picture)
        else:
            self.left_out.discard(finding.picture)
        self._filling = True
        self._describe(item, finding)
        self._filling = False
        self.changed.emit()
