"""What every page is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.types import Person
from gui.camera import CameraFeed, CameraList
from gui.engine_client import EngineClient, Job
from gui.itemmodels.people import PeopleModel
from gui.settings_store import SettingsStore
from gui.tasks import Tasks
from gui.widgets.toast import ToastHost


class OpenPage(Protocol):
    """Shows a page by its key and hands it the person it is to be about."""

    def __call__(self, key: str, person: Person | None = None) -> None: ...  # noqa: D102 - said above


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Context:
    """The window's shared parts.

    Attributes:
        people: everyone in the gallery, kept up to date.
    """

    client: EngineClient
    settings: SettingsStore
    feed: CameraFeed
    cameras: CameraList
    people: PeopleModel
    toasts: ToastHost
    open_page: OpenPage
    tasks: Tasks

    def tell_failure(self, job: Job) -> Job:
        """Show a job's failure as a message; returns the job."""
        job.failed.connect(self._show_failure)
        return job

    def edit(self, job: Job, done: str) -> Job:
        """Say when an edit of the gallery is done, with a way to take it back, or why it failed."""
        return self.tell_failure(self.say_done(job, done))

    def say_done(self, job: Job, done: str) -> Job:
        """The same, where a failure is told elsewhere."""

        def on_success(_result: object) -> None:
            self.toasts.show(done, "good", action="Undo", act=self.undo)

        job.succeeded.connect(on_success)
        return job

    def undo(self) -> None:
        """Take back the latest edit of the gallery."""
        self.tell_failure(self.client.undo()).succeeded.connect(
            lambda text: self.toasts.show(f"Undone: {text}.", action="Redo", act=self.redo)
        )

    def redo(self) -> None:
        """Do again what was taken back last."""
        self.tell_failure(self.client.redo()).succeeded.connect(
            lambda text: self.toasts.show(f"Done again: {text}.", action="Undo", act=self.undo)
        )

    def _show_failure(self, sentence: str, details: str) -> None:
        self.toasts.show(sentence, "bad", details)
