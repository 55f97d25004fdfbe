"""First step: a folder of people, and what is wrong with its pictures."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QStackedWidget, QWidget

from engine.learning import LEAST_PEOPLE, DataReport
from engine.wording import people, pictures
from gui.context import Context
from gui.pages.train_findings import FindingList
from gui.theme import tokens as t
from gui.widgets.basics import button, card, column, label, row, set_look
from gui.widgets.drop_zone import DropZone, browse
from gui.widgets.job_bar import duration

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
_INVITATION = "Drop a folder that holds one folder of pictures per person"


class PicturesStep(QWidget):
    """Choose a folder; look at what the check found; leave pictures out."""

    folder_chosen = Signal(object)
    accepted = Signal()
    changed = Signal()
    """Other pictures are left out now."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.report: DataReport | None = None
        self.zone = DropZone(_INVITATION, several=False, folder_only=True)
        self.zone.dropped.connect(lambda places: self.folder_chosen.emit(places[0]))
        self.counts = label("", "title", wrap=True)
        self.where = label("", "muted", wrap=True)
        self.kind = QComboBox()
        self.kind.setAccessibleName("Which findings")
        self.kind.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.kind.activated.connect(lambda _place: self._fill())
        self.findings = FindingList(context)
        self.findings.changed.connect(self._on_ticked)
        self.left_out_text = label("", "muted", wrap=True)
        self.go_on = button("Next: recipe", self.accepted.emit, "primary")
        self.again = button("Another folder …", self.browse_folder, "", "folder")
        head, inside = card()
        line = row(column(self.counts, self.where, spacing=0), self.again, self.go_on)
        line.setStretch(0, 1)
        inside.addLayout(line)
        found, layout = card()
        layout.addLayout(row(label("Look at these", "title"), None, self.kind))
        layout.addWidget(self.left_out_text)
        layout.addWidget(self.findings, 1)
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
        self.zone.choose.setEnabled(False)
        self._stack.setCurrentIndex(0)

    def failed(self, sentence: str) -> None:
        """Looking at the folder did not work, or was stopped."""
        self.zone.choose.setEnabled(True)
        self.zone.text.setText(sentence or _INVITATION)

    def show_report(self, report: DataReport) -> None:
        """Show what the check found."""
        self.report = report
        self.zone.choose.setEnabled(True)
        self.zone.text.setText(_INVITATION)
        self.findings.begin(report)
        self.counts.setText(f"{people(report.people)}, {pictures(report.pictures)}")
        self.kind.clear()
        for kind, name in KINDS.items():
            count = sum(one.kind == kind for one in report.findings)
            if count:
                self.kind.addItem(f"{name} ({count:,})", kind)
        self.kind.setVisible(self.kind.count() > 0)
        self._fill()
        self._tell_left_out()
        self._stack.setCurrentIndex(1)

    def left_out(self) -> list[str]:
        """Pictures that are not to be used, as paths inside the folder."""
        return sorted(self.findings.left_out)

    def usable(self, least_pictures: int) -> tuple[int, int]:
        """How many people with how many pictures there are to learn from."""
        return self.report.usable(self.findings.left_out, least_pictures) if self.report else (0, 0)

    def follow(self, least_pictures: int) -> str:
        """Say what can be learned from, and return why that is too little; empty where it is enough."""
        if self.report is None:
            return "Choose a folder of people in the first step."
        there, count = self.usable(least_pictures)
        took = f", looked at in {duration(self.report.seconds)}" if self.report.seconds >= 1 else ""
        lacking = "" if there >= LEAST_PEOPLE else too_few(there, least_pictures)
        self.where.setText(
            f"{people(there)} with {pictures(count)} can be learned from. “{Path(self.report.folder).name}”{took}."
            + (f"\n{lacking}" if lacking else "")
        )
        set_look(self.where, "warning-text" if lacking else "muted")
        self.go_on.setEnabled(not lacking)
        return lacking

    def _fill(self) -> None:
        self.findings.show_kind(self.kind.currentData() or "")

    def _on_ticked(self) -> None:
        self._tell_left_out()
        self.changed.emit()

    def _tell_left_out(self) -> None:
        if self.report is None:
            return
        if not self.report.findings:
            self.left_out_text.setText("Nothing is wrong with these pictures.")
        else:
            self.left_out_text.setText(f"Ticked pictures are left out: {len(self.left_out()):,} so far.")


def too_few(there: int, least_pictures: int) -> str:
    """Why so few people are too few."""
    return (
        f"Too few to train: {people(LEAST_PEOPLE)} with at least {least_pictures} usable pictures each are needed, so "
        f"that some can be kept for judging; here {'is' if there == 1 else 'are'} {there:,}. Add people or pictures."
    )
