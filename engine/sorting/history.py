"""What was done with a folder's faces in this session, to be taken back and done again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from engine.errors import GalleryError
from engine.gallery.sorting_layout import Change


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a confirmation put into the gallery."""

    person_id: int
    template_ids: tuple[int, ...]
    new: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One action, and what takes it back.

    Attributes:
        text: what was done.
        changes: of places and groups.
        enrolled: what it put into the gallery.
        rejected: numbers of the rejections it made.
        again: does the action anew, where doing it again takes more than putting the places back.
    """

    text: str
    changes: tuple[Change, ...]
    enrolled: tuple[Enrolled, ...] = ()
    rejected: tuple[int, ...] = ()
    again: Callable[[], object] | None = None


@dataclass(slots=True)
class History:
    """The actions on one folder, latest last."""

    _done: list[Step] = field(default_factory=list)
    _undone: list[Step] = field(default_factory=list)

    @property
    def undo_text(self) -> str:
        """What would be taken back; empty when there is nothing."""
        return self._done[-1].text if self._done else ""

    @property
    def redo_text(self) -> str:
        """What would be done again; empty when there is nothing."""
        return self._undone[-1].text if self._undone else ""

    def add(self, step: Step) -> None:
        """Note an action that was done; what had been taken back can no longer be done again."""
        self._done.append(step)
        self._undone.clear()

    def undo(self, take_back: Callable[[Step], object]) -> None:
        """Take back the latest action.

        Raises:
            GalleryError: there is none.
        """
        if not self._done:
            raise GalleryError("There is nothing to undo.")
        take_back(self._done[-1])
        self._undone.append(self._done.pop())

    def redo(self, put_back: Callable[[Step], object]) -> None:
        """Do again what was taken back last.

        Raises:
            GalleryError: there is nothing.
        """
        if not self._undone:
            raise GalleryError("There is nothing to do again.")
        *others, step = self._undone
        if step.again is None:
            put_back(step)
            self._done.append(step)
        else:
            step.again()
        self._undone = others
