"""What a decision about found faces does to people: it enrolls them, keeps who they are not, and takes both back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from engine.care import Rejection
from engine.decisions import Decider
from engine.enrollment import Enroller
from engine.errors import BadInputError, GalleryError, ImageError, OwnPictureError, UnknownPersonError
from engine.gallery.sorting_layout import Layout
from engine.gallery.store import Gallery
from engine.sorting.faces import candidate, face_of
from engine.sorting.history import Enrolled
from engine.sorting.selection import best_faces
from engine.types import Face, FloatArray


class Care(Protocol):
    """Keeps faces that are not a person, as `engine.care_desk.CareDesk` does."""

    def reject(self, person_id: int, face: Face, source: str) -> Rejection:
        """Remember that a face is not a person."""

    def forget_rejection(self, rejection_id: int) -> None:
        """Take a rejection back, crop and all."""


@dataclass(frozen=True, slots=True)
class People:
    """The gallery's people, as decisions change them.

    Attributes:
        decider: decides by the settings in force.
        enroller: enrolls by them.
        care: keeps rejected faces.
    """

    gallery: Gallery
    decider: Callable[[], Decider]
    enroller: Callable[[], Enroller]
    care: Callable[[], Care]

    def enroll(self, layout: Layout, name: str, rows: Sequence[int]) -> Enrolled:
        """Enroll the best few; somebody who is enrolled already may have enough templates."""
        store, before = self.gallery.sorting, self._templates(name)
        face_ids = [int(layout.face_ids[row]) for row in rows]
        known = [one for one in before.values() if one is not None]
        enrolled = np.stack(known) if known else np.zeros((0, layout.embeddings.shape[1]), np.float32)
        best = best_faces(face_ids, layout.embeddings[list(rows)], store.particulars(face_ids), enrolled)
        try:
            if best or not before:
                self.enroller().enroll(name, [candidate(one) for one in store.found(best)], None)
        except BadInputError:
            if not before:
                raise
        person = self.gallery.find(name)
        added = tuple(self._templates(name).keys() - before.keys())
        return Enrolled(person.id, added, new=not before)

    def _templates(self, name: str) -> dict[int, FloatArray | None]:
        """Embeddings of the templates of somebody, by template; nothing for somebody new."""
        pack_id = self.decider().pack_id
        try:
            person = self.gallery.find(name)
        except UnknownPersonError:
            return {}
        return {one.id: one.embeddings.get(pack_id) for one in self.gallery.templates(person.id)}

    def withdraw(self, enrolled: Sequence[Enrolled]) -> None:
        """Take back what confirmations put into the gallery, as far as it is still there."""
        for one in reversed(enrolled):
            there = {template.id for template in self.gallery.templates(one.person_id)}
            if one.new and there and there <= set(one.template_ids):
                self.gallery.delete_person(one.person_id)
                continue
            for template_id in there & set(one.template_ids):
                self.gallery.delete_template(template_id)

    def keep_as_rejected(
        self, layout: Layout, person_id: int, rows: Sequence[int], kept: list[int], *, singled_out: bool
    ) -> None:
        """Keep the best few that differ as faces that are not a person; those kept already are passed over."""
        store, care = self.gallery.sorting, self.care()
        face_ids = [int(layout.face_ids[row]) for row in rows]
        none = np.zeros((0, layout.embeddings.shape[1]), np.float32)
        best = best_faces(face_ids, layout.embeddings[list(rows)], store.particulars(face_ids), none)
        for found in store.found(best):
            source = str(Path(found.folder, found.path))
            try:
                kept.append(care.reject(person_id, face_of(found), source).id)
            except (BadInputError, ImageError):
                continue
            except OwnPictureError:
                # Of a face that was chosen the user must know; a group's name may be wrong for all others.
                if singled_out:
                    raise

    def forget_rejections(self, rejection_ids: Sequence[int]) -> None:
        """Take back what was kept as rejected, as far as it is still there."""
        for id_ in rejection_ids:
            # Somebody may have taken it back elsewhere.
            with suppress(GalleryError):
                self.care().forget_rejection(id_)
