"""Which person? For moving a picture and for merging people."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from engine.types import Person
from gui.context import Context
from gui.theme import tokens as t
from gui.widgets.basics import button, label, row
from gui.widgets.person_picker import PersonPicker


class PersonDialog(QDialog):
    """Asks for someone other than `but`; opens without blocking and hands the person to `chosen`."""

    def __init__(
        self,
        context: Context,
        title: str,
        *,
        action: str,
        but: Person,
        chosen: Callable[[Person], object],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self._but, self._chosen = but, chosen
        self.person = PersonPicker(context.people)
        self.person.setMinimumWidth(t.PANEL_PX)
        self.accept_button = button(action, self._accept, "primary")
        self.accept_button.setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.MARGIN, t.MARGIN, t.MARGIN, t.MARGIN)
        layout.setSpacing(t.GUTTER)
        layout.addWidget(label(title, "title", wrap=True))
        layout.addWidget(self.person)
        layout.addSpacing(t.GAP)
        layout.addLayout(row(None, button("Cancel", self.reject), self.accept_button))
        self.person.person_chosen.connect(self._update)
        self._update()
        self.person.setFocus()

    def _update(self, _person: object = None) -> None:
        person = self.person.person
        self.accept_button.setEnabled(person is not None and person.id != self._but.id)

    def _accept(self) -> None:
        person = self.person.person
        if person is not None and person.id != self._but.id:
            self._chosen(person)
            self.accept()
