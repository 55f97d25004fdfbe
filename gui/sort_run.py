"""A look through a folder, in short jobs one after the other, so that everything else finds its turn between them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.sorting_values import SortStep
from engine.types import Progress
from gui.engine_client import EngineClient, Job

_STEP_S = 0.4
"""How long one job looks at pictures; a click elsewhere waits no longer than that and a few pictures more."""


class SortRun(QObject):
    """Looks through one folder until it is done, cancelled or fails. Can be followed by a `JobBar`."""

    progressed = Signal(object)
    stepped = Signal(object)
    """A SortStep."""
    failed = Signal(str, str)
    finished = Signal()

    def __init__(self, client: EngineClient, folder: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._client, self._folder = client, folder
        self._job: Job | None = None
        self._cancelled = False
        self.step: SortStep | None = None

    def start(self) -> None:
        """Begin, or go on where the folder was left."""
        self._follow(self._client.sort_begin(self._folder))

    def cancel(self) -> None:
        """Stop after the pictures in hand; what was found is kept."""
        self._cancelled = True
        if self._job is not None:
            self._job.cancel()

    def _follow(self, job: Job) -> None:
        self._job = job
        job.progressed.connect(self.progressed)
        job.succeeded.connect(self._on_step)
        job.failed.connect(self._on_failed)
        job.cancelled.connect(self.finished)

    def _on_step(self, step: SortStep) -> None:
        self.step = step
        self.progressed.emit(Progress(step.done, step.total, step.text))
        self.stepped.emit(step)
        if step.finished or self._cancelled:
            self.finished.emit()
        else:
            self._follow(self._client.sort_on(step.sorting_id, _STEP_S))

    def _on_failed(self, sentence: str, details: str) -> None:
        self.failed.emit(sentence, details)
        self.finished.emit()
