"""Options as they are declared, each with its label, note and the control that fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QSpinBox, QWidget
from typing_extensions import override

from engine.options import Option, Value
from gui.theme import tokens as t
from gui.theme.style import THEME
from gui.widgets.basics import column, label
from gui.widgets.number_line import NumberLine
from gui.widgets.one_line import Choice


class OptionForm(QWidget):
    """A grid of options; emits what the user changes, at once."""

    changed = Signal(str, object)

    def __init__(self, options: Mapping[str, Option], values: Mapping[str, Value]) -> None:
        """Lay the options out.

        Args:
            options: by key, in order.
            values: the value of each.
        """
        super().__init__()
        self.controls: dict[str, QWidget] = {}
        self._show: dict[str, Callable[[Value], None]] = {}
        lines = QGridLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setColumnStretch(0, 1)
        lines.setVerticalSpacing(t.GUTTER)
        lines.setHorizontalSpacing(t.MARGIN)
        for number, (key, option) in enumerate(options.items()):
            control = self._control(key, option, values[key])
            control.setAccessibleName(option.label)
            control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            control.installEventFilter(self)
            name = label(option.label, wrap=True)
            name.setBuddy(control)
            words = [name, label(option.note, "caption", wrap=True)] if option.note else [name]
            lines.addLayout(column(*words, spacing=0), number, 0)
            lines.addWidget(control, number, 1, Qt.AlignmentFlag.AlignVCenter)
            self.controls[key] = control
            self._show[key](values[key])
        THEME.changed.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        """Give the controls room for larger text: the same in every form, so that they stand below one another."""
        # About a quarter of a field is frame, arrow and air, and need not grow.
        width = round(t.FIELD_PX * (0.25 + 0.75 * THEME.text_scale))
        for control in self.controls.values():
            control.setFixedWidth(width)

    def show_value(self, key: str, value: Value) -> None:
        """Show another value, without telling of a change."""
        with QSignalBlocker(self.controls[key]):
            self._show[key](value)

    def _control(self, key: str, option: Option, value: Value) -> QWidget:
        if option.choices:
            return self._choice(key, option)
        if isinstance(value, bool):
            check = QCheckBox()
            self._show[key] = lambda value: check.setChecked(bool(value))
            check.toggled.connect(lambda checked: self.changed.emit(key, checked))
            return check
        return self._real(key, option) if isinstance(value, float) else self._whole(key, option)

    def _whole(self, key: str, option: Option) -> QSpinBox:
        number = QSpinBox()
        number.setRange(round(option.low or 0), round(option.high or 0))
        number.setSuffix(f" {option.unit}" if option.unit else "")
        number.setKeyboardTracking(False)
        number.lineEdit().setTextMargins(t.GAP, 0, 0, 0)
        self._show[key] = lambda value: number.setValue(round(float(value)))
        number.valueChanged.connect(lambda value: self.changed.emit(key, value))
        return number

    def _real(self, key: str, option: Option) -> NumberLine:
        """A line of text: a spin box cannot show 0.00003."""
        scale, unit = (100.0, "%") if option.percent else (1.0, option.unit)
        line = NumberLine(scale * (option.low or 0.0), scale * (option.high or 0.0), unit)
        self._show[key] = lambda value: line.show_number(scale * float(value))
        line.committed.connect(lambda number: self.changed.emit(key, number / scale))
        return line

    def _choice(self, key: str, option: Option) -> Choice:
        choice = Choice()
        values = [value for value, _ in option.choices]
        choice.addItems([text for _, text in option.choices])
        self._show[key] = lambda value: choice.setCurrentIndex(values.index(value))
        choice.activated.connect(lambda place: self.changed.emit(key, values[place]))
        return choice

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # A wheel turned to scroll the page must not change the control that passes under the pointer.
        if event.type() is QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False
