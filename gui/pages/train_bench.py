"""What a loss bench has found so far, and what can be concluded from it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.learning import RECIPE_OPTIONS, BenchResult
from gui.widgets.basics import clear
from gui.widgets.table import table

LOSS_NAMES = {str(key): text for key, text in RECIPE_OPTIONS["loss"].choices}


class BenchTable(QWidget):
    """One line a loss."""

    def __init__(self) -> None:
        super().__init__()
        self.results: list[BenchResult] = []
        self._inside = QVBoxLayout(self)
        self._inside.setContentsMargins(0, 0, 0, 0)
        self.hide()

    def reset(self) -> None:
        """Begin anew."""
        self.results = []
        clear(self._inside)
        self.hide()

    def add(self, result: BenchResult) -> None:
        """Add a loss."""
        self.results.append(result)
        clear(self._inside)
        rows = [
            (LOSS_NAMES.get(one.loss, one.loss), one.tar.text, f"{one.steps:,}", f"{one.seconds:.0f} s")
            for one in self.results
        ]
        headings = ("Loss", "True acceptance (95 % interval)", "Steps", "Time")
        self._inside.addWidget(
            table("Losses compared on the people held out", conclusion(self.results), headings, rows, (3, 4, 1, 1))
        )
        self.show()


def conclusion(results: Sequence[BenchResult]) -> str:
    """Which loss did best, if that can be said."""
    if len(results) < 2:
        return "The others are still to come."
    best, second = sorted(results, key=lambda one: -one.tar.value)[:2]
    names = LOSS_NAMES.get(best.loss, best.loss), LOSS_NAMES.get(second.loss, second.loss)
    if best.tar.low > second.tar.high:
        return f"{names[0]} does best, beyond what chance explains."
    if best.tar.value == second.tar.value:
        return f"{names[0]} and {names[1]} do equally well."
    return (
        f"{names[0]} comes first and {names[1]} second, but their intervals overlap: that may be chance. More people "
        "or more time would show."
    )
