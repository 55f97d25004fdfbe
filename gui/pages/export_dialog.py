"""Handing people out: whom, into what kind of file, and the passphrase that keeps it closed."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QLineEdit, QVBoxLayout, QWidget

from engine.errors import shown
from engine.exchange import GALLERY_SUFFIX, SHORTEST_PASSPHRASE, Exported
from engine.types import Person
from engine.wording import counted
from gui.context import Context
from gui.engine_client import Job
from gui.theme import tokens as t
from gui.widgets.basics import button, column, label, row
from gui.widgets.job_bar import JobBar
from gui.widgets.save_as import save_as

_FORMATS = (
    ("Gallery file: everything, encrypted", GALLERY_SUFFIX, "Visavis gallery (*.visavis)"),
    ("Table for spreadsheets: names and notes, no pictures", ".csv", "CSV (*.csv)"),
    ("JSON: names and notes, no pictures", ".json", "JSON (*.json)"),
)


class ExportDialog(QDialog):
    """Exports everybody, or the person chosen. Opens without blocking; closes itself when done."""

    def __init__(self, context: Context, person: Person | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Export")
        self.setMinimumWidth(t.FORM_PX - 16 * t.UNIT)
        self._context = context
        self._job: Job | None = None
        self.who = QComboBox()
        self.who.setAccessibleName("Whom")
        self.who.addItem(_everybody(len(context.people.people)), None)
        if person is not None:
            self.who.addItem(f"Only {shown(person.name)}", person.id)
        self.form = QComboBox()
        self.form.setAccessibleName("As")
        for text, _suffix, _filter in _FORMATS:
            self.form.addItem(text)
        self.passphrase, self.again = _secret("Passphrase"), _secret("The same again")
        self._hint = label("", "muted", wrap=True)
        self.message = label("", "bad-text", wrap=True)
        self.message.hide()
        self.jobs = JobBar()
        self._secrets = QWidget()
        self._secrets.setLayout(self._secret_fields())
        self.save = button("Export …", self._choose_place, "primary", "export")
        self.save.setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.MARGIN, t.MARGIN, t.MARGIN, t.MARGIN)
        layout.setSpacing(t.GUTTER)
        layout.addWidget(label("Export people", "title"))
        for name, control in (("Whom", self.who), ("As", self.form)):
            heading = label(name)
            heading.setBuddy(control)
            layout.addLayout(column(heading, control, spacing=t.GAP // 2))
        for widget in (self._secrets, self.message, self.jobs):
            layout.addWidget(widget)
        layout.addLayout(row(None, button("Cancel", self.reject), self.save))
        self.form.currentIndexChanged.connect(self._update)
        for line in (self.passphrase, self.again):
            line.textChanged.connect(self._update)
        self._update()
        self.passphrase.setFocus()

    def _secret_fields(self) -> QVBoxLayout:
        fields = column(spacing=t.GAP // 2)
        fields.setContentsMargins(0, 0, 0, 0)
        for name, line in (("Passphrase", self.passphrase), ("The same again", self.again)):
            heading = label(name)
            heading.setBuddy(line)
            fields.addWidget(heading)
            fields.addWidget(line)
            fields.addSpacing(t.GAP)
        fields.addWidget(self._hint)
        return fields

    @property
    def encrypted(self) -> bool:
        """Whether a gallery file is to be written."""
        return self.form.currentIndex() == 0

    def _update(self) -> None:
        self._secrets.setVisible(self.encrypted)
        problem = self._problem() if self.encrypted else ""
        self._hint.setText(problem or "Whoever has it can open the file. Nobody can without it: keep it safe.")
        self.save.setEnabled(self._job is None and not problem)
        self.adjustSize()

    def _problem(self) -> str:
        typed, again = self.passphrase.text(), self.again.text()
        if len(typed) < SHORTEST_PASSPHRASE:
            return f"At least {SHORTEST_PASSPHRASE} characters. Several words are better than one."
        return "" if typed == again else "The two are not the same yet."

    def _choose_place(self) -> None:
        _text, suffix, name_filter = _FORMATS[self.form.currentIndex()]
        save_as(self, "Export to", f"people{suffix}", name_filter, self.export)

    def export(self, place: Path) -> None:
        """Write the file."""
        chosen = self.who.currentData()
        people = None if chosen is None else [chosen]
        client = self._context.client
        if self.encrypted:
            job = client.export_gallery(place, self.passphrase.text(), people)
        else:
            job = client.export_people(place, people)
        self._job = job
        self.message.hide()
        self._update()
        self.jobs.follow(job, "Exporting")
        job.succeeded.connect(self._on_done)
        job.failed.connect(self._on_failed)
        job.cancelled.connect(self._on_cancelled)

    def _on_done(self, done: Exported) -> None:
        people = counted(done.people, "person is", "people are")
        self._context.toasts.show(f"{people} exported to “{shown(done.place)}”. {done.strangers}".rstrip(), "good")
        self._job = None
        self.accept()

    def _on_failed(self, sentence: str, details: str) -> None:
        self._job = None
        self.message.setText(sentence)
        self.message.show()
        if details:
            self._context.toasts.show(sentence, "bad", details)
        self._update()

    def _on_cancelled(self) -> None:
        self._on_failed("Cancelled. No file was written.", "")

    def reject(self) -> None:
        """Close; an export that is running is stopped first."""
        if self._job is None:
            super().reject()
        else:
            self.jobs.stop.click()


def _secret(name: str) -> QLineEdit:
    line = QLineEdit()
    line.setEchoMode(QLineEdit.EchoMode.Password)
    line.setAccessibleName(name)
    return line


def _everybody(count: int) -> str:
    return "The one person in the gallery" if count == 1 else f"Everybody ({count:,} people)"
