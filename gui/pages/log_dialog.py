"""The history log: what was changed and decided, to look through, check and export."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from PySide6.QtCore import QDate, Qt, QTimer
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QDateEdit,
    QDialog,
    QFrame,
    QHeaderView,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from engine.errors import shown
from engine.journal import KINDS, LogQuery, LogVerdict
from engine.wording import counted
from gui.context import Context
from gui.itemmodels.log import LogModel
from gui.theme import tokens as t
from gui.theme.style import THEME
from gui.widgets.basics import button, icon_label, label, row, set_look
from gui.widgets.person_picker import PersonPicker
from gui.widgets.save_as import TABLES, save_as

_TYPED_MS = 250
_LEVELS: Mapping[str, str] = {
    "off": "The log is off: nothing is added to it.",
    "changes": "Changes of the gallery are written down; decisions are not.",
    "decisions": "Changes and decisions are written down; who is merely seen live is not.",
    "live": "Changes, decisions and who is seen live are written down.",
}


class LogDialog(QDialog):
    """Filters above, entries below. Opens without blocking; follows the gallery."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("History log")
        self.resize(t.FORM_PX + 50 * t.UNIT, t.FORM_PX + 8 * t.UNIT)
        self._context = context
        self.entries = LogModel(context.client, self)
        self.text = QLineEdit()
        self.text.setAccessibleName("Search the log")
        self.text.setPlaceholderText("Search")
        self.text.setClearButtonEnabled(True)
        self.person = PersonPicker(context.people, "Anybody")
        self.kind = QComboBox()
        self.kind.setAccessibleName("Kind of entry")
        self.kind.addItem("Every kind", "")
        for key, name in KINDS.items():
            self.kind.addItem(name, key)
        self.since, self.since_day = _day("From", QDate.currentDate().addMonths(-1))
        self.until, self.until_day = _day("To", QDate.currentDate())
        self.table = self._make_table()
        self._count = label("", "caption")
        self.verdict = label("", "muted", wrap=True, selectable=True)
        self.verdict.hide()
        self.notice = label("", wrap=True, selectable=True)
        self.accept_copy = button("Accept it", self._accept_copy)
        self._odd = self._make_notice()
        self.verify = button("Verify", self._verify, "", "check")
        self.verify.setToolTip("Is every entry as it was written?")
        self.export = button("Export …", self._choose_place, "", "export")
        self._lay_out()
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(_TYPED_MS)
        self._typed.timeout.connect(self.look)
        self.text.textEdited.connect(lambda _text: self._typed.start())
        self.text.textChanged.connect(lambda text: None if text else self.look())
        self.person.person_chosen.connect(self.look)
        self.kind.currentIndexChanged.connect(self.look)
        for box, day in ((self.since, self.since_day), (self.until, self.until_day)):
            box.toggled.connect(day.setEnabled)
            box.toggled.connect(self.look)
            day.dateChanged.connect(self.look)
        self.entries.modelReset.connect(self._on_entries)
        context.client.gallery_changed.connect(self.look)
        self.look()
        self._ask_notice()
        self.text.setFocus()

    def _make_table(self) -> QTableView:
        table = QTableView()
        set_look(table, "listing")
        table.setAccessibleName("Entries of the history log")
        table.setModel(self.entries)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.verticalHeader().setDefaultSectionSize(5 * t.UNIT)
        header = table.horizontalHeader()
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for place, units in enumerate((22, 18)):
            header.resizeSection(place, round(units * t.UNIT * THEME.text_scale))
        return table

    def _make_notice(self) -> QFrame:
        frame = QFrame()
        set_look(frame, "warning")
        layout = row(icon_label("warning", t.ICON_PX, "warning"), self.notice, self.accept_copy)
        layout.setStretch(1, 1)
        layout.setContentsMargins(t.GUTTER, t.GAP, t.GAP, t.GAP)
        frame.setLayout(layout)
        frame.hide()
        return frame

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.MARGIN, t.MARGIN, t.MARGIN, t.MARGIN)
        layout.setSpacing(t.GUTTER)
        layout.addWidget(label("History log", "title"))
        layout.addWidget(label(_LEVELS[self._context.settings.value.history_log], "muted", wrap=True))
        layout.addWidget(self._odd)
        first = row(self.text, self.person, self.kind)
        first.setStretch(0, 1)
        layout.addLayout(first)
        layout.addLayout(row(self.since, self.since_day, self.until, self.until_day, None, self._count))
        layout.addWidget(self.table, 1)
        layout.addWidget(self.verdict)
        close = button("Close", self.accept)
        close.setDefault(True)
        layout.addLayout(row(self.verify, self.export, None, close))

    @property
    def query(self) -> LogQuery:
        """What is looked for."""
        person = self.person.person
        return LogQuery(
            person.id if person else None,
            str(self.kind.currentData()),
            _date(self.since, self.since_day),
            _date(self.until, self.until_day),
            self.text.text(),
        )

    def look(self, _changed: object = None) -> None:
        """Look for the entries that fit the filters."""
        self._typed.stop()
        self._context.tell_failure(self.entries.ask(self.query))

    def _on_entries(self) -> None:
        count = len(self.entries.numbers)
        self._count.setText(counted(count, "entry", "entries"))
        self.export.setEnabled(count > 0)

    def _ask_notice(self) -> None:
        self._context.client.log_notice().succeeded.connect(self._show_notice)

    def _show_notice(self, sentence: str) -> None:
        self.notice.setText(sentence)
        self._odd.setVisible(bool(sentence))

    def _accept_copy(self) -> None:
        job = self._context.tell_failure(self._context.client.log_accept())
        job.succeeded.connect(lambda _nothing: self._show_notice(""))
        job.succeeded.connect(self.look)

    def _verify(self) -> None:
        self.verify.setEnabled(False)
        job = self._context.tell_failure(self._context.client.log_verify())
        job.succeeded.connect(self._show_verdict)
        job.finished.connect(lambda: self.verify.setEnabled(True))

    def _show_verdict(self, verdict: LogVerdict) -> None:
        set_look(self.verdict, "muted" if verdict.sound else "bad-text")
        self.verdict.setText(verdict.sentence)
        self.verdict.show()

    def _choose_place(self) -> None:
        save_as(self, "Export to", "history.csv", TABLES, self.export_to)

    def export_to(self, place: Path) -> None:
        """Write the entries in sight; the file's name says how."""
        job = self._context.tell_failure(self._context.client.log_export(place, self.query))

        def told(count: int) -> None:
            entries = counted(count, "entry is", "entries are")
            self._context.toasts.show(f"{entries} in “{shown(place)}”.", "good")

        job.succeeded.connect(told)


def _day(text: str, shown_day: QDate) -> tuple[QCheckBox, QDateEdit]:
    box, day = QCheckBox(text), QDateEdit(shown_day)
    day.setAccessibleName(f"{text}, day")
    day.setCalendarPopup(True)
    day.setDisplayFormat("d MMM yyyy")
    day.setEnabled(False)
    return box, day


def _date(box: QCheckBox, day: QDateEdit) -> date | None:
    chosen = day.date()
    return date(chosen.year(), chosen.month(), chosen.day()) if box.isChecked() else None
