"""Asking where something is to be written."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from gui.widgets.save_as import TABLES, save_as


def test_that_a_name_without_a_suffix_gets_the_proposed_one(qtbot: QtBot, tmp_path: Path) -> None:
    parent, chosen = QWidget(), list[Path]()
    qtbot.addWidget(parent)
    save_as(parent, "Export to", str(tmp_path / "history.csv"), TABLES, chosen.append)
    (dialog,) = parent.findChildren(QFileDialog)
    dialog.selectFile(str(tmp_path / "mine"))
    dialog.accept()
    qtbot.waitUntil(lambda: not parent.findChildren(QFileDialog), timeout=20_000)
    assert chosen == [tmp_path / "mine.csv"]
