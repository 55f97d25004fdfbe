"""The Identify page on real faces."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.main_window import MainWindow
from gui.pages.face_dialog import FaceDialog
from gui.pages.identify import IdentifyPage
from tests.gui.conftest import WITHIN_MS, settle


@pytest.fixture
def page(window: MainWindow) -> IdentifyPage:
    window.open_page("identify")
    page = window.page
    assert isinstance(page, IdentifyPage)
    return page


def names(page: IdentifyPage, number: int = 0) -> list[str]:
    return sorted(mark.text for mark in page.canvas.marks)


def show(qtbot: QtBot, page: IdentifyPage, *files: Path) -> None:
    before = len(page.answers)
    page.take_pictures(list(files))
    qtbot.waitUntil(lambda: len(page.answers) == before + len(files), timeout=WITHIN_MS)


def dialog() -> FaceDialog:
    return next(one for one in QApplication.topLevelWidgets() if isinstance(one, FaceDialog) and one.isVisible())


def test_that_two_people_in_one_picture_have_their_names(
    qtbot: QtBot, window: MainWindow, page: IdentifyPage, pictures: Path
) -> None:
    show(qtbot, page, pictures / "both.jpg")
    assert names(page) == ["Eileen Collins", "Grace Hopper"]
    assert page.panel.decision.text() == "Grace Hopper", "the largest face is shown first"
    settle(qtbot, window)


def test_that_faces_are_chosen_by_mouse_and_by_key(
    qtbot: QtBot, window: MainWindow, page: IdentifyPage, pictures: Path
) -> None:
    show(qtbot, page, pictures / "both.jpg")
    page.canvas.setFocus()
    QTest.keyClick(page.canvas, Qt.Key.Key_Right)
    QTest.keyClick(page.canvas, Qt.Key.Key_Return)
    assert page.panel.decision.text() == "Eileen Collins"
    QTest.keyClick(page.canvas, Qt.Key.Key_Left)
    QTest.keyClick(page.canvas, Qt.Key.Key_Space)
    assert page.panel.decision.text() == "Grace Hopper"
    settle(qtbot, window)


def test_that_a_folder_with_a_bad_picture_does_the_rest_and_says_which(
    qtbot: QtBot, window: MainWindow, page: IdentifyPage, pictures: Path
) -> None:
    page.take_pictures([pictures])
    qtbot.waitUntil(lambda: len(page.answers) == 6, timeout=WITHIN_MS)
    settle(qtbot, window)
    assert any("broken.jpg" in text for text in window.toasts.texts)
    page.list.setCurrentRow(1)
    assert page.list.item(1).text() == "broken.jpg\ncould not be read"
    page.list.setCurrentRow(4)
    assert page.canvas.marks == ()


def test_that_an_unknown_face_is_enrolled_by_a_click_and_then_known(
    qtbot: QtBot, window: MainWindow, page: IdentifyPage, pictures: Path
) -> None:
    grace = window.context.people.find("Grace Hopper")
    assert grace is not None
    window.client.delete_person(grace.id)
    qtbot.waitUntil(lambda: window.context.people.find("Grace Hopper") is None, timeout=WITHIN_MS)
    show(qtbot, page, pictures / "both.jpg")
    assert names(page) == ["Eileen Collins", "Unknown"]
    assert page.panel.decision.text() == "Unknown"
    assert not page.panel.confirm.isVisible()
    page.panel.correct.click()
    asked = dialog()
    assert not asked.enroll.isEnabled()
    qtbot.keyClicks(asked.name, "Grace Murray Hopper")
    asked.enroll.click()
    qtbot.waitUntil(lambda: "Grace Murray Hopper" in names(page), timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_a_right_name_is_confirmed_with_another_template(
    qtbot: QtBot, window: MainWindow, page: IdentifyPage, pictures: Path
) -> None:
    show(qtbot, page, pictures / "eileen2.png")
    assert page.panel.decision.text() == "Eileen Collins"
    page.panel.confirm.click()
    people = window.context.people

    def two_templates() -> bool:
        person = people.find("Eileen Collins")
        return person is not None and person.template_count == 2

    qtbot.waitUntil(two_templates, timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_a_wrong_name_is_corrected(qtbot: QtBot, window: MainWindow, page: IdentifyPage, pictures: Path) -> None:
    show(qtbot, page, pictures / "eileen2.png")
    page.panel.correct.click()
    asked = dialog()
    asked.name.setText("Her Twin")
    asked.enroll.click()
    qtbot.waitUntil(lambda: names(page) == ["Her Twin"], timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_names_follow_the_gallery(qtbot: QtBot, window: MainWindow, page: IdentifyPage, pictures: Path) -> None:
    show(qtbot, page, pictures / "both.jpg")
    grace = window.context.people.find("Grace Hopper")
    assert grace is not None
    window.client.rename(grace.id, "Admiral Hopper")
    qtbot.waitUntil(lambda: "Admiral Hopper" in names(page), timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_the_list_can_be_cleared(qtbot: QtBot, window: MainWindow, page: IdentifyPage, pictures: Path) -> None:
    show(qtbot, page, pictures / "both.jpg")
    settle(qtbot, window)
    page.clear_all.click()
    assert page.answers == []
    assert page.zone.isVisible()


def test_that_long_work_can_be_cancelled(
    qtbot: QtBot, window: MainWindow, page: IdentifyPage, pictures: Path, tmp_path: Path
) -> None:
    for number in range(60):
        (tmp_path / f"{number}.jpg").write_bytes((pictures / "both.jpg").read_bytes())
    page.take_pictures([tmp_path])
    qtbot.waitUntil(lambda: len(page.answers) > 0, timeout=WITHIN_MS)
    assert page.jobs.isVisible()
    page.jobs.stop.click()
    qtbot.waitUntil(lambda: not page.jobs.isVisible(), timeout=WITHIN_MS)
    assert 0 < len(page.answers) < 60
    settle(qtbot, window)
