"""How strict: nothing changes until it is applied, and what would change is said before."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from gui.main_window import MainWindow
from gui.pages.settings import SettingsPage
from gui.widgets.rate_dial import RateDial
from tests.gui.conftest import WITHIN_MS, result_of, settle


@pytest.fixture
def dial(qtbot: QtBot, window: MainWindow) -> RateDial:
    window.open_page("settings")
    page = window.page
    assert isinstance(page, SettingsPage)
    qtbot.waitUntil(lambda: "confirms who somebody says they are" in page.dial.limits.text(), timeout=WITHIN_MS)
    return page.dial


def test_that_the_dial_says_what_a_rate_means_here(dial: RateDial, window: MainWindow, qtbot: QtBot) -> None:
    assert dial.rate.text() == "About 1 stranger in 1,000 would match"
    assert "recognises somebody among 2 people" in dial.limits.text()
    assert "Of 1 pair of people in your gallery" in dial.limits.text()
    stops = [one.text() for one in dial.findChildren(QLabel) if one.text().startswith("1 in ")]
    assert stops == ["1 in 100\nloosest", "1 in 1,000", "1 in 10,000", "1 in 100,000\nstrictest"]
    assert not dial.apply.isEnabled()
    settle(qtbot, window)


def test_that_nothing_changes_until_it_is_applied(dial: RateDial, window: MainWindow, qtbot: QtBot) -> None:
    before = dial.limits.text()
    dial.dial.setValue(3)
    qtbot.waitUntil(lambda: dial.limits.text() != before, timeout=WITHIN_MS)
    assert dial.rate.text() == "About 1 stranger in 100,000 would match"
    assert "no decisions of this session" in dial.changes.text()
    assert window.settings.value.false_match_rate == 1e-3
    dial.keep.click()
    assert dial.dial.value() == 1
    dial.dial.setValue(3)
    dial.apply.click()
    assert window.settings.value.false_match_rate == 1e-5
    assert not dial.apply.isEnabled()
    settle(qtbot, window)


def test_that_this_sessions_decisions_are_tried_on_a_new_limit(
    dial: RateDial, window: MainWindow, qtbot: QtBot, pictures: Path
) -> None:
    eileen, grace = (window.context.people.find(name) for name in ("Eileen Collins", "Grace Hopper"))
    assert eileen is not None
    assert grace is not None
    result_of(qtbot, window.client.verify(eileen.id, pictures / "eileen2.png"))
    result_of(qtbot, window.client.verify(grace.id, pictures / "eileen2.png"))
    dial.dial.setValue(2)
    qtbot.waitUntil(lambda: "2 decisions" in dial.changes.text(), timeout=WITHIN_MS)
    assert dial.changes.text() == "None of this session's 2 decisions would have been different."
    settle(qtbot, window)
