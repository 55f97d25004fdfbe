"""One face throughout a check: looks at its start, at each movement and at its end, compared with one another.

The tracker follows a face by its place and looks at it now and then; whoever fades one face into another is followed.
Here nothing is followed: each moment's best look must be the same person as every look before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.types import FloatArray

SAME_FACE_RATE, TURNED_RATE = 1e-3, 1e-2
"""Share of strangers within the limit of two straight looks, and where one is turned: there stricter limits refuse
people (benchmarks/same_face.py)."""


@dataclass(frozen=True, slots=True)
class SameFace:
    """Largest cosine distances between two looks at one person.

    Attributes:
        straight: both look straight: the pack's limit of a verification.
        turned: one of them, or both, are turned, raised, lowered or close.
    """

    straight: float
    turned: float


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One frame of a face, not embedded yet.

    Attributes:
        weight: how fit the frame is for recognition, 0..1.
        embed: gives the embedding, (D,) of unit length; asked of few looks only.
    """

    weight: float
    embed: Callable[[], FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class _Moment:
    what: str
    turned: bool
    embedding: FloatArray


class Sameness:
    """Takes the best look of each moment."""

    def __init__(self, limits: SameFace) -> None:
        self._limits = limits
        self._best: Look | None = None
        self._moments: list[_Moment] = []

    @property
    def latest(self) -> FloatArray | None:
        """The embedding of the last moment that ended, (D,); None before the first one."""
        return self._moments[-1].embedding if self._moments else None

    def offer(self, look: Look | None) -> None:
        """Take in a frame of the moment under way; its best look counts."""
        if look is not None and (self._best is None or look.weight > self._best.weight):
            self._best = look

    def drop(self) -> None:
        """Begin the moment anew: what was offered did not last."""
        self._best = None

    def settle(self, what: str, *, turned: bool) -> str | None:
        """End a moment.

        Args:
            what: the face did in it, in the past.
            turned: whether it was asked to move away from the straight look.

        Returns:
            What an earlier look of another face had done; empty where all are one person's; None where there was no
            look to compare.
        """
        if self._best is None:
            return None
        now = _Moment(what, turned, self._best.embed())
        self._best = None
        others = (one.what for one in self._moments if self._apart(one, now))
        other = next(others, "")
        self._moments.append(now)
        return other

    def _apart(self, one: _Moment, other: _Moment) -> bool:
        limit = self._limits.turned if one.turned or other.turned else self._limits.straight
        return float(1 - one.embedding @ other.embedding) > limit
