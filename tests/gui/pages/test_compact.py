"""Compacting the gallery from the Settings page, on a real gallery."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot

from engine.errors import GalleryError
from engine.gallery import compacting
from engine.gallery.store import Gallery
from engine.types import NewTemplate
from gui.main_window import MainWindow
from gui.pages.compact_dialog import CompactDialog
from gui.pages.settings import SettingsPage
from tests.engine.gallery.conftest import template
from tests.gui.conftest import WITHIN_MS, settle


@pytest.fixture
def enrolled(enrolled: Path) -> Path:
    """Many pictures were deleted, and nobody has closed the gallery since, which would free their room."""
    gallery = Gallery.open(enrolled)
    pictures = [template(number, pack_id="other") for number in range(60)]
    bulky = [NewTemplate(one.embedding, one.pack_id, one.crop_jpeg * 40, one.source, one.quality) for one in pictures]
    gallery.delete_person(gallery.enroll("Many", bulky).id)
    gallery.abandon()
    return enrolled


@pytest.fixture
def dialog(qtbot: QtBot, window: MainWindow) -> CompactDialog:
    """It is open, and has looked at the file."""
    window.open_page("settings")
    page = window.page
    assert isinstance(page, SettingsPage)
    settle(qtbot, window)
    page.protection.compact.setFocus()
    QTest.keyClick(page.protection.compact, Qt.Key.Key_Space)
    made = next(one for one in QApplication.topLevelWidgets() if isinstance(one, CompactDialog) and one.isVisible())
    qtbot.waitUntil(made.compact.isEnabled, timeout=WITHIN_MS)
    return made


def test_that_the_file_gets_smaller_and_how_much_is_said(
    qtbot: QtBot, window: MainWindow, dialog: CompactDialog, enrolled: Path
) -> None:
    assert "of it can be freed" in dialog.words.text()
    assert "at least" in dialog.words.text()
    before = enrolled.stat().st_size
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.bar.isVisible()
    qtbot.waitUntil(dialog.outcome.isVisible, timeout=WITHIN_MS)
    settle(qtbot, window)
    assert dialog.outcome.text().startswith("Compacted: ")
    assert dialog.outcome.text().endswith(" now.")
    assert enrolled.stat().st_size < before
    assert not dialog.compact.isVisible()
    assert not dialog.bar.isVisible()
    assert all(one.text() or one.accessibleName() for one in dialog.findChildren(QAbstractButton))
    with qtbot.waitSignal(dialog.rejected):
        QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert len(window.context.people.people) == 2


@pytest.mark.parametrize("told", ["result", "error"])
def test_that_what_stands_in_the_way_is_said_and_it_can_be_tried_again(
    qtbot: QtBot, window: MainWindow, dialog: CompactDialog, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    def fail(*_: object, **__: object) -> compacting.Compacted:
        if told == "error":
            raise GalleryError("The disk has gone.")
        return compacting.Compacted(1, 1, compacting.NO_ROOM)

    with monkeypatch.context() as patch:
        patch.setattr(Gallery, "compact", fail)
        dialog.compact.click()
        qtbot.waitUntil(dialog.outcome.isVisible, timeout=WITHIN_MS)
        settle(qtbot, window)
    assert dialog.outcome.text() == (compacting.NO_ROOM if told == "result" else "The disk has gone.")
    dialog.compact.click()
    qtbot.waitUntil(lambda: dialog.outcome.text().startswith("Compacted"), timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_it_can_be_cancelled(
    qtbot: QtBot, window: MainWindow, dialog: CompactDialog, enrolled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped, before, vacuum = threading.Event(), enrolled.stat().st_size, compacting._vacuum

    def once_stopped(*arguments: Any, **options: Any) -> None:
        assert stopped.wait(WITHIN_MS / 1000)
        vacuum(*arguments, **options)

    monkeypatch.setattr(compacting, "_STEPS", 1)
    monkeypatch.setattr(compacting, "_vacuum", once_stopped)
    dialog.compact.click()
    assert dialog.bar.isVisible()
    QTest.keyClick(dialog.bar.stop, Qt.Key.Key_Space)
    stopped.set()
    qtbot.waitUntil(dialog.outcome.isVisible, timeout=WITHIN_MS)
    settle(qtbot, window)
    assert dialog.outcome.text() == "Cancelled. Nothing was changed."
    assert dialog.compact.isEnabled()
    assert enrolled.stat().st_size == before
