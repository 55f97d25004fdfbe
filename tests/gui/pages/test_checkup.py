"""The check-up in the Gallery page: every finding can be acted on and taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.service import FaceService
from engine.settings import Settings
from gui.main_window import MainWindow
from gui.pages.gallery import GalleryPage
from tests.gui.conftest import WITHIN_MS, settle


@pytest.fixture(scope="module")
def crooked(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> dict[str, Path]:
    """Galleries: one person under two names; a picture under a wrong name."""
    made = {}
    for kind in ("double", "astray"):
        made[kind] = tmp_path_factory.mktemp(kind) / "gallery.db"
        service = FaceService(Settings(), made[kind])
        service.enroll("Eileen Collins", service.judge([pictures / "eileen1.jpg"]))
        grace = service.enroll("Grace Hopper", service.judge([pictures / "grace.jpg"])).person
        if kind == "double":
            service.enroll("E. Collins", service.judge([pictures / "eileen2.png"]))
        else:
            service.assign(service.probe(pictures / "eileen2.png"), grace.id, "wrong.png")
        service.close()
    return made


def open_check_up(
    qtbot: QtBot, open_window: Callable[..., MainWindow], gallery_path: Path, source: Path
) -> tuple[MainWindow, GalleryPage]:
    gallery_path.write_bytes(source.read_bytes())
    window = open_window()
    window.open_page("gallery")
    page = window.page
    assert isinstance(page, GalleryPage)
    page.check_up.click()
    qtbot.waitUntil(lambda: len(page.findings.cards) == 1, timeout=WITHIN_MS)
    settle(qtbot, window)
    return window, page


def test_that_a_double_is_kept_apart_and_back_and_merged(
    qtbot: QtBot, open_window: Callable[..., MainWindow], gallery_path: Path, crooked: dict[str, Path]
) -> None:
    window, page = open_check_up(qtbot, open_window, gallery_path, crooked["double"])
    card = page.findings.cards[0]
    assert "“Eileen Collins” and “E. Collins”" in card.accessibleName()
    assert set(card.buttons) == {"merge", "apart"}
    card.buttons["apart"].setFocus()
    QTest.keyClick(card.buttons["apart"], Qt.Key.Key_Space)
    qtbot.waitUntil(page.findings.fine.isVisible, timeout=WITHIN_MS)
    page.undo.click()
    qtbot.waitUntil(lambda: len(page.findings.cards) == 1, timeout=WITHIN_MS)
    page.findings.cards[0].buttons["merge"].click()
    qtbot.waitUntil(page.findings.fine.isVisible, timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: len(window.context.people.people) == 2, timeout=WITHIN_MS)
    page.check_up.click()
    assert not page.findings.isVisible()
    assert page.list.isVisible()
    settle(qtbot, window)


@pytest.mark.parametrize("button", ["move", "delete", "right"])
def test_that_a_picture_astray_is_moved_deleted_or_left(
    qtbot: QtBot, open_window: Callable[..., MainWindow], gallery_path: Path, crooked: dict[str, Path], button: str
) -> None:
    window, page = open_check_up(qtbot, open_window, gallery_path, crooked["astray"])
    card = page.findings.cards[0]
    assert "looks more like “Eileen Collins”" in card.accessibleName()
    card.buttons[button].click()
    if button == "right":
        # If that is Grace Hopper, then the two people may well be one.
        qtbot.waitUntil(lambda: "merge" in page.findings.cards[0].buttons, timeout=WITHIN_MS)
    else:
        qtbot.waitUntil(page.findings.fine.isVisible, timeout=WITHIN_MS)
    settle(qtbot, window)
    counts = {person.name: person.template_count for person in window.context.people.people}
    expected = {"move": (2, 1), "delete": (1, 1), "right": (1, 2)}[button]
    assert (counts["Eileen Collins"], counts["Grace Hopper"]) == expected
    window.context.undo()
    qtbot.waitUntil(lambda: any("right" in one.buttons for one in page.findings.cards), timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_leaving_the_page_closes_the_check_up(qtbot: QtBot, window: MainWindow) -> None:
    window.open_page("gallery")
    page = window.page
    assert isinstance(page, GalleryPage)
    page.check_up.click()
    qtbot.waitUntil(page.findings.fine.isVisible, timeout=WITHIN_MS)
    assert "2 people were compared" in page.findings.summary.text()
    window.open_page("settings")
    assert not page.check_up.isChecked()
    settle(qtbot, window)
