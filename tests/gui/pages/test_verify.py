"""The Verify page on real faces."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gui.main_window import MainWindow
from gui.pages.verify import VerifyPage
from tests.gui.conftest import WITHIN_MS, settle


@pytest.fixture
def page(window: MainWindow) -> VerifyPage:
    window.open_page("verify")
    page = window.page
    assert isinstance(page, VerifyPage)
    return page


def decision(qtbot: QtBot, page: VerifyPage, start: str) -> str:
    qtbot.waitUntil(lambda: page.result.decision.text().startswith(start), timeout=WITHIN_MS)
    return page.result.decision.text()


def claim(page: VerifyPage, name: str) -> None:
    person = page.context.people.find(name)
    assert person is not None
    page.person.choose(person.id)


def test_that_the_right_person_is_yes_and_the_wrong_one_no(
    qtbot: QtBot, window: MainWindow, page: VerifyPage, pictures: Path
) -> None:
    assert "Drop a picture" in page.result.words.text()
    page.take_pictures([pictures / "eileen2.png"])
    qtbot.waitUntil(lambda: "Choose who" in page.result.words.text(), timeout=WITHIN_MS)
    claim(page, "Eileen Collins")
    assert decision(qtbot, page, "Yes") == "Yes, this is Eileen Collins"
    assert "stranger" in page.result.words.text()
    assert page.result.gauge.accessibleDescription().startswith("distance 0.0")
    claim(page, "Grace Hopper")
    assert decision(qtbot, page, "No,") == "No, this is not Grace Hopper"
    settle(qtbot, window)


def test_that_two_pictures_are_compared(qtbot: QtBot, window: MainWindow, page: VerifyPage, pictures: Path) -> None:
    page.by_picture.click()
    page.take_pictures([pictures / "eileen1.jpg", pictures / "eileen2.png"])
    assert decision(qtbot, page, "Yes") == "Yes, the same person"
    page.other.show_picture(pictures / "grace.jpg")
    assert decision(qtbot, page, "No,") == "No, different people"
    page.other.remove.click()
    assert page.result.decision.text() == ""
    settle(qtbot, window)


def test_that_a_picture_without_a_face_gets_no_decision(
    qtbot: QtBot, window: MainWindow, page: VerifyPage, faceless_file: Path
) -> None:
    page.take_pictures([faceless_file])
    claim(page, "Grace Hopper")
    decision(qtbot, page, "No decision")
    assert "No face was found" in page.result.words.text()
    settle(qtbot, window)


def test_that_an_unreadable_picture_keeps_the_one_before(
    qtbot: QtBot, window: MainWindow, page: VerifyPage, pictures: Path
) -> None:
    page.take_pictures([pictures / "eileen2.png"])
    claim(page, "Eileen Collins")
    decision(qtbot, page, "Yes")
    page.take_pictures([pictures / "broken.jpg"])
    qtbot.waitUntil(lambda: any("damaged" in text for text in window.toasts.texts), timeout=WITHIN_MS)
    assert page.probe.picture == pictures / "eileen2.png"
    assert decision(qtbot, page, "Yes")
    settle(qtbot, window)


def test_that_another_metric_is_used_at_once(
    qtbot: QtBot, window: MainWindow, page: VerifyPage, pictures: Path
) -> None:
    page.take_pictures([pictures / "eileen2.png"])
    claim(page, "Eileen Collins")
    decision(qtbot, page, "Yes")
    window.settings.change("metric", "l1")
    qtbot.waitUntil(lambda: page.result.words.text().startswith("L1 distance"), timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_a_deleted_person_is_no_longer_claimed(
    qtbot: QtBot, window: MainWindow, page: VerifyPage, pictures: Path
) -> None:
    page.take_pictures([pictures / "eileen2.png"])
    claim(page, "Eileen Collins")
    decision(qtbot, page, "Yes")
    person = page.person.person
    assert person is not None
    window.client.delete_person(person.id)
    qtbot.waitUntil(lambda: page.person.person is None, timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: page.result.decision.text() == "", timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_a_name_can_be_typed(qtbot: QtBot, window: MainWindow, page: VerifyPage) -> None:
    line = page.person.lineEdit()
    assert line is not None
    qtbot.keyClicks(line, "grace hopper")
    assert page.person.person is not None
    assert page.person.person.name == "Grace Hopper"
    qtbot.keyClicks(line, "x")
    assert page.person.person is None
    settle(qtbot, window)
