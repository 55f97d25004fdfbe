"""Evaluate: how well does a network do on your own pictures, and how sure is that."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from engine.learning import Evaluated, Evaluation, Event
from engine.types import PackInfo
from gui.context import Context
from gui.pages.page import Page
from gui.tasks import Task
from gui.theme import tokens as t
from gui.widgets.basics import button, card, clear, label, row
from gui.widgets.drop_zone import DropZone, browse
from gui.widgets.job_bar import JobBar
from gui.widgets.plots import DetPlot, HistogramPlot


class EvaluatePage(Page):
    """Choose data and a pack, measure, read the figures, save the report."""

    title = "Evaluate"
    takes_pictures = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.task: Task | None = None
        self.evaluation: Evaluation | None = None
        self.results: list[Evaluation] = []
        self.pack = QComboBox()
        self.pack.setAccessibleName("Which network")
        self.pairs = button("Pairs file …", self._choose_pairs, "", "picture")
        self.again = button("Another folder …", self.choose_pictures, "", "folder")
        self.report = button("Save report …", self._choose_report, "primary")
        self.header.addWidget(self.pack)
        self.header.addWidget(self.pairs)
        self.header.addWidget(self.again)
        self.header.addWidget(self.report)
        self.jobs = JobBar()
        self.body.addWidget(self.jobs)
        self.zone = DropZone(
            "Drop a folder that holds one folder of pictures per person,\nor choose a pairs file in LFW's format above",
            several=False,
            folder_only=True,
        )
        self.zone.dropped.connect(self.take_pictures)
        self.head = label("", "title", wrap=True)
        self._about = label("", "muted", wrap=True)
        self._figures = QHBoxLayout()
        self._figures.setSpacing(t.GUTTER)
        self.det, self.histogram = DetPlot(), HistogramPlot()
        self._tables = QGridLayout()
        self._tables.setSpacing(t.GUTTER)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.zone)
        self._stack.addWidget(self._make_result())
        self.body.addWidget(self._stack, 1)
        context.client.ready.connect(lambda _info: self._ask_for_packs())
        self._ask_for_packs()
        self._follow()

    def _make_result(self) -> QScrollArea:
        top, inside = card()
        inside.addWidget(self.head)
        inside.addWidget(self._about)
        plots = []
        for plot in (self.det, self.histogram):
            frame, layout = card()
            layout.addWidget(plot)
            plots.append(frame)
        scrolled = QWidget()
        lines = QVBoxLayout(scrolled)
        lines.setContentsMargins(0, 0, t.GAP, 0)
        lines.setSpacing(t.GUTTER)
        lines.addWidget(top)
        lines.addLayout(self._figures)
        lines.addLayout(row(*plots, spacing=t.GUTTER))
        lines.addLayout(self._tables)
        lines.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setAccessibleName("Evaluation")
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(scrolled)
        return scroll

    # --- choosing -----------------------------------------------------------------------------------------------

    @override
    def take_pictures(self, pictures: Sequence[Path | bytes]) -> None:
        folders = [one for one in pictures if isinstance(one, Path)]
        if folders:
            self.evaluate_folder(folders[0])
        else:
            self.context.toasts.show("Drop a folder that holds one folder per person.", "bad")

    @override
    def choose_pictures(self) -> None:
        browse(self, lambda places: self.evaluate_folder(places[0]), several=False, folder=True)

    def evaluate_folder(self, folder: Path) -> None:
        """Measure on a folder of people."""
        self._run(["evaluate", "--folder", str(folder)])

    def evaluate_pairs(self, file: Path, images: Path) -> None:
        """Measure on a pairs file."""
        self._run(["evaluate", "--pairs", str(file), "--images", str(images)])

    def _choose_pairs(self) -> None:
        dialog = QFileDialog(self, "Choose a pairs file in LFW's format", "", "Pairs (*.txt);;All files (*)")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._choose_images)
        dialog.open()

    def _choose_images(self, pairs: str) -> None:
        self.context.toasts.show("Now choose the folder that holds these pairs' pictures.")
        browse(self, lambda places: self.evaluate_pairs(Path(pairs), places[0]), several=False, folder=True)

    def _ask_for_packs(self) -> None:
        self.context.client.packs().succeeded.connect(self._show_packs)

    def _show_packs(self, packs: list[PackInfo]) -> None:
        self.pack.clear()
        for pack in packs:
            self.pack.addItem(f"{pack.title} (in use)" if pack.in_use else pack.title, pack.id)
            if pack.in_use:
                self.pack.setCurrentIndex(self.pack.count() - 1)

    # --- measuring ----------------------------------------------------------------------------------------------

    def _run(self, arguments: Sequence[str]) -> None:
        if self.task is not None and self.task.running:
            self.context.toasts.show("An evaluation is running already. Cancel it first, or wait.", "bad")
            return
        pack = self.pack.currentData() or self.context.settings.value.pack
        device = self.context.settings.value.device
        self.task = self.context.tasks.start([*arguments, "--pack", pack, "--device", device])
        self.task.happened.connect(self._on_event)
        self.task.failed.connect(self._on_failed)
        self.jobs.follow(self.task, "Embedding")

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Evaluated):
            self.results.append(event.evaluation)
            self.show_evaluation(event.evaluation)

    def _on_failed(self, sentence: str, details: str) -> None:
        self.context.toasts.show(sentence, "bad", details)

    def show_evaluation(self, found: Evaluation) -> None:
        """Show the figures."""
        self.evaluation = found
        self.head.setText(f"{found.pack_title} on “{found.data}”")
        self._about.setText(
            f"{found.people:,} people, {found.genuine_pairs:,} genuine and {found.impostor_pairs:,} impostor pairs, "
            f"{found.failures_to_acquire:,} failures to acquire (counted as errors). {found.seconds:.0f} s."
        )
        clear(self._figures)
        point = found.tar[1] if len(found.tar) > 1 else None
        for name, value, note in (
            (
                "Accuracy",
                f"{found.accuracy_mean:.2%}" if found.folds else "–",
                found.accuracy.text if found.accuracy else "",
            ),
            ("Equal error rate", f"{found.eer:.2%}", f"limit {found.threshold:.3f} decides most pairs rightly"),
            *([("TAR at FMR 1e-3", f"{point.rate.value:.2%}", point.rate.text)] if point else []),
        ):
            self._figures.addWidget(_figure(name, value, note), 1)
        for earlier in self.results[-4:]:
            self.det.show_curve(f"{earlier.pack_title}, {earlier.data}", earlier.det)
        self.histogram.show_shares(found.bins, found.genuine, found.impostor)
        clear(self._tables)
        for number, (title, rows) in enumerate(_tables(found)):
            self._tables.addWidget(_table(title, rows), number // 2, number % 2)
        self._stack.setCurrentIndex(1)
        self._follow()

    def _follow(self) -> None:
        there = self.evaluation is not None
        self.report.setVisible(there)
        self.again.setVisible(there)

    # --- the report ---------------------------------------------------------------------------------------------

    def _choose_report(self) -> None:
        dialog = QFileDialog(self, "Save the report", "evaluation.html", "Web page (*.html);;PDF (*.pdf)")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("html")
        dialog.fileSelected.connect(lambda name: self.save_report(Path(name)))
        dialog.open()

    def save_report(self, place: Path) -> None:
        """Write the report that is shown, HTML or PDF by the file's suffix."""
        if self.evaluation is None:
            return
        job = self.context.tell_failure(self.context.client.save_report(self.evaluation, place))
        job.succeeded.connect(lambda _none: self.context.toasts.show(f"“{place.name}” is saved.", "good"))


