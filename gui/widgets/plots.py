"""Plots of learning and measuring, in the theme's colours."""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose, log10
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from gui.theme import tokens as t
from gui.theme.style import THEME
from gui.widgets.basics import label
from gui.widgets.plot_legend import Legend

LEAST_RATE = 1e-5
_RATE_NAMES = {1e-5: "0.001 %", 1e-4: "0.01 %", 1e-3: "0.1 %", 1e-2: "1 %", 1e-1: "10 %", 1.0: "100 %"}
_MOST_DIGITS = 12
_OVERHANG_PX = 4 * t.UNIT
"""How far the name of an outer tick may reach over the end of its axis."""
_NARROW_PX = 460
"""Below this width the names of all rates would run into one another."""
_DASHES: tuple[tuple[float, ...], ...] = (
    (), (6, 6), (2, 10), (10, 4, 2, 4), (3, 13), (14, 6), (6, 3, 2, 3, 2, 3), (1, 7)
)  # fmt: skip
"""Curves that lie on one another are both seen: the first is drawn through, the others leave gaps over it."""
Points = Sequence[tuple[float, float]]


class WholeAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph has no types
    """An axis of things that are counted: no ticks between whole numbers."""

    @override
    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        """Leave out the spacings below 1."""
        spacings: list[tuple[float, float]] = super().tickSpacing(minVal, maxVal, size)
        return [(step, offset) for step, offset in spacings if step >= 1] or [(1.0, 0.0)]


class PlainAxis(pg.AxisItem):  # type: ignore[misc]  # as above
    """An axis that writes small numbers out, so that all of them are written alike."""

    @override
    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """Write every value with as many digits as the spacing needs."""
        step = spacing * scale
        digits = next((n for n in range(_MOST_DIGITS) if isclose(round(step, n), step)), _MOST_DIGITS)
        return [f"{value * scale:,.{digits}f}" for value in values]


