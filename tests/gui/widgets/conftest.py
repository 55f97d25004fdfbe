"""Widgets on their own, in the look that the window has."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from gui.theme.style import THEME


@pytest.fixture(autouse=True)
def _theme(qapp: QApplication) -> None:
    THEME.install(qapp, "light")
