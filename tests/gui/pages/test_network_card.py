"""Which network is in use, chosen, gone back from, and removed, in Settings."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from engine.matching.calibration import Calibration
from engine.packs.installed import install, packs_folder
from engine.packs.pack import DEFAULT_PACK
from engine.types import Metric
from gui.main_window import MainWindow
from gui.pages.network_card import NetworkCard
from gui.pages.settings import SettingsPage
from tests.gui.conftest import WITHIN_MS, settle


@pytest.fixture
def card(qtbot: QtBot, window: MainWindow) -> NetworkCard:
    impostors = {metric: np.linspace(0.05, 1, 1000, dtype=np.float32) for metric in Metric}
    about = {"title": "Mine", "licence": "My own", "calibration": Calibration.measured(impostors).as_json()}
    install(packs_folder(), "mine", "dlib_resnet", DEFAULT_PACK.network(), about)
    window.open_page("settings")
    page = window.page
    assert isinstance(page, SettingsPage)
    qtbot.waitUntil(lambda: [pack.id for pack in page.network.packs] == [DEFAULT_PACK.id, "mine"], timeout=WITHIN_MS)
    return page.network


def press(card: NetworkCard, name: str) -> None:
    next(one for one in card.findChildren(QPushButton) if one.accessibleName() == name).click()


def names(card: NetworkCard) -> set[str]:
    return {one.accessibleName() for one in card.findChildren(QPushButton) if one.isVisibleTo(card)} - {""}


def in_use(card: NetworkCard) -> list[str]:
    return [pack.id for pack in card.packs if pack.in_use]


def test_that_a_network_is_put_to_use_and_gone_back_from(qtbot: QtBot, window: MainWindow, card: NetworkCard) -> None:
    assert names(card) == {"Use Mine", "Remove Mine"}
    assert not card.back.isVisibleTo(card)
    press(card, "Use Mine")
    qtbot.waitUntil(lambda: in_use(card) == ["mine"], timeout=WITHIN_MS)
    # The one in use cannot be removed, nor the default one. New buttons come into sight with the next event.
    qtbot.waitUntil(lambda: names(card) == {f"Use {DEFAULT_PACK.title}"}, timeout=WITHIN_MS)
    assert card.back.text() == f"Go back to {DEFAULT_PACK.title}"
    assert window.settings.value.previous_pack == DEFAULT_PACK.id
    settle(qtbot, window)
    card.back.click()
    qtbot.waitUntil(lambda: in_use(card) == [DEFAULT_PACK.id], timeout=WITHIN_MS)
    assert card.back.text() == "Go back to Mine"
    settle(qtbot, window)


def test_that_a_removed_network_can_be_put_back(qtbot: QtBot, window: MainWindow, card: NetworkCard) -> None:
    press(card, "Remove Mine")
    qtbot.waitUntil(lambda: len(card.packs) == 1, timeout=WITHIN_MS)
    assert window.toasts.texts == ["“Mine” is removed."]
    undo = next(one for one in window.findChildren(QPushButton) if one.text() == "Undo" and one.isVisible())
    undo.click()
    qtbot.waitUntil(lambda: len(card.packs) == 2, timeout=WITHIN_MS)
    settle(qtbot, window)
