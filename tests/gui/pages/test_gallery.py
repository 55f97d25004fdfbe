"""The Gallery page: every edit by its control, and back again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from PySide6.QtCore import QDate, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.gallery.store import Gallery
from engine.types import Person
from gui.main_window import MainWindow
from gui.pages.enroll import EnrollPage
from gui.pages.gallery import GalleryPage
from gui.pages.person_dialog import PersonDialog
from gui.pages.split_dialog import SplitDialog
from gui.pages.verify import VerifyPage
from tests.gui.conftest import WITHIN_MS, settle


@pytest.fixture
def page(qtbot: QtBot, window: MainWindow) -> GalleryPage:
    window.open_page("gallery")
    page = window.page
    assert isinstance(page, GalleryPage)
    page.choose(find(window, "Eileen Collins").id)
    qtbot.waitUntil(lambda: wall_count(page) == 1, timeout=WITHIN_MS)
    return page


def find(window: MainWindow, name: str) -> Person:
    person = window.context.people.find(name)
    assert person is not None
    return person


def wall_count(page: GalleryPage) -> int:
    model = page.panel.wall.model()
    assert model is not None
    return model.rowCount()


def wait_for_name(qtbot: QtBot, window: MainWindow, name: str) -> None:
    qtbot.waitUntil(lambda: window.context.people.find(name) is not None, timeout=WITHIN_MS)


def dialog() -> PersonDialog:
    return next(one for one in QApplication.topLevelWidgets() if isinstance(one, PersonDialog) and one.isVisible())


def test_that_a_person_is_shown_with_their_pictures(qtbot: QtBot, window: MainWindow, page: GalleryPage) -> None:
    assert page.panel.name.text() == "Eileen Collins"
    assert page.panel.consented.isChecked()
    assert page.panel.consent.date() == QDate(2026, 1, 2)
    settle(qtbot, window)


def test_that_search_narrows_the_list(qtbot: QtBot, window: MainWindow, page: GalleryPage) -> None:
    qtbot.keyClicks(page.search, "hopper")
    model = page.list.model()
    assert model is not None
    assert [model.index(row, 0).data() for row in range(model.rowCount())] == ["Grace Hopper"]
    assert page.person == find(window, "Grace Hopper")
    qtbot.keyClicks(page.search, "zzz")
    assert model.rowCount() == 0
    page.search.clear()
    assert model.rowCount() == 2
    settle(qtbot, window)


def test_that_a_new_name_is_kept_with_enter_and_can_be_undone(
    qtbot: QtBot, window: MainWindow, page: GalleryPage
) -> None:
    page.panel.name.setFocus()
    page.panel.name.selectAll()
    qtbot.keyClicks(page.panel.name, "Colonel Collins")
    QTest.keyClick(page.panel.name, Qt.Key.Key_Return)
    wait_for_name(qtbot, window, "Colonel Collins")
    assert page.person is not None
    assert page.person.name == "Colonel Collins"
    assert "Colonel Collins" in page.undo.toolTip()
    page.undo.click()
    wait_for_name(qtbot, window, "Eileen Collins")
    page.redo.click()
    wait_for_name(qtbot, window, "Colonel Collins")
    settle(qtbot, window)


def test_that_escape_takes_back_what_was_typed(qtbot: QtBot, window: MainWindow, page: GalleryPage) -> None:
    page.panel.name.setFocus()
    qtbot.keyClicks(page.panel.name, "xyz")
    QTest.keyClick(page.panel.name, Qt.Key.Key_Escape)
    assert page.panel.name.text() == "Eileen Collins"
    settle(qtbot, window)


@pytest.mark.parametrize("name", ["Grace Hopper", "", "   "])
def test_that_a_name_that_cannot_be_is_refused_and_put_back(
    qtbot: QtBot, window: MainWindow, page: GalleryPage, name: str
) -> None:
    page.panel.name.setText(name)
    page.panel.name.commit()
    qtbot.waitUntil(lambda: page.panel.name.text() == "Eileen Collins", timeout=WITHIN_MS)
    assert window.toasts.texts
    settle(qtbot, window)


def test_that_notes_tags_and_consent_are_kept_when_they_are_left(
    qtbot: QtBot, window: MainWindow, page: GalleryPage, enrolled: Path
) -> None:
    panel = page.panel
    panel.notes.setFocus()
    qtbot.keyClicks(panel.notes, "Commanded STS-93")
    panel.tags.setFocus()
    qtbot.keyClicks(panel.tags, "space, nasa")
    panel.consented.setFocus()
    panel.consent.setDate(QDate(2025, 5, 6))
    settle(qtbot, window)
    qtbot.waitUntil(lambda: find(window, "Eileen Collins").consent_date == date(2025, 5, 6), timeout=WITHIN_MS)
    person = find(window, "Eileen Collins")
    assert (person.notes, person.tags) == ("Commanded STS-93", ("space", "nasa"))
    panel.consented.click()
    qtbot.waitUntil(lambda: find(window, "Eileen Collins").consent_date is None, timeout=WITHIN_MS)
    settle(qtbot, window)
    window.close()
    stored = Gallery.open(enrolled)
    assert stored.find("Eileen Collins").notes == "Commanded STS-93"
    stored.close()


def test_that_typed_notes_are_kept_when_someone_else_is_chosen(
    qtbot: QtBot, window: MainWindow, page: GalleryPage
) -> None:
    page.panel.notes.setPlainText("Astronaut")
    page.choose(find(window, "Grace Hopper").id)
    qtbot.waitUntil(lambda: find(window, "Eileen Collins").notes == "Astronaut", timeout=WITHIN_MS)
    assert find(window, "Grace Hopper").notes == ""
    settle(qtbot, window)


def test_that_a_deleted_person_comes_back_with_undo(qtbot: QtBot, window: MainWindow, page: GalleryPage) -> None:
    page.panel.delete.click()
    qtbot.waitUntil(lambda: len(window.context.people.people) == 1, timeout=WITHIN_MS)
    assert page.person == find(window, "Grace Hopper"), "the next person is shown"
    window.context.undo()
    wait_for_name(qtbot, window, "Eileen Collins")
    settle(qtbot, window)


def test_that_with_the_last_person_the_invitation_comes_back(
    qtbot: QtBot, window: MainWindow, page: GalleryPage
) -> None:
    for _ in range(2):
        page.panel.delete.click()
        settle(qtbot, window)
    qtbot.waitUntil(page.invitation.isVisible, timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_a_picture_is_deleted_by_key(qtbot: QtBot, window: MainWindow, page: GalleryPage) -> None:
    wall = page.panel.wall
    model = wall.model()
    assert model is not None
    assert not page.panel.delete_picture.isVisible()
    wall.setCurrentIndex(model.index(0, 0))
    assert page.panel.delete_picture.isVisible()
    wall.setFocus()
    QTest.keyClick(wall, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: wall_count(page) == 0, timeout=WITHIN_MS)
    page.undo.click()
    qtbot.waitUntil(lambda: wall_count(page) == 1, timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_a_picture_is_moved_to_someone_else(qtbot: QtBot, window: MainWindow, page: GalleryPage) -> None:
    model = page.panel.wall.model()
    assert model is not None
    page.panel.wall.setCurrentIndex(model.index(0, 0))
    page.panel.move_picture.click()
    asked = dialog()
    asked.person.choose(find(window, "Eileen Collins").id)
    assert not asked.accept_button.isEnabled(), "not to themselves"
    asked.person.choose(find(window, "Grace Hopper").id)
    asked.accept_button.click()
    qtbot.waitUntil(lambda: find(window, "Grace Hopper").template_count == 2, timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_people_are_merged(qtbot: QtBot, window: MainWindow, page: GalleryPage) -> None:
    page.panel.merge.click()
    asked = dialog()
    asked.person.choose(find(window, "Grace Hopper").id)
    asked.accept_button.click()
    qtbot.waitUntil(lambda: len(window.context.people.people) == 1, timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: wall_count(page) == 2, timeout=WITHIN_MS)
    assert page.person is not None
    assert page.person.name == "Grace Hopper"
    page.undo.click()
    wait_for_name(qtbot, window, "Eileen Collins")
    settle(qtbot, window)


def test_that_the_person_is_handed_to_other_pages(qtbot: QtBot, window: MainWindow, page: GalleryPage) -> None:
    page.panel.add.click()
    enroll = window.page
    assert isinstance(enroll, EnrollPage)
    assert enroll.name.text() == "Eileen Collins"
    window.open_page("gallery")
    page.panel.check.click()
    verify = window.page
    assert isinstance(verify, VerifyPage)
    assert verify.person.person is not None
    assert verify.person.person.name == "Eileen Collins"
    settle(qtbot, window)


def test_that_an_edit_by_another_program_appears(
    qtbot: QtBot, window: MainWindow, page: GalleryPage, enrolled: Path
) -> None:
    other = Gallery.open(enrolled)
    other.rename(other.find("Grace Hopper").id, "Amazing Grace")
    other.close()
    wait_for_name(qtbot, window, "Amazing Grace")
    settle(qtbot, window)


def test_that_chosen_pictures_become_a_new_person_and_that_is_undone_after_a_restart(
    qtbot: QtBot, enrolled: Path, open_window: Callable[..., MainWindow]
) -> None:
    with closing(Gallery.open(enrolled)) as gallery:
        gallery.merge(gallery.find("Grace Hopper").id, gallery.find("Eileen Collins").id)
    window = open_window()
    window.open_page("gallery")
    page = window.page
    assert isinstance(page, GalleryPage)
    qtbot.waitUntil(lambda: wall_count(page) == 2, timeout=WITHIN_MS)
    assert page.undo.toolTip().startswith("Undo: Merge Grace Hopper into Eileen Collins (")
    page.panel.wall.selectAll()
    assert not page.panel.split.isVisible(), "somebody must be left"
    page.panel.wall.setCurrentIndex(page.panel.wall.model().index(1, 0))
    qtbot.waitUntil(page.panel.split.isVisible, timeout=WITHIN_MS)
    page.panel.split.click()
    asked = next(one for one in QApplication.topLevelWidgets() if isinstance(one, SplitDialog) and one.isVisible())
    assert not asked.accept_button.isEnabled()
    qtbot.keyClicks(asked.name, "eileen collins")
    QTest.keyClick(asked.name, Qt.Key.Key_Return)
    qtbot.waitUntil(asked.problem.isVisible, timeout=WITHIN_MS)
    assert "already in the gallery" in asked.problem.text()
    asked.name.clear()
    qtbot.keyClicks(asked.name, "Admiral")
    QTest.keyClick(asked.name, Qt.Key.Key_Return)
    wait_for_name(qtbot, window, "Admiral")
    assert find(window, "Eileen Collins").template_count == 1
    settle(qtbot, window)
    window.close()
    again = open_window()
    again.open_page("gallery")
    page = again.page
    assert isinstance(page, GalleryPage)
    qtbot.waitUntil(lambda: page.undo.toolTip().startswith("Undo: Split Admiral"), timeout=WITHIN_MS)
    page.undo.click()
    qtbot.waitUntil(lambda: again.context.people.find("Admiral") is None, timeout=WITHIN_MS)
    page.undo.click()
    wait_for_name(qtbot, again, "Grace Hopper")
    settle(qtbot, again)
