"""Third step: what training does, as it does it, and the verdict at its end."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from engine.learning import (
    FINE_TUNE,
    BenchResult,
    Comparison,
    Event,
    Hardest,
    RunEnded,
    RunStarted,
    Said,
    Stepped,
    Validated,
)
from engine.types import PixelArray
from gui.context import Context
from gui.theme import tokens as t
from gui.widgets.basics import RoundedPicture, button, card, clear, column, label, row, set_look
from gui.widgets.job_bar import duration
from gui.widgets.plots import CurvePlot, DetPlot, HistogramPlot, MapPlot


class ProgressStep(QWidget):
    """Figures, six plots, the hardest triplets, and what to do with the result."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._run: Path | None = None
        self._bench = False
        self.title = label("Nothing has been trained yet", "title", wrap=True)
        self.text = label("Choose a folder of people in the first step.", "muted", wrap=True)
        self.pause = button("Pause", lambda: None, "", "pause")
        self.pause.setCheckable(True)
        self.pause.toggled.connect(lambda paused: self.pause.setText("Go on" if paused else "Pause"))
        self.stop = button("Stop", lambda: None, "", "close")
        head, layout = card()
        line = row(column(self.title, self.text, spacing=0), self.pause, self.stop)
        line.setStretch(0, 1)
        layout.addLayout(line)
        self.verdict = _Verdict(context)
        self.loss = CurvePlot("Loss", "Step", "")
        self.tar = CurvePlot("True acceptance, validation", "Epoch", "TAR, %", "good", percent=True)
        self.rate = CurvePlot("Learning rate", "", "", "muted", low=True)
        self.speed = CurvePlot("Pictures per second", "", "", "muted", low=True)
        self.histogram, self.det, self.map = HistogramPlot(), DetPlot(), MapPlot()
        self.neighbours = button("Map by t-SNE", self._ask_for_map, "quiet")
        self._triplets = QHBoxLayout()
        self._triplets.setSpacing(t.GUTTER)
        hard, inside = card()
        inside.addWidget(label("Hardest validation faces: own picture far, stranger near", "strong"))
        inside.addLayout(self._triplets)
        scrolled = QWidget()
        lines = QVBoxLayout(scrolled)
        lines.setContentsMargins(0, 0, t.GAP, 0)
        lines.setSpacing(t.GUTTER)
        for part in (head, self.verdict):
            lines.addWidget(part)
        lines.addLayout(self._grid())
        lines.addWidget(hard)
        lines.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setAccessibleName("Training")
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(scrolled)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)
        self.set_running(running=False)

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

    # --- what happens -------------------------------------------------------------------------------------------

    def begin(self, *, bench: bool = False) -> None:
        """Clear everything for a new run."""
        self._bench = bench
        self._run = None
        self.title.setText("Comparing losses" if bench else "Preparing")
        self.text.setText("")
        self._clear_plots()
        self.det.reset()
        self.verdict.hide()
        self.pause.setChecked(False)
        self.set_running(running=True)

    def _clear_plots(self) -> None:
        for plot in (self.loss, self.tar, self.rate, self.speed):
            plot.reset()
        self.histogram.show_shares((), (), ())
        self.map.show_places(())
        clear(self._triplets)

    def set_running(self, *, running: bool) -> None:
        """Whether there is something to pause and stop."""
        self.pause.setVisible(running)
        self.stop.setVisible(running)
        self.neighbours.setVisible(not running and self._run is not None)

    def say(self, sentence: str) -> None:
        """Show a sentence below the title."""
        self.text.setText(sentence)

    def ended(self, sentence: str) -> None:
        """It ended early, and why."""
        self.set_running(running=False)
        self.text.setText(sentence)

    def replay(self, run: Path) -> None:
        """Show what happened in a run so far."""
        job = self._context.tell_failure(self._context.client.run_events(run))
        job.succeeded.connect(self._replay)

    def _replay(self, events: list[Event]) -> None:
        last = max((place for place, event in enumerate(events) if isinstance(event, Hardest)), default=-1)
        for place, event in enumerate(events):
            if not isinstance(event, Hardest) or place == last:
                self.take(event)

    def take(self, event: Event) -> None:
        """Show an event of the training."""
        match event:
            case RunStarted():
                self._on_started(event)
            case Stepped():
                self._on_step(event)
            case Validated():
                self._on_validated(event)
            case Hardest():
                self._on_hardest(event)
            case Said(sentence):
                self._context.toasts.show(sentence)
            case RunEnded():
                self._on_ended(event)
            case BenchResult():
                self.det.show_curve(f"{event.loss}: TAR {event.tar.value:.1%}", event.det)
                self.verdict.add_bench(event)
            case _:
                pass

    def _on_started(self, event: RunStarted) -> None:
        self._run = Path(event.run)
        if self._bench:
            self._clear_plots()
        self.title.setText(self._run.name)
        self.text.setText(
            f"{event.people[0]:,} people with {event.pictures[0]:,} pictures to learn from, {event.people[1]:,} to "
            f"validate, {event.people[2]:,} held out. {event.trained_parameters:,} of {event.parameters:,} parameters "
            f"learn, on {event.device}."
        )

    def _on_step(self, event: Stepped) -> None:
        self.loss.add(event.step, event.loss)
        self.rate.add(event.step, event.learning_rate)
        self.speed.add(event.step, event.pictures_per_s)
        self.text.setText(
            f"Epoch {event.epoch}, step {event.step:,} of {event.steps:,}: loss {event.loss:.4f}, "
            f"{event.pictures_per_s:.0f} pictures a second, {duration(event.seconds_left)} left."
        )

    def _on_validated(self, event: Validated) -> None:
        self.tar.add(event.epoch, event.tar)
        self.histogram.show_shares(event.bins, event.genuine, event.impostor)
        if not self._bench:
            self.det.show_curve("now", event.det)
            if event.epoch == 0:
                self.det.show_curve("before", event.det)
        self.map.show_places(event.places)

    def _on_hardest(self, event: Hardest) -> None:
        files = [place for one in event.triplets for place in (one.anchor, one.positive, one.negative)]

        def show(pictures: dict[str, PixelArray]) -> None:
            clear(self._triplets)
            for one in event.triplets:
                crops = [pictures.get(place) for place in (one.anchor, one.positive, one.negative)]
                self._triplets.addWidget(_TripletCard(one.positive_distance, one.negative_distance, crops))
            self._triplets.addStretch(1)

        self._context.client.thumbnails(files).succeeded.connect(show)

    def _on_ended(self, event: RunEnded) -> None:
        self._run = Path(event.run)
        if not self._bench:
            self.set_running(running=False)
        self.title.setText(f"{self._run.name}: done")
        self.text.setText(
            f"{event.reason} {duration(event.seconds)} of training; the best epoch was {event.best_epoch}."
        )
        if event.comparison is not None and not self._bench:
            self.det.reset()
            self.det.show_curve("after", event.comparison.after_det)
            self.det.show_curve("before", event.comparison.before_det)
            self.verdict.show_comparison(self._run, event.comparison)

    def _ask_for_map(self) -> None:
        if self._run is not None:
            self.neighbours.setEnabled(False)
            job = self._context.tell_failure(self._context.client.embedding_map(self._run))
            job.succeeded.connect(self.map.show_places)
            job.finished.connect(lambda: self.neighbours.setEnabled(True))


