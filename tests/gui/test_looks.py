"""Nothing is cut off: in the smallest window, and with the largest text."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget
from pytestqt.qtbot import QtBot

from gui.main_window import PAGES, MainWindow
from tests.gui.conftest import settle


def cut_off(page: QWidget) -> Iterator[str]:
    """Buttons and unwrapped texts that have less room than they need."""
    for one in page.findChildren(QWidget):
        if not one.isVisible():
            continue
        short = one.sizeHint().width() - one.width()
        if isinstance(one, QAbstractButton) and one.text() and short > 1:
            yield f"button “{one.text()}” by {short} px"
        if isinstance(one, QLabel) and one.text() and not one.wordWrap() and short > 1:
            yield f"text “{one.text()}” by {short} px"


def test_that_nothing_is_cut_off_on_any_page(qtbot: QtBot, window: MainWindow) -> None:
    cut = {}
    for percent, size in ((100, window.minimumSize()), (133, window.size())):
        window.settings.change("text_size", percent)
        window.resize(size)
        for key in PAGES:
            window.open_page(key)
            settle(qtbot, window)
            window.grab()
            found = list(cut_off(window.page))
            if found:
                cut[f"{key} at {percent} %"] = found
    window.settings.change("text_size", 100)
    assert cut == {}
