"""Asking where something is to be written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

TABLES = "CSV (*.csv);;JSON (*.json)"


def save_as(parent: QWidget, title: str, name: str, filters: str, chosen: Callable[[Path], object]) -> None:
    """Let the user choose a file to write; returns at once.

    Args:
        name: what is proposed; its suffix is also given to a name without one.
        filters: kinds of files, in Qt's form.
    """
    dialog = QFileDialog(parent, title, name, filters)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(Path(name).suffix.removeprefix("."))
    dialog.fileSelected.connect(lambda place: chosen(Path(place)))
    dialog.open()
