"""Guided enrollment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from engine.guided import Sector
from engine.types import Frame
from gui.engine_client.job import Job
from gui.engine_client.part import Part


class Guided(Part):
    """The part of the client that leads through an enrollment."""

    def guided_begin(self, name: str, consent: date | None, purpose: str, plan: Sequence[Sector], live: bool) -> Job:
        """Job of Guidance."""
        return self.submit(lambda s, _job: s.guided.begin(name, consent, purpose=purpose, plan=plan, live=live))

    def guided_see(self, frame: Frame) -> Job:
        """Job of Guidance."""
        return self.submit(lambda service, _job: service.guided.see(frame))

    def guided_snap(self) -> Job:
        """Job of Guidance."""
        return self.submit(lambda service, _job: service.guided.snap())

    def guided_report(self, left_out: Sequence[int] | None = None) -> Job:
        """Job of GuidedReport."""
        return self.submit(lambda service, _job: service.guided.report(left_out))

    def guided_finish(self, left_out: Sequence[int]) -> Job:
        """Job of Enrollment."""
        return self._edit(lambda service: service.guided.finish(left_out))

    def guided_stop(self) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.guided.stop())