class Plot(QWidget):
    """A titled plot; draws itself again when the theme changes, and says in words what it shows."""

    def __init__(self, title: str, x: str, y: str, *, height_px: int = t.PLOT_PX, counts: bool = False) -> None:
        """Make an empty plot; with `counts` the x axis has whole numbers only."""
        super().__init__()
        self.held = False
        """Whether drawing waits, because more is to come."""
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(t.GAP // 2)
        self._title = label(title, "strong", wrap=True)
        layout.addWidget(self._title)
        axes = {"bottom": WholeAxis("bottom"), "left": PlainAxis("left")} if counts else {}
        self.view = pg.PlotWidget(background=None, axisItems=axes)
        self.view.setMenuEnabled(False)
        self.view.setMouseEnabled(x=False, y=False)
        self.view.hideButtons()
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        # Half a line of text: the name of the highest tick stands above its place.
        self.view.getPlotItem().layout.setContentsMargins(0, t.GAP, t.GUTTER, 0)
        self._nothing = label("", "muted", wrap=True)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(self.view)
        self._stack.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._stack.setFixedHeight(height_px)
        layout.addWidget(self._stack)
        self.legend = Legend()
        layout.addWidget(self.legend)
        self._note = label("", "caption", wrap=True)
        self._note.hide()
        layout.addWidget(self._note)
        layout.addStretch(1)
        self._axes = {"bottom": x, "left": y}
        self.set_title(title)
        self.say_when("Nothing yet")
        THEME.changed.connect(self.redraw)
        self.redraw()

    def set_title(self, title: str) -> None:
        """Call it something else."""
        self._title.setText(title)
        self.setAccessibleName(title)

    def set_note(self, text: str) -> None:
        """Say something about it below."""
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def say_when(self, text: str) -> None:
        """What an empty plot says instead of axes without a meaning."""
        self._nothing.setText(text)

    def redraw(self) -> None:
        """Draw everything again, in the theme's colours."""
        if self.held:
            return
        self._paint_axes()
        self.view.clear()
        words = self.in_words()
        self.setAccessibleDescription(words or self._nothing.text())
        self._stack.setCurrentWidget(self.view if words else self._nothing)
        if words:
            self.draw()
        else:
            self.legend.show_entries(())

    def in_words(self) -> str:
        """What is shown, for who cannot see it; empty while there is nothing."""
        return ""

    def draw(self) -> None:
        """Add what the plot shows to its empty view."""

    def _paint_axes(self) -> None:
        palette = THEME.palette
        self.view.setBackground(palette.surface)
        for side, text in self._axes.items():
            axis = self.view.getAxis(side)
            axis.setPen(palette.border)
            axis.setTextPen(palette.muted)
            # There is room for the names of the outer ticks, which would be left out otherwise.
            axis.setStyle(hideOverlappingLabels=_OVERHANG_PX)
            axis.setLabel(text, siPrefixEnableRanges=(), color=palette.muted)

    def line(self, xs: Sequence[float], ys: Sequence[float], pen: QPen) -> Any:
        """Draw a line."""
        return self.view.plot(np.asarray(xs, float), np.asarray(ys, float), pen=pen)


class CurvePlot(Plot):
    """A figure over the steps or epochs."""

    def __init__(
        self, title: str, x: str, y: str, role: str = "accent", *, percent: bool = False, low: bool = False
    ) -> None:
        """Make the plot; `low` ones are half as high."""
        self.xs: list[float] = []
        self.ys: list[float] = []
        self._role, self._scale, self._x_name = role, 100.0 if percent else 1.0, x
        height_px = t.LOW_PLOT_PX if low else t.PLOT_PX
        super().__init__(title, x, y, height_px=height_px, counts=True)

    def add(self, x: float, y: float) -> None:
        """Add a point."""
        self.xs.append(x)
        self.ys.append(self._scale * y)
        self.redraw()

    def reset(self) -> None:
        """Begin anew."""
        self.xs, self.ys = [], []
        self.redraw()

    @override
    def in_words(self) -> str:
        return f"{self._x_name} {self.xs[-1]:g}: {self.ys[-1]:.4g}" if self.xs else ""

    @override
    def draw(self) -> None:
        """Draw the line, with dots while there are few points."""
        if len(self.xs) == 1:
            self.view.setXRange(self.xs[0] - 1, self.xs[0] + 1)
            self.view.setYRange(0, 2 * self.ys[0] or 1)
        else:
            self.view.enableAutoRange()
        colour = getattr(THEME.palette, self._role)
        self.line(self.xs, self.ys, pg.mkPen(colour, width=2))
        if len(self.xs) < 40:
            self.view.plot(self.xs, self.ys, pen=None, symbol="o", symbolSize=5, symbolBrush=colour, symbolPen=None)


class HistogramPlot(Plot):
    """Genuine and impostor distances."""

    NAMES = ("Same person", "Strangers")

    def __init__(self) -> None:
        self._shown: tuple[Sequence[float], Sequence[float], Sequence[float]] = ((), (), ())
        super().__init__("Distances", "Cosine distance", "Share of pairs, %")

    def show_shares(self, bins: Sequence[float], genuine: Sequence[float], impostor: Sequence[float]) -> None:
        """Show shares of pairs by distance; bins are the edges."""
        self._shown = bins, genuine, impostor
        self.redraw()

    @override
    def in_words(self) -> str:
        bins, *both = self._shown
        if not len(bins):
            return ""
        edges = np.asarray(bins, float)
        means = [float(np.average((edges[1:] + edges[:-1]) / 2, weights=shares)) for shares in both if sum(shares) > 0]
        return ". ".join(f"{name}: {mean:.3f} on average" for name, mean in zip(self.NAMES, means, strict=False))

    @override
    def draw(self) -> None:
        """Draw both as filled steps, told apart by colour and pattern."""
        bins, *both = self._shown
        entries = []
        patterns = (Qt.BrushStyle.SolidPattern, Qt.BrushStyle.BDiagPattern)
        for name, shares, role, pattern in zip(self.NAMES, both, ("good", "bad"), patterns, strict=True):
            colour = QColor(getattr(THEME.palette, role))
            faint = QColor(colour)
            faint.setAlpha(80 if pattern is Qt.BrushStyle.SolidPattern else 170)
            fill, pen = QBrush(faint, pattern), pg.mkPen(colour, width=1.5)
            self.view.plot(
                np.asarray(bins, float), 100 * np.asarray(shares, float), stepMode="center", fillLevel=0,
                brush=fill, pen=pen,
            )  # fmt: skip
            entries.append((name, pen, fill))
        self.legend.show_entries(entries)


class DetPlot(Plot):
    """DET curves on logarithmic axes: false non-matches against false matches."""

    _ROLES = ("accent", "text", "good", "bad", "warning", "muted")

    def __init__(self) -> None:
        self.curves: dict[str, Points] = {}
        super().__init__("Errors: DET curve", "False matches", "False non-matches")
        self.view.setXRange(log10(LEAST_RATE), 0.1, padding=0)
        self.view.setYRange(-3.05, 0.05, padding=0)
        self._name_rates()

    def show_curve(self, name: str, points: Points) -> None:
        """Show a curve of (FMR, FNMR) points, in the place of the one of that name."""
        self.curves[name] = points
        self.redraw()

    def reset(self) -> None:
        """Begin anew."""
        self.curves = {}
        self.redraw()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._name_rates()

    def _name_rates(self) -> None:
        """Name as many rates on the axis as there is room for; the others keep their grid line."""
        ticks = [(log10(rate), text) for rate, text in _RATE_NAMES.items()]
        named = ticks[::2] if self.width() < _NARROW_PX else ticks
        self.view.getAxis("bottom").setTicks([named, [(place, "") for place, _ in ticks]])
        self.view.getAxis("left").setTicks([ticks])

    @override
    def in_words(self) -> str:
        return ". ".join(f"{name}: {_at_one_in_1000(points)}" for name, points in self.curves.items() if points)

    @override
    def draw(self) -> None:
        """Draw every curve in a colour and a stroke of its own."""
        # pyqtgraph's own grid would take the names of the outer ticks away.
        for rate in _RATE_NAMES:
            for angle in (0, 90):
                self.view.addItem(pg.InfiniteLine(log10(rate), angle, pen=pg.mkPen(THEME.palette.raised, width=1)))
        entries = []
        for number, (name, points) in enumerate(self.curves.items()):
            logs = np.log10(np.clip(np.asarray(points, float).reshape(-1, 2), LEAST_RATE, 1.0))
            colour = QColor(getattr(THEME.palette, self._ROLES[number % len(self._ROLES)]))
            pen = _pen(colour, _DASHES[number % len(_DASHES)], 2.0)
            self.line(logs[:, 0].tolist(), logs[:, 1].tolist(), pen)
            entries.append((name, pen, None))
        self.legend.show_entries(entries)


def _pen(colour: QColor, dashes: Sequence[float], width: float) -> QPen:
    pen: QPen = pg.mkPen(colour, width=width)
    if dashes:
        pen.setDashPattern(list(dashes))
    return pen


def _at_one_in_1000(points: Points) -> str:
    """Where a curve stands at 1 false match in 1,000."""
    within = [missed for matched, missed in points if matched <= 1e-3]
    missed = min(within, default=1.0)
    return f"{missed:.1%} false non-matches at 1 false match in 1,000"
