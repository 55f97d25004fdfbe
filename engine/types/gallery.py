"""Who and what is in the gallery, and on its way into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypedDict

from engine.types.decisions import Candidate, Resemblance
from engine.types.faces import Face
from engine.types.frames import FloatArray


@dataclass(frozen=True, slots=True)
class Person:
    """Someone in the gallery, with what a list of people shows.

    Attributes:
        template_count: how many templates, of any pack.
        cover_id: the template whose crop stands for the person; None without templates.
        purpose: what the person was enrolled for.
        expires_on: the last day that they are to be kept; None without an end. Nothing is deleted by itself.
    """

    id: int
    name: str
    notes: str = ""
    tags: tuple[str, ...] = ()
    consent_date: date | None = None
    created_at: datetime = datetime.min
    template_count: int = 0
    cover_id: int | None = None
    purpose: str = ""
    expires_on: date | None = None


class Described(TypedDict, total=False):
    """What can be changed of what is noted about a person; what is left out stays. A day of None is taken away."""

    notes: str
    tags: Sequence[str]
    consent_date: date | None
    purpose: str
    expires_on: date | None


@dataclass(frozen=True, slots=True, eq=False)
class NewTemplate:
    """A template on its way into the gallery.

    Attributes:
        embedding: (D,) float32 of unit length.
        pack_id: the pack that made the embedding.
        crop_jpeg: the aligned crop, encoded.
        source: file or camera name it came from.
        quality: measures by key.
    """

    embedding: FloatArray
    pack_id: str
    crop_jpeg: bytes
    source: str
    quality: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """An enrolled reference of one person.

    Attributes:
        embeddings: (D,) float32 of unit length by the pack that made it; D differs from pack to pack.
    """

    id: int
    person_id: int
    embeddings: dict[str, FloatArray]
    crop_jpeg: bytes
    source: str
    quality: dict[str, float]
    created_at: datetime


@dataclass(frozen=True, slots=True, eq=False)
class EnrollmentCandidate:
    """A picture judged for enrollment.

    Attributes:
        face: the face that would be enrolled; None when the picture is refused before that.
        refusals: why it cannot be enrolled, as sentences; empty when it can.
        look_alike: someone already enrolled who is closer than the threshold.
        resembles: where there is none, whom the face is as near to as one stranger in 100 is; told, and no more.
    """

    source: str
    face: Face | None = None
    refusals: tuple[str, ...] = ()
    look_alike: Candidate | None = None
    notes: tuple[str, ...] = ()
    resembles: Resemblance | None = None

    @property
    def acceptable(self) -> bool:
        """Whether it can be enrolled."""
        return self.face is not None and not self.refusals


@dataclass(frozen=True, slots=True, eq=False)
class Enrollment:
    """What an enrollment stored, and what it left out."""

    person: Person
    added: int
    skipped: tuple[EnrollmentCandidate, ...] = ()
