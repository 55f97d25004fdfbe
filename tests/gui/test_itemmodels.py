"""Item models over the gallery, under Qt's own tester."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from engine.types import Person
from gui.engine_client import EngineClient
from gui.itemmodels.everyone import Everyone
from gui.itemmodels.found_people import FoundPeople
from gui.itemmodels.people import PERSON, PeopleModel
from gui.itemmodels.templates import TEMPLATE, TemplatesModel
from gui.theme.style import THEME

from .conftest import WITHIN_MS


@pytest.fixture(autouse=True)
def _theme(qapp: object) -> None:
    THEME.install(qapp, "light")


def test_that_people_are_a_model_that_follows_the_gallery(
    qtbot: QtBot, qtmodeltester: ModelTester, enrolled: Path, client: EngineClient
) -> None:
    model = PeopleModel(client)
    qtmodeltester.check(model)
    with qtbot.waitSignal(model.modelReset, timeout=WITHIN_MS):
        client.start()
    assert [model.index(row).data() for row in range(model.rowCount())] == ["Eileen Collins", "Grace Hopper"]
    first = model.index(0)
    assert first.data(PERSON).name == "Eileen Collins"
    assert model.everyone.texts[0] == "eileen collins"
    assert first.data(Qt.ItemDataRole.AccessibleTextRole) == "Eileen Collins, 1 picture"
    empty = first.data(Qt.ItemDataRole.DecorationRole).toImage()
    with qtbot.waitSignal(model.dataChanged, timeout=WITHIN_MS):
        pass
    assert first.data(Qt.ItemDataRole.DecorationRole).toImage() != empty
    with qtbot.waitSignal(model.modelReset, timeout=WITHIN_MS):
        client.delete_person(first.data(PERSON).id)
    assert model.rowCount() == 1
    assert model.find("grace  HOPPER") is not None
    assert model.find("Eileen Collins") is None


def test_that_templates_are_a_model_of_one_person(
    qtbot: QtBot, qtmodeltester: ModelTester, enrolled: Path, client: EngineClient
) -> None:
    model = TemplatesModel(client)
    qtmodeltester.check(model)
    with qtbot.waitSignal(client.ready, timeout=WITHIN_MS):
        client.start()
    with qtbot.waitSignal(model.dataChanged, timeout=WITHIN_MS):
        model.show_person(1)
    assert model.rowCount() == 1
    assert model.index(0).data(TEMPLATE).person_id == 1
    assert "eileen1.jpg" in model.index(0).data(Qt.ItemDataRole.ToolTipRole)
    model.show_person(None)
    assert model.rowCount() == 0


def test_that_found_people_are_those_whose_name_tags_or_notes_hold_the_text(
    qtbot: QtBot, qtmodeltester: ModelTester, enrolled: Path, client: EngineClient
) -> None:
    people = PeopleModel(client)
    found = FoundPeople(people)
    with qtbot.waitSignal(people.modelReset, timeout=WITHIN_MS):
        client.start()
    qtmodeltester.check(found)
    assert [found.index(row).data() for row in range(found.rowCount())] == ["Eileen Collins", "Grace Hopper"]
    found.search("  HOPPER")
    grace = people.find("Grace Hopper")
    assert grace is not None
    assert [found.index(row).data(PERSON) for row in range(found.rowCount())] == [grace]
    assert found.row_of(grace.id) == 0
    assert found.row_of(people.people[0].id) == -1
    with qtbot.waitSignal(people.modelReset, timeout=WITHIN_MS):
        client.describe(people.people[0].id, tags=["hoppers"])
    assert found.rowCount() == 2, "who is found follows the gallery"
    assert FoundPeople(people, most=1).rowCount() == 1


def test_that_a_picture_is_fetched_only_for_people_who_were_looked_at(
    qtbot: QtBot, enrolled: Path, client: EngineClient
) -> None:
    model = PeopleModel(client)
    with qtbot.waitSignal(model.modelReset, timeout=WITHIN_MS):
        client.start()
    model.index(1).data(Qt.ItemDataRole.DecorationRole)
    with qtbot.waitSignal(model.dataChanged, timeout=WITHIN_MS) as changed:
        pass
    assert [place.row() for place in changed.args[:2]] == [1, 1]


def test_that_everyone_is_made_of_the_same_people() -> None:
    people = [
        Person(1, "Ada  Lovelace", "Countess", ("maths", "Poetry"), template_count=2, cover_id=7),
        Person(2, "ÉMILE Zola"),
    ]
    everyone = Everyone.of(people)
    assert list(everyone.people) == people
    assert everyone.people[1:] == people[1:]
    assert everyone.people != people[1:]
    assert everyone.people[-1] == people[-1]
    assert everyone.named == {"ada lovelace": 0, "émile zola": 1}
    assert everyone.rows == {1: 0, 2: 1}
    assert everyone.covers == {7: 0}
    for text, rows in {"POETRY": [0], "countess": [0], "émi": [1], "": [0, 1], "nobody": []}.items():
        assert list(everyone.containing(text)) == rows
