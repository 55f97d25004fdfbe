"""Erasing a person for good, wherever they are: the gallery, memory, training's crops, and copies if that is wanted."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from engine.erasure import Holding, Receipt
from engine.errors import BadInputError, GalleryError, shown
from engine.files import write_whole
from engine.gallery.compacting import AT_ONCE_BYTES, Compacted, in_words
from engine.gallery.copies import copies_holding, remove_copy
from engine.gallery.erasing import Erased
from engine.gallery.store import Gallery

ELSEWHERE = (
    "Files that were exported, pictures outside of Visavis and copies kept elsewhere, such as a server's backups, are "
    "not known here."
)


_CROPS, _RUNS = "aligned crops kept for training", "training runs that named them"
_GRAPHS = "search graphs, which are made again without them"
_TRIALS = "trials of the spoof bench that named them"


class ErasureDesk:
    """What the window and the command line ask about erasing somebody. Synchronous, as the service."""

    def __init__(
        self, gallery: Gallery, forget: Callable[[int], None], finish_backup: Callable[[], None] = lambda: None
    ) -> None:
        """Work on a gallery.

        Args:
            gallery: whose people are erased.
            forget: drops what is in memory about somebody.
            finish_backup: waits for a backup that is being made: it is a copy that holds them, too.
        """
        self._gallery, self._forget, self._finish_backup = gallery, forget, finish_backup

    def holding(self, person_id: int) -> Holding:
        """What there is of a person, before anything is done.

        Raises:
            UnknownPersonError: there is no such person.
        """
        self._finish_backup()
        found = self._gallery.look_at_all_of(person_id)
        outside = _outside(found.name, only_count=True)
        copies = self._copies(person_id, found)
        counts = dict(found.counts) | outside.counts | ({_GRAPHS: 1} if self._gallery.has_graph else {})
        return Holding(person_id, found.name, counts, tuple(one.name for one in copies), _notes(found, outside))

    def erase(self, person_id: int, *, copies: bool = False) -> Receipt:
        """Remove everything of a person, for good.

        Args:
            person_id: who.
            copies: whether backups and other copies beside the gallery that hold them are deleted too.

        Raises:
            UnknownPersonError: there is no such person.
            GalleryError: the gallery cannot be written; nothing was removed.
        """
        self._finish_backup()
        number = secrets.token_hex(6)
        graphs = {_GRAPHS: 1} if self._gallery.has_graph else {}
        erased = self._gallery.erase_person(person_id, number)
        self._forget(person_id)
        outside = _outside(erased.name)
        held = self._copies(person_id, erased)
        removed = [one.name for one in held if copies and remove_copy(one)]
        left = tuple(one.name for one in held if one.name not in removed)
        counts = dict(erased.counts) | outside.counts | graphs
        done = self._compact()
        return Receipt(
            number, datetime.now(UTC), counts, tuple(removed), left, _notes(erased, outside),
            in_words(done), done.before, done.after,
        )  # fmt: skip

    def _compact(self) -> Compacted:
        """Write the gallery anew where that does not take too long. What fails is told: the rest has been removed."""
        try:
            return self._gallery.compact(AT_ONCE_BYTES)
        except GalleryError as error:
            return Compacted(problem=str(error))

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


@dataclass(slots=True)
class _Outside:
    """What is kept of a person outside of the gallery.

    Attributes:
        problems: why something of it could not be looked at or removed, as sentences.
    """

    counts: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def _outside(name: str, *, only_count: bool = False) -> _Outside:
    """Remove what training and the spoof bench keep of a person. What fails is told: the rest has been removed."""
    from engine.liveness import runs as liveness_runs  # noqa: PLC0415 - as below
    from engine.liveness.bench import Trials  # noqa: PLC0415 - as below
    from engine.training.forgetting import forget_person  # noqa: PLC0415 - training takes long to load
    from engine.training.session import faces_folder, runs_folder  # noqa: PLC0415 - as above

    found, caches, runs = _Outside(), faces_folder(Path()).parent, runs_folder()
    try:
        crops, named = forget_person(name, caches, (runs, liveness_runs.runs_folder()), only_count=only_count)
        found.counts = {_CROPS: crops, _RUNS: named}
    except OSError as error:
        found.problems.append(
            f"What training keeps could not all be looked through and deleted: {error.strerror}. Look for the name in "
            f"“{shown(caches)}” and “{shown(runs)}” yourself."
        )
    try:
        found.counts[_TRIALS] = Trials().forget_subject(name, only_count=only_count)
    except BadInputError as error:
        found.problems.append(f"The spoof bench may name them. {error}")
    found.counts = {what: count for what, count in found.counts.items() if count}
    return found


def _notes(found: Erased, outside: _Outside) -> tuple[str, ...]:
    notes = [ELSEWHERE, *outside.problems]
    if found.mentioned:
        notes.append(f"The notes or tags of {found.mentioned:,} other people contain the name; change them by hand.")
    if outside.counts.get(_RUNS):
        notes.append(
            "What a network has learned from their pictures cannot be taken out of it: delete its run or pack."
        )
    return tuple(notes)
