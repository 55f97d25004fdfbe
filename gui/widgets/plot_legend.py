"""What the lines of a plot stand for, below it, where it hides none of them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from gui.theme import tokens as t
from gui.widgets.basics import clear, label, row

_SAMPLE = QSize(28, 12)
_RATIO = 2.0


class Legend(QWidget):
    """One line for each curve: a sample of its stroke and its name."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = QVBoxLayout(self)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(t.GAP // 4)
        self.names: list[str] = []
        self.hide()

    def show_entries(self, entries: Sequence[tuple[str, QPen, QBrush | None]]) -> None:
        """Show names with their strokes, and the fill where there is one."""
        self.names = [name for name, _, _ in entries]
        clear(self._lines)
        for name, pen, fill in entries:
            holder = QWidget()
            words = label(name, "caption", wrap=True)
            line = row(_sample(pen, fill), words)
            line.setContentsMargins(0, 0, 0, 0)
            line.setStretch(1, 1)
            holder.setLayout(line)
            self._lines.addWidget(holder)
        self.setVisible(bool(entries))


def _sample(pen: QPen, fill: QBrush | None) -> QLabel:
    drawn = QPixmap(_SAMPLE * _RATIO)
    drawn.setDevicePixelRatio(_RATIO)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    middle = _SAMPLE.height() / 2
    if fill is not None:
        painter.fillRect(QRectF(0, middle, _SAMPLE.width(), middle), fill)
    painter.setPen(pen)
    painter.drawLine(QPointF(0, middle), QPointF(_SAMPLE.width(), middle))
    painter.end()
    shown = QLabel()
    shown.setPixmap(drawn)
    shown.setFixedSize(_SAMPLE)
    return shown