def _tables(found: Evaluation) -> list[tuple[str, list[tuple[str, str]]]]:
    parts = [
        ("Verification (1:1)", [(f"TAR at FMR {point.level:g}", point.rate.text) for point in found.tar]),
        (
            "Ways to decide, on the same pairs",
            [(one.title, f"{one.accuracy:.2%} right, TAR at FMR 1e-3 {one.tar[1].text}") for one in found.verifiers],
        ),
        (
            "Identification (1:N), half of the people unknown",
            [(f"DIR at FPIR {point.level:g}", point.rate.text) for point in found.identification],
        ),
        ("One-shot", [(f"{one.ways}-way {one.shots}-shot", one.rate.text) for one in found.one_shot]),
    ]
    return [(title, rows) for title, rows in parts if rows]


def _figure(name: str, value: str, note: str) -> QFrame:
    frame, layout = card()
    for text, look in ((name, "muted"), (value, "display"), (note, "caption")):
        layout.addWidget(label(text, look, wrap=True))
    return frame


def _table(title: str, rows: list[tuple[str, str]]) -> QFrame:
    frame, layout = card()
    layout.addWidget(label(title, "strong"))
    grid = QGridLayout()
    grid.setColumnStretch(1, 1)
    grid.setHorizontalSpacing(t.GUTTER)
    for number, (name, value) in enumerate(rows):
        grid.addWidget(label(name, "muted"), number, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(label(value, wrap=True, selectable=True), number, 1)
    layout.addLayout(grid)
    layout.addStretch(1)
    return frame
