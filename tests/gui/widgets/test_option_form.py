"""Forms made of declared options: units, shares in percent, and what is no number."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from engine.options import Option
from gui.theme.style import THEME
from gui.widgets.number_line import NumberLine
from gui.widgets.option_form import OptionForm

OPTIONS = {
    "minutes": Option("Time", "At most", low=0, high=100, unit="minutes"),
    "share": Option("Split", "Held out", low=0.05, high=0.6, percent=True),
}


@pytest.fixture
def form(qtbot: QtBot) -> OptionForm:
    made = OptionForm(OPTIONS, {"minutes": 1.0, "share": 0.25})
    qtbot.addWidget(made)
    return made


def line(form: OptionForm, key: str) -> NumberLine:
    control = form.controls[key]
    assert isinstance(control, NumberLine)
    return control


def test_that_all_controls_are_as_wide_and_grow_with_the_text(form: OptionForm) -> None:
    usual = {control.width() for control in form.controls.values()}
    THEME.size_text(133)
    larger = {control.width() for control in form.controls.values()}
    assert len(usual) == len(larger) == 1
    assert max(larger) > max(usual)


def test_that_a_number_stands_with_its_unit(form: OptionForm) -> None:
    assert [one.text() for one in line(form, "minutes").findChildren(QLabel)] == ["minutes"]
    assert line(form, "minutes").accessibleDescription() == "0 to 100 minutes"


def test_that_a_share_is_shown_in_percent_and_told_as_a_share(form: OptionForm) -> None:
    changes: list[tuple[str, object]] = []
    form.changed.connect(lambda key, value: changes.append((key, value)))
    share = line(form, "share")
    assert share.text() == "25"
    share.setText("30")
    QTest.keyClick(share, Qt.Key.Key_Return)
    assert changes == [("share", 0.3)]


@pytest.mark.parametrize("typed", ["99999999", "", "abc"])
def test_that_what_does_not_count_is_marked_and_gives_way(form: OptionForm, typed: str) -> None:
    changes: list[object] = []
    form.changed.connect(lambda _key, value: changes.append(value))
    minutes = line(form, "minutes")
    minutes.setText(typed)
    assert minutes.property("look") == "wrong"
    QApplication.sendEvent(minutes, QFocusEvent(QEvent.Type.FocusOut))
    assert minutes.text() == "1"
    assert minutes.property("look") == ""
    assert changes == []
