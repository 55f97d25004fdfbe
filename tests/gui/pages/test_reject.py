"""'Not this person' from each page that names somebody, and back again."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QPushButton
from pytestqt.qtbot import QtBot

from gui.main_window import MainWindow
from gui.pages.face_dialog import FaceDialog
from gui.pages.gallery import GalleryPage
from gui.pages.identify import IdentifyPage
from gui.pages.reject_dialog import RejectDialog
from gui.pages.rejections_dialog import RejectionsDialog
from gui.pages.verify import VerifyPage
from tests.gui.conftest import WITHIN_MS, settle

Dialog = TypeVar("Dialog", bound=QDialog)


def dialog(kind: type[Dialog]) -> Dialog:
    return next(one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible())


def confirm(qtbot: QtBot) -> RejectDialog:
    asked = dialog(RejectDialog)
    qtbot.waitUntil(asked.apply.isEnabled, timeout=WITHIN_MS)
    return asked


@pytest.fixture
def identify(qtbot: QtBot, window: MainWindow, pictures: Path) -> IdentifyPage:
    window.open_page("identify")
    page = window.page
    assert isinstance(page, IdentifyPage)
    page.take_pictures([pictures / "eileen2.png"])
    qtbot.waitUntil(lambda: page.panel.decision.text() == "Eileen Collins", timeout=WITHIN_MS)
    settle(qtbot, window)
    return page


def test_that_the_effect_is_shown_then_the_name_goes_and_comes_back(
    qtbot: QtBot, window: MainWindow, identify: IdentifyPage
) -> None:
    assert identify.panel.reject.text() == "Not Eileen Collins …"
    identify.panel.reject.click()
    asked = confirm(qtbot)
    assert asked.effect.text() == "The one decision of this session would have been different."
    assert "would be no match" in asked.changes.text()
    assert identify.panel.decision.text() == "Eileen Collins", "nothing has happened yet"
    QTest.keyClick(asked.apply, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: identify.panel.decision.text() == "Unknown", timeout=WITHIN_MS)
    assert "you said of a face like this one" in identify.panel._why.text()
    assert not identify.panel.reject.isVisible()
    window.context.undo()
    qtbot.waitUntil(lambda: identify.panel.decision.text() == "Eileen Collins", timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_cancel_changes_nothing(qtbot: QtBot, window: MainWindow, identify: IdentifyPage) -> None:
    identify.panel.reject.click()
    QTest.keyClick(confirm(qtbot), Qt.Key.Key_Escape)
    settle(qtbot, window)
    assert identify.panel.decision.text() == "Eileen Collins"


def test_that_a_face_found_live_can_be_rejected(qtbot: QtBot, window: MainWindow, identify: IdentifyPage) -> None:
    asked = FaceDialog(window.context, identify.answers[0].identifications[0], "camera", window)
    asked.open()
    asked.not_them.click()
    confirm(qtbot).apply.click()
    qtbot.waitUntil(lambda: not asked.not_them.isVisible(), timeout=WITHIN_MS)
    assert asked.name.name == "", "who it is instead is asked for"
    QTest.keyClick(asked, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: identify.panel.decision.text() == "Unknown", timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_a_verification_can_be_rejected(qtbot: QtBot, window: MainWindow, pictures: Path) -> None:
    window.open_page("verify")
    page = window.page
    assert isinstance(page, VerifyPage)
    eileen = window.context.people.find("Eileen Collins")
    assert eileen is not None
    page.take_pictures([pictures / "eileen2.png"])
    page.person.choose(eileen.id)
    qtbot.waitUntil(page.result.reject.isVisible, timeout=WITHIN_MS)
    page.result.reject.click()
    confirm(qtbot).apply.click()
    qtbot.waitUntil(lambda: page.result.decision.text().startswith("No, this is not"), timeout=WITHIN_MS)
    assert page.result.words.text().startswith("You said of a face like this one")
    assert not page.result.reject.isVisible()
    settle(qtbot, window)


def test_that_rejected_faces_are_listed_and_taken_back(
    qtbot: QtBot, window: MainWindow, identify: IdentifyPage
) -> None:
    identify.panel.reject.click()
    confirm(qtbot).apply.click()
    qtbot.waitUntil(lambda: identify.panel.decision.text() == "Unknown", timeout=WITHIN_MS)
    window.open_page("gallery")
    page = window.page
    assert isinstance(page, GalleryPage)
    eileen = window.context.people.find("Eileen Collins")
    assert eileen is not None
    page.choose(eileen.id)
    qtbot.waitUntil(page.panel.rejections.isVisible, timeout=WITHIN_MS)
    assert page.panel.rejections.text() == "1 face rejected …"
    page.panel.rejections.click()
    asked = dialog(RejectionsDialog)
    qtbot.waitUntil(lambda: len(asked.removers) == 1, timeout=WITHIN_MS)
    (remove,) = asked.removers.values()
    assert isinstance(remove, QPushButton)
    remove.click()
    qtbot.waitUntil(lambda: not asked.removers, timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: not page.panel.rejections.isVisible(), timeout=WITHIN_MS)
    asked.accept()
    settle(qtbot, window)
