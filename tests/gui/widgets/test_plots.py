"""Plots: what they say in words, and that nothing is hidden, cut or alike."""

from __future__ import annotations

from itertools import pairwise

from pytestqt.qtbot import QtBot

from gui.widgets.map_plot import MapPlot, person_colour
from gui.widgets.plots import CurvePlot, DetPlot, HistogramPlot, PlainAxis, WholeAxis
from gui.widgets.wrapping_row import WrappingRow

STEP = tuple((10 ** (-5 + number / 10), 0.5 - number / 110) for number in range(51))


def test_that_an_empty_plot_says_when_there_will_be_something(qtbot: QtBot) -> None:
    plot = CurvePlot("Loss", "Step", "")
    qtbot.addWidget(plot)
    plot.say_when("After the first steps")
    plot.reset()
    assert plot.accessibleDescription() == "After the first steps"
    assert not plot.view.isVisibleTo(plot)
    plot.add(20, 0.25)
    assert plot.view.isVisibleTo(plot)
    assert plot.accessibleDescription() == "Step 20: 0.25"


def test_that_a_held_plot_is_drawn_once(qtbot: QtBot) -> None:
    plot = CurvePlot("Loss", "Step", "")
    qtbot.addWidget(plot)
    plot.held = True
    for step in range(5):
        plot.add(step, 1.0)
    assert plot.view.getPlotItem().listDataItems() == []
    plot.held = False
    plot.redraw()
    assert len(plot.view.getPlotItem().listDataItems()) == 2


def test_that_epochs_are_whole_and_small_rates_written_alike(qtbot: QtBot) -> None:
    plot = CurvePlot("TAR", "Epoch", "")
    qtbot.addWidget(plot)
    axes = plot.view.getAxis("bottom"), plot.view.getAxis("left")
    assert isinstance(axes[0], WholeAxis)
    assert isinstance(axes[1], PlainAxis)
    assert all(step >= 1 for step, _ in axes[0].tickSpacing(0, 2, 300))
    assert axes[1].tickStrings([0.00015, 0.0001, 0.00005], 1.0, 0.00005) == ["0.00015", "0.00010", "0.00005"]


def test_that_a_wide_det_plot_names_every_rate_and_a_narrow_one_every_other(qtbot: QtBot) -> None:
    plot = DetPlot()
    qtbot.addWidget(plot)
    plot.show_curve("now", STEP)
    plot.resize(900, 300)
    plot.show()
    named = [text for _, text in plot.view.getAxis("bottom")._tickLevels[0]]
    assert named == ["0.001 %", "0.01 %", "0.1 %", "1 %", "10 %", "100 %"]
    plot.resize(280, 300)
    assert [text for _, text in plot.view.getAxis("bottom")._tickLevels[0]] == ["0.001 %", "0.1 %", "10 %"]


def test_that_every_curve_is_named_below_and_has_its_own_stroke(qtbot: QtBot) -> None:
    plot = DetPlot()
    qtbot.addWidget(plot)
    for name in ("a", "b", "c", "d", "e", "f", "g", "h"):
        plot.show_curve(name, STEP)
    assert plot.legend.names == ["a", "b", "c", "d", "e", "f", "g", "h"]
    pens = [item.opts["pen"] for item in plot.view.getPlotItem().listDataItems()]
    assert len({(pen.color().name(), tuple(pen.dashPattern())) for pen in pens}) == 8
    assert "a: " in plot.accessibleDescription()
    plot.reset()
    assert plot.legend.names == []


def test_that_distances_are_told_apart_by_name_and_pattern(qtbot: QtBot) -> None:
    plot = HistogramPlot()
    qtbot.addWidget(plot)
    plot.show_shares((0.0, 0.5, 1.0), (1.0, 0.0), (0.0, 1.0))
    assert plot.legend.names == ["Same person", "Strangers"]
    assert plot.accessibleDescription() == "Same person: 0.250 on average. Strangers: 0.750 on average"
    brushes = [item.opts["fillBrush"] for item in plot.view.getPlotItem().listDataItems()]
    assert brushes[0].style() != brushes[1].style()


def test_that_the_map_says_how_it_was_made_and_people_differ(qtbot: QtBot) -> None:
    plot = MapPlot()
    qtbot.addWidget(plot)
    plot.show_places(((0.0, 0.0, 0), (1.0, 1.0, 1)), "PCA")
    assert plot.accessibleName() == "Map of faces (PCA)"
    assert plot.accessibleDescription().startswith("2 faces of 2 people")
    hues = [person_colour(number).hueF() for number in range(24)]
    assert all(min(abs(one - two), 1 - abs(one - two)) > 0.3 for one, two in pairwise(hues))


def test_that_a_narrow_row_wraps(qtbot: QtBot) -> None:
    row = WrappingRow()
    qtbot.addWidget(row)
    row.resize(900, 100)
    row.show()
    inner = [DetPlot() for _ in range(3)]
    for one in inner:
        one.setFixedSize(200, 40)
    row.show_all(inner)
    assert [row._grid.getItemPosition(row._grid.indexOf(one))[:2] for one in inner] == [(0, 0), (0, 1), (0, 2)]
    row.resize(430, 100)
    assert [row._grid.getItemPosition(row._grid.indexOf(one))[:2] for one in inner] == [(0, 0), (0, 1), (1, 0)]
