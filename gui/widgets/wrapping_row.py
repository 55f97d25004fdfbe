"""Widgets side by side, in as many lines as they need."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget
from typing_extensions import override

from gui.theme import tokens as t


class WrappingRow(QWidget):
    """Lays widgets of one size out; a narrow row gets more lines instead of being cut off."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[QWidget] = []
        self._across = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(t.MARGIN)
        self._grid.setVerticalSpacing(t.GUTTER)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_all(self, widgets: Sequence[QWidget]) -> None:
        """Show these widgets and delete those before."""
        for old in self._shown:
            self._grid.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._shown = list(widgets)
        self._across = 0
        self._lay_out()

    def _lay_out(self) -> None:
        widest = max((one.sizeHint().width() for one in self._shown), default=1) + t.MARGIN
        across = max(1, (self.width() + t.MARGIN) // widest)
        if across == self._across:
            return
        self._grid.setColumnStretch(self._across, 0)
        self._across = across
        for number, one in enumerate(self._shown):
            self._grid.addWidget(one, number // across, number % across)
        self._grid.setColumnStretch(across, 1)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())
