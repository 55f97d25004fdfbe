"""Choosing a person by typing, from the offers and from the list; typing a name that may be new."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.engine_client import EngineClient
from gui.itemmodels.people import PeopleModel
from gui.theme.style import THEME
from gui.widgets.person_picker import NameEdit, PersonPicker
from tests.gui.conftest import WITHIN_MS


@pytest.fixture
def people(qtbot: QtBot, qapp: object, enrolled: Path, client: EngineClient) -> PeopleModel:
    THEME.install(qapp, "light")
    model = PeopleModel(client)
    with qtbot.waitSignal(model.modelReset, timeout=WITHIN_MS):
        client.start()
    return model


@pytest.fixture
def picker(qtbot: QtBot, people: PeopleModel) -> PersonPicker:
    made = PersonPicker(people)
    qtbot.addWidget(made)
    made.show()
    return made


def test_that_typing_offers_who_contains_it_and_an_offer_can_be_taken(qtbot: QtBot, picker: PersonPicker) -> None:
    line = picker.lineEdit()
    assert line is not None
    line.setFocus()
    qtbot.keyClicks(line, "hopp")
    assert picker.person is None
    completer = line.completer()
    model = completer.completionModel()
    assert [model.index(row, 0).data() for row in range(model.rowCount())] == ["Grace Hopper"]
    popup = completer.popup()
    qtbot.waitUntil(popup.isVisible, timeout=WITHIN_MS)
    with qtbot.waitSignal(picker.person_chosen) as chosen:
        QTest.keyClick(popup, Qt.Key.Key_Down)
        QTest.keyClick(popup, Qt.Key.Key_Return)
    assert chosen.args[0].name == "Grace Hopper"
    assert picker.person == chosen.args[0]
    assert line.text() == "Grace Hopper"


def test_that_a_name_typed_out_is_chosen_and_one_letter_more_is_nobody(qtbot: QtBot, picker: PersonPicker) -> None:
    line = picker.lineEdit()
    assert line is not None
    qtbot.keyClicks(line, "grace hopper")
    assert picker.person is not None
    assert picker.person.name == "Grace Hopper"
    qtbot.keyClicks(line, "x")
    assert picker.person is None


def test_that_the_list_holds_everyone_and_choosing_from_it_chooses(qtbot: QtBot, picker: PersonPicker) -> None:
    assert [picker.itemText(row) for row in range(picker.count())] == ["Eileen Collins", "Grace Hopper"]
    picker.setFocus()
    QTest.keyClick(picker, Qt.Key.Key_Down)
    assert picker.person is not None
    assert picker.person.name == "Eileen Collins"


@pytest.mark.parametrize("typed", ["", "hop"])
def test_that_nobody_is_shown_who_was_not_chosen_when_the_list_is_loaded_anew(
    qtbot: QtBot, people: PeopleModel, picker: PersonPicker, typed: str
) -> None:
    line = picker.lineEdit()
    assert line is not None
    qtbot.keyClicks(line, typed)
    with qtbot.waitSignal(people.modelReset, timeout=WITHIN_MS):
        people.refresh()
    assert (picker.currentText(), picker.person) == (typed, None)


def test_that_a_new_name_is_offered_those_who_are_there(qtbot: QtBot, people: PeopleModel) -> None:
    edit = NameEdit(people)
    qtbot.addWidget(edit)
    qtbot.keyClicks(edit, "coll")
    model = edit.completer().completionModel()
    assert [model.index(row, 0).data() for row in range(model.rowCount())] == ["Eileen Collins"]
    assert edit.person is None
    edit.setText("EILEEN  collins")
    assert edit.person is not None
