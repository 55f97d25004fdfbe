"""Folders of photographs, sorted by person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gui.engine_client.job import Job
from gui.engine_client.part import Part


class Sorting(Part):
    """The part of the client that sorts."""

    def sortings(self) -> Job:
        """Job of list[Sorting]."""
        return self.submit(lambda service, _job: service.sorting.sortings())

    def sort_begin(self, folder: Path) -> Job:
        """Job of SortStep."""
        return self.submit(lambda service, job: service.sorting.begin(folder, job.token, job.report))

    def sort_on(self, sorting_id: int, seconds: float) -> Job:
        """Job of SortStep."""
        return self.submit(lambda service, job: service.sorting.go_on(sorting_id, seconds, job.token))

    def sort_arrange(self, sorting_id: int) -> Job:
        """Job of Sorted."""
        return self.submit(lambda service, job: service.sorting.arrange(sorting_id, job.token))

    def sorted(self, sorting_id: int) -> Job:
        """Job of Sorted."""
        return self.submit(lambda service, _job: service.sorting.show(sorting_id))

    def sorted_faces(self, sorting_id: int, group_id: int) -> Job:
        """Job of list[SortedFace]."""
        return self.submit(lambda service, _job: service.sorting.faces(sorting_id, group_id))

    def sorted_crops(self, face_ids: Sequence[int], longest_px: int) -> Job:
        """Job of dict[int, PixelArray]."""
        return self.submit(lambda service, _job: service.sorting.crops(face_ids, longest_px))

    def sort_confirm(self, sorting_id: int, group_ids: Sequence[int], face_ids: Sequence[int], name: str = "") -> Job:
        """Job of Sorted."""
        return self._edit(lambda service: service.sorting.confirm(sorting_id, group_ids, face_ids, name))

    def sort_reject(self, sorting_id: int, group_ids: Sequence[int], face_ids: Sequence[int]) -> Job:
        """Job of Sorted."""
        return self._edit(lambda service: service.sorting.reject(sorting_id, group_ids, face_ids))

    def sort_split(self, sorting_id: int, face_ids: Sequence[int]) -> Job:
        """Job of Sorted."""
        return self.submit(lambda service, _job: service.sorting.split(sorting_id, face_ids))

    def sort_merge(self, sorting_id: int, group_ids: Sequence[int]) -> Job:
        """Job of Sorted."""
        return self.submit(lambda service, _job: service.sorting.merge(sorting_id, group_ids))

    def sort_move(self, sorting_id: int, target: int, group_ids: Sequence[int], face_ids: Sequence[int]) -> Job:
        """Job of Sorted."""
        return self.submit(lambda service, _job: service.sorting.move(sorting_id, target, group_ids, face_ids))

    def sort_ignore(self, sorting_id: int, group_ids: Sequence[int], face_ids: Sequence[int]) -> Job:
        """Job of Sorted."""
        return self.submit(lambda service, _job: service.sorting.ignore(sorting_id, group_ids, face_ids))

    def sort_undo(self, sorting_id: int) -> Job:
        """Job of Sorted."""
        return self._edit(lambda service: service.sorting.undo(sorting_id))

    def sort_redo(self, sorting_id: int) -> Job:
        """Job of Sorted."""
        return self._edit(lambda service: service.sorting.redo(sorting_id))

    def sort_delete(self, sorting_id: int) -> Job:
        """Job of None."""
        return self.submit(lambda service, _job: service.sorting.delete(sorting_id))