class _TripletCard(QFrame):
    """Anchor, own picture, stranger, with both distances."""

    def __init__(self, near: float, far: float, pictures: list[PixelArray | None]) -> None:
        super().__init__()
        line = QHBoxLayout()
        line.setSpacing(t.GAP // 2)
        for pixels, name in zip(pictures, ("Anchor", "Same person", "Stranger"), strict=True):
            picture = RoundedPicture(t.TRIPLET_PX, name)
            picture.setToolTip(name)
            picture.show_pixels(pixels)
            line.addWidget(picture)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(t.GAP // 2)
        layout.addLayout(line)
        layout.addWidget(label(f"own {near:.2f}, stranger {far:.2f}", "caption"))


class _Verdict(QFrame):
    """Before against after on the people held out, and the way to put the network to use."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setProperty("look", "card")
        self._context = context
        self._place = Path()
        self._bench_lines: list[str] = []
        self.title = label("", "title", wrap=True)
        self.text = label("", "muted", wrap=True)
        self.use = button("Put to use", lambda: self._promote(anyway=False), "primary", "check")
        self.anyway = button("Use it all the same", lambda: self._promote(anyway=True), "danger")
        self.back = button("Go back to the default network", self._go_back, "", "undo")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.GUTTER, t.GUTTER, t.GUTTER, t.GUTTER)
        layout.setSpacing(t.GAP)
        line = row(self.title, self.back, self.anyway, self.use)
        line.setStretch(0, 1)
        layout.addLayout(line)
        layout.addWidget(self.text)
        context.settings.changed.connect(self._on_setting)
        self.hide()

    def show_comparison(self, run: Path, judged: Comparison) -> None:
        """Show what came out, and offer what the guard allows."""
        self._place, self._bench_lines = run, []
        better = judged.better_beyond_chance
        set_look(self.title, "title-good" if better else "title")
        self.title.setText("Better beyond chance" if better else "Not better beyond what chance explains")
        self.text.setText(
            f"On {judged.people:,} people held out, at a false match rate of {judged.false_match_rate:g}, "
            f"{judged.before_title} accepts {judged.before.text} of genuine pairs, the trained network "
            f"{judged.after.text}. Change: {judged.difference.text}, 95 % interval over people; "
            f"{judged.genuine_pairs:,} genuine and {judged.impostor_pairs:,} impostor pairs."
        )
        self.use.setVisible(better)
        self.anyway.setVisible(not better)
        self._on_setting("pack", None)
        self.show()

    def add_bench(self, result: BenchResult) -> None:
        """Add one loss of a bench."""
        self._bench_lines.append(f"{result.loss}: {result.tar.text}, {result.steps:,} steps")
        self.title.setText("True acceptance on people held out")
        self.text.setText("\n".join(self._bench_lines))
        for hidden in (self.use, self.anyway, self.back):
            hidden.hide()
        self.show()

    def _promote(self, *, anyway: bool) -> None:
        self.use.setEnabled(False)
        self.anyway.setEnabled(False)
        job = self._context.tell_failure(self._context.client.promote(self._place, anyway=anyway))

        def use(pack_id: str) -> None:
            self._context.settings.change("pack", pack_id)
            self._context.toasts.show("The trained network is put to use; the gallery is embedded again.", "good")

        job.succeeded.connect(use)
        job.finished.connect(self._enable)

    def _enable(self) -> None:
        self.use.setEnabled(True)
        self.anyway.setEnabled(True)

    def _go_back(self) -> None:
        self._context.settings.change("pack", FINE_TUNE)
        self._context.toasts.show("The default network is in use again.", "good")

    def _on_setting(self, key: str, _before: object) -> None:
        if key == "pack":
            self.back.setVisible(self._context.settings.value.pack != FINE_TUNE)
