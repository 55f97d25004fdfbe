"""What a gallery needs of the database it is kept in; `FileBackend` and `ServerBackend` have it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from engine.gallery.compacting import Compacted
from engine.gallery.journal import Journal
from engine.gallery.seals import Seals
from engine.gallery.vault import Protection
from engine.server_address import Place


@dataclass(frozen=True, slots=True)
class Changes:
    """What others have committed since the last look.

    Attributes:
        people: whose rows; None where that is not known.
    """

    people: frozenset[int] | None = None


def unheard(_sentence: str) -> None:
    """Nobody wants to know."""


class Backend(Protocol):
    """An open database."""

    @property
    def place(self) -> Place:
        """Where it is."""

    @property
    def reading(self) -> Engine:
        """Sessions of it see one state of the gallery from their first look to their last."""

    @property
    def writing(self) -> Engine:
        """Sessions of it are the only ones that write until they end."""

    @property
    def encrypted(self) -> bool:
        """Whether Visavis itself encrypts it."""

    @property
    def seals(self) -> Seals:
        """What its embeddings are sealed with; another one once it is encrypted under another key."""

    @property
    def protection(self) -> Protection:
        """What protects it."""

    @property
    def writable(self) -> bool:
        """Whether whoever opened it may change it."""

    def errors(self) -> AbstractContextManager[None]:
        """Turn errors of the database into sentences about the gallery."""

    def changes(self) -> Changes | None:
        """What others have committed since the last look; None for nothing."""

    def version(self) -> object:
        """What is another value once others have committed; for whoever looks without being `changes`' reader."""

    def note(self, session: Session, people: set[int] | None) -> None:
        """Tell the others, within a transaction that writes, whose rows it changes; None where that is not known."""

    def replaced(self, session: Session) -> None:
        """Tell the others, within a transaction that writes, that templates which stay get other embeddings."""

    def generation(self, session: Session) -> object:
        """What is another value once templates that stayed may have got other embeddings; cheap to ask for."""

    def watch(self, changed: Callable[[], None], away: Callable[[str], None] = unheard) -> None:
        """Have something called, on another thread, when others may have committed; not every database can.

        Args:
            changed: called when others may have committed.
            away: called with a sentence when the database cannot be reached any more, and with none when it can again.
        """

    def try_now(self) -> None:
        """Try at once to reach a database that has gone, not only at the next attempt."""

    def erase_leftovers(self) -> bool:
        """Remove what deleted rows have left behind; False where that has to be tried again later."""

    def compact(self, most: int | None = None, stop: Callable[[], None] | None = None) -> Compacted:
        """Write everything anew, without what deleted rows have left behind; see `compacting.compact`."""

    def problems(self, connection: Connection) -> list[str]:
        """What the database finds wrong with itself, as sentences."""

    def meet(self, journal: Journal) -> None:
        """Compare the gallery with what is known of it from outside, and set `journal.notice` where it is another."""

    def part(self, journal: Journal) -> None:
        """Note outside of the gallery what it is now."""

    def accept(self, journal: Journal) -> None:
        """Take the gallery as it is from now on."""

    def abandon(self) -> None:
        """Close it, and leave it as it is."""

    def close(self) -> None:
        """Close it."""
