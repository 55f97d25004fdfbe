"""Training a liveness network on recorded clips: living faces against pictures of faces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QStackedLayout, QVBoxLayout, QWidget
from typing_extensions import override

from engine.learning import Event, LivenessTrained
from engine.liveness_values import StoppedTraining
from engine.wording import counted
from gui.context import Context
from gui.pages.train_recording import ClipRecorder
from gui.tasks import Task
from gui.theme import tokens as t
from gui.widgets.basics import button, card, column, label, row, set_look
from gui.widgets.drop_zone import DropZone
from gui.widgets.job_bar import JobBar

_INVITATION = "Drop a folder that holds “live” and “spoof”,\neach with videos, or with folders of frames"
_ABOUT = (
    "The network watches how a face moves over two seconds. Record at least five people or occasions of each kind: "
    "yourself and others, prints, phones. A folder in “live” or “spoof” that holds several recordings is a person. "
    "Nobody is both learned from and tested on, and only what beats the mean of single frames is put to use; that "
    "takes the pack “minifasnet”."
)


class LivenessStep(QWidget):
    """A folder, a kind of network, and what came of it; clips for the folder are recorded in its place."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.task: Task | None = None
        self.kind = QComboBox()
        self.kind.setAccessibleName("Kind of liveness network")
        self.kind.addItem("3-D convolution on the aligned face", "clip")
        self.kind.addItem("1-D convolution on landmarks and brightness", "series")
        self.jobs = JobBar()
        self.zone = DropZone(_INVITATION, several=False, folder_only=True)
        self.zone.dropped.connect(lambda places: self.train(places[0]))
        self.stopped = QVBoxLayout()
        self.stopped.setSpacing(t.GAP)
        self._result, inside = card()
        self.verdict = label("", "title", wrap=True)
        self.text = label("", "muted", wrap=True, selectable=True)
        inside.addWidget(self.verdict)
        inside.addWidget(self.text)
        self._result.hide()
        self.record = button("Record clips …", self.show_recorder, "", "record")
        self.recorder = ClipRecorder(context)
        self.recorder.closed.connect(self._show_overview)
        self.recorder.train_wanted.connect(self.train)
        self._overview = QWidget()
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._overview)
        self._stack.addWidget(self.recorder)
        layout = QVBoxLayout(self._overview)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(t.GUTTER)
        layout.addWidget(label(_ABOUT, "muted", wrap=True))
        layout.addLayout(row(label("Network"), self.kind, None, self.record))
        layout.addWidget(self.jobs)
        layout.addWidget(self._result)
        layout.addLayout(self.stopped)
        layout.addWidget(self.zone, 1)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def entered(self) -> None:
        """The step has come into sight."""
        if self.recording:
            self.recorder.entered()

    def left(self) -> None:
        """The step is about to go out of sight."""
        self.recorder.left()

    @property
    def recording(self) -> bool:
        """Whether clips can be recorded now, in the place of all the rest."""
        return self._stack.currentWidget() is self.recorder

    def show_recorder(self) -> None:
        """Record clips."""
        self._stack.setCurrentWidget(self.recorder)
        self.recorder.entered()
        self.recorder.who.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_overview(self) -> None:
        self._stack.setCurrentWidget(self._overview)
        self.record.setFocus(Qt.FocusReason.OtherFocusReason)

    def take(self, folder: Path) -> None:
        """A folder was dropped: what is in sight takes it."""
        if not self.recording:
            self.train(folder)
        elif not self.recorder.running:
            self.recorder.use(folder)

    def choose_folder(self) -> None:
        """Let the user browse for the folder that what is in sight takes."""
        (self.recorder if self.recording else self.zone).choose.click()

    def train(self, folder: Path) -> None:
        """Train on a folder of clips, in a process of its own."""
        if self.task is not None and self.task.running:
            self._context.toasts.show("A liveness network is being trained already. Cancel that first, or wait.", "bad")
            return
        self._start([str(folder), "--kind", self.kind.currentData()])

    def _start(self, arguments: list[str]) -> None:
        self.task = self._context.tasks.start(["liveness", "train", *arguments])
        self.task.happened.connect(self._on_event)
        self.task.failed.connect(lambda sentence, details: self._context.toasts.show(sentence, "bad", details))
        self.task.finished.connect(self._on_finished)
        self.jobs.follow(self.task, "Loading the networks", speaks=True)
        self.zone.choose.setEnabled(False)
        self._result.hide()
        self._show_stopped([])

    def _on_finished(self) -> None:
        self.zone.choose.setEnabled(True)
        self.refresh()

    # --- trainings that were stopped ----------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show what can be gone on with."""
        self._context.tell_failure(self._context.client.stopped_temporal()).succeeded.connect(self._show_stopped)

    def _show_stopped(self, trainings: Sequence[StoppedTraining]) -> None:
        while (item := self.stopped.takeAt(0)) is not None:
            line = item.widget()
            if line is not None:
                line.hide()
                line.deleteLater()
        if self.task is None or not self.task.running:
            for one in trainings:
                self.stopped.addWidget(self._line(one))

    def _line(self, training: StoppedTraining) -> QWidget:
        frame, inside = card()
        epochs = counted(training.epochs, "epoch")
        name = label(f"Stopped: {Path(training.folder).name}", "strong", wrap=True)
        name.setToolTip(training.folder)
        kind = self.kind.itemText(self.kind.findData(training.kind))
        about = label(f"{kind}. {epochs} done. The recordings are read again.", "muted", wrap=True)
        again = button("Resume", lambda: self.resume(training), "primary", "play")
        again.setAccessibleName(f"Resume the training on {Path(training.folder).name}")
        delete = button("Delete", lambda: self.delete(training), "danger", "delete")
        delete.setAccessibleName(f"Delete the training on {Path(training.folder).name}")
        line = row(column(name, about, spacing=0), again, delete)
        line.setStretch(0, 1)
        inside.addLayout(line)
        return frame

    def resume(self, training: StoppedTraining) -> None:
        """Go on with a training that was stopped."""
        if self.task is None or not self.task.running:
            self._start(["--resume", training.name])

    def delete(self, training: StoppedTraining) -> None:
        """Delete a stopped training; it can be put back."""
        context = self._context

        def put_back() -> None:
            context.tell_failure(context.client.restore_temporal(training.name)).finished.connect(self.refresh)

        def on_deleted(_none: object) -> None:
            said = f"The training on “{Path(training.folder).name}” is deleted."
            context.toasts.show(said, action="Undo", act=put_back)

        job = context.tell_failure(context.client.delete_temporal(training.name))
        job.succeeded.connect(on_deleted)
        job.finished.connect(self.refresh)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, LivenessTrained):
            self.verdict.setText("Better than single frames: in use from now on" if event.better else "Not put to use")
            set_look(self.verdict, "title-good" if event.better else "title")
            self.text.setText(event.text)
            self._result.show()
            if event.better:
                self._context.client.use_temporal()
