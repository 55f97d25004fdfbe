"""Training a liveness network on recorded clips: living faces against pictures of faces."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from engine.learning import Event, LivenessTrained
from gui.context import Context
from gui.tasks import Task
from gui.theme import tokens as t
from gui.widgets.basics import card, label, row, set_look
from gui.widgets.drop_zone import DropZone
from gui.widgets.job_bar import JobBar

_INVITATION = "Drop a folder that holds “live” and “spoof”,\neach with videos, or with folders of frames"
_ABOUT = (
    "The network watches how a face moves over two seconds. Record at least five people or occasions of each kind: "
    "yourself, prints, phones. A folder in “live” or “spoof” that holds several recordings is a person. Nobody is both "
    "learned from and tested on, and only what beats the mean of single frames is put to use; that takes the pack "
    "“minifasnet”."
)


class LivenessStep(QWidget):
    """A folder, a kind of network, and what came of it."""

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
        self._result, inside = card()
        self.verdict = label("", "title", wrap=True)
        self.text = label("", "muted", wrap=True, selectable=True)
        inside.addWidget(self.verdict)
        inside.addWidget(self.text)
        self._result.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(t.GUTTER)
        layout.addWidget(label(_ABOUT, "muted", wrap=True))
        layout.addLayout(row(label("Network"), self.kind, None))
        layout.addWidget(self.jobs)
        layout.addWidget(self._result)
        layout.addWidget(self.zone, 1)

    def train(self, folder: Path) -> None:
        """Train on a folder of clips, in a process of its own."""
        if self.task is not None and self.task.running:
            self._context.toasts.show("A liveness network is being trained already. Cancel that first, or wait.", "bad")
            return
        kind = self.kind.currentData()
        self.task = self._context.tasks.start(["liveness", "train", str(folder), "--kind", kind])
        self.task.happened.connect(self._on_event)
        self.task.failed.connect(lambda sentence, details: self._context.toasts.show(sentence, "bad", details))
        self.task.finished.connect(lambda: self.zone.choose.setEnabled(True))
        self.jobs.follow(self.task, "Loading the networks", speaks=True)
        self.zone.choose.setEnabled(False)
        self._result.hide()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, LivenessTrained):
            self.verdict.setText("Better than single frames: in use from now on" if event.better else "Not put to use")
            set_look(self.verdict, "title-good" if event.better else "title")
            self.text.setText(event.text)
            self._result.show()
            if event.better:
                self._context.client.use_temporal()
