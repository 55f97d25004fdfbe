"""A line of widgets that goes on in further lines, and keys that press buttons."""

from __future__ import annotations

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gui.widgets.basics import button, give_key, icon_button
from gui.widgets.sides import SidesLayout


@pytest.fixture
def around(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


def laid_out(around: QWidget, sides: SidesLayout, width: int) -> None:
    layout = QVBoxLayout(around)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addLayout(sides)
    layout.addStretch(1)
    around.resize(width, 400)
    around.show()


def test_that_both_sides_share_a_line_where_there_is_room(around: QWidget) -> None:
    sides, title, act = SidesLayout(), QPushButton("Title"), QPushButton("Act")
    sides.addWidget(act)
    sides.lead(title)
    laid_out(around, sides, 600)
    assert title.geometry().left() == 0
    assert act.geometry().right() == 599
    assert title.y() == act.y()


def test_that_what_does_not_fit_goes_on_in_the_next_line_and_nothing_is_cut(around: QWidget) -> None:
    sides = SidesLayout()
    made = [QPushButton(f"Do the thing number {number}") for number in range(6)]
    for one in made:
        sides.addWidget(one)
    laid_out(around, sides, 420)
    assert len({one.y() for one in made}) > 1
    for one in made:
        assert one.width() >= one.sizeHint().width()
        assert 0 <= one.geometry().left() <= one.geometry().right() < 420


def test_that_hidden_widgets_take_no_room_and_come_back(around: QWidget) -> None:
    sides, first, second = SidesLayout(), QPushButton("First"), QPushButton("Second")
    for one in (first, second):
        sides.addWidget(one)
    second.hide()
    laid_out(around, sides, 600)
    assert first.geometry().right() == 599
    second.show()
    sides.activate()
    around.layout().activate()
    assert second.geometry().right() == 599
    assert first.geometry().right() < second.geometry().left()


def test_that_a_field_grows_into_the_free_room_and_a_deleted_widget_is_forgotten(around: QWidget) -> None:
    sides, field, act = SidesLayout(), QLineEdit(), QPushButton("Act")
    sides.lead(field)
    sides.addWidget(act)
    laid_out(around, sides, 600)
    assert field.geometry().right() == act.geometry().left() - sides.spacing() - 1
    sides.removeWidget(act)
    assert sides.count() == 1


def test_that_a_key_still_presses_a_button_with_another_text(qtbot: QtBot, around: QWidget) -> None:
    pressed: list[str] = []
    act = button("Start", lambda: pressed.append(act.text()))
    give_key(act, "Ctrl+Return", "Begins and ends")
    QVBoxLayout(around).addWidget(act)
    with qtbot.waitActive(around):
        around.show()
        around.activateWindow()
    assert act.toolTip() == "Begins and ends (Ctrl+Return)"
    act.setText("Stop")
    QTest.keySequence(around, "Ctrl+Return")
    assert pressed == ["Stop"]
    act.setEnabled(False)
    QTest.keySequence(around, "Ctrl+Return")
    assert pressed == ["Stop"], "what cannot be clicked cannot be pressed by its key"


def test_that_a_button_with_an_icon_alone_says_what_it_does(around: QWidget) -> None:
    made = icon_button("Undo", lambda: None, "undo")
    made.setParent(around)
    assert made.accessibleName() == made.toolTip() == "Undo"
