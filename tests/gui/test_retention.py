"""Last days: the reminder, the filter, putting off. Nobody is deleted by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QDate
from pytestqt.qtbot import QtBot

from engine.gallery.store import Gallery
from engine.settings import Settings
from gui.main_window import MainWindow
from gui.pages.gallery import GalleryPage
from tests.gui.conftest import WITHIN_MS, settle


@pytest.fixture
def due(enrolled: Path) -> Path:
    """Grace Hopper has expired; Eileen Collins has no last day."""
    gallery = Gallery.open(enrolled)
    gallery.describe(gallery.find("Grace Hopper").id, expires_on=date.today() - timedelta(days=2))
    gallery.close()
    return enrolled


def gallery_page(window: MainWindow) -> GalleryPage:
    page = window.page
    assert isinstance(page, GalleryPage)
    return page


def shown(page: GalleryPage) -> list[str]:
    model = page.list.model()
    assert model is not None
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_that_a_reminder_leads_to_those_who_have_expired(
    qtbot: QtBot, due: Path, open_window: Callable[..., MainWindow]
) -> None:
    window = open_window(Settings(page="settings"))
    assert window.toasts.texts == ["1 person has expired. Nobody is deleted by itself."]
    window._show_due()
    page = gallery_page(window)
    assert shown(page) == ["Grace Hopper"]
    assert page.panel.keep_until.note.text() == "expired"
    page.banner.only.click()
    assert shown(page) == ["Eileen Collins", "Grace Hopper"]
    assert len(window.context.people.people) == 2, "nobody was deleted"
    settle(qtbot, window)


def test_that_a_year_more_ends_the_reminder_and_undo_brings_it_back(
    qtbot: QtBot, due: Path, open_window: Callable[..., MainWindow]
) -> None:
    window = open_window(Settings(page="gallery"))
    assert window.toasts.texts == [], "the page says so itself"
    page = gallery_page(window)
    assert page.banner.isVisible()
    page.banner.only.click()
    page.panel.keep_until.extend.click()
    qtbot.waitUntil(lambda: not page.banner.isVisible(), timeout=WITHIN_MS)
    assert shown(page) == ["Eileen Collins", "Grace Hopper"]
    page.undo.click()
    qtbot.waitUntil(page.banner.isVisible, timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_who_is_due_is_deleted_only_by_hand(
    qtbot: QtBot, due: Path, open_window: Callable[..., MainWindow]
) -> None:
    page = gallery_page(window := open_window(Settings(page="gallery")))
    page.show_due()
    page.panel.delete.click()
    qtbot.waitUntil(lambda: shown(page) == ["Eileen Collins"], timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_purpose_and_last_day_are_kept(qtbot: QtBot, window: MainWindow) -> None:
    window.open_page("gallery")
    page = gallery_page(window)
    eileen = window.context.people.find("Eileen Collins")
    assert eileen is not None
    page.choose(eileen.id)
    assert not page.banner.isVisible()
    page.panel.purpose.setFocus()
    qtbot.keyClicks(page.panel.purpose, "Door")
    page.panel.keep_until.limited.setFocus()
    page.panel.keep_until.limited.click()
    settle(qtbot, window)
    page.panel.keep_until.day.setDate(QDate(2031, 5, 6))
    settle(qtbot, window)
    person = window.context.people.find("Eileen Collins")
    assert person is not None
    assert (person.purpose, person.expires_on) == ("Door", date(2031, 5, 6))
    page.panel.keep_until.limited.click()
    settle(qtbot, window)
    person = window.context.people.find("Eileen Collins")
    assert person is not None
    assert person.expires_on is None
