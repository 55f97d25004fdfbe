"""Settings: every option as it is declared, and what the engine runs on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from engine.options import Option
from engine.settings import OPTIONS
from engine.types import EngineInfo
from engine.wording import counted, people
from gui.context import Context
from gui.pages.page import Page
from gui.pages.protection import ProtectionCard
from gui.theme import tokens as t
from gui.widgets.basics import button, card, label, row
from gui.widgets.option_form import OptionForm
from gui.widgets.rate_dial import RateDial


class SettingsPage(Page):
    """One card a section; a change counts at once."""

    title = "Settings"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.controls: dict[str, QWidget] = {}
        self._forms: dict[str, OptionForm] = {}
        inside = QWidget()
        inside.setMaximumWidth(t.FORM_PX + 20 * t.UNIT)
        cards = QVBoxLayout(inside)
        cards.setContentsMargins(0, 0, t.GAP, 0)
        cards.setSpacing(t.GUTTER)
        for section in dict.fromkeys(option.section for option in OPTIONS.values()):
            shown = {key: option for key, option in OPTIONS.items() if option.section == section and not option.hidden}
            cards.addWidget(self._section(section, shown))
        self.protection = ProtectionCard(context)
        cards.addWidget(self.protection)
        self.dial = RateDial(context)
        cards.addWidget(self.dial)
        self.about = _AboutCard(lambda: context.open_page("models"))
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
        first = context.client.info()
        first.succeeded.connect(self.about.show_info)
        first.succeeded.connect(self.protection.show_info)

    def _section(self, title: str, options: dict[str, Option]) -> QFrame:
        frame, layout = card()
        layout.addWidget(label(title, "title"))
        values = asdict(self.context.settings.value)
        form = OptionForm(options, values)
        form.changed.connect(self.context.settings.change)
        self.controls |= form.controls
        self._forms |= dict.fromkeys(options, form)
        layout.addWidget(form)
        return frame

    def _on_changed(self, key: str) -> None:
        if key in self._forms:
            self._forms[key].show_value(key, getattr(self.context.settings.value, key))


class _AboutCard(QFrame):
    """What the engine runs on, the pack's licence, and where things are."""

    def __init__(self, open_models: Callable[[], None]) -> None:
        super().__init__()
        self.setProperty("look", "card")
        self.models = button("All models", open_models, "quiet", "models")
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
        layout.addLayout(row(self.models, self.open, None))
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
        texts = {
            "Device": f"{info.device}. {info.device_reason}",
            "Precision": info.precision,
            "Pack": info.pack,
            "Licence": info.pack_licence,
            "Detector": info.detector,
            "Gallery": f"{info.gallery_path} ({people(info.people)}, {counted(info.templates, 'template')})",
            "Versions": ", ".join(f"{name} {number}" for name, number in info.versions.items()),
        }
        for name, text in texts.items():
            self._labels[name].setText(text)
        self.values = texts
        self.open.setVisible(not info.on_server)
        self._folder = str(Path(info.gallery_path).parent)
        self.open.setEnabled(True)

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(self._folder))
