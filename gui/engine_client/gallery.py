"""The people of the gallery, and edits of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from engine.types import Described
from gui.engine_client.job import Job
from gui.engine_client.part import Part


class Gallery(Part):
    """The part of the client that shows and edits the gallery."""

    def people(self, search: str = "") -> Job:
        """Job of list[Person]."""
        return self.submit(lambda service, _job: service.people(search))

    def person(self, person_id: int) -> Job:
        """Job of Person."""
        return self.submit(lambda service, _job: service.person(person_id))

    def templates(self, person_id: int) -> Job:
        """Job of list[Template]."""
        return self.submit(lambda service, _job: service.templates(person_id))

    def crops(self, template_ids: Sequence[int]) -> Job:
        """Job of dict[int, PixelArray]."""
        return self.submit(lambda service, _job: service.crops(template_ids))

    def rename(self, person_id: int, name: str) -> Job:
        """Job of Person."""
        return self._edit(lambda service: service.rename(person_id, name))

    def describe(self, person_id: int, **changes: Unpack[Described]) -> Job:
        """Job of Person."""
        return self._edit(lambda service: service.describe(person_id, **changes))

    def merge(self, source_id: int, target_id: int) -> Job:
        """Job of Person."""
        return self._edit(lambda service: service.merge(source_id, target_id))

    def move_template(self, template_id: int, target_id: int) -> Job:
        """Job of Person."""
        return self._edit(lambda service: service.move_template(template_id, target_id))

    def split(self, person_id: int, template_ids: Sequence[int], name: str) -> Job:
        """Job of Person: the new one."""
        return self._edit(lambda service: service.split(person_id, template_ids, name))

    def delete_template(self, template_id: int) -> Job:
        """Job of None."""
        return self._edit(lambda service: service.delete_template(template_id))

    def delete_person(self, person_id: int) -> Job:
        """Job of None."""
        return self._edit(lambda service: service.delete_person(person_id))

    def undo(self) -> Job:
        """Job of what was undone, in words."""
        return self._edit(lambda service: service.undo())

    def redo(self) -> Job:
        """Job of what was done again, in words."""
        return self._edit(lambda service: service.redo())
