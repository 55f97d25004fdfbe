"""First step: a folder of people, and what is wrong with its pictures."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QComboBox, QListWidget, QListWidgetItem, QStackedWidget, QWidget

from engine.learning import DataReport, Finding
from engine.types import PixelArray
from gui.context import Context
from gui.theme import tokens as t
from gui.widgets.basics import button, card, column, image_of, label, rounded, row
from gui.widgets.drop_zone import DropZone, browse

KINDS = {
    "mislabelled": "Probably in the wrong folder",
    "near_duplicate": "The same photograph under two people",
    "duplicate": "The same file twice",
    "several_faces": "Several faces",
    "no_face": "No face found",
    "unreadable": "Cannot be read",
    "few_pictures": "Too few pictures",
}
"""What each kind of finding is called, the most telling first."""
_SHOWN_AT_ONCE = 300
_CROP_PX = 2 * t.SMALL_THUMBNAIL_PX
_INVITATION = "Drop a folder that holds one folder of pictures per person"


class PicturesStep(QWidget):
    """Choose a folder; look at what the check found; leave pictures out."""

    folder_chosen = Signal(object)
    accepted = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.report: DataReport | None = None
        self._context = context
        self._out: set[str] = set()
        self._filling = False
        self.zone = DropZone(
            "Drop a folder that holds one folder of pictures per person", several=False, folder_only=True
        )
        self.zone.dropped.connect(lambda places: self.folder_chosen.emit(places[0]))
        self.counts = label("", "title", wrap=True)
        self._where = label("", "muted", wrap=True)
        self.kind = QComboBox()
        self.kind.setAccessibleName("Which findings")
        self.kind.activated.connect(lambda _place: self._fill())
        self.list = QListWidget()
        self.list.setAccessibleName("Findings; a tick leaves the picture out")
        self.list.setIconSize(QSize(2 * _CROP_PX + t.GAP // 2, _CROP_PX))
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemChanged.connect(self._on_ticked)
        self.left_out_text = label("", "muted", wrap=True)
        self.go_on = button("Next: recipe", self.accepted.emit, "primary")
        self.again = button("Another folder …", self.browse_folder, "", "folder")
        head, inside = card()
        line = row(column(self.counts, self._where, spacing=0), self.again, self.go_on)
        line.setStretch(0, 1)
        inside.addLayout(line)
        found, layout = card()
        layout.addLayout(row(label("Look at these", "title"), None, self.kind))
        layout.addWidget(self.left_out_text)
        layout.addWidget(self.list, 1)
        result = QWidget()
        lines = column(head, found, spacing=t.GUTTER)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setStretch(1, 1)
        result.setLayout(lines)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.zone)
        self._stack.addWidget(result)
        whole = column(self._stack)
        whole.setContentsMargins(0, 0, 0, 0)
        self.setLayout(whole)

    def browse_folder(self) -> None:
        """Let the user choose a folder."""
        browse(self, lambda places: self.folder_chosen.emit(places[0]), several=False, folder=True)

    def begin(self, folder: Path) -> None:
        """A folder is being looked at."""
        self.report = None
        self.zone.text.setText(f"Looking at “{folder.name}” …")
        self._stack.setCurrentIndex(0)

    def failed(self, sentence: str) -> None:
        """Looking at the folder did not work."""
        if self.report is None:
            self.zone.text.setText(sentence or _INVITATION)

    def show_report(self, report: DataReport) -> None:
        """Show what the check found."""
        self.report = report
        self._out = {one.picture for one in report.findings if one.unusable or one.suggested}
        self.counts.setText(f"{report.people:,} people, {report.pictures:,} pictures")
        self._where.setText(
            f"{report.usable_people:,} people with {report.usable_pictures:,} pictures can be learned from. "
            f"“{Path(report.folder).name}”, looked at in {report.seconds:.0f} s."
        )
        self.kind.clear()
        for kind, name in KINDS.items():
            count = sum(one.kind == kind for one in report.findings)
            if count:
                self.kind.addItem(f"{name} ({count:,})", kind)
        self.kind.setVisible(self.kind.count() > 0)
        self._fill()
        self._stack.setCurrentIndex(1)
        self.zone.text.setText(_INVITATION)

    def left_out(self) -> list[str]:
        """Pictures that are not to be used, as paths inside the folder."""
        return sorted(self._out)

    def _shown(self) -> list[Finding]:
        kind = self.kind.currentData()
        return [one for one in self.report.findings if one.kind == kind][:_SHOWN_AT_ONCE] if self.report else []

    def _fill(self) -> None:
        self._filling = True
        self.list.clear()
        shown = self._shown()
        for one in shown:
            item = QListWidgetItem(f"{one.picture or one.person}\n{one.sentence}")
            if one.picture:
                item.setCheckState(Qt.CheckState.Checked if one.picture in self._out else Qt.CheckState.Unchecked)
                if one.unusable:
                    item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsUserCheckable)
            item.setToolTip(one.sentence)
            self.list.addItem(item)
        self._filling = False
        self._tell_left_out()
        crops = [place for one in shown for place in (one.crop, one.other_crop) if place]
        if crops:
            self._context.client.thumbnails(list(dict.fromkeys(crops))).succeeded.connect(self._show_thumbnails)

    def _show_thumbnails(self, pictures: dict[str, PixelArray]) -> None:
        for number, one in enumerate(self._shown()):
            item = self.list.item(number)
            if item is not None and one.crop in pictures:
                self._filling = True
                item.setIcon(_side_by_side([pictures[crop] for crop in (one.crop, one.other_crop) if crop in pictures]))
                self._filling = False

    def _on_ticked(self, item: QListWidgetItem) -> None:
        if self._filling:
            return
        finding = self._shown()[self.list.row(item)]
        if item.checkState() is Qt.CheckState.Checked:
            self._out.add(finding.picture)
        else:
            self._out.discard(finding.picture)
        self._tell_left_out()

    def _tell_left_out(self) -> None:
        if self.report is None:
            return
        if not self.report.findings:
            self.left_out_text.setText("Nothing is wrong with these pictures.")
        else:
            self.left_out_text.setText(f"Ticked pictures are left out: {len(self._out - {''}):,} so far.")


def _side_by_side(crops: list[PixelArray]) -> QIcon:
    """The face in question, and the one it is compared with."""
    drawn = QPixmap(2 * (2 * _CROP_PX + t.GAP // 2), 2 * _CROP_PX)
    drawn.setDevicePixelRatio(2.0)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    for place, crop in enumerate(crops):
        painter.drawPixmap(place * (_CROP_PX + t.GAP // 2), 0, rounded(image_of(crop), _CROP_PX, 2.0))
    painter.end()
    return QIcon(drawn)
