"""Imports and exports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.exchange import Conflict, NamedPicture, RegionPlace, SourceKind
from gui.engine_client.job import Job
from gui.engine_client.part import Part


class Transfer(Part):
    """The part of the client that brings people in and takes them out."""

    def kind_of(self, source: Path) -> Job:
        """Job of SourceKind."""
        return self.submit(lambda service, _job: service.transfer.kind_of(source))

    def import_from(
        self, sources: Sequence[Path], kind: SourceKind | None, conflict: Conflict | None, passphrase: str = ""
    ) -> Job:
        """Job of Imported."""
        return self._edit_long(
            lambda service, job: service.transfer.import_from(
                sources,
                kind,
                conflict=conflict,
                passphrase=passphrase,
                report=job.report,
                token=job.token,
                between=self._between,
            )
        )

    def export_gallery(self, place: Path, passphrase: str, people: Sequence[int] | None) -> Job:
        """Job of Exported."""
        return self.submit(
            lambda service, job: service.transfer.export_gallery(place, passphrase, people, job.report, job.token)
        )

    def export_people(self, place: Path, people: Sequence[int] | None) -> Job:
        """Job of Exported."""
        return self.submit(lambda service, job: service.transfer.export_people(place, people, job.token))

    def export_decisions(self, place: Path) -> Job:
        """Job of how many there are."""
        return self.submit(lambda service, job: service.transfer.export_decisions(place, service.decided, job.token))

    def write_regions(self, pictures: Sequence[NamedPicture], place: RegionPlace) -> Job:
        """Job of RegionsWritten."""
        return self.submit(lambda service, job: service.transfer.write_regions(pictures, place, job.token))
