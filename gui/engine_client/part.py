"""What the parts of the client are made of: the ways to queue work for the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from gui.engine_client.job import Job

if TYPE_CHECKING:
    from engine.service import FaceService

Operation: TypeAlias = "Callable[[FaceService, Job], Any]"


class Part:
    """Operations of the client that belong together, one line each. What they queue work with is the client's."""

    def submit(self, operation: Operation) -> Job:
        """Queue work for the engine thread."""
        raise NotImplementedError

    def _between(self) -> None:
        """Do what is not to wait for the end of a long job; called on the engine thread in the midst of it."""
        raise NotImplementedError

    def _edit(self, operation: Callable[[FaceService], Any]) -> Job:
        """Queue work that changes the gallery."""
        job = self._edit_long(lambda service, _job: operation(service))
        job.is_edit = True
        return job

    def _edit_long(self, operation: Operation) -> Job:
        """Queue work that changes the gallery, and reports and can be stopped."""
        raise NotImplementedError

    def _open(self, operation: Callable[[FaceService], Any]) -> Job:
        """Queue work that opens the gallery; the job is of EngineInfo."""
        raise NotImplementedError

    def _protect(self, operation: Callable[[FaceService], Any]) -> Job:
        """Queue work that changes what opens the gallery."""
        raise NotImplementedError
