"""Packs, training runs and reports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.learning import Evaluation
from gui.engine_client.job import Job
from gui.engine_client.part import Part


class Learning(Part):
    """The part of the client that asks about networks."""

    def packs(self) -> Job:
        """Job of list[PackInfo]."""
        return self.submit(lambda service, _job: service.packs())

    def pack_cards(self) -> Job:
        """Job of list[PackCard]: all packs there are or could be."""
        return self.submit(lambda service, _job: service.shelf.cards())

    def remove_pack(self, pack_id: str) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.remove_pack(pack_id))

    def restore_pack(self, pack_id: str) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.shelf.restore(pack_id))

    def promote(self, run: Path, *, anyway: bool = False) -> Job:
        """Job of the new pack's id."""
        return self.submit(lambda service, job: service.learning.promote(run, job.token, anyway=anyway))

    def runs(self) -> Job:
        """Job of list[RunInfo]."""
        return self.submit(lambda service, _job: service.learning.runs())

    def run_events(self, run: Path) -> Job:
        """Job of list[Event]."""
        return self.submit(lambda service, _job: service.learning.run_events(run))

    def delete_run(self, run: Path) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.learning.delete_run(run))

    def restore_run(self, name: str) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.learning.restore_run(name))

    def stopped_temporal(self) -> Job:
        """Job of list[StoppedTraining]."""
        return self.submit(lambda service, _job: service.learning.stopped_temporal())

    def delete_temporal(self, name: str) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.learning.delete_temporal(name))

    def restore_temporal(self, name: str) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.learning.restore_temporal(name))

    def deleted_runs(self) -> Job:
        """Job of list[str]."""
        return self.submit(lambda service, _job: service.learning.deleted_runs())

    def leave_out(self, pictures: Sequence[str]) -> Job:
        """Job of the file that lists the pictures."""
        return self.submit(lambda service, _job: service.learning.leave_out(pictures))

    def thumbnails(self, pictures: Sequence[str]) -> Job:
        """Job of dict[str, PixelArray]."""
        return self.submit(lambda service, _job: service.learning.thumbnails(pictures))

    def embedding_map(self, run: Path) -> Job:
        """Job of the faces' places in the plane."""
        return self.submit(lambda service, job: service.learning.embedding_map(run, job.token))

    def save_report(self, evaluation: Evaluation, place: Path) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.learning.save_report(evaluation, place))
