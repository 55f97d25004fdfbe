"""What a sorting consists of: found faces, where each is, and what an action changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.types import FloatArray, frozen

Row: TypeAlias = Mapping[str, Any]
Measured: TypeAlias = tuple[str, float, str, str]


@dataclass(frozen=True, slots=True, eq=False)
class KeptFace:
    """What is kept of a found face.

    Attributes:
        box: left, top, width and height in pixels of its picture.
        score: of the detector.
        landmarks: five points, little-endian float32.
        quality: key, value, unit and reason of each measure.
        views: how many views the embedding is the mean of.
        embedding: (D,) float32 of unit length.
        crop_jpeg: the aligned crop, encoded.
    """

    box: tuple[float, ...]
    score: float
    landmarks: bytes
    quality: tuple[Measured, ...]
    views: int
    embedding: FloatArray
    crop_jpeg: bytes

    def __post_init__(self) -> None:
        """Make the embedding read-only."""
        frozen(self.embedding)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A kept face, and where it was found."""

    id: int
    face: KeptFace
    path: str
    folder: str
    pack_id: str


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A picture that was looked at, and what was found in it."""

    path: str
    size: int
    modified_ns: int
    problem: str = ""
    faces: tuple[KeptFace, ...] = ()


@dataclass(frozen=True, slots=True)
class Particulars:
    """Where a face is and how good, without its picture."""

    path: str
    box: tuple[float, ...]
    quality: tuple[Measured, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is too poor to enroll; empty when it can be."""
        return tuple(reason for *_, reason in self.quality if reason)


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a face is: its group (None alone), whether somebody has said so, and the people it is not."""

    group_id: int | None
    settled: bool
    refused: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """All faces of a sorting, light enough to be held in memory.

    Attributes:
        face_ids: (N,), ascending.
        picture_ids: (N,) which picture each was found in.
        embeddings: (N, D) float32 of unit length.
        placed: where each is.
        groups: the rows of all groups by id.
    """

    face_ids: NDArray[np.int64]
    picture_ids: NDArray[np.int64]
    embeddings: FloatArray
    placed: tuple[Placed, ...]
    groups: dict[int, Row]

    def rows_of(self, group_id: int | None) -> NDArray[np.int64]:
        """Places of a group's faces; of those alone for None."""
        return np.array([row for row, one in enumerate(self.placed) if one.group_id == group_id], np.int64)


@dataclass(frozen=True, slots=True)
class Change:
    """What one action changed: groups and the places of faces, before and after."""

    groups_before: dict[int, Row]
    groups_after: dict[int, Row]
    placed_before: dict[int, Placed]
    placed_after: dict[int, Placed]

    @property
    def empty(self) -> bool:
        """Whether nothing changed."""
        return not (self.placed_after or self.groups_before or self.groups_after)

    @property
    def reversed(self) -> Change:
        """The change that goes back."""
        return Change(self.groups_after, self.groups_before, self.placed_after, self.placed_before)
