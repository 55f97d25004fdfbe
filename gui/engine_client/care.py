"""Getting people right: rejected faces and the check-up."""

from __future__ import annotations

from collections.abc import Sequence

from engine.types import Face
from gui.engine_client.job import Job
from gui.engine_client.part import Part


class Care(Part):
    """The part of the client that gets people right."""

    def rejection_effect(self, person_id: int, face: Face) -> Job:
        """Job of RejectionEffect."""
        return self.submit(lambda service, _job: service.care.effect(person_id, face))

    def reject(self, person_id: int, face: Face, source: str) -> Job:
        """Job of Rejection."""
        return self._edit(lambda service: service.care.reject(person_id, face, source))

    def rejections(self, person_id: int) -> Job:
        """Job of list[Rejection]."""
        return self.submit(lambda service, _job: service.care.rejections(person_id))

    def rejection_crops(self, rejection_ids: Sequence[int]) -> Job:
        """Job of dict[int, PixelArray]."""
        return self.submit(lambda service, _job: service.care.rejection_crops(rejection_ids))

    def forget_rejection(self, rejection_id: int) -> Job:
        """Job of None."""
        return self._edit(lambda service: service.care.forget_rejection(rejection_id))

    def review(self) -> Job:
        """Job of Review."""
        return self.submit(lambda service, job: service.care.review(job.report, job.token))

    def keep_apart(self, one_id: int, other_id: int) -> Job:
        """Job of None."""
        return self._edit(lambda service: service.care.keep_apart(one_id, other_id))

    def confirm_template(self, template_id: int) -> Job:
        """Job of None."""
        return self._edit(lambda service: service.care.confirm(template_id))
