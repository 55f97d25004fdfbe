"""Choosing a person: by typing or from a list; and typing a name that may be new."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import QComboBox, QCompleter, QLineEdit, QListView, QWidget

from engine.types import Person
from gui.itemmodels.found_people import FoundPeople
from gui.itemmodels.people import PERSON, PeopleModel

_MOST_OFFERED = 50
"""More are not looked through; another letter finds fewer."""
_NAME_CHARACTERS = 24


class PersonPicker(QComboBox):
    """A list of everyone that can be searched by typing."""

    person_chosen = Signal(object)
    """A Person, or None when what is typed is nobody's name."""

    def __init__(self, people: PeopleModel, placeholder: str = "Choose a person") -> None:
        super().__init__()
        self._people = people
        self._chosen: int | None = None
        self._typed = ""
        self.setAccessibleName(placeholder)
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        # Neither the list nor the box asks everyone how wide they are.
        listing = QListView()
        listing.setUniformItemSizes(True)
        self.setView(listing)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(_NAME_CHARACTERS)
        self.setModel(people)
        self.setCurrentIndex(-1)
        self.setMaxVisibleItems(12)
        line = QLineEdit()
        self.setLineEdit(line)
        line.setPlaceholderText(placeholder)
        line.textEdited.connect(self._on_edited)
        self._offered = FoundPeople(people, self, _MOST_OFFERED)
        completer = _completer(self._offered, self)
        # Through the box itself Qt would look for the chosen name among everyone.
        line.setCompleter(completer)
        completer.activated[QModelIndex].connect(self._on_offer_taken)  # type: ignore[index]
        self.activated.connect(self._on_activated)
        people.modelReset.connect(self._on_people)

    @property
    def person(self) -> Person | None:
        """Who is chosen."""
        row = -1 if self._chosen is None else self._people.row_of(self._chosen)
        return None if row < 0 else self._people.people[row]

    def choose(self, person_id: int | None) -> None:
        """Choose someone by id."""
        before, self._chosen, self._typed = self._chosen, person_id, ""
        row = -1 if person_id is None else self._people.row_of(person_id)
        self.setCurrentIndex(row)
        if row < 0:
            self._chosen = None
            self.clearEditText()
        if self._chosen != before:
            self.person_chosen.emit(self.person)

    def _on_activated(self, row: int) -> None:
        person: Person | None = self.itemData(row, PERSON)
        self.choose(person.id if person else None)

    def _on_offer_taken(self, index: QModelIndex) -> None:
        person: Person | None = index.data(PERSON)
        self.choose(person.id if person else None)

    def _on_edited(self, text: str) -> None:
        self._typed = text
        self._offered.search(text)
        person = self._people.find(text)
        found = person.id if person else None
        if found != self._chosen:
            self._chosen = found
            self.person_chosen.emit(person)

    def _on_people(self) -> None:
        """Keep the choice when the list is loaded anew, under its new name if it has one.

        Qt shows the first of a new list, whom nobody has chosen.
        """
        if self._chosen is not None:
            chosen, self._chosen = self._chosen, None
            if self._people.row_of(chosen) >= 0:
                self._chosen = chosen
                self.setCurrentIndex(self._people.row_of(chosen))
                return
            self._typed = ""
            self.person_chosen.emit(None)
        self.setCurrentIndex(-1)
        self.setEditText(self._typed)


class NameEdit(QLineEdit):
    """A name, with those of everyone enrolled offered while typing."""

    def __init__(self, people: PeopleModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._people = people
        self._offered = FoundPeople(people, self, _MOST_OFFERED)
        self.setAccessibleName("Name")
        self.setPlaceholderText("Name")
        self.setMaxLength(200)
        self.setClearButtonEnabled(True)
        self.setCompleter(_completer(self._offered, self))
        self.textEdited.connect(self._offered.search)

    @property
    def name(self) -> str:
        """What is typed, without needless spaces."""
        return " ".join(self.text().split())

    @property
    def person(self) -> Person | None:
        """The enrolled person of that name."""
        return self._people.find(self.name)


def _completer(offered: FoundPeople, parent: QWidget) -> QCompleter:
    """Offers whom the search has found, which it follows letter by letter."""
    completer = QCompleter(offered, parent)
    completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    return completer
