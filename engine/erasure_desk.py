"""Erasing a person for good, wherever they are: the gallery, memory, training's crops, and copies if that is wanted."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from engine.erasure import Holding, Receipt
from engine.errors import BadInputError, shown
from engine.files import write_whole
from engine.gallery.copies import copies_holding, remove_copy
from engine.gallery.erasing import Erased
from engine.gallery.store import Gallery

ELSEWHERE = (
    "Files that were exported, pictures outside of Visavis and copies kept elsewhere, such as a server's backups, are "
    "not known here."
)


class ErasureDesk:
    """What the window and the command line ask about erasing somebody. Synchronous, as the service."""

    def __init__(self, gallery: Gallery, forget: Callable[[int], None]) -> None:
        """Work on a gallery.

        Args:
            gallery: whose people are erased.
            forget: drops what is in memory about somebody.
        """
        self._gallery, self._forget = gallery, forget

    def holding(self, person_id: int) -> Holding:
        """What there is of a person, before anything is done.

        Raises:
            UnknownPersonError: there is no such person.
        """
        found = self._gallery.look_at_all_of(person_id)
        crops, runs = _training(found.name, only_count=True)
        copies = self._copies(person_id, found)
        counts = dict(found.counts) | _named(crops, runs)
        return Holding(person_id, found.name, counts, tuple(one.name for one in copies), _notes(found, runs))

    def erase(self, person_id: int, *, copies: bool = False) -> Receipt:
        """Remove everything of a person, for good.

        Args:
            person_id: who.
            copies: whether backups and other copies beside the gallery that hold them are deleted too.

        Raises:
            UnknownPersonError: there is no such person.
            GalleryError: the gallery cannot be written; nothing was removed.
        """
        number = secrets.token_hex(6)
        erased = self._gallery.erase_person(person_id, number)
        self._forget(person_id)
        crops, runs = _training(erased.name)
        held = self._copies(person_id, erased)
        removed = [one.name for one in held if copies and remove_copy(one)]
        left = tuple(one.name for one in held if one.name not in removed)
        counts = dict(erased.counts) | _named(crops, runs)
        return Receipt(number, datetime.now(UTC), counts, tuple(removed), left, _notes(erased, runs))

    def _copies(self, person_id: int, found: Erased) -> list[Path]:
        """Backups and other copies beside the gallery that hold a person; those of a server are its owner's."""
        if not isinstance(self._gallery.place, Path):
            return []
        return copies_holding(self._gallery.path, self._gallery.key, person_id, found.crop_sha256)

    @staticmethod
    def save(receipt: Receipt, place: Path) -> None:
        """Write a receipt: as JSON where the file's name says so, else as text.

        Raises:
            BadInputError: the file cannot be written.
        """
        try:
            write_whole(place, receipt.content(as_json=place.suffix.lower() == ".json"))
        except OSError as error:
            raise BadInputError(
                f"“{shown(place)}” cannot be written: {error.strerror}. Choose another place for the receipt."
            ) from error


def _training(name: str, *, only_count: bool = False) -> tuple[int, int]:
    from engine.training.forgetting import forget_person  # noqa: PLC0415 - training takes long to load
    from engine.training.session import faces_folder, runs_folder  # noqa: PLC0415 - as above

    return forget_person(name, faces_folder(Path()).parent, runs_folder(), only_count=only_count)


def _named(crops: int, runs: int) -> dict[str, int]:
    named = {"aligned crops kept for training": crops, "training runs that named them": runs}
    return {what: count for what, count in named.items() if count}


def _notes(found: Erased, runs: int) -> tuple[str, ...]:
    notes = [ELSEWHERE]
    if found.mentioned:
        notes.append(f"The notes or tags of {found.mentioned:,} other people contain the name; change them by hand.")
    if runs:
        notes.append(
            "What a network has learned from their pictures cannot be taken out of it: delete its run or pack."
        )
    return tuple(notes)
