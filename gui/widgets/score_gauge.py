"""A distance on a scale with its limit: what was decided, and by how much."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from engine.types import Comparison, Metric, Verification
from gui.theme import tokens as t
from gui.theme.style import THEME

METRIC_NAMES = {Metric.COSINE: "Cosine", Metric.L2: "L2", Metric.SQUARED_L2: "Squared L2", Metric.L1: "L1"}
_POINTER_PX = 9
_AROUND_PX = _POINTER_PX + 4 * t.UNIT
"""What a gauge is higher than its two lines of text."""
_RANGE = 3.0
"""The scale ends at this many limits: strangers seldom lie further."""


class ScoreGauge(QWidget):
    """A bar from "alike" to "different"; the limit is a line, the distance a marker."""

    def __init__(self) -> None:
        super().__init__()
        self._distance: float | None = None
        self._limit = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Distance on its scale")
        THEME.changed.connect(self.update)

    @override
    def sizeHint(self) -> QSize:
        return QSize(32 * t.UNIT, 2 * self.fontMetrics().height() + _AROUND_PX)

    def show_distance(self, distance: float | None, limit: float) -> None:
        """Show a distance against the largest one that is a match; None empties the gauge."""
        self._distance, self._limit = distance, limit
        self.setAccessibleDescription("" if distance is None else f"distance {distance:.3f}, limit {limit:.3f}")
        self.update()

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette, edge = THEME.palette, float(t.GUTTER)
        line = float(self.fontMetrics().height())
        bar = QRectF(edge, line + _POINTER_PX + 2, self.width() - 2 * edge, float(t.UNIT))
        limit_x = bar.left() + bar.width() / _RANGE
        painter.setPen(Qt.PenStyle.NoPen)
        self._bar(painter, bar, QColor(palette.bad_soft))
        painter.save()
        painter.setClipRect(QRectF(bar.left(), bar.top(), limit_x - bar.left(), bar.height()))
        self._bar(painter, bar, QColor(palette.good_soft))
        painter.restore()
        painter.setPen(QPen(QColor(palette.text), 2))
        painter.drawLine(QPointF(limit_x, bar.top() - 6), QPointF(limit_x, bar.bottom() + 6))
        painter.setPen(QColor(palette.muted))
        below = QRectF(bar.left(), bar.bottom() + t.UNIT, bar.width(), line)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "alike")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, "different")
        said = f"limit {self._limit:.3f}"
        width = float(self.fontMetrics().horizontalAdvance(said))
        # Large text would run into the word at the end.
        left = max(limit_x - width / 2, below.left() + self.fontMetrics().horizontalAdvance("alike ") + t.UNIT)
        painter.drawText(QPointF(left, below.top() + self.fontMetrics().ascent()), said)
        if self._distance is not None:
            self._marker(painter, bar, self._distance)

    def _bar(self, painter: QPainter, bar: QRectF, colour: QColor) -> None:
        painter.setBrush(colour)
        painter.drawRoundedRect(bar, bar.height() / 2, bar.height() / 2)

    def _marker(self, painter: QPainter, bar: QRectF, distance: float) -> None:
        share = min(max(distance / self._limit / _RANGE, 0.0), 1.0)
        x = bar.left() + bar.width() * share
        palette = THEME.palette
        colour = QColor(palette.good if distance <= self._limit else palette.bad)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        top = bar.top() - 2
        points = (QPointF(x - 7, top - _POINTER_PX), QPointF(x + 7, top - _POINTER_PX), QPointF(x, top))
        painter.drawPolygon(QPolygonF(points))
        painter.setPen(colour)
        place = QRectF(min(max(x - 60, 0.0), self.width() - 120.0), 0, 120, top - _POINTER_PX)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, f"{distance:.3f}")


def rate_in_words(answer: Verification | Comparison) -> str:
    """Say what a distance means: how often a stranger gets this close, with the bound the data supports."""
    by = answer.verifier if isinstance(answer, Verification) and answer.verifier else METRIC_NAMES[answer.metric]
    numbers = f"{by} distance {answer.distance:.3f}, limit {answer.threshold:.3f}."
    return f"{numbers} {answer.false_match.sentence}" if answer.false_match else numbers
