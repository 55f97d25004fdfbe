"""Names above faces and notes below them, none over another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QWidget

from gui.theme import tokens as t
from gui.theme.icons import pixmap
from gui.theme.style import THEME

Tone: TypeAlias = Literal["good", "unsure", "unknown", "bad"]
DASHES: dict[Tone, list[float]] = {"unsure": [1, 2], "unknown": [4, 3]}
_ICON: dict[Tone, str] = {"good": "check", "unsure": "warning", "unknown": "unknown", "bad": "close"}
_ICON_PX, _PAD, _APART = 14, 6.0, 4


class MarkLabels:
    """Writes what is said of faces over a picture, and remembers where that stands."""

    def __init__(self, over: QWidget) -> None:
        self._over = over
        self.names: list[QRectF] = []
        self.notes: list[QRectF] = []

    def begin(self) -> None:
        """A new picture: nothing stands anywhere yet."""
        self.names, self.notes = [], []

    def write_name(self, painter: QPainter, tone: Tone, text: str, box: QRectF) -> None:
        """Write a name above its box, or where it covers nothing else."""
        height = self._height
        over, under, line = box.top() - height - _APART, box.bottom() + _APART, height + 2
        self.names.append(self._write(painter, tone, text, box, (over, under, over - line, under + line)))

    def write_note(self, painter: QPainter, tone: Tone, text: str, box: QRectF) -> None:
        """Write a note below its box, or where it covers nothing else."""
        height = self._height
        over, under, line = box.top() - height - _APART, box.bottom() + _APART, height + 2
        heights = (under, under + line, under + 2 * line, over, over - line)
        self.notes.append(self._write(painter, tone, text, box, heights))

    @property
    def _font(self) -> QFont:
        font = QFont(self._over.font())
        font.setWeight(QFont.Weight.DemiBold)
        return font

    @property
    def _height(self) -> float:
        return QFontMetricsF(self._font).height() + _PAD

    def _write(self, painter: QPainter, tone: Tone, text: str, box: QRectF, heights: Sequence[float]) -> QRectF:
        """Write at the first of some heights that is free; returns the place."""
        if not text:
            return QRectF()
        metrics, height, over = QFontMetricsF(self._font), self._height, self._over
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(box.width(), 32.0 * t.UNIT))
        width = metrics.horizontalAdvance(text) + _ICON_PX + 3 * _PAD
        x = min(max(box.center().x() - width / 2, 0.0), max(0.0, over.width() - width))
        inside = [y for y in heights if 0 <= y <= over.height() - height] or [0.0]
        places = [QRectF(x, y, width, height) for y in inside]
        taken = (*self.names, *self.notes)
        free = (place for place in places if not any(place.intersects(other) for other in taken))
        place = next(free, places[0])
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(12, 14, 20, 205))
        painter.drawRoundedRect(place, height / 2, height / 2)
        icon_place = QPointF(x + _PAD + 1, place.top() + (height - _ICON_PX) / 2)
        painter.drawPixmap(icon_place, pixmap(_ICON[tone], _ICON_PX, colour_of(tone)))
        painter.setFont(self._font)
        painter.setPen(QColor(THEME.palette.on_scrim))
        painter.drawText(place.adjusted(_ICON_PX + 2 * _PAD, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)
        return place


def colour_of(tone: Tone) -> str:
    """On a picture the scheme does not matter: these stand out on light and dark alike."""
    return {"good": "#5fd39a", "unsure": "#f0bd5e", "unknown": "#c3cad8", "bad": "#ff8a80"}[tone]
