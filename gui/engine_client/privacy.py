"""The history log, and erasing people for good."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.erasure import Receipt
from engine.journal import LogQuery
from gui.engine_client.job import Job
from gui.engine_client.part import Part


class Privacy(Part):
    """The part of the client that accounts for what was done with faces."""

    def log_numbers(self, query: LogQuery) -> Job:
        """Job of list[int], newest first."""
        return self.submit(lambda service, _job: service.journal.numbers(query))

    def log_entries(self, numbers: Sequence[int]) -> Job:
        """Job of list[LogEntry]."""
        return self.submit(lambda service, _job: service.journal.entries(numbers))

    def log_verify(self) -> Job:
        """Job of LogVerdict."""
        return self.submit(lambda service, _job: service.journal.verify())

    def log_notice(self) -> Job:
        """Job of what is odd about the gallery as a whole, as a sentence."""
        return self.submit(lambda service, _job: service.journal.notice)

    def drive_notice(self) -> Job:
        """Job of what is to be said of the drive that the gallery is on, as a sentence."""
        return self.submit(lambda service, _job: service.drive_notice)

    def log_accept(self) -> Job:
        """Take the gallery as it is, though it is not the one last used here."""
        return self.submit(lambda service, _job: service.journal.accept())

    def log_export(self, place: Path, query: LogQuery) -> Job:
        """Job of how many entries were written."""
        return self.submit(lambda service, job: service.journal.export(place, query, job.token))

    def holding(self, person_id: int) -> Job:
        """Job of Holding: what there is of a person."""
        return self.submit(lambda service, _job: service.erasure.holding(person_id))

    def erase(self, person_id: int, *, copies: bool) -> Job:
        """Job of Receipt."""
        return self._edit(lambda service: service.erasure.erase(person_id, copies=copies))

    def save_receipt(self, receipt: Receipt, place: Path) -> Job:
        """Write a receipt of what was erased."""
        return self.submit(lambda service, _job: service.erasure.save(receipt, place))
