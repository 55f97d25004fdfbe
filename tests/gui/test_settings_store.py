"""The settings in force."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.errors import SettingsError
from engine.settings import Settings, load
from gui.settings_store import SettingsStore


def test_that_a_change_is_told_with_what_was_before_and_written(qtbot: QtBot, tmp_path: Path) -> None:
    store = SettingsStore(Settings(), tmp_path / "settings.toml")
    with qtbot.waitSignal(store.changed) as told:
        store.change("metric", "l1")
    assert told.args == ["metric", "cosine"]
    with qtbot.assertNotEmitted(store.changed):
        store.change("metric", "l1")
    store.close()
    assert load(tmp_path / "settings.toml").metric == "l1"


def test_that_what_the_command_line_asks_for_is_not_written(qtbot: QtBot, tmp_path: Path) -> None:
    store = SettingsStore(Settings(), tmp_path / "settings.toml", {"device": "cpu", "camera": "/clip.mp4"})
    assert (store.value.device, store.value.camera) == ("cpu", "/clip.mp4")
    store.change("metric", "l1")
    store.change("camera", "/other.mp4")
    store.close()
    stored = load(tmp_path / "settings.toml")
    assert (stored.device, stored.camera, stored.metric) == ("auto", "/other.mp4", "l1")


def test_that_a_value_that_cannot_be_changes_nothing(qtbot: QtBot, tmp_path: Path) -> None:
    store = SettingsStore(Settings(), tmp_path / "settings.toml")
    with pytest.raises(SettingsError):
        store.change("metric", "furlongs")
    assert store.value == Settings()
    store.close()


def test_that_settings_that_cannot_be_saved_are_told_and_still_count(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = SettingsStore(Settings(), tmp_path / "file" / "settings.toml")
    with qtbot.waitSignal(store.failed) as told:
        store.change("metric", "l1")
    assert "could not be saved" in told.args[0]
    assert store.value.metric == "l1"
    store.close()
