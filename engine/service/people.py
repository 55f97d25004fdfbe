"""The people of the gallery: looked through, edited, and edits taken back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Unpack

from engine.capture.images import decode_jpeg
from engine.errors import ImageError
from engine.service.in_force import InForce
from engine.types import Described, Person, PixelArray, Template


class People:
    """The part of the service that shows and edits the gallery."""

    _now: InForce

    def people(self, search: str = "") -> list[Person]:
        """Everyone whose name, tags or notes contain the search text, by name."""
        return self._now.gallery.people(search)

    def person(self, person_id: int) -> Person:
        """One person.

        Raises:
            UnknownPersonError: there is no such person.
        """
        return self._now.gallery.person(person_id)

    def person_named(self, name: str) -> Person:
        """The person of this name, whatever its case.

        Raises:
            UnknownPersonError: there is nobody of this name.
        """
        return self._now.gallery.find(name)

    def templates(self, person_id: int) -> list[Template]:
        """All templates of a person, of any pack, oldest first."""
        return self._now.gallery.templates(person_id)

    def crops(self, template_ids: Sequence[int]) -> dict[int, PixelArray]:
        """Decoded crops, (256, 256, 3) uint8 RGB each; templates that are gone, or damaged, are left out."""
        decoded = {}
        for id_, jpeg in self._now.gallery.crops(template_ids).items():
            with suppress(ImageError):
                decoded[id_] = decode_jpeg(jpeg)
        return decoded

    def rename(self, person_id: int, name: str) -> Person:
        """Give a person another name.

        Raises:
            NameTakenError: someone else has it; merge the two instead.
            InvalidNameError: nobody can have it.
        """
        return self._now.gallery.rename(person_id, name)

    def describe(self, person_id: int, **changes: Unpack[Described]) -> Person:
        """Change a person's notes, tags, consent date, purpose or last day; what is left out stays."""
        return self._now.gallery.describe(person_id, **changes)

    def merge(self, source_id: int, target_id: int) -> Person:
        """Move all templates of one person to another, and drop the first."""
        return self._now.gallery.merge(source_id, target_id)

    def move_template(self, template_id: int, target_id: int) -> Person:
        """Give a template to another person."""
        return self._now.gallery.move_template(template_id, target_id)

    def split(self, person_id: int, template_ids: Sequence[int], name: str) -> Person:
        """Give some of a person's templates to somebody new.

        Raises:
            NameTakenError: somebody has the name already.
            GalleryError: the templates are not the person's, or all of theirs.
        """
        return self._now.gallery.split(person_id, template_ids, name)

    def delete_template(self, template_id: int) -> None:
        """Delete a template and its crop, from the disk too."""
        self._now.gallery.delete_template(template_id)

    def delete_person(self, person_id: int) -> None:
        """Delete a person with all templates and crops, from the disk too."""
        self._now.gallery.delete_person(person_id)
        self._now.past.forget(person_id)

    @property
    def undo_text(self) -> str:
        """What `undo` would take back, in words, with when where that was before this start; empty for nothing."""
        return self._now.gallery.undo_text

    @property
    def redo_text(self) -> str:
        """What `redo` would do again, in words; empty when there is nothing."""
        return self._now.gallery.redo_text

    def undo(self) -> str:
        """Take back the latest edit of the gallery, also of a session before, and say what it was.

        Raises:
            GalleryError: there is none, or the gallery has moved on.
        """
        text = self._now.gallery.undo()
        self._now.embed_missing()
        return text

    def redo(self) -> str:
        """Do again what was taken back last, and say what it was.

        Raises:
            GalleryError: there is nothing, or the gallery has moved on.
        """
        text = self._now.gallery.redo()
        self._now.embed_missing()
        return text
