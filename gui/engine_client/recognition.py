"""Enrolling, verifying, comparing and identifying."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from engine.types import EnrollmentCandidate, Face, Picture
from gui.engine_client.job import Job
from gui.engine_client.part import Part

if TYPE_CHECKING:
    from engine.service import FaceService


class Recognition(Part):
    """The part of the client that recognizes."""

    def judge(self, pictures: Sequence[Picture], name: str = "") -> Job:
        """Job of list[EnrollmentCandidate]; each also comes as a part."""

        def work(service: FaceService, job: Job) -> list[EnrollmentCandidate]:
            return service.judge(pictures, name, job.report, job.token, job.give)

        return self.submit(work)

    def enroll(self, name: str, candidates: Sequence[EnrollmentCandidate], consent_date: date | None = None) -> Job:
        """Job of Enrollment."""
        return self._edit(lambda service: service.enroll(name, candidates, consent_date))

    def assign(self, face: Face, person_id: int, source: str) -> Job:
        """Job of Person."""
        return self._edit(lambda service: service.assign(face, person_id, source))

    def verify(self, person_id: int, picture: Picture) -> Job:
        """Job of Verification."""
        return self.submit(lambda service, _job: service.verify(person_id, picture))

    def compare(self, first: Picture, second: Picture) -> Job:
        """Job of Comparison."""
        return self.submit(lambda service, _job: service.compare(first, second))

    def identify(self, pictures: Sequence[Picture]) -> Job:
        """Job of list[IdentifiedPicture]; each also comes as a part as soon as it is there."""
        return self.submit(lambda service, job: service.identify(pictures, job.report, job.token, job.give))

    def look_at(self, picture: Picture) -> Job:
        """Job of the picture's pixels, (H, W, 3) uint8, reduced to screen size, and their scale."""
        return self.submit(lambda service, _job: service.preview(picture))

    def claim_pause(self, person_id: int) -> Job:
        """Job of how many seconds nobody may claim to be a person yet."""
        return self.submit(lambda service, _job: service.claim_pause_s(person_id))

    def replay(self, false_match_rate: float) -> Job:
        """Job of Replay."""
        return self.submit(lambda service, _job: service.replay(false_match_rate))
