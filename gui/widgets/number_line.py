"""A line for a number of any size, with its unit; what is no number there gives way to the last one that was."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QDoubleValidator, QFocusEvent, QResizeEvent
from PySide6.QtWidgets import QLineEdit
from typing_extensions import override

from gui.theme import tokens as t
from gui.widgets.basics import label, set_look


class NumberLine(QLineEdit):
    """Emits a number once it is entered, and never keeps one on show that does not count."""

    committed = Signal(float)

    def __init__(self, low: float, high: float, unit: str) -> None:
        super().__init__()
        validator = QDoubleValidator(low, high, 10, self)
        validator.setLocale(QLocale.c())
        self.setValidator(validator)
        self._number = low
        self._range = f"{low:g} to {high:g} {unit}".strip()
        self.setToolTip(self._range)
        self.setAccessibleDescription(self._range)
        self._unit = label(unit, "muted")
        self._unit.setParent(self)
        self._unit.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.textChanged.connect(self._mark)
        self.editingFinished.connect(self._commit)

    @property
    def number(self) -> float:
        """The number that counts."""
        return self._number

    def show_number(self, number: float) -> None:
        """Show a number, without telling of it."""
        self._number = number
        self.setText(f"{number:.10g}")
        # A form shows values with its signals blocked.
        self._mark()

    def _mark(self) -> None:
        set_look(self, "" if self.hasAcceptableInput() else "wrong")

    def _commit(self) -> None:
        number = float(self.text())
        if number != self._number:
            self._number = number
            self.committed.emit(number)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        # Qt tells nobody that the editing of something unacceptable is over.
        if not self.hasAcceptableInput():
            self.show_number(self._number)
        super().focusOutEvent(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        size = self._unit.sizeHint()
        self._unit.setGeometry(
            self.width() - size.width() - t.GUTTER, (self.height() - size.height()) // 2, size.width(), size.height()
        )
        self.setTextMargins(0, 0, size.width() + t.GAP if self._unit.text() else 0, 0)
