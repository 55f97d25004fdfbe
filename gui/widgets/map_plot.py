"""Faces in the plane, as an embedding puts them."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtGui import QColor
from typing_extensions import override

from engine.wording import counted, people
from gui.theme.style import THEME
from gui.widgets.plots import Plot

_GOLDEN = 0.618034
_SYMBOLS = ("o", "s", "t", "d", "star")
Places = Sequence[tuple[float, float, int]]


class MapPlot(Plot):
    """Embeddings in the plane; people have colours and shapes."""

    def __init__(self) -> None:
        self.places: Places = ()
        super().__init__("", "", "")
        self.show_places((), "")
        for side in ("bottom", "left"):
            self.view.hideAxis(side)

    def show_places(self, places: Places, method: str) -> None:
        """Show points (x, y, number of the person), and how they were found."""
        self.places = places
        self.set_title(f"Map of faces ({method})" if method else "Map of faces")
        self.redraw()

    @override
    def in_words(self) -> str:
        whose = len({person for _, _, person in self.places})
        faces = counted(len(self.places), "face")
        return f"{faces} of {people(whose)}; each person has a colour and a shape" if whose else ""

    @override
    def draw(self) -> None:
        """Draw one dot a face."""
        numbers = [int(person) for _, _, person in self.places]
        self.view.addItem(
            pg.ScatterPlotItem(
                [x for x, _, _ in self.places], [y for _, y, _ in self.places], size=8, pen=None,
                brush=[pg.mkBrush(person_colour(number)) for number in numbers],
                symbol=[_SYMBOLS[number % len(_SYMBOLS)] for number in numbers],
            )
        )  # fmt: skip


def person_colour(number: int) -> QColor:
    """A colour for a person: hues a golden section apart, so that neighbours in number never look alike."""
    return QColor.fromHsvF(number * _GOLDEN % 1.0, 0.75 - 0.25 * (number % 2), 0.9 if THEME.is_dark else 0.75, 0.85)
