"""Item models over the gallery, under Qt's own tester."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from gui.engine_client import EngineClient
from gui.itemmodels.people import PERSON, SEARCH_TEXT, PeopleModel
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
    assert first.data(SEARCH_TEXT).startswith("eileen collins")
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
