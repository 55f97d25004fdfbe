"""What is asked before a network that is brought along, or two that are joined, become a pack."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QDialog, QFileDialog, QLineEdit, QVBoxLayout, QWidget

from engine.errors import shown
from engine.learning import FINE_TUNE, RECIPE_OPTIONS
from engine.pack_values import SCALING_WORDS, SHIPPED_CALIBRATIONS, PackCard
from gui.theme import tokens as t
from gui.widgets.basics import button, column, label, row

_FOUND_OUT = "Found out on the people"
_DEFAULT_NETWORK = ("dlib_resnet", "dlib's ResNet")


class _Asking(QDialog):
    """A dialog with a folder of people; emits the command that does it."""

    asked = Signal(list, str)
    """Arguments of `visavis packs`, and what is being done."""

    def __init__(self, title: str, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(t.FORM_PX - 16 * t.UNIT)
        self.people = QLineEdit()
        self.people.setPlaceholderText("Holds one folder of pictures per person")
        self.browse = button("Browse …", self._browse, "", "folder")
        self.browse.setAccessibleName("Browse for a folder of people")
        self.go = button(title.removesuffix(" …"), self._go, "primary")
        self.go.setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.MARGIN, t.MARGIN, t.MARGIN, t.MARGIN)
        layout.setSpacing(t.GUTTER)
        layout.addWidget(label(title, "title"))
        layout.addWidget(label(text, "muted", wrap=True))
        self.fields = QVBoxLayout()
        self.fields.setSpacing(t.GUTTER)
        layout.addLayout(self.fields)
        self._people_field = QWidget()
        heading = label("A folder of people")
        heading.setBuddy(self.people)
        self.people.setAccessibleName("A folder of people")
        field = column(heading, row(self.people, self.browse), spacing=t.GAP // 2)
        field.setContentsMargins(0, 0, 0, 0)
        self._people_field.setLayout(field)
        layout.addWidget(self._people_field)
        layout.addLayout(row(None, button("Cancel", self.reject), self.go))
        self.people.textChanged.connect(self._update)

    def _field(self, name: str, control: QWidget) -> None:
        heading = label(name)
        heading.setBuddy(control)
        control.setAccessibleName(name)
        self.fields.addLayout(column(heading, control, spacing=t.GAP // 2))

    def _browse(self) -> None:
        dialog = QFileDialog(self, "A folder that holds one folder of pictures per person")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self.people.setText)
        dialog.open()

    def _needs_people(self) -> bool:
        return True

    def _possible(self) -> bool:
        return True

    def _update(self) -> None:
        self._people_field.setVisible(self._needs_people())
        named = bool(self.people.text().strip()) or not self._needs_people()
        self.go.setEnabled(self._possible() and named)
        self.adjustSize()

    def _calibrating(self) -> list[str]:
        return ["--calibrate", self.people.text().strip()] if self._needs_people() else []

    def _go(self) -> None:
        self.asked.emit(*self._asks())
        self.accept()

    def _asks(self) -> tuple[list[str], str]:
        raise NotImplementedError


class AddModelDialog(_Asking):
    """A network of the user's own, from a file."""

    def __init__(self, network: Path, parent: QWidget) -> None:
        super().__init__(
            "Add a network",
            f"“{shown(network)}” is tried first: on what it takes and gives, and on whether it tells people apart. "
            "What its distances mean is measured on the same people, at least 1,000 pairs of strangers.",
            parent,
        )
        self._network = network
        self.onnx = network.suffix.lower() == ".onnx"
        self.what = QComboBox()
        if self.onnx:
            self.what.addItem(_FOUND_OUT, "")
            for key, words in SCALING_WORDS.items():
                self.what.addItem(words, key)
            self._field("What it takes", self.what)
        else:
            for key, words in (_DEFAULT_NETWORK, *_architectures()):
                self.what.addItem(words, key)
            self._field("Whose weights they are", self.what)
        self.name = QLineEdit(network.stem)
        self._field("Name", self.name)
        self.licence = QLineEdit()
        self.licence.setPlaceholderText("Unknown")
        self._field("Licence", self.licence)
        self._update()
        self.people.setFocus()

    def _asks(self) -> tuple[list[str], str]:
        chosen = self.what.currentData()
        arguments = ["add", str(self._network), *self._calibrating(), "--title", self.name.text() or self._network.stem]
        if self.licence.text().strip():
            arguments += ["--licence", self.licence.text().strip()]
        if chosen:
            arguments += ["--scaling" if self.onnx else "--architecture", chosen]
        return arguments, f"Adding {shown(self._network)}"


class JoinModelsDialog(_Asking):
    """Two networks that are installed."""

    def __init__(self, packs: Sequence[PackCard], parent: QWidget) -> None:
        super().__init__(
            "Join two networks",
            "Every face is embedded by both, which takes as long as both together. Their distances count by how narrow "
            "they are, so that neither network decides alone.",
            parent,
        )
        self.first, self.second = QComboBox(), QComboBox()
        for number, (name, choice) in enumerate((("First", self.first), ("Second", self.second))):
            for pack in packs:
                choice.addItem(pack.title, pack.id)
            choice.setCurrentIndex(min(number, len(packs) - 1))
            choice.currentIndexChanged.connect(self._update)
            self._field(name, choice)
        self._update()

    def _chosen(self) -> list[str]:
        return [str(choice.currentData()) for choice in (self.first, self.second)]

    def _needs_people(self) -> bool:
        first, second = self._chosen()
        return not {f"{first}+{second}", f"{second}+{first}"} & SHIPPED_CALIBRATIONS

    def _possible(self) -> bool:
        first, second = self._chosen()
        return first != second

    def _asks(self) -> tuple[list[str], str]:
        return ["join", *self._chosen(), *self._calibrating()], "Joining two networks"


def _architectures() -> list[tuple[str, str]]:
    """The networks there are, by key, as training names them."""
    choices = RECIPE_OPTIONS["start"].choices
    return [(str(key), words.removesuffix(", from scratch")) for key, words in choices if key != FINE_TUNE]
