"""Texts that give way: what does not fit ends in dots."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from gui.widgets.one_line import Choice, OneLine

LONG = "MTCNN, then MMOD where it finds nobody"


def ask_for_tooltip(widget: QWidget) -> str:
    QToolTip.hideText()
    QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, QPoint(5, 5), widget.mapToGlobal(QPoint(5, 5))))
    return QToolTip.text()


def test_that_a_line_that_does_not_fit_keeps_its_beginning_and_its_end(qtbot: QtBot) -> None:
    long, short = OneLine(f"{'a' * 40}.jpg"), OneLine("")
    for line in (long, short):
        qtbot.addWidget(line)
        line.resize(100, 30)
    ended = long.fontMetrics().elidedText(long.text(), Qt.TextElideMode.ElideMiddle, 100)
    assert "…" in ended
    short.setText(ended)
    assert long.grab().toImage() == short.grab().toImage()
    assert long.toolTip() == long.text()


def test_that_a_choice_that_does_not_fit_shows_all_of_it_as_a_tooltip(qtbot: QtBot) -> None:
    choice = Choice()
    qtbot.addWidget(choice)
    choice.addItem(LONG)
    choice.show()
    choice.resize(choice.sizeHint())
    assert ask_for_tooltip(choice) == ""
    choice.resize(120, choice.height())
    assert ask_for_tooltip(choice) == LONG
