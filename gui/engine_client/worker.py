"""The worker thread: it owns the engine, and does one job after another."""

from __future__ import annotations

import gc
import logging
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from PySide6.QtCore import QMetaMethod, QObject, Qt, Signal, SignalInstance

from engine.errors import OperationCancelledError, VisavisError
from engine.server_address import Place
from engine.settings import Settings
from gui.engine_client.job import Job
from gui.engine_client.part import Operation, Part

if TYPE_CHECKING:
    from engine.service import FaceService

log = logging.getLogger(__name__)

CLOSE_WITHIN_S = 5.0
UNFORESEEN = "Something went wrong that was not foreseen. Nothing was changed; the details are in the log."


class Worker(Part, QObject):
    """Runs jobs on a thread of its own. All signals come on the GUI thread."""

    _posted = Signal(object)

    def __init__(self, settings: Settings, gallery_path: Place | None, parent: QObject | None) -> None:
        """Start the thread; the engine is loaded with the first job."""
        QObject.__init__(self, parent)
        self._gallery_path = gallery_path
        self.settings = settings
        self._service: FaceService | None = None
        self._jobs: set[Job] = set()
        self._closed = False
        self._last: Future[None] | None = None
        self._posted.connect(self._call, Qt.ConnectionType.QueuedConnection)
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine")

    @property
    def busy(self) -> bool:
        """Whether any job is waiting or running."""
        return bool(self._jobs)

    def submit(self, operation: Operation) -> Job:
        """Queue work for the engine thread."""
        job = Job(self.post, self)
        if self._closed:
            return job
        self._jobs.add(job)
        self._worker.submit(self._run, job, operation)
        return job

    def post(self, call: Callable[[], None]) -> None:
        """Have something called on the GUI thread, after everything posted before."""
        self._posted.emit(call)

    def _call(self, call: Callable[[], None]) -> None:
        if not self._closed:
            call()

    def _changed_elsewhere(self) -> None:
        """Look after a gallery that others may have changed."""
        raise NotImplementedError

    def _on_away(self, why: str) -> None:
        """Hear that the gallery's server cannot be reached any more, or, without a sentence, that it can again."""
        raise NotImplementedError

    def _untold(self, sentence: str) -> None:
        """Hear of a failure that nobody tells the user."""
        raise NotImplementedError

    def _engine(self) -> FaceService:
        if self._service is None:
            fresh = "engine.service" not in sys.modules
            from engine.service import FaceService  # noqa: PLC0415 - loads torch, on this thread and not at start-up

            self._service = FaceService(self.settings, self._gallery_path)
            if fresh:
                # A full collection would look through all that torch consists of, 0.2 s in which the window stands.
                gc.freeze()
            self._service.listen(
                lambda: self.post(self._changed_elsewhere), lambda why: self.post(lambda: self._on_away(why))
            )
        return self._service

    def _run(self, job: Job, operation: Operation) -> None:
        """Do one job, on the engine thread."""
        try:
            job.token.check()
            result = operation(self._engine(), job)
        except OperationCancelledError:
            self.post(lambda: self._end(job, job.cancelled))
        except VisavisError as error:
            sentence = str(error)
            log.info("A job ended with: %s", type(error).__name__)
            self.post(lambda: self._fail(job, sentence))
        except Exception:
            log.exception("A job failed.")
            details = traceback.format_exc()
            self.post(lambda: self._end(job, job.failed, UNFORESEEN, details))
        else:
            self.post(lambda: self._end(job, job.succeeded, result))

    def _fail(self, job: Job, sentence: str) -> None:
        if not job.isSignalConnected(QMetaMethod.fromSignal(job.failed)):
            self._untold(sentence)
        self._end(job, job.failed, sentence, "")

    def _end(self, job: Job, signal: SignalInstance, *values: object) -> None:
        self._jobs.discard(job)
        signal.emit(*values)
        job.finished.emit()
        job.deleteLater()

    def ask_to_stop(self) -> None:
        """Cancel everything but the edits that wait for their turn, and have the gallery closed after the last one."""
        if self._closed:
            return
        self._closed = True
        for job in self._jobs:
            if not job.is_edit:
                job.cancel()
        self._last = self._worker.submit(self._close_service)

    def close(self, within_s: float = CLOSE_WITHIN_S) -> None:
        """Ask it to stop, and wait until the gallery is closed. An engine that takes longer is left to its step."""
        self.ask_to_stop()
        closed = self._last is None or bool(wait([self._last], within_s).done)
        if not closed:
            log.warning("The engine is still busy; it is left to its step. What it has not stored is not changed.")
        self._worker.shutdown(wait=closed, cancel_futures=True)

    def _close_service(self) -> None:
        service, self._service = self._service, None
        try:
            if service is not None:
                service.close()
        except VisavisError as error:
            log.warning("The gallery was not closed in order: %s", error)
        except Exception:
            log.exception("The gallery was not closed in order.")
