"""The Enroll page on real faces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.service import FaceService
from gui.main_window import MainWindow
from gui.pages.enroll import EnrollPage
from tests.engine.resembling import band, enroll_at
from tests.gui.conftest import WITHIN_MS, result_of, settle


@pytest.fixture
def empty_window(open_window: Callable[..., MainWindow]) -> MainWindow:
    return open_window()


def enroll_page(window: MainWindow) -> EnrollPage:
    window.open_page("enroll")
    page = window.page
    assert isinstance(page, EnrollPage)
    return page


def test_that_a_person_is_enrolled_from_files(
    qtbot: QtBot, empty_window: MainWindow, pictures: Path, faceless_file: Path
) -> None:
    window, page = empty_window, enroll_page(empty_window)
    assert not page.enroll.isEnabled()
    page.take_pictures([pictures / "eileen1.jpg", pictures / "eileen2.png", pictures / "broken.jpg", faceless_file])
    qtbot.waitUntil(lambda: len(page.cards) == 4, timeout=WITHIN_MS)
    settle(qtbot, window)
    assert [card.verdict == "good" for card in page.cards] == [True, True, False, False]
    assert "damaged" in page.cards[2].verdict
    assert "No face" in page.cards[3].verdict
    assert not page.enroll.isEnabled(), "a name is missing"
    qtbot.keyClicks(page.name, "Eileen  Collins ")
    assert page.enroll.text() == "Enroll 2"
    page.consent.setChecked(True)
    qtbot.mouseClick(page.enroll, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(window.context.people.people) == 1, timeout=WITHIN_MS)
    person = window.context.people.people[0]
    assert (person.name, person.template_count, person.consent_date is not None) == ("Eileen Collins", 2, True)
    assert "“Eileen Collins” is enrolled with 2 pictures." in window.toasts.texts[-1]
    assert page.cards == []
    assert page.name.text() == ""
    settle(qtbot, window)


def test_that_a_look_alike_under_another_name_is_pointed_out(qtbot: QtBot, window: MainWindow, pictures: Path) -> None:
    page = enroll_page(window)
    page.take_pictures([pictures / "eileen2.png"])
    qtbot.waitUntil(lambda: len(page.cards) == 1, timeout=WITHIN_MS)
    qtbot.keyClicks(page.name, "Somebody Else")
    assert "Eileen Collins" in page.cards[0].warning
    page.name.setText("eileen collins")
    assert page.cards[0].warning == ""
    assert page.enroll.text() == "Add 1 to Eileen Collins"
    settle(qtbot, window)


def test_that_whom_a_face_resembles_is_told_without_a_warning(
    qtbot: QtBot, empty_window: MainWindow, pictures: Path
) -> None:
    def put(service: FaceService, _job: object) -> None:
        enroll_at(service, pictures / "eileen1.jpg", "Grace Hopper", sum(band(service)) / 2)

    result_of(qtbot, empty_window.client.submit(put))
    page = enroll_page(empty_window)
    page.take_pictures([pictures / "eileen1.jpg"])
    qtbot.waitUntil(lambda: len(page.cards) == 1, timeout=WITHIN_MS)
    page.name.setText("Eileen Collins")
    (card,) = page.cards
    assert "Looks much like “Grace Hopper”, but is told apart" in card.notice
    assert (card.warning, card.verdict) == ("", "good")
    page.name.setText("grace hopper")
    assert card.notice == ""
    settle(qtbot, empty_window)


def test_that_a_copy_is_refused_with_a_sentence(qtbot: QtBot, window: MainWindow, pictures: Path) -> None:
    page = enroll_page(window)
    page.take_pictures([pictures / "eileen1.jpg"])
    page.name.setText("Eileen Collins")
    qtbot.waitUntil(page.enroll.isEnabled, timeout=WITHIN_MS)
    page.enroll.click()
    qtbot.waitUntil(lambda: any("copy" in text for text in window.toasts.texts), timeout=WITHIN_MS)
    assert len(page.cards) == 1, "nothing is lost"
    settle(qtbot, window)


def test_that_a_picture_can_be_left_out(qtbot: QtBot, window: MainWindow, pictures: Path) -> None:
    page = enroll_page(window)
    page.take_pictures([pictures / "eileen1.jpg", pictures / "grace.jpg"])
    qtbot.waitUntil(lambda: len(page.cards) == 2, timeout=WITHIN_MS)
    settle(qtbot, window)
    page.cards[0].removed.emit(page.cards[0])
    assert [Path(card.candidate.source).name for card in page.cards] == ["grace.jpg"]
    page.clear.click()
    assert page.cards == []


def test_that_a_folder_without_pictures_says_so(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    page = enroll_page(window)
    (tmp_path / "nothing").mkdir()
    page.take_pictures([tmp_path / "nothing"])
    qtbot.waitUntil(lambda: any("no picture" in text for text in window.toasts.texts), timeout=WITHIN_MS)


def test_that_the_enrollment_can_be_undone(qtbot: QtBot, empty_window: MainWindow, pictures: Path) -> None:
    window, page = empty_window, enroll_page(empty_window)
    page.take_pictures([pictures / "grace.jpg"])
    page.name.setText("Grace")
    qtbot.waitUntil(page.enroll.isEnabled, timeout=WITHIN_MS)
    page.enroll.click()
    people = window.context.people
    qtbot.waitUntil(lambda: len(people.people) == 1, timeout=WITHIN_MS)
    window.context.undo()
    qtbot.waitUntil(lambda: people.people == (), timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_a_snap_is_judged_like_a_file(qtbot: QtBot, empty_window: MainWindow, pictures: Path) -> None:
    window, page = empty_window, enroll_page(empty_window)
    page.camera.source.use(str(pictures))
    qtbot.waitUntil(page.camera.snap.isEnabled, timeout=WITHIN_MS)
    page.camera.snap.click()
    qtbot.waitUntil(lambda: len(page.cards) == 1, timeout=WITHIN_MS)
    assert page.cards[0].candidate.source == "Folder: pictures0"
    window.open_page("gallery")
    assert not window.feed.running, "the camera is let go"
    settle(qtbot, window)
