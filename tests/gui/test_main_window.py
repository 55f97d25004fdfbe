"""The window as a whole."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from engine.settings import Settings, load
from gui.main_window import PAGES, MainWindow
from gui.pages.gallery import GalleryPage
from gui.pages.identify import IdentifyPage
from gui.pages.settings import SettingsPage
from gui.pages.verify import VerifyPage
from gui.theme.style import THEME

from .conftest import WITHIN_MS, settle


def test_that_the_window_comes_before_torch() -> None:
    script = "import sys, gui.app; print([m for m in ('torch', 'cv2', 'sqlalchemy', 'scipy') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_that_an_empty_gallery_invites_to_enroll(qtbot: QtBot, open_window: Callable[..., MainWindow]) -> None:
    window = open_window()
    page = window.page
    assert isinstance(page, GalleryPage)
    assert page.invitation.isVisible()
    qtbot.mouseClick(page.invitation.button, Qt.MouseButton.LeftButton)
    assert window.page.title == "Enroll"


def test_that_every_page_opens_by_its_key(qtbot: QtBot, window: MainWindow) -> None:
    assert list(PAGES) == [
        *["live", "verify", "identify", "enroll", "gallery", "sort", "train", "evaluate", "models", "settings"]
    ]
    for keys, key in (*((f"Ctrl+{number % 10}", key) for number, key in enumerate(PAGES, 1)), ("Ctrl+,", "settings")):
        QTest.keySequence(window, QKeySequence(keys))
        assert window.page.title == PAGES[key][1]
        assert window.page.isVisible()
    settle(qtbot, window)


@pytest.mark.parametrize("key", PAGES)
def test_that_every_control_has_an_accessible_name(qtbot: QtBot, window: MainWindow, key: str) -> None:
    window.open_page(key)
    settle(qtbot, window)
    kinds = (QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, QAbstractSpinBox, QAbstractItemView)
    nameless = [
        f"{type(widget).__name__} in {type(widget.parent()).__name__}"
        for widget in window.findChildren(QWidget)
        if isinstance(widget, kinds)
        and widget.isVisible()
        and not isinstance(widget.parent(), QComboBox | QAbstractSpinBox | QLineEdit | QAbstractItemView)
        and not (widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text()))
    ]
    assert nameless == []


def test_that_device_pack_and_gallery_are_in_sight_on_every_page(qtbot: QtBot, window: MainWindow) -> None:
    for key in PAGES:
        window.open_page(key)
        status = window.status
        assert status.isVisible()
        assert "CPU" in status.device.text()
        assert "dlib" in status.pack.text()
        assert status.gallery.text() == "Gallery: gallery.db, not encrypted, 2 people"
    settle(qtbot, window)


def test_that_an_engine_that_cannot_start_offers_to_try_again(
    qtbot: QtBot, gallery_path: Path, open_window: Callable[..., MainWindow]
) -> None:
    gallery_path.write_bytes(b"not a gallery")
    window = open_window(ready=False)
    with qtbot.waitSignal(window.client.unavailable, timeout=WITHIN_MS):
        window.client.start()
    retry = next(button for button in window.findChildren(QAbstractButton) if button.text() == "Try again")
    assert retry.isVisible()
    gallery_path.unlink()
    with qtbot.waitSignal(window.client.ready, timeout=WITHIN_MS):
        retry.click()
    assert window.page.isVisible()
    settle(qtbot, window)


def _mime(*files: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    return data


def test_that_a_picture_dropped_anywhere_on_a_page_is_taken(qtbot: QtBot, window: MainWindow, pictures: Path) -> None:
    window.open_page("identify")
    data = _mime(pictures / "both.jpg")
    actions, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), actions, data, left, none)
    window.dragEnterEvent(enter)
    assert enter.isAccepted()
    window.dropEvent(QDropEvent(QPoint(5, 5), actions, data, left, none))
    page = window.page
    assert isinstance(page, IdentifyPage)
    qtbot.waitUntil(lambda: len(page.answers) == 1, timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_a_page_without_use_for_pictures_takes_none(window: MainWindow, pictures: Path) -> None:
    window.open_page("settings")
    data = _mime(pictures / "both.jpg")
    event = QDragEnterEvent(
        QPoint(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    event.ignore()
    window.dragEnterEvent(event)
    assert not event.isAccepted()


def test_that_a_picture_can_be_pasted(qtbot: QtBot, window: MainWindow, pictures: Path) -> None:
    window.open_page("verify")
    QGuiApplication.clipboard().setImage(QImage(str(pictures / "grace.jpg")))
    QTest.keySequence(window, QKeySequence(QKeySequence.StandardKey.Paste))
    page = window.page
    assert isinstance(page, VerifyPage)
    qtbot.waitUntil(lambda: page.probe.picture is not None, timeout=WITHIN_MS)
    QGuiApplication.clipboard().clear()
    QTest.keySequence(window, QKeySequence(QKeySequence.StandardKey.Paste))
    assert "no picture on the clipboard" in window.toasts.texts[-1]
    settle(qtbot, window)


def test_that_an_edit_can_be_undone_and_done_again_by_key(qtbot: QtBot, window: MainWindow) -> None:
    people = window.context.people
    grace = people.find("Grace Hopper")
    assert grace is not None
    window.context.edit(window.client.rename(grace.id, "Admiral Hopper"), "Renamed.")
    qtbot.waitUntil(lambda: people.find("Admiral Hopper") is not None, timeout=WITHIN_MS)
    QTest.keySequence(window, QKeySequence(QKeySequence.StandardKey.Undo))
    qtbot.waitUntil(lambda: people.find("Grace Hopper") is not None, timeout=WITHIN_MS)
    QTest.keySequence(window, QKeySequence(QKeySequence.StandardKey.Redo))
    qtbot.waitUntil(lambda: people.find("Admiral Hopper") is not None, timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_a_setting_counts_at_once_and_is_remembered(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.open_page("settings")
    page = window.page
    assert isinstance(page, SettingsPage)
    scheme, metric = page.controls["colour_scheme"], page.controls["metric"]
    assert isinstance(scheme, QComboBox)
    assert isinstance(metric, QComboBox)
    _choose(scheme, "Dark")
    assert THEME.is_dark
    _choose(scheme, "Light")
    assert not THEME.is_dark
    _choose(metric, "L1")
    mirror = page.controls["mirror"]
    assert isinstance(mirror, QCheckBox)
    mirror.click()
    settle(qtbot, window)
    assert window.client.settings.metric == "l1"
    window.close()
    stored = load(tmp_path / "settings.toml")
    assert (stored.metric, stored.mirror, stored.page, bool(stored.geometry)) == ("l1", False, "settings", True)


def test_that_a_device_that_is_not_there_is_refused_and_the_setting_goes_back(qtbot: QtBot, window: MainWindow) -> None:
    import torch  # noqa: PLC0415

    window.open_page("settings")
    page = window.page
    assert isinstance(page, SettingsPage)
    device = page.controls["device"]
    assert isinstance(device, QComboBox)
    _choose(device, "Apple GPU" if torch.cuda.is_available() else "CUDA GPU")
    qtbot.waitUntil(lambda: window.settings.value.device == "auto", timeout=WITHIN_MS)
    assert "device was found here" in window.toasts.texts[-1]
    assert device.currentText() == "The fastest there is"
    settle(qtbot, window)


def test_that_the_settings_page_says_what_is_in_use(qtbot: QtBot, window: MainWindow) -> None:
    window.open_page("settings")
    page = window.page
    assert isinstance(page, SettingsPage)
    qtbot.waitUntil(lambda: bool(page.about.values), timeout=WITHIN_MS)
    assert "CC0" in page.about.values["Licence"]
    assert "2 people, 2 templates" in page.about.values["Gallery"]
    settle(qtbot, window)


def test_that_the_window_opens_on_the_page_it_was_left_on(
    enrolled: Path, open_window: Callable[..., MainWindow]
) -> None:
    assert open_window(Settings(page="verify")).page.title == "Verify"
    assert open_window(Settings(page="a page of tomorrow")).page.title == "Gallery"


def _choose(combo: QComboBox, text: str) -> None:
    """Choose as a user does."""
    row = combo.findText(text)
    assert row >= 0
    combo.setCurrentIndex(row)
    combo.activated.emit(row)


def test_that_a_gallery_on_a_network_drive_is_said_once(
    qtbot: QtBot, enrolled: Path, open_window: Callable[..., MainWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.gallery.network_drive.network_drive", lambda _path: "nfs4")
    window = open_window()
    said = [text for text in window.toasts.texts if "network drive (nfs4)" in text]
    assert len(said) == 1
    window.toasts.clear()
    window.context.people.refresh()
    settle(qtbot, window)
    assert not [text for text in window.toasts.texts if "network drive" in text]
