"""Settings: every option as it is declared, and what the engine runs on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QGridLayout, QScrollArea, QSpinBox, QVBoxLayout, QWidget
from typing_extensions import override

from engine.options import Option, Value
from engine.settings import OPTIONS
from engine.types import EngineInfo
from gui.context import Context
from gui.pages.page import Page
from gui.theme import tokens as t
from gui.widgets.basics import button, card, column, label, row


class SettingsPage(Page):
    """One card a section; a change counts at once."""

    title = "Settings"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.controls: dict[str, QWidget] = {}
        self._show: dict[str, Callable[[Value], None]] = {}
        inside = QWidget()
        inside.setMaximumWidth(t.FORM_PX + 20 * t.UNIT)
        cards = QVBoxLayout(inside)
        cards.setContentsMargins(0, 0, t.GAP, 0)
        cards.setSpacing(t.GUTTER)
        for section in dict.fromkeys(option.section for option in OPTIONS.values()):
            shown = {key: option for key, option in OPTIONS.items() if option.section == section and not option.hidden}
            cards.addWidget(self._section(section, shown))
        self.about = _AboutCard()
        cards.addWidget(self.about)
        cards.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inside)
        scroll.setAccessibleName("Settings")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.body.addWidget(scroll, 1)
        context.settings.changed.connect(self._on_changed)
        context.client.ready.connect(self.about.show_info)
        context.client.info().succeeded.connect(self.about.show_info)

    def _section(self, title: str, options: dict[str, Option]) -> QFrame:
        frame, layout = card()
        layout.addWidget(label(title, "title"))
        lines = QGridLayout()
        lines.setColumnStretch(0, 1)
        lines.setVerticalSpacing(t.GUTTER)
        lines.setHorizontalSpacing(t.MARGIN)
        for number, (key, option) in enumerate(options.items()):
            control = self._control(key, option)
            control.setAccessibleName(option.label)
            control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            control.installEventFilter(self)
            control.setMinimumWidth(t.PANEL_PX - 6 * t.UNIT)
            name = label(option.label)
            name.setBuddy(control)
            words = [name, label(option.note, "caption", wrap=True)] if option.note else [name]
            lines.addLayout(column(*words, spacing=0), number, 0)
            lines.addWidget(control, number, 1, Qt.AlignmentFlag.AlignVCenter)
            self.controls[key] = control
            self._show[key](getattr(self.context.settings.value, key))
        layout.addLayout(lines)
        return frame

    def _control(self, key: str, option: Option) -> QWidget:
        value: Value = getattr(self.context.settings.value, key)
        if option.choices:
            return self._choice(key, option)
        if isinstance(value, bool):
            check = QCheckBox()
            self._show[key] = lambda value: check.setChecked(bool(value))
            check.toggled.connect(lambda checked: self._change(key, checked))
            return check
        number = QSpinBox()
        number.setRange(round(option.low or 0), round(option.high or 0))
        number.setSuffix(f" {option.unit}" if option.unit else "")
        number.setKeyboardTracking(False)
        number.lineEdit().setTextMargins(t.GAP, 0, 0, 0)
        self._show[key] = lambda value: number.setValue(round(float(value)))
        number.valueChanged.connect(lambda value: self._change(key, value))
        return number

    def _choice(self, key: str, option: Option) -> QComboBox:
        choice = QComboBox()
        values = [value for value, _ in option.choices]
        choice.addItems([text for _, text in option.choices])
        self._show[key] = lambda value: choice.setCurrentIndex(values.index(value))
        choice.activated.connect(lambda place: self._change(key, values[place]))
        return choice

    def _change(self, key: str, value: Value) -> None:
        self.context.settings.change(key, value)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # A wheel turned to scroll the page must not change the control that passes under the pointer.
        if event.type() is QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False

    def _on_changed(self, key: str) -> None:
        if key in self.controls:
            with QSignalBlocker(self.controls[key]):
                self._show[key](getattr(self.context.settings.value, key))


class _AboutCard(QFrame):
    """What the engine runs on, the pack's licence, and where things are."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "card")
        self._lines = QGridLayout()
        self._lines.setColumnStretch(1, 1)
        self._lines.setHorizontalSpacing(t.MARGIN)
        self._lines.setVerticalSpacing(t.GAP)
        self.open = button("Show the gallery's folder", self._open_folder, "quiet", "folder")
        self.open.setEnabled(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.GUTTER, t.GUTTER, t.GUTTER, t.GUTTER)
        layout.setSpacing(t.GUTTER)
        layout.addWidget(label("In use", "title"))
        layout.addLayout(self._lines)
        layout.addLayout(row(self.open, None))
        self.values: dict[str, str] = {}
        self._labels = {}
        for number, name in enumerate(("Device", "Precision", "Pack", "Licence", "Detector", "Gallery", "Versions")):
            value = label("…", wrap=True, selectable=True)
            self._labels[name] = value
            self._lines.addWidget(label(name, "muted"), number, 0, Qt.AlignmentFlag.AlignTop)
            self._lines.addWidget(value, number, 1)
        self._folder = ""

    def show_info(self, info: EngineInfo) -> None:
        """Show what the engine says of itself."""
        people = "1 person" if info.people == 1 else f"{info.people:,} people"
        texts = {
            "Device": f"{info.device}. {info.device_reason}",
            "Precision": info.precision,
            "Pack": info.pack,
            "Licence": info.pack_licence,
            "Detector": info.detector,
            "Gallery": f"{info.gallery_path} ({people}, {info.templates:,} templates)",
            "Versions": ", ".join(f"{name} {number}" for name, number in info.versions.items()),
        }
        for name, text in texts.items():
            self._labels[name].setText(text)
        self.values = texts
        self._folder = str(Path(info.gallery_path).parent)
        self.open.setEnabled(True)

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(self._folder))
