"""How long somebody is to be kept, and a reminder when that is over."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QDate, QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QDateEdit, QFrame, QWidget

from engine.care import days_left, extended
from engine.types import Person
from gui.theme import tokens as t
from gui.widgets.basics import button, icon_label, label, row, set_look
from gui.widgets.sides import SidesLayout


class KeepUntil(QWidget):
    """A last day that can be set, taken away and put off by a year."""

    chosen = Signal(object)
    """A date, or None for no last day."""

    def __init__(self) -> None:
        super().__init__()
        self._person: Person | None = None
        self.limited = QCheckBox("Keep until")
        self.day = QDateEdit()
        self.day.setAccessibleName("Last day")
        self.day.setCalendarPopup(True)
        self.day.setDisplayFormat("d MMM yyyy")
        self.extend = button("+ 1 year", self._extend, "quiet")
        self.extend.setAccessibleName("Keep them one year more")
        self.extend.setToolTip("Keep them one year more")
        self.note = label("", "warning-text")
        layout = SidesLayout()
        for part in (self.limited, self.day, self.extend, self.note):
            layout.lead(part)
        self.setLayout(layout)
        self.limited.toggled.connect(self._on_changed)
        self.day.dateChanged.connect(self._on_changed)

    def show_person(self, person: Person) -> None:
        """Show what is stored."""
        self._person = person
        today = date.today()
        left = days_left(person, today)
        shown = person.expires_on or extended(person, today)
        with QSignalBlocker(self.limited), QSignalBlocker(self.day):
            self.limited.setChecked(left is not None)
            self.day.setDate(QDate(shown.year, shown.month, shown.day))
        self.day.setEnabled(left is not None)
        self.extend.setVisible(left is not None)
        self.note.setText("expired" if left is not None and left < 0 else "")

    def _on_changed(self, _value: object = None) -> None:
        self._choose(self.day.date().toPython() if self.limited.isChecked() else None)

    def _extend(self) -> None:
        if self._person is not None:
            self._choose(extended(self._person, date.today()))

    def _choose(self, day: object) -> None:
        if self._person is not None and day != self._person.expires_on:
            self.chosen.emit(day)


class DueBanner(QFrame):
    """Says how many people have expired or do so soon; shows only them while its button is pressed."""

    toggled = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        set_look(self, "warning")
        self.message = label("", wrap=True)
        self.only = button("Show them", self._toggle, "quiet")
        self.only.setCheckable(True)
        layout = row(icon_label("warning", t.ICON_PX, "warning"), self.message, self.only)
        layout.setStretch(1, 1)
        layout.setContentsMargins(t.GUTTER, t.GAP, t.GAP, t.GAP)
        self.setLayout(layout)

    def say(self, text: str) -> None:
        """Show a reminder; an empty one hides the banner and shows everyone again."""
        self.message.setText(text)
        self.setVisible(bool(text))
        if not text and self.only.isChecked():
            self.only.click()

    def _toggle(self) -> None:
        only = self.only.isChecked()
        self.only.setText("Show everyone" if only else "Show them")
        self.toggled.emit(only)
