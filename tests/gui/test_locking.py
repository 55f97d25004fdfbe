"""Locking and unlocking in the real window, with a passphrase and with a keyring that forgets."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from engine.gallery import vault
from engine.gallery.store import Gallery
from engine.gallery.vault import Typed, opens
from engine.settings import Settings
from gui.main_window import MainWindow
from gui.pages.new_key import NewKeyDialog
from gui.pages.protection import PassphraseDialog, RecoveryDialog
from gui.pages.rescue_dialog import RescueDialog
from gui.pages.safekeeping import BackupsDialog, CheckDialog
from gui.pages.settings import SettingsPage
from tests.gui.conftest import WITHIN_MS, settle

PASSPHRASE = "correct horse battery staple"
OpenWindow = Callable[..., MainWindow]
Dialog = TypeVar("Dialog", bound=QDialog)


@pytest.fixture
def sealed(enrolled: Path) -> Path:
    """The window's gallery behind a passphrase."""
    gallery = Gallery.open(enrolled)
    gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))
    gallery.close()
    return enrolled


def opened_locked(qtbot: QtBot, open_window: OpenWindow, settings: Settings | None = None) -> MainWindow:
    window = open_window(settings, ready=False)
    with qtbot.waitSignal(window.client.ready, timeout=WITHIN_MS):
        window.client.start()
    settle(qtbot, window)
    return window


