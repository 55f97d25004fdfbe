"""The references in memory: which are still those of the file, and whose rows must be read again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from engine.gallery.references import References


@dataclass(slots=True)
class _Kept:
    """One pack's references, the generation of embeddings they were read in, and what has happened since."""

    references: References
    generation: object
    touched: set[int] = field(default_factory=set)
    changed_elsewhere: bool = False


class KeptReferences:
    """References by pack. A change is only noted; what it changed is read when references are asked for next."""

    def __init__(
        self,
        read: Callable[[], AbstractContextManager[Session]],
        generation: Callable[[Session], object],
        name_of: Callable[[int], str],
    ) -> None:
        """Start with none.

        Args:
            read: opens a session in which one state of the file is seen.
            generation: what is another value once templates that stayed may have got other embeddings.
            name_of: a person's name.
        """
        self._read = read
        self._generation = generation
        self._name_of = name_of
        self._kept: dict[str, _Kept] = {}

    def of(self, pack_id: str) -> References:
        """The references of a pack as the file is now; the same object until something changes."""
        kept = self._kept.get(pack_id)
        if kept is not None and not kept.touched and not kept.changed_elsewhere:
            return kept.references
        with self._read() as session:
            generation = self._generation(session)
            # By their ids alone embeddings that were replaced could not be told.
            if kept is None or kept.generation != generation:
                references = References.load(session, pack_id, self._name_of)
            else:
                touched = kept.touched
                if kept.changed_elsewhere:
                    touched = touched | kept.references.people_changed(session)
                references = kept.references.updated(session, touched)
        self._kept[pack_id] = _Kept(references, generation)
        return references

    def note(self, people: Iterable[int]) -> None:
        """These people, and nobody else, have been changed here."""
        touched = set(people)
        for kept in self._kept.values():
            kept.touched |= touched

    def note_elsewhere(self) -> None:
        """Another window or process has changed something."""
        for kept in self._kept.values():
            kept.changed_elsewhere = True

    def forget(self) -> None:
        """Anything may have changed."""
        self._kept.clear()
