"""Plots of learning and measuring, in the theme's colours."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from gui.theme import tokens as t
from gui.theme.style import THEME
from gui.widgets.basics import label

LEAST_RATE = 1e-5
_RATE_NAMES = {1e-5: "1e-5", 1e-4: "1e-4", 1e-3: "0.1 %", 1e-2: "1 %", 1e-1: "10 %", 1.0: "100 %"}
_RATE_TICKS = [(log10(rate), text) for rate, text in _RATE_NAMES.items()]
Points = Sequence[tuple[float, float]]


class Plot(QWidget):
    """A titled plot; draws itself again when the theme changes."""

    def __init__(self, title: str, x: str, y: str) -> None:
        super().__init__()
        self.setAccessibleName(title)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(t.GAP // 2)
        layout.addWidget(label(title, "strong"))
        self.view = pg.PlotWidget(background=None)
        self.view.setMenuEnabled(False)
        self.view.setMouseEnabled(x=False, y=False)
        self.view.hideButtons()
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.view.setFixedHeight(t.PLOT_PX)
        layout.addWidget(self.view)
        layout.addStretch(1)
        self._axes = {"bottom": x, "left": y}
        THEME.changed.connect(self.redraw)
        self._paint_axes()

    def redraw(self) -> None:
        """Draw everything again, in the theme's colours."""
        self._paint_axes()
        self.view.clear()
        self.draw()

    def draw(self) -> None:
        """Add what the plot shows to its empty view."""

    def _paint_axes(self) -> None:
        palette = THEME.palette
        self.view.setBackground(palette.surface)
        for side, text in self._axes.items():
            axis = self.view.getAxis(side)
            axis.setPen(palette.border)
            axis.setTextPen(palette.muted)
            axis.setLabel(text, siPrefixEnableRanges=(), color=palette.muted)

    def line(self, xs: Sequence[float], ys: Sequence[float], role: str, name: str = "", *, dashed: bool = False) -> Any:
        """Draw a line in a palette colour."""
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        pen = pg.mkPen(getattr(THEME.palette, role), width=2, style=style)
        return self.view.plot(np.asarray(xs, float), np.asarray(ys, float), pen=pen, name=name or None)


class CurvePlot(Plot):
    """A figure over the steps or epochs."""

    def __init__(
        self, title: str, x: str, y: str, role: str = "accent", *, percent: bool = False, low: bool = False
    ) -> None:
        """Make the plot; `low` ones are half as high."""
        super().__init__(title, x, y)
        if low:
            self.view.setFixedHeight(t.PLOT_PX // 2 - 2 * t.UNIT)
        self.xs: list[float] = []
        self.ys: list[float] = []
        self._role, self._scale = role, 100.0 if percent else 1.0

    def add(self, x: float, y: float) -> None:
        """Add a point."""
        self.xs.append(x)
        self.ys.append(self._scale * y)
        self.redraw()

    def reset(self) -> None:
        """Begin anew."""
        self.xs, self.ys = [], []
        self.redraw()

    def draw(self) -> None:
        """Draw the line, with dots while there are few points."""
        self.line(self.xs, self.ys, self._role)
        if 0 < len(self.xs) < 40:
            colour = getattr(THEME.palette, self._role)
            self.view.plot(self.xs, self.ys, pen=None, symbol="o", symbolSize=5, symbolBrush=colour, symbolPen=None)


class HistogramPlot(Plot):
    """Genuine and impostor distances."""

    def __init__(self) -> None:
        super().__init__("Distances", "Cosine distance", "Share of pairs, %")
        self._shown: tuple[Sequence[float], Sequence[float], Sequence[float]] = ((), (), ())

    def show_shares(self, bins: Sequence[float], genuine: Sequence[float], impostor: Sequence[float]) -> None:
        """Show shares of pairs by distance; bins are the edges."""
        self._shown = bins, genuine, impostor
        self.redraw()

    def draw(self) -> None:
        """Draw both as filled steps."""
        bins, *both = self._shown
        if not len(bins):
            return
        for shares, role in zip(both, ("good", "bad"), strict=True):
            colour = QColor(getattr(THEME.palette, role))
            fill = QColor(colour)
            fill.setAlpha(70)
            self.view.plot(
                np.asarray(bins, float), 100 * np.asarray(shares, float), stepMode="center", fillLevel=0,
                brush=fill, pen=pg.mkPen(colour, width=1.5),
            )  # fmt: skip


class DetPlot(Plot):
    """DET curves on logarithmic axes: false non-matches against false matches."""

    _ROLES = ("accent", "muted", "good", "bad", "warning", "text")

    def __init__(self) -> None:
        super().__init__("Errors: DET curve", "False matches", "False non-matches")
        self.curves: dict[str, Points] = {}
        for side in ("bottom", "left"):
            self.view.getAxis(side).setTicks([_RATE_TICKS])
        self.view.setXRange(log10(LEAST_RATE), 0)
        self.view.setYRange(-3, 0)
        self._legend = self.view.addLegend(offset=(-8, 8))

    def show_curve(self, name: str, points: Points) -> None:
        """Show a curve of (FMR, FNMR) points, in the place of the one of that name."""
        self.curves[name] = points
        self.redraw()

    def reset(self) -> None:
        """Begin anew."""
        self.curves = {}
        self.redraw()

    def draw(self) -> None:
        """Draw every curve in a colour and a style of its own."""
        self._legend.clear()
        self._legend.setLabelTextColor(THEME.palette.text)
        self._legend.setVisible(len(self.curves) > 1)
        self.view.showGrid(x=True, y=True, alpha=0.15)
        for number, (name, points) in enumerate(self.curves.items()):
            logs = np.log10(np.clip(np.asarray(points, float).reshape(-1, 2), LEAST_RATE, 1.0))
            role = self._ROLES[number % len(self._ROLES)]
            self.line(logs[:, 0].tolist(), logs[:, 1].tolist(), role, name, dashed=number % 2 == 1)


class MapPlot(Plot):
    """Embeddings in the plane; people have colours."""

    def __init__(self) -> None:
        super().__init__("Map: one colour a person", "", "")
        self._places: Sequence[tuple[float, float, int]] = ()
        for side in ("bottom", "left"):
            self.view.hideAxis(side)

    def show_places(self, places: Sequence[tuple[float, float, int]]) -> None:
        """Show points (x, y, number of the person)."""
        self._places = places
        self.redraw()

    def draw(self) -> None:
        """Draw one dot a face."""
        if not len(self._places):
            return
        brushes = [pg.mkBrush(pg.intColor(int(person), hues=24, alpha=190)) for _, _, person in self._places]
        xs, ys = [place[0] for place in self._places], [place[1] for place in self._places]
        self.view.addItem(pg.ScatterPlotItem(xs, ys, size=7, pen=None, brush=brushes))
