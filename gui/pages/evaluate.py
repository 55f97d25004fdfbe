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
from engine.wording import counted, people
from gui.context import Context
from gui.pages.evaluate_tables import evaluation_figures, evaluation_tables
from gui.pages.page import Page
from gui.pages.spoof_bench import SpoofBench
from gui.tasks import Task
from gui.theme import tokens as t
from gui.widgets.basics import button, card, clear, label, row, scrolled
from gui.widgets.drop_zone import DropZone, browse
from gui.widgets.job_bar import JobBar, duration
from gui.widgets.one_line import Choice
from gui.widgets.plots import DetPlot, HistogramPlot
from gui.widgets.save_as import save_as
from gui.widgets.table import table

_INVITATION = (
    "Drop a folder that holds one folder of pictures per person,\nor choose a pairs file in LFW's format above"
)
_DROP_FOLDER = "Drop a folder that holds one folder per person."
_CURVES = 4


class EvaluatePage(Page):
    """Choose data and a pack, measure, read the figures, save the report."""

    title = "Evaluate"
    takes_pictures = True

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.task: Task | None = None
        self.evaluation: Evaluation | None = None
        self.results: list[Evaluation] = []
        self._over = True
        self._complaints: set[str] = set()
        self.what = Choice()
        self.what.setAccessibleName("What to evaluate")
        self.what.addItems(["Recognition", "Spoof bench"])
        self.what.currentIndexChanged.connect(self._on_what)
        self.header.addWidget(self.what)
        self.pack = Choice()
        self.pack.setAccessibleName("Which network")
        self.pack.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.pack.setMaximumWidth(t.PANEL_PX)
        self.pairs = button("Pairs file …", self._choose_pairs, "", "verify")
        self.again = button("Folder …", self.choose_pictures, "", "folder")
        self.report = button("Save report …", self._choose_report, "primary")
        self.header.addWidget(self.pack)
        self.header.addWidget(self.pairs)
        self.header.addWidget(self.again)
        self.header.addWidget(self.report)
        self.jobs = JobBar()
        self.body.addWidget(self.jobs)
        self.zone = DropZone(_INVITATION, several=False, folder_only=True)
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
        self.bench = SpoofBench(context)
        self._stack.addWidget(self.bench)
        self.body.addWidget(self._stack, 1)
        context.client.ready.connect(lambda _info: self._ask_for_packs())
        self._ask_for_packs()
        self._follow()

    @override
    def entered(self) -> None:
        if self._benching:
            self.bench.entered()

    @override
    def left(self) -> None:
        self.bench.left()

    @property
    def _benching(self) -> bool:
        return self.what.currentIndex() == 1

    def _on_what(self, _row: int) -> None:
        """Show the bench in the place of the figures, or the other way round."""
        for widget in (self.pack, self.pairs):
            widget.setVisible(not self._benching)
        self._follow()
        if self._benching:
            self._stack.setCurrentWidget(self.bench)
            self.bench.entered()
        else:
            self.bench.left()
            self._stack.setCurrentIndex(1 if self.evaluation is not None else 0)

    def _make_result(self) -> QScrollArea:
        top, inside = card()
        inside.addWidget(self.head)
        inside.addWidget(self._about)
        plots = []
        for plot in (self.det, self.histogram):
            frame, layout = card()
            layout.addWidget(plot)
            plots.append(frame)
        whole = QWidget()
        lines = QVBoxLayout(whole)
        lines.setContentsMargins(0, 0, t.GAP, 0)
        lines.setSpacing(t.GUTTER)
        lines.addWidget(top)
        lines.addLayout(self._figures)
        lines.addLayout(row(*plots, spacing=t.GUTTER))
        lines.addLayout(self._tables)
        lines.addStretch(1)
        return scrolled(whole, "Evaluation")

    # --- choosing -----------------------------------------------------------------------------------------------

    @override
    def take_pictures(self, pictures: Sequence[Path | bytes]) -> None:
        folders = [one for one in pictures if isinstance(one, Path)]
        if folders:
            self.evaluate_folder(folders[0])
        else:
            self._complain(_DROP_FOLDER)

    @override
    def choose_pictures(self) -> None:
        browse(self, lambda places: self.evaluate_folder(places[0]), several=False, folder=True)

    def evaluate_folder(self, folder: Path) -> None:
        """Measure on a folder of people."""
        self._run(["evaluate", "--folder", str(folder)], folder.name)

    def evaluate_pairs(self, file: Path, images: Path) -> None:
        """Measure on a pairs file."""
        self._run(["evaluate", "--pairs", str(file), "--images", str(images)], file.name)

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

    def _run(self, arguments: Sequence[str], called: str) -> None:
        if self.task is not None and self.task.running and not self._over:
            self._complain("An evaluation is running already. Cancel it first, or wait.")
            return
        self.context.toasts.dismiss(*self._complaints)
        self._complaints.clear()
        pack = self.pack.currentData() or self.context.settings.value.pack
        device = self.context.settings.value.device
        task = self.context.tasks.start([*arguments, "--pack", pack, "--device", device])
        task.happened.connect(self._on_event)
        task.failed.connect(self._on_failed)
        task.finished.connect(lambda: self._on_finished(task))
        self.task, self._over = task, False
        self.jobs.follow(task, "Loading the networks", speaks=True)
        self.zone.text.setText(f"Measuring on “{called}” …")
        self.zone.choose.setEnabled(False)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Evaluated):
            # The process takes a while to leave, which is nobody's business.
            self._over = True
            self.jobs.hide()
            self.results.append(event.evaluation)
            self.show_evaluation(event.evaluation)

    def _on_failed(self, sentence: str, details: str) -> None:
        self._complain(sentence, details)

    def _on_finished(self, task: Task) -> None:
        if task is not self.task:
            return
        self.zone.text.setText(_INVITATION)
        self.zone.choose.setEnabled(True)

    def _complain(self, sentence: str, details: str = "") -> None:
        self._complaints.add(sentence)
        self.context.toasts.show(sentence, "bad", details)

    def show_evaluation(self, found: Evaluation) -> None:
        """Show the figures."""
        self.evaluation = found
        self.head.setText(f"{found.pack_title} on “{found.data}”")
        self._about.setText(
            f"{people(found.people)}, {found.genuine_pairs:,} genuine and {found.impostor_pairs:,} impostor pairs, "
            f"{counted(found.failures_to_acquire, 'picture')} without a usable face (counted as errors). "
            f"{duration(found.seconds)}." + "".join(f"\n{note}" for note in found.notes)
        )
        clear(self._figures)
        for name, value, note in evaluation_figures(found):
            self._figures.addWidget(_figure(name, value, note), 1)
        self._show_curves()
        self.histogram.show_shares(found.bins, found.genuine, found.impostor)
        self._show_tables(found)
        if not self._benching:
            self._stack.setCurrentIndex(1)
        self._follow()

    def _show_curves(self) -> None:
        """The latest evaluations over one another; one that was repeated is told apart by its number."""
        first = max(0, len(self.results) - _CURVES)
        self.det.reset()
        for number, one in enumerate(self.results[first:], first + 1):
            self.det.show_curve(f"{number}. {one.pack_title}, {one.data}", one.det)

    def _show_tables(self, found: Evaluation) -> None:
        clear(self._tables)
        verifiers, *others = evaluation_tables(found)
        self._tables.addWidget(table(*verifiers, widths=(3, 2, 2, 2, 2)), 0, 0, 1, 2)
        for number, one in enumerate(others, 2):
            self._tables.addWidget(table(*one), number // 2, number % 2)

    def _follow(self) -> None:
        there = self.evaluation is not None and not self._benching
        self.report.setVisible(there)
        self.again.setVisible(there)

    # --- the report ---------------------------------------------------------------------------------------------

    def _choose_report(self) -> None:
        save_as(self, "Save the report", "evaluation.html", "Web page (*.html);;PDF (*.pdf)", self.save_report)

    def save_report(self, place: Path) -> None:
        """Write the report that is shown, HTML or PDF by the file's suffix."""
        if self.evaluation is None:
            return
        job = self.context.tell_failure(self.context.client.save_report(self.evaluation, place))
        job.succeeded.connect(lambda _none: self.context.toasts.show(f"“{place.name}” is saved.", "good"))


def _figure(name: str, value: str, note: str) -> QFrame:
    frame, layout = card()
    for text, look in ((name, "muted"), (value, "display"), (note, "caption")):
        layout.addWidget(label(text[:1].upper() + text[1:], look, wrap=True))
    layout.addStretch(1)
    return frame
