"""EngineClient: its parts put together, and what the window hears of the gallery."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal
from typing_extensions import override

from engine.server_address import Place
from engine.settings import Settings
from engine.types import EngineInfo
from gui.engine_client.care import Care
from gui.engine_client.gallery import Gallery
from gui.engine_client.guided import Guided
from gui.engine_client.job import Job
from gui.engine_client.learning import Learning
from gui.engine_client.live import Live
from gui.engine_client.part import Operation
from gui.engine_client.privacy import Privacy
from gui.engine_client.protection import Protection
from gui.engine_client.recognition import Recognition
from gui.engine_client.sorting import Sorting
from gui.engine_client.transfer import Transfer
from gui.engine_client.watching import Watching

if TYPE_CHECKING:
    from engine.service import FaceService

LOOK_EVERY_MS = 2000
"""How often to look whether another window has changed the gallery."""


class EngineClient(
    Recognition, Gallery, Care, Guided, Protection, Privacy, Learning, Transfer, Sorting, Live, Watching
):
    """Submits work to the engine. Every method returns at once; all signals come on the GUI thread."""

    ready = Signal(object)
    """EngineInfo, whenever it may have changed."""
    unavailable = Signal(str)
    """The engine could not be started: the sentence for the user."""
    gallery_changed = Signal()
    server_away = Signal(str)
    """The gallery's server cannot be reached any more: why, as a sentence. The engine goes on trying."""
    server_back = Signal(bool)
    """It can again, and what others have changed meanwhile was read; whether they had changed anything."""
    untold = Signal(str)
    """While the server was away something failed that no page speaks of: the sentence for the user."""
    history_changed = Signal(str, str)
    """What undo and redo would do, in words; empty when nothing."""

    def __init__(self, settings: Settings, gallery_path: Place | None = None, parent: QObject | None = None) -> None:
        """Start the worker thread, which loads the engine in the background."""
        super().__init__(settings, gallery_path, parent)
        self._locked = False
        self._away = self._returning = self._looking = False
        self.history = ("", "")
        """What undo and redo would do, as `history_changed` last said it."""
        self.ready.connect(self._on_info)
        self._look = QTimer(self)
        self._look.setInterval(LOOK_EVERY_MS)
        self._look.timeout.connect(self._changed_elsewhere)

    def start(self) -> Job:
        """Load the engine; also the way to try again after a failure."""
        job = self.submit(lambda service, _job: service.info())
        job.succeeded.connect(self._on_ready)
        job.failed.connect(self._on_unavailable)
        return job

    def info(self) -> Job:
        """Job of EngineInfo."""
        return self.submit(lambda service, _job: service.info())

    def apply(self, settings: Settings) -> Job:
        """Use other settings."""
        self.settings = settings

        def work(service: FaceService, job: Job) -> EngineInfo:
            service.apply(settings, job.report, job.token)
            return service.info()

        job = self.submit(work)
        job.succeeded.connect(self.ready)
        return job

    def try_server(self) -> Job:
        """Try at once to reach a server that has gone."""
        return self.submit(lambda service, _job: service.try_now())

    @override
    def ask_to_stop(self) -> None:
        self._look.stop()
        super().ask_to_stop()

    # --- what opens, protects and edits the gallery -------------------------------------------------------------

    def _open(self, operation: Callable[[FaceService], Any]) -> Job:
        def work(service: FaceService, _job: Job) -> EngineInfo:
            operation(service)
            return service.info()

        job = self.submit(work)
        job.succeeded.connect(self._on_ready)
        return job

    def _protect(self, operation: Callable[[FaceService], Any]) -> Job:
        job = self.submit(lambda service, _job: operation(service))
        job.succeeded.connect(lambda _result: self._refresh_info())
        return job

    def _edit_long(self, operation: Operation) -> Job:
        def work(service: FaceService, job: Job) -> Any:
            try:
                return operation(service, job)
            finally:
                texts = service.undo_text, service.redo_text
                self.post(lambda: self._tell_history(texts))

        job = self.submit(work)
        job.succeeded.connect(self._on_edited)
        return job

    # --- what the window hears ------------------------------------------------------------------------------------

    def _ask_history(self) -> None:
        job = self.submit(lambda service, _job: (service.undo_text, service.redo_text))
        job.succeeded.connect(self._tell_history)

    def _tell_history(self, texts: tuple[str, str]) -> None:
        self.history = texts
        self.history_changed.emit(*texts)

    def _on_ready(self, info: EngineInfo) -> None:
        self.ready.emit(info)
        if not info.locked:
            self._look.start()
            self.gallery_changed.emit()
            self._ask_history()

    def _on_info(self, info: EngineInfo) -> None:
        self._locked = bool(info.locked)
        if self._locked:
            # It names people.
            self._tell_history(("", ""))

    def _on_unavailable(self, sentence: str, _details: str) -> None:
        self.unavailable.emit(sentence)

    def _on_edited(self, _result: object) -> None:
        self.gallery_changed.emit()
        self._refresh_info()

    def _refresh_info(self) -> None:
        self.info().succeeded.connect(self.ready)

    @override
    def _on_away(self, why: str) -> None:
        self._returning = not why and (self._away or self._returning)
        self._away = bool(why)
        if why:
            self.server_away.emit(why)
        else:
            self._changed_elsewhere()

    @override
    def _untold(self, sentence: str) -> None:
        if self._away:
            self.untold.emit(sentence)

    @override
    def _changed_elsewhere(self) -> None:
        # A server that has gone would only be waited for. One look waits behind other work: long work comes in steps.
        if not self._looking and not self._locked and not self._away:
            self._looking = True
            job = self.submit(lambda service, _job: service.gallery_changed())
            job.succeeded.connect(self._on_looked)
            job.finished.connect(self._end_look)

    def _end_look(self) -> None:
        self._looking = False

    def _on_looked(self, changed: bool) -> None:
        came_back, self._returning = self._returning, False
        if came_back:
            self.server_back.emit(changed)
        # What could not be read while the server was away is read now.
        if changed or came_back:
            self.gallery_changed.emit()
            self._ask_history()
            self._refresh_info()
