"""The references in memory: which are still those of the file, and whose rows must be read again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from engine.gallery.proving import Proving
from engine.gallery.references import MOST_UPDATED, References
from engine.gallery.seals import Seals


@dataclass(slots=True)
class _Kept:
    """One pack's references, the generation of embeddings they were read in, and what has happened since."""

    references: References
    generation: object
    proving: Proving | None = None
    touched: set[int] = field(default_factory=set)
    changed_elsewhere: bool = False


class KeptReferences:
    """References by pack. A change is only noted; what it changed is read when references are asked for next."""

    def __init__(
        self,
        read: Callable[[], AbstractContextManager[Session]],
        generation: Callable[[Session], object],
        name_of: Callable[[int], str],
        seals: Callable[[], Seals],
    ) -> None:
        """Start with none.

        Args:
            read: opens a session in which one state of the file is seen.
            generation: what is another value once templates that stayed may have got other embeddings.
            name_of: a person's name.
            seals: what embeddings are sealed with now.
        """
        self._read = read
        self._generation = generation
        self._name_of = name_of
        self._seals = seals
        self._kept: dict[str, _Kept] = {}

    def of(self, pack_id: str) -> References:
        """The references of a pack as the file is now; the same object until something changes.

        Templates whose embeddings are not those that were stored are left out: at once where there are few templates,
        and soon afterwards, once they have been looked at beside everything else, where there are many.
        """
        kept = self._kept.get(pack_id)
        found = kept.proving.found() if kept is not None and kept.proving is not None else frozenset()
        if kept is not None and not found and not kept.touched and not kept.changed_elsewhere:
            return kept.references
        if kept is not None:
            # It is told only once, and reading may fail.
            kept.touched |= found
        seals = self._seals()
        with self._read() as session:
            generation = self._generation(session)
            # By their ids alone embeddings that were replaced could not be told.
            if kept is None or kept.generation != generation or len(found) > MOST_UPDATED:
                prove = len(found) > MOST_UPDATED
                references = References.load(session, pack_id, self._name_of, seals, prove=prove)
            else:
                touched = kept.touched | found
                if kept.changed_elsewhere:
                    touched |= kept.references.people_changed(session)
                references = kept.references.updated(session, touched, seals)
        self._kept[pack_id] = _Kept(references, generation, self._proving(kept, references, seals))
        return references

    def left_out(self, pack_id: str) -> int:
        """How many templates of a pack were last left out, because their embeddings are not those that were stored."""
        kept = self._kept.get(pack_id)
        return len(kept.references.left_out) if kept is not None else 0

    def settle(self, pack_id: str) -> None:
        """Wait until everything has been looked at, for tests and measurements."""
        kept = self._kept.get(pack_id)
        if kept is not None and kept.proving is not None:
            kept.proving.wait()

    @staticmethod
    def _proving(kept: _Kept | None, now: References, seals: Seals) -> Proving | None:
        """What looks at the seals of the present references."""
        if kept is not None and kept.proving is not None:
            if now.lineage is kept.references.lineage:
                return kept.proving
            kept.proving.stop()
        return Proving(now, now.unproved, seals) if now.unproved is not None else None

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
        """Anything may have changed, or nobody will ask any more."""
        kept, self._kept = self._kept, {}
        for one in kept.values():
            if one.proving is not None:
                one.proving.stop()
