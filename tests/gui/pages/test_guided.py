"""Guided enrollment in the window, with a folder in the camera's place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.guided import Sector
from gui.camera import Phase, StreamState
from gui.main_window import MainWindow
from gui.pages.enroll import EnrollPage
from tests.gui.conftest import WITHIN_MS, settle
from tests.sittings import sitting


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, astronaut_file: Path) -> Path:
    return sitting(tmp_path_factory.mktemp("sitting"), astronaut_file)


@pytest.fixture
def page(open_window: Callable[..., MainWindow]) -> EnrollPage:
    """The Enroll page in guided mode."""
    window = open_window()
    window.open_page("enroll")
    shown = window.page
    assert isinstance(shown, EnrollPage)
    shown.guide.click()
    assert shown.is_guided
    return shown


def started(qtbot: QtBot, page: EnrollPage, folder: Path, name: str = "Eileen") -> None:
    page.name.setText(name)
    page.consent.setChecked(True)
    page.guided.source.use(str(folder))
    page.guided.start.click()
    qtbot.waitUntil(lambda: page.guided.running, timeout=WITHIN_MS)


def window_of(page: EnrollPage) -> MainWindow:
    window = page.window()
    assert isinstance(window, MainWindow)
    return window


def test_that_it_starts_only_with_a_name_and_the_consent_ticked(qtbot: QtBot, page: EnrollPage) -> None:
    guided = page.guided
    assert not guided.start.isEnabled()
    assert "consent" in guided.need.text()
    page.name.setText("Eileen")
    assert not guided.start.isEnabled()
    page.consent.setChecked(True)
    assert guided.start.isEnabled()
    assert not guided.need.isVisible()
    page.consent.setChecked(False)
    assert not guided.start.isEnabled()
    settle(qtbot, window_of(page))


def test_that_views_are_taken_by_themselves_judged_and_enrolled_with_consent_and_purpose(
    qtbot: QtBot, page: EnrollPage, folder: Path
) -> None:
    guided, window = page.guided, window_of(page)
    guided.purpose.setText("front door")
    started(qtbot, page, folder)
    assert "Not live" in guided.not_live.text() or guided.view.state.phase is not Phase.RUNNING

    def covered() -> frozenset[Sector]:
        return guided.guidance.covered if guided.guidance else frozenset()

    # Which pictures of the folder come first is left to the camera's clock, and so is which views there are.
    qtbot.waitUntil(lambda: len(covered()) >= 3, timeout=WITHIN_MS)
    assert Sector.FRONT in covered()
    assert "Not live" in guided.not_live.text()
    assert "Straight ahead" in guided.overlay.accessibleDescription()
    assert guided.done.text() == f"Finish with {len(covered())}"
    guided.done.click()
    qtbot.waitUntil(lambda: bool(guided.report.cards), timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: not window.feed.running, timeout=WITHIN_MS)
    report = guided.report.report
    assert report is not None
    assert "Not live" in guided.report.source.text()
    assert guided.report.headline.text() == report.headline
    kept = len(report.kept)
    first = next(card for card in guided.report.cards if card.shot.kept)
    first.change.click()
    qtbot.waitUntil(lambda: guided.report.enroll.text() == f"Enroll {kept - 1}", timeout=WITHIN_MS)
    assert "Left out" in next(card for card in guided.report.cards if not card.shot.kept).accessibleName()
    guided.report.cards[0].change.click()
    settle(qtbot, window)
    wanted = len(guided.report.report.kept) if guided.report.report else 0
    guided.report.enroll.click()
    people = window.context.people
    qtbot.waitUntil(lambda: len(people.people) == 1, timeout=WITHIN_MS)
    person = people.people[0]
    assert (person.template_count, person.purpose, person.consent_date is not None) == (wanted, "front door", True)
    assert not page.consent.isChecked(), "the next person is asked anew"
    window.context.undo()
    qtbot.waitUntil(lambda: people.people == (), timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_space_takes_a_picture_and_escape_stops(qtbot: QtBot, page: EnrollPage, folder: Path) -> None:
    guided = page.guided
    started(qtbot, page, folder)
    qtbot.waitUntil(lambda: guided.guidance is not None and bool(guided.guidance.covered), timeout=WITHIN_MS)
    taken = []
    guided._context.client.guided_snap = lambda: taken.append(1) or guided._context.client.guided_stop()  # type: ignore[method-assign]
    QTest.keyClick(guided.snap, Qt.Key.Key_Space)
    assert taken == [1]
    QTest.keyClick(guided.snap, Qt.Key.Key_Escape)
    assert not guided.running
    assert guided.start.isVisible()
    settle(qtbot, window_of(page))


def test_that_the_camera_lost_keeps_what_was_taken(qtbot: QtBot, page: EnrollPage, folder: Path) -> None:
    guided, window = page.guided, window_of(page)
    started(qtbot, page, folder)
    qtbot.waitUntil(lambda: guided.guidance is not None and bool(guided.guidance.covered), timeout=WITHIN_MS)
    window.feed.state_changed.emit(StreamState(Phase.LOST, "The camera is gone.", "camera"))
    assert "kept" in guided.hint.text()
    window.open_page("gallery")
    assert not window.feed.running, "the camera is let go"
    window.open_page("enroll")
    assert guided.running
    assert guided.done.isEnabled()
    guided.done.click()
    qtbot.waitUntil(lambda: bool(guided.report.cards), timeout=WITHIN_MS)
    guided.report.again.click()
    assert guided.start.isVisible()
    settle(qtbot, window)


def test_that_everything_is_named_and_reached_by_the_tab_key(qtbot: QtBot, page: EnrollPage, folder: Path) -> None:
    guided = page.guided
    started(qtbot, page, folder)
    guided.snap.setFocus()
    reached = set()
    for _ in range(40):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        reached.add(QApplication.focusWidget())
    assert {guided.snap, guided.done, guided.stop_button} - reached <= {guided.done}, "nothing to finish with yet"
    for widget in (guided.view.canvas, guided.overlay, guided.steps, guided.source, guided.purpose):
        assert widget.accessibleName()
    guided.stop()
    settle(qtbot, window_of(page))


def test_that_going_back_to_pictures_lets_the_camera_go(qtbot: QtBot, page: EnrollPage, folder: Path) -> None:
    started(qtbot, page, folder)
    page.guide.click()
    assert not page.is_guided
    assert not page.guided.running
    assert not window_of(page).feed.running
    settle(qtbot, window_of(page))
