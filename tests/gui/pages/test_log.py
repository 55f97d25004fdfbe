"""The history log, erasing for good, and pauses, in the real window."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from engine.gallery import vault
from engine.gallery.store import Gallery
from engine.journal import LogQuery
from gui.engine_client import EngineClient
from gui.itemmodels.log import ENTRY, LogModel
from gui.main_window import MainWindow
from gui.pages.erase_dialog import EraseDialog
from gui.pages.gallery import ERASE, LOG, GalleryPage
from gui.pages.live import LivePage
from gui.pages.log_dialog import LogDialog
from gui.pages.verify import VerifyPage
from gui.widgets.countdown import Countdown
from tests.gui.conftest import WITHIN_MS, settle

Dialog = TypeVar("Dialog", bound=QDialog)
OpenWindow = Callable[..., MainWindow]


def opened(qtbot: QtBot, window: MainWindow, kind: type[Dialog]) -> Dialog:
    qtbot.waitUntil(lambda: bool(window.findChildren(kind)), timeout=WITHIN_MS)
    settle(qtbot, window)
    return window.findChildren(kind)[-1]


def gallery_page(window: MainWindow) -> GalleryPage:
    window.open_page("gallery")
    assert isinstance(window.page, GalleryPage)
    return window.page


def said(qtbot: QtBot, dialog: LogDialog) -> list[str]:
    """The sentences in the table."""
    model = dialog.entries

    def texts() -> list[str]:
        return [model.index(row, 2).data() for row in range(model.rowCount())]

    qtbot.waitUntil(lambda: "…" not in texts(), timeout=WITHIN_MS)
    return texts()


def test_that_the_log_is_shown_searched_verified_and_exported(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    page = gallery_page(window)
    page.more.choose(LOG)
    dialog = opened(qtbot, window, LogDialog)
    everything = ["“Grace Hopper” was enrolled with 1 picture.", "“Eileen Collins” was enrolled with 1 picture."]
    assert said(qtbot, dialog) == everything
    QTest.keyClicks(dialog.text, "grace")
    qtbot.waitUntil(lambda: dialog.entries.rowCount() == 1, timeout=WITHIN_MS)
    assert said(qtbot, dialog) == everything[:1]
    dialog.text.clear()
    dialog.person.choose(window.context.people.people[0].id)
    settle(qtbot, window)
    assert said(qtbot, dialog) == everything[1:]
    dialog.person.choose(None)
    dialog.kind.setCurrentIndex(dialog.kind.findData("rename"))
    settle(qtbot, window)
    assert said(qtbot, dialog) == []
    assert not dialog.export.isEnabled()
    dialog.kind.setCurrentIndex(0)
    dialog.until.click()
    dialog.until_day.setDate(dialog.since_day.date())
    settle(qtbot, window)
    assert said(qtbot, dialog) == []
    dialog.until.click()
    settle(qtbot, window)
    assert said(qtbot, dialog) == everything
    QTest.mouseClick(dialog.verify, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(dialog.verdict.isVisible, timeout=WITHIN_MS)
    assert dialog.verdict.text() == "The history log is as it was written: 2 entries, none altered, none missing."
    dialog.export_to(tmp_path / "log.json")
    settle(qtbot, window)
    assert [one["text"] for one in json.loads((tmp_path / "log.json").read_text("utf-8"))] == everything
    dialog.export_to(tmp_path / "log.txt")
    settle(qtbot, window)
    assert "“log.txt” does not say what to write. Let it end in .csv or .json." in window.toasts.texts
    assert not (tmp_path / "log.txt").exists()


def test_that_the_log_follows_the_gallery(qtbot: QtBot, window: MainWindow) -> None:
    dialog = gallery_page(window).open_log()
    settle(qtbot, window)
    person = window.context.people.people[0]
    window.client.rename(person.id, "Colonel Collins")
    qtbot.waitUntil(lambda: dialog.entries.rowCount() == 3, timeout=WITHIN_MS)
    assert said(qtbot, dialog)[0] == "“Eileen Collins” was renamed to “Colonel Collins”."


def test_that_the_model_of_the_log_keeps_qts_rules(qtbot: QtBot, enrolled: Path, client: EngineClient) -> None:
    model = LogModel(client)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    with qtbot.waitSignal(model.modelReset, timeout=WITHIN_MS):
        model.ask(LogQuery())
    model.index(0, 0).data()
    with qtbot.waitSignal(model.dataChanged, timeout=WITHIN_MS):
        pass
    assert model.index(1, 0).data(ENTRY).number == 1


def test_that_somebody_is_erased_with_a_receipt(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    page = gallery_page(window)
    window.client.back_up()
    settle(qtbot, window)
    page.choose(window.context.people.people[0].id)
    page.more.choose(ERASE)
    dialog = opened(qtbot, window, EraseDialog)
    assert dialog.words.text().startswith("This removes 1 picture, 1 embedding, 1 entry of the history log.")
    assert "backup" in dialog.copies.text()
    assert not dialog.copies.isChecked()
    dialog.copies.click()
    QTest.mouseClick(dialog.erase, Qt.MouseButton.LeftButton)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    QTest.mouseClick(dialog.close_button, Qt.MouseButton.LeftButton)
    assert dialog.isVisible(), "the receipt is still to come"
    qtbot.waitUntil(dialog.text.isVisible, timeout=WITHIN_MS)
    settle(qtbot, window)
    assert "Eileen" not in dialog.text.toPlainText()
    assert "were deleted" in dialog.text.toPlainText()
    assert [person.name for person in window.context.people.people] == ["Grace Hopper"]
    assert "Eileen" not in page.undo.toolTip()
    dialog.save_to(tmp_path / "receipt.txt")
    settle(qtbot, window)
    assert dialog.receipt is not None
    assert dialog.receipt.number in (tmp_path / "receipt.txt").read_text("utf-8")


def test_that_an_older_copy_is_told_and_can_be_accepted(
    qtbot: QtBot, enrolled: Path, open_window: OpenWindow, tmp_path: Path
) -> None:
    shutil.copy(enrolled, tmp_path / "older.db")
    gallery = Gallery.open(enrolled)
    gallery.rename(gallery.find("Grace Hopper").id, "Amazing Grace")
    gallery.close()
    shutil.copy(tmp_path / "older.db", enrolled)
    window = open_window()
    qtbot.waitUntil(lambda: any("1 change is missing" in text for text in window.toasts.texts), timeout=WITHIN_MS)
    dialog = gallery_page(window).open_log()
    qtbot.waitUntil(dialog.accept_copy.isVisible, timeout=WITHIN_MS)
    QTest.mouseClick(dialog.accept_copy, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialog.accept_copy.isVisible(), timeout=WITHIN_MS)
    settle(qtbot, window)
    assert said(qtbot, dialog)[0].startswith("The gallery was accepted as it is")


def paused(enrolled: Path, name: str) -> int:
    """Somebody for whom too many claims have failed."""
    from engine.claims import Claims  # noqa: PLC0415 - what the engine does, in an engine's words

    gallery = Gallery.open(enrolled)
    person = gallery.find(name)
    claims = Claims(gallery)
    for number in range(5):
        for time_s in (10.0 * number, 10.0 * number + 1.5, 10.0 * number + 3.0):
            for claimed, success in claims.stretch.look(person.id, False, time_s):
                claims._count(claimed, success=success)
    gallery.close()
    return person.id


def test_that_the_verify_page_waits_after_five_failed_attempts(
    qtbot: QtBot, enrolled: Path, open_window: OpenWindow, pictures: Path
) -> None:
    person_id = paused(enrolled, "Grace Hopper")
    window = open_window()
    window.open_page("verify")
    page = window.page
    assert isinstance(page, VerifyPage)
    page.take_pictures([pictures / "grace.jpg"])
    page.person.choose(person_id)
    qtbot.waitUntil(page.result.again.isVisible, timeout=WITHIN_MS)
    assert not page.result.again.isEnabled()
    assert "check again in" in page.result.again.text()
    assert page.result.decision.text() == "No decision"
    assert "attempts to be “Grace Hopper” failed" in page.result.words.text()
    page.countdown.start(0.0)
    qtbot.waitUntil(page.result.again.isEnabled, timeout=WITHIN_MS)
    page.person.choose(next(one.id for one in window.context.people.people if one.id != person_id))
    settle(qtbot, window)
    assert page.result.decision.text() == "No, this is not Eileen Collins"
    assert not page.result.again.isVisible()


def test_that_a_live_claim_waits_too(
    qtbot: QtBot, enrolled: Path, open_window: OpenWindow, pictures: Path, tmp_path: Path
) -> None:
    person_id = paused(enrolled, "Grace Hopper")
    window = open_window()
    window.open_page("live")
    page = window.page
    assert isinstance(page, LivePage)
    (tmp_path / "camera").mkdir()
    shutil.copy(pictures / "grace.jpg", tmp_path / "camera")
    page.panel.mode.setCurrentIndex(1)
    page.panel.person.choose(person_id)
    page.source.use(str(tmp_path / "camera"))
    qtbot.waitUntil(lambda: "Too many attempts failed" in page.panel.words.text(), timeout=WITHIN_MS)


def test_that_the_lock_screen_counts_down_after_five_wrong_passphrases(
    qtbot: QtBot, enrolled: Path, open_window: OpenWindow
) -> None:
    gallery = Gallery.open(enrolled)
    gallery.protect(partial(vault.set_passphrase, passphrase="right", ask_at_start=True))
    gallery.close()
    window = open_window(ready=False)
    with qtbot.waitSignal(window.client.ready, timeout=WITHIN_MS):
        window.client.start()
    settle(qtbot, window)
    lock = window.lock_screen
    for _ in range(5):
        lock.secret.setText("wrong")
        lock._on_edited()
        QTest.keyClick(lock.secret, Qt.Key.Key_Return)
        settle(qtbot, window)
    qtbot.waitUntil(lambda: lock.countdown.running, timeout=WITHIN_MS)
    assert "The next one is in" in lock.problem.text()
    lock.secret.setText("right")
    lock._on_edited()
    assert not lock.unlock.isEnabled()
    QApplication.processEvents()
    lock.countdown.start(0.0)
    qtbot.waitUntil(lock.unlock.isEnabled, timeout=WITHIN_MS)
    assert lock.problem.text() == ""


def test_that_a_countdown_tells_its_end_once(qtbot: QtBot) -> None:
    told: list[str] = []
    parent = QDialog()
    qtbot.addWidget(parent)
    countdown = Countdown(parent)
    countdown.told.connect(told.append)
    countdown.start(0.0)
    assert told == []
    countdown.start(0.3)
    qtbot.waitUntil(lambda: not countdown.running, timeout=WITHIN_MS)
    assert told[0] == "1 second"
    assert told.count("") == 1


@pytest.mark.parametrize("level", ["off", "live"])
def test_that_the_settings_decide_what_is_written(qtbot: QtBot, window: MainWindow, level: str) -> None:
    window.settings.change("history_log", level)
    settle(qtbot, window)
    window.client.rename(window.context.people.people[0].id, "Colonel Collins")
    settle(qtbot, window)
    dialog = gallery_page(window).open_log()
    settle(qtbot, window)
    newest = said(qtbot, dialog)[0]
    assert newest == (
        "From here on it has nothing." if level == "off" else "“Eileen Collins” was renamed to “Colonel Collins”."
    )
