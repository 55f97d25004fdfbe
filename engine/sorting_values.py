"""Values of sorting a folder of photographs that the engine, the command line and the window share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.types import Box

ALONE = 0
"""The number of the group of faces that stand alone; all others count from 1."""


class GroupKind(StrEnum):
    """What is known of the faces of a group."""

    KNOWN = "known"
    """They look like somebody in the gallery; that name is proposed."""
    CLUSTER = "cluster"
    """They look like one person, nobody knows whom."""
    ALONE = "alone"
    """Each looks like nobody else here."""
    CONFIRMED = "confirmed"
    """Somebody has said who it is."""
    IGNORED = "ignored"
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Sorting:
    """A folder that was sorted, or is being sorted.

    Attributes:
        done: pictures that were looked at; with those that could not be read.
        total: pictures there are, as far as it was counted.
        unreadable: how many could not be read.
        decided: faces that somebody has decided on.
    """

    id: int
    folder: str
    done: int
    total: int
    unreadable: int
    faces: int
    decided: int

    @property
    def complete(self) -> bool:
        """Whether every picture has been looked at."""
        return 0 < self.total <= self.done


@dataclass(frozen=True, slots=True)
class SortedGroup:
    """Faces that are taken for one person.

    Attributes:
        name: of the person, or what the group is called until it is known.
        person_id: whom they are proposed or confirmed as.
        cover_id: the face that stands for the group.
    """

    id: int
    kind: GroupKind
    name: str
    count: int
    cover_id: int
    person_id: int | None = None

    @property
    def named(self) -> bool:
        """Whether the group has a person's name."""
        return self.person_id is not None


@dataclass(frozen=True, slots=True)
class SortedFace:
    """One found face.

    Attributes:
        picture: its file within the folder.
        box: in pixels of that picture.
        distance: cosine distance to the middle of its group; 0 where it stands alone.
        reasons: why it is too poor to enroll; empty when it can be.
    """

    id: int
    picture: str
    box: Box
    distance: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sorted:
    """How a folder is sorted so far.

    Attributes:
        groups: proposed names first, then unknown people by size, those alone, the confirmed and the ignored.
        undo_text, redo_text: what would be taken back and done again; empty when there is nothing.
        problems: pictures that could not be read, with the sentence why.
    """

    sorting: Sorting
    groups: tuple[SortedGroup, ...]
    undo_text: str = ""
    redo_text: str = ""
    problems: tuple[tuple[str, str], ...] = ()

    def group(self, group_id: int) -> SortedGroup | None:
        """The group of a number, if it is still there."""
        return next((group for group in self.groups if group.id == group_id), None)


@dataclass(frozen=True, slots=True)
class SortStep:
    """How far the look through a folder is.

    Attributes:
        text: the picture that was looked at last.
    """

    sorting_id: int
    done: int
    total: int
    faces: int
    text: str = ""

    @property
    def finished(self) -> bool:
        """Whether all of it has been looked at."""
        return self.done >= self.total
