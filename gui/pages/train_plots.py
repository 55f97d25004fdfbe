"""What a training looks like while it goes on: six plots, and the faces it finds hardest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from engine.learning import Comparison, Hardest, HardTriplet, Stepped, Validated
from engine.types import PixelArray
from gui.context import Context
from gui.theme import tokens as t
from gui.widgets.basics import RoundedPicture, button, card, column, label, row
from gui.widgets.map_plot import MapPlot, Places
from gui.widgets.plots import CurvePlot, DetPlot, HistogramPlot
from gui.widgets.wrapping_row import WrappingRow
from gui.wording import one_in

_BY_COMPONENTS, _BY_NEIGHBOURS = "PCA", "t-SNE"


class TrainingPlots(QWidget):
    """Takes the events of a training and draws them."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._run: Path | None = None
        self._components: Places = ()
        self._by_neighbours = False
        self.loss = CurvePlot("Loss", "Step", "")
        self.tar = CurvePlot("True acceptance (TAR)", "Epoch", "Pairs accepted, %", "good", percent=True)
        self.rate = CurvePlot("Learning rate", "Step", "", "muted", low=True)
        self.speed = CurvePlot("Pictures per second", "Step", "", "muted", low=True)
        self.histogram, self.det, self.map = HistogramPlot(), DetPlot(), MapPlot()
        for curve in (self.loss, self.rate, self.speed):
            curve.say_when("After the first steps")
        for plot in (self.tar, self.histogram, self.det, self.map):
            plot.say_when("After the first epoch")
        self.neighbours = button("Map by t-SNE", self._change_map, "quiet")
        self._triplets = WrappingRow()
        self._hard, inside = card()
        inside.addWidget(label("Hardest validation faces", "strong"))
        inside.addWidget(
            label(
                "For one face each: the picture of the same person that is farthest, and the stranger who is nearest, "
                "with their cosine distances. Learning is to bring the first below the second.",
                "caption",
                wrap=True,
            )
        )
        inside.addWidget(self._triplets)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(t.GUTTER)
        whole.addLayout(self._grid())
        whole.addWidget(self._hard)
        self.reset()

    def _grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(t.GUTTER)
        places = (
            (self.loss, 0, 0), (self.tar, 0, 1), (self.histogram, 0, 2),
            (self.det, 1, 0), (self.map, 1, 1), (self.rate, 1, 2),
        )  # fmt: skip
        for plot, across, place in places:
            frame, inside = card()
            inside.addWidget(plot, 1)
            if plot is self.map:
                inside.addLayout(row(None, self.neighbours))
            if plot is self.rate:
                inside.addWidget(self.speed, 1)
            grid.addWidget(frame, across, place)
            grid.setColumnStretch(place, 1)
        return grid

    def reset(self, *, curves: bool = True) -> None:
        """Begin anew; a loss bench keeps the error curves of the losses before."""
        self._run, self._components, self._by_neighbours = None, (), False
        with self.held():
            for curve in (self.loss, self.tar, self.rate, self.speed):
                curve.reset()
            self.histogram.show_shares((), (), ())
            self.map.show_places((), _BY_COMPONENTS)
            if curves:
                self.det.reset()
            self.set_rate(0.0)
        self._triplets.show_all([])
        self._hard.hide()
        self._follow_map()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Draw only once after many events."""
        plots = (self.loss, self.tar, self.rate, self.speed, self.histogram, self.det, self.map)
        for plot in plots:
            plot.held = True
        try:
            yield
        finally:
            for plot in plots:
                plot.held = False
                plot.redraw()

    def set_run(self, run: Path) -> None:
        """Whose faces can be mapped."""
        self._run = run

    def set_rate(self, false_match_rate: float) -> None:
        """At which rate of false matches true acceptance is told; 0 where that is not known."""
        at = f", where {one_in(false_match_rate)} strangers match" if false_match_rate else ""
        self.tar.set_note(f"Of validation people{at}")

    def add_step(self, event: Stepped) -> None:
        """A few steps are done."""
        self.loss.add(event.step, event.loss)
        self.rate.add(event.step, event.learning_rate)
        self.speed.add(event.step, event.pictures_per_s)

    def add_validation(self, event: Validated, *, bench: bool) -> None:
        """An epoch is judged."""
        self.tar.add(event.epoch, event.tar)
        self.histogram.show_shares(event.bins, event.genuine, event.impostor)
        if not bench:
            self.det.show_curve("now", event.det)
            if event.epoch == 0:
                self.det.show_curve("before", event.det)
        self._components = event.places
        if not self._by_neighbours:
            self.map.show_places(event.places, _BY_COMPONENTS)
        self._follow_map()

    def show_comparison(self, judged: Comparison) -> None:
        """The end: before and after on the people held out."""
        with self.held():
            self.det.reset()
            self.det.show_curve("after", judged.after_det)
            self.det.show_curve("before", judged.before_det)

    # --- the map ------------------------------------------------------------------------------------------------

    def _change_map(self) -> None:
        if self._by_neighbours:
            self._by_neighbours = False
            self.map.show_places(self._components, _BY_COMPONENTS)
            self._follow_map()
        elif self._run is not None and self.neighbours.isEnabled():
            run = self._run
            self.neighbours.setText("Mapping …")
            self.neighbours.setEnabled(False)
            job = self._context.tell_failure(self._context.client.embedding_map(run))
            job.succeeded.connect(lambda places: self._show_neighbours(run, places))
            job.finished.connect(self._on_mapped)

    def _show_neighbours(self, run: Path, places: Places) -> None:
        if run == self._run:
            self._by_neighbours = True
            self.map.show_places(places, _BY_NEIGHBOURS)

    def _on_mapped(self) -> None:
        self.neighbours.setEnabled(True)
        self._follow_map()

    def _follow_map(self) -> None:
        self.neighbours.setVisible(bool(self._components))
        if self.neighbours.isEnabled():
            self.neighbours.setText("Back to PCA" if self._by_neighbours else "Map by t-SNE")

    # --- the hardest faces --------------------------------------------------------------------------------------

    def show_hardest(self, event: Hardest) -> None:
        """Show the triplets that are told apart worst."""
        files = [place for one in event.triplets for place in (one.anchor, one.positive, one.negative)]
        run = self._run

        def show(pictures: dict[str, PixelArray]) -> None:
            if run != self._run:
                return
            self._triplets.show_all([_TripletCard(one, pictures) for one in event.triplets])
            self._hard.setVisible(bool(event.triplets))

        self._context.client.thumbnails(files).succeeded.connect(show)


class _TripletCard(QFrame):
    """A face, its own farthest picture and the nearest stranger, with both distances."""

    def __init__(self, one: HardTriplet, pictures: dict[str, PixelArray]) -> None:
        super().__init__()
        line = QHBoxLayout()
        line.setSpacing(t.GAP)
        shown = (
            (one.anchor, "Face", ""),
            (one.positive, "Same", f"{one.positive_distance:.2f}"),
            (one.negative, "Stranger", f"{one.negative_distance:.2f}"),
        )
        for file, name, distance in shown:
            picture = RoundedPicture(t.TRIPLET_PX, f"{name} {distance}".strip())
            picture.show_pixels(pictures.get(file))
            line.addLayout(column(picture, label(name, "caption"), label(distance, "strong"), spacing=t.GAP // 4))
        mistaken = one.negative_distance <= one.positive_distance
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(t.GAP // 2)
        layout.addLayout(line)
        said = "The stranger is nearer" if mistaken else "Told apart"
        layout.addWidget(label(said, "bad-text" if mistaken else "good-text"))
        self.setAccessibleName(f"Same person {one.positive_distance:.2f}, stranger {one.negative_distance:.2f}: {said}")