def unlock(qtbot: QtBot, window: MainWindow, secret: str = PASSPHRASE) -> None:
    QTest.keyClicks(window.lock_screen.secret, secret)
    QTest.keyClick(window.lock_screen.secret, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.context.people.loaded, timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_a_gallery_with_a_passphrase_asks_for_it_and_shows_nothing_before(
    qtbot: QtBot, sealed: Path, open_window: OpenWindow
) -> None:
    window = opened_locked(qtbot, open_window)
    lock = window.lock_screen
    assert lock.isVisible()
    assert not window.page.isVisible()
    assert window.context.people.people == ()
    assert "locked" in window.status.gallery.text()
    QTest.keyClicks(lock.secret, "wrong")
    QTest.mouseClick(lock.unlock, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lock.problem.isVisible, timeout=WITHIN_MS)
    settle(qtbot, window)
    assert lock.problem.text() == "This is not the passphrase of the gallery. Try again."
    lock.secret.clear()
    unlock(qtbot, window)
    assert window.page.isVisible()
    assert [person.name for person in window.context.people.people] == ["Eileen Collins", "Grace Hopper"]
    assert lock.secret.text() == "", "what was typed does not stay"


def test_that_locking_takes_every_face_and_name_away(qtbot: QtBot, sealed: Path, open_window: OpenWindow) -> None:
    window = opened_locked(qtbot, open_window)
    unlock(qtbot, window)
    page = window.page
    window.toasts.show("“Eileen Collins” was deleted.", action="Undo", act=lambda: None)
    QTest.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(window.lock_screen.isVisible, timeout=WITHIN_MS)
    settle(qtbot, window)
    assert window.toasts.texts == []
    assert window.page is not page, "the page that showed people has gone"
    assert window.context.people.people == ()
    window.open_page("identify")
    assert window.lock_screen.isVisible()
    window.open_page("settings")
    assert window.page.isVisible(), "settings hold no face"
    window.open_page("gallery")
    unlock(qtbot, window)
    assert window.page.isVisible()


def test_that_a_plain_gallery_cannot_be_locked(qtbot: QtBot, window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, window)
    assert window.page.isVisible()
    assert "not encrypted" in window.status.gallery.text()


def test_that_a_passphrase_is_set_in_settings_and_the_gallery_stays_open(
    qtbot: QtBot, window: MainWindow, enrolled: Path
) -> None:
    window.open_page("settings")
    page = window.page
    assert isinstance(page, SettingsPage)
    settle(qtbot, window)
    assert page.protection.sentence.text().startswith("Not encrypted")
    assert not page.protection.lock.isVisible()
    page.protection.passphrase.click()
    dialog = dialog_of(PassphraseDialog)
    QTest.keyClicks(dialog.first, PASSPHRASE)
    assert not dialog.set.isEnabled()
    QTest.keyClicks(dialog.second, "something else")
    assert dialog.hint.text() == "The two are not the same."
    dialog.second.clear()
    QTest.keyClicks(dialog.second, PASSPHRASE)
    with qtbot.waitSignal(dialog.accepted, timeout=WITHIN_MS):
        dialog.set.click()
    qtbot.waitUntil(lambda: "Encrypted" in page.protection.sentence.text(), timeout=WITHIN_MS)
    settle(qtbot, window)
    assert len(window.context.people.people) == 2
    page.protection.recovery.click()
    qtbot.waitUntil(lambda: any(isinstance(w, RecoveryDialog) for w in QApplication.topLevelWidgets()))
    shown = dialog_of(RecoveryDialog)
    code = shown.code.text().replace("\n", " ")
    shown.accept()
    settle(qtbot, window)
    page.protection.lock.click()
    qtbot.waitUntil(lambda: "locked" in window.status.gallery.text(), timeout=WITHIN_MS)
    window.open_page("gallery")
    window.lock_screen.other.click()
    assert window.lock_screen.secret.accessibleName() == "Recovery code"
    unlock(qtbot, window, code)
    assert window.page.isVisible()


def test_that_the_key_is_changed_in_settings_with_the_passphrase_and_a_new_code_is_shown(
    qtbot: QtBot, sealed: Path, open_window: OpenWindow
) -> None:
    with closing(Gallery.open(sealed, Typed(PASSPHRASE))) as gallery:
        gallery.recovery_code()
        old = gallery.key
    assert old is not None
    window = opened_locked(qtbot, open_window)
    window.open_page("settings")
    page = window.page
    assert isinstance(page, SettingsPage)
    settle(qtbot, window)
    assert not page.protection.key.isVisible(), "a locked gallery has no key to change"
    window.open_page("gallery")
    unlock(qtbot, window)
    window.open_page("settings")
    page = window.page
    assert isinstance(page, SettingsPage)
    settle(qtbot, window)
    page.protection.key.click()
    dialog = dialog_of(NewKeyDialog)
    assert not dialog.change.isEnabled()
    QTest.keyClicks(dialog.secret, "wrong")
    dialog.change.click()
    qtbot.waitUntil(lambda: any("not the passphrase" in text for text in window.toasts.texts), timeout=WITHIN_MS)
    settle(qtbot, window)
    assert opens(sealed, old)
    dialog.secret.selectAll()
    QTest.keyClicks(dialog.secret, PASSPHRASE)
    with qtbot.waitSignal(dialog.accepted, timeout=WITHIN_MS):
        QTest.keyClick(dialog.secret, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: any(isinstance(one, RecoveryDialog) for one in QApplication.topLevelWidgets()), timeout=WITHIN_MS
    )
    shown = dialog_of(RecoveryDialog)
    code = shown.code.text().replace("\n", " ")
    shown.accept()
    settle(qtbot, window)
    assert not opens(sealed, old)
    assert len(window.context.people.people) == 2
    page.protection.lock.click()
    qtbot.waitUntil(lambda: "locked" in window.status.gallery.text(), timeout=WITHIN_MS)
    window.open_page("gallery")
    window.lock_screen.other.click()
    unlock(qtbot, window, code)
    assert window.page.isVisible()


def test_that_the_window_locks_when_nobody_is_there(qtbot: QtBot, sealed: Path, open_window: OpenWindow) -> None:
    window = opened_locked(qtbot, open_window, Settings(lock_after_minutes=5))
    unlock(qtbot, window)
    window._idle.watch(0.001)
    qtbot.waitUntil(window.lock_screen.isVisible, timeout=WITHIN_MS)
    settle(qtbot, window)
    unlock(qtbot, window)
    assert window._idle.watching, "it does so each time"


def test_that_a_gallery_that_is_encrypted_later_locks_when_nobody_is_there(
    qtbot: QtBot, enrolled: Path, open_window: OpenWindow
) -> None:
    window = open_window(Settings(lock_after_minutes=5))
    assert not window.client.busy
    with qtbot.waitSignal(window._idle.idle, timeout=WITHIN_MS):
        window._idle.watch(0.001)
    assert not window.lock_screen.isVisible(), "there is nothing to lock"
    window.client.set_passphrase(PASSPHRASE, ask_at_start=True)
    settle(qtbot, window)
    assert window._idle.watching
    window._idle._timer.setInterval(1)
    window._idle._begin()
    qtbot.waitUntil(window.lock_screen.isVisible, timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_the_window_locks_after_the_machine_has_slept(qtbot: QtBot, sealed: Path, open_window: OpenWindow) -> None:
    window = opened_locked(qtbot, open_window, Settings(lock_after_minutes=5))
    unlock(qtbot, window)
    awake = window._idle._time_s
    window._idle._time_s = lambda: awake() - 3600
    window._idle.look()
    assert window._idle.watching, "a clock that was set back proves nothing"
    window._idle._time_s = lambda: awake() + 299
    window._idle.look()
    assert window._idle.watching
    # No timer ran while it slept; moving the mouse is what woke it up.
    window._idle._time_s = lambda: awake() + 3600
    QTest.mouseMove(window)
    window._idle.eventFilter(window, QEvent(QEvent.Type.MouseMove))
    qtbot.waitUntil(window.lock_screen.isVisible, timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_work_which_begins_when_the_machine_wakes_up_only_delays_the_lock(
    qtbot: QtBot, sealed: Path, open_window: OpenWindow
) -> None:
    window = opened_locked(qtbot, open_window, Settings(lock_after_minutes=5))
    unlock(qtbot, window)
    awake = window._idle._time_s
    window._idle._time_s = lambda: awake() + 3600
    look = window.client.submit(lambda service, _job: service.gallery_changed())
    assert window.client.busy
    window._idle.look()
    window._idle.eventFilter(window, QEvent(QEvent.Type.MouseMove))
    assert window._idle.watching
    with qtbot.waitSignal(look.finished, timeout=WITHIN_MS):
        pass
    qtbot.waitUntil(lambda: not window.client.busy, timeout=WITHIN_MS)
    window._idle.look()
    qtbot.waitUntil(window.lock_screen.isVisible, timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_a_keyring_that_forgot_can_be_asked_again(
    qtbot: QtBot, gallery_path: Path, system_keyring: Path, open_window: OpenWindow
) -> None:
    Gallery.open(gallery_path).close()
    kept = system_keyring.read_bytes()
    system_keyring.unlink()
    window = opened_locked(qtbot, open_window)
    lock = window.lock_screen
    assert lock.isVisible()
    assert "no secret for this gallery" in lock.sentence.text()
    assert not lock.secret.isVisible(), "there is nothing that could be typed"
    system_keyring.write_bytes(kept)
    lock.again.click()
    qtbot.waitUntil(window.page.isVisible, timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_who_enrolls_where_only_a_keyring_opens_is_led_to_a_recovery_code(
    qtbot: QtBot, system_keyring: Path, enrolled: Path, open_window: OpenWindow
) -> None:
    window = open_window()
    said = [text for text in window.toasts.texts if "opens this gallery. Make a recovery code" in text]
    assert len(said) == 1
    window._make_code()
    qtbot.waitUntil(lambda: bool(window.findChildren(RecoveryDialog)), timeout=WITHIN_MS)
    window.findChildren(RecoveryDialog)[0].reject()
    settle(qtbot, window)
    window.close()
    assert not any("recovery code" in text for text in open_window().toasts.texts)


def test_that_a_backup_is_made_and_gone_back_to_in_settings(qtbot: QtBot, window: MainWindow) -> None:
    window.open_page("settings")
    page = window.page
    assert isinstance(page, SettingsPage)
    settle(qtbot, window)
    page.protection.backups.click()
    dialog = dialog_of(BackupsDialog)
    settle(qtbot, window)
    before = dialog.list.count()
    dialog.make.click()
    qtbot.waitUntil(lambda: dialog.list.count() == before + 1, timeout=WITHIN_MS)
    settle(qtbot, window)
    window.client.delete_person(window.context.people.people[0].id)
    qtbot.waitUntil(lambda: len(window.context.people.people) == 1, timeout=WITHIN_MS)
    settle(qtbot, window)
    dialog.restore.click()
    qtbot.waitUntil(lambda: len(window.context.people.people) == 2, timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_the_gallery_is_checked_in_settings(qtbot: QtBot, window: MainWindow) -> None:
    window.open_page("settings")
    page = window.page
    assert isinstance(page, SettingsPage)
    settle(qtbot, window)
    page.protection.check.click()
    dialog = dialog_of(CheckDialog)
    qtbot.waitUntil(lambda: "all sound" in dialog.words.text(), timeout=WITHIN_MS)
    assert not dialog.repair.isVisible()
    settle(qtbot, window)
    dialog.reject()


def dialog_of(kind: type[Dialog]) -> Dialog:
    return next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, kind) and widget.isVisible())


def backed_up(path: Path, typed: Typed | None) -> None:
    with closing(Gallery.open(path, typed)) as gallery:
        gallery.back_up()


def go_back(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(window.lock_screen.rescue.isVisible, timeout=WITHIN_MS)
    settle(qtbot, window)
    assert window.lock_screen.headline.text() == "The gallery cannot be opened"
    window.lock_screen.rescue.click()
    asked = next(one for one in QApplication.topLevelWidgets() if isinstance(one, RescueDialog) and one.isVisible())
    assert asked.list.count() == 1
    asked.restore.click()
    qtbot.waitUntil(lambda: window.context.people.loaded, timeout=WITHIN_MS)
    settle(qtbot, window)
    assert [person.name for person in window.context.people.people] == ["Eileen Collins", "Grace Hopper"]
    assert window.page.isVisible()


def test_that_a_damaged_gallery_behind_a_passphrase_goes_back_to_a_backup_in_the_window(
    qtbot: QtBot, sealed: Path, open_window: OpenWindow
) -> None:
    backed_up(sealed, Typed(PASSPHRASE))
    wreck = b"\x01" * 9000
    sealed.write_bytes(wreck)
    window = opened_locked(qtbot, open_window)
    assert not window.lock_screen.rescue.isVisible(), "without the passphrase nobody can tell"
    QTest.keyClicks(window.lock_screen.secret, "wrong")
    QTest.keyClick(window.lock_screen.secret, Qt.Key.Key_Return)
    qtbot.waitUntil(window.lock_screen.problem.isVisible, timeout=WITHIN_MS)
    settle(qtbot, window)
    assert not window.lock_screen.rescue.isVisible(), "a wrong passphrase is no damage"
    window.lock_screen.secret.clear()
    QTest.keyClicks(window.lock_screen.secret, PASSPHRASE)
    QTest.keyClick(window.lock_screen.secret, Qt.Key.Key_Return)
    go_back(qtbot, window)
    assert [file.read_bytes() for file in sealed.parent.glob("*.damaged-*")] == [wreck]


@pytest.mark.parametrize("how", ["damaged", "gone"])
def test_that_a_gallery_that_a_keyring_opens_goes_back_to_a_backup_in_the_window(
    qtbot: QtBot, system_keyring: Path, enrolled: Path, open_window: OpenWindow, how: str
) -> None:
    backed_up(enrolled, None)
    if how == "damaged":
        enrolled.write_bytes(b"\x01" * 9000)
    else:
        enrolled.unlink()
    window = opened_locked(qtbot, open_window)
    words = "damaged" if how == "damaged" else "moved or deleted"
    assert words in window.lock_screen.sentence.text()
    assert not window.lock_screen.secret.isVisible()
    go_back(qtbot, window)
