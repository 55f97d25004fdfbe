"""Values about getting people right: rejected faces, findings of the check-up, and how long people are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from engine.errors import shown
from engine.types import Decided, FalseMatchRate, Person
from engine.wording import counted, pictures

REMIND_DAYS = 30
"""How long before their last day people are pointed out."""
ENOUGH_PICTURES = 3
"""With fewer, more pictures are the first thing that helps."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A face that the user said is not a person."""

    id: int
    person_id: int
    source: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ChangedDecision:
    """A decision of this session that would have been different.

    Attributes:
        now: who the face would be taken for instead; empty for nobody.
    """

    record: Decided
    now: str = ""


@dataclass(frozen=True, slots=True)
class RejectionEffect:
    """What a rejection would have changed of this session's decisions.

    Attributes:
        changed: latest first.
    """

    name: str
    decisions: int
    changed: tuple[ChangedDecision, ...]

    @property
    def sentence(self) -> str:
        """How many decisions would have been different."""
        if not self.decisions:
            return "There are no decisions of this session yet that it could change."
        if not self.changed:
            return "None of this session's decisions would have been different."
        if self.decisions == 1:
            return "The one decision of this session would have been different."
        return f"{len(self.changed):,} of this session's {self.decisions:,} decisions would have been different."


class FindingKind(StrEnum):
    """What the check-up can find."""

    SAME_PERSON = "same_person"
    OUTLIER = "outlier"
    LOOK_ALIKE = "look_alike"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the check-up found. Distances are cosine.

    Attributes:
        person_id: whose picture or pictures; with `other_id` the two people of a pair.
        other_id: the other person of a pair; for an outlier whoever it looks like, None where that is nobody.
        template_id: the picture of the person that is meant: the outlier, or the one nearest to the other person.
        other_template_id: what it is to be compared with: the other person's nearest, or the person's own nearest.
        distance: between the two people's mean templates; of an outlier, to the mean of the person's others.
        other_distance: of an outlier to whoever it looks like.
        limit: largest distance at which the two would be taken for one another, or which still is the person.
        false_match: how often strangers get as close as `distance`.
        passing: how many pictures of the two alone would verify as the other person.
        pictures: how many they have.
        few: those of the two who have few pictures, with how many.
        stricter: the nearest stricter false match rate at which they are kept apart; None where none does.
    """

    kind: FindingKind
    person_id: int
    name: str
    other_id: int | None
    other_name: str
    template_id: int
    other_template_id: int
    distance: float
    limit: float
    false_match: FalseMatchRate
    other_distance: float = 0.0
    passing: int = 0
    pictures: int = 0
    few: tuple[tuple[str, int], ...] = ()
    stricter: float | None = None

    @property
    def sentence(self) -> str:
        """What was found, and how much."""
        one, other = f"“{shown(self.name)}”", f"“{shown(self.other_name)}”"
        if self.kind is FindingKind.OUTLIER:
            if self.other_id is not None:
                return (
                    f"A picture of {one} looks more like {other} (distance {self.other_distance:.3f}) "
                    f"than like the others of {one} ({self.distance:.3f})."
                )
            return (
                f"A picture of {one} does not look like the others: distance {self.distance:.3f}, "
                f"limit {self.limit:.3f}. {self.false_match.sentence}"
            )
        numbers = f"distance {self.distance:.3f}, limit {self.limit:.3f}. {self.false_match.sentence}"
        if self.kind is FindingKind.SAME_PERSON:
            return f"{one} and {other} may be one person under two names: {numbers}"
        passing = (
            f" {self.passing} of their {pictures(self.pictures)} would pass for the other." if self.passing else ""
        )
        return f"{one} and {other} may be taken for one another: {numbers}{passing}"

    @property
    def advice(self) -> str:
        """What would help."""
        if self.kind is FindingKind.SAME_PERSON:
            return "Merge them if they are the same person."
        if self.kind is FindingKind.OUTLIER:
            move = f"Move it to “{shown(self.other_name)}” if it is theirs, or delete" if self.other_id else "Delete"
            return f"{move} it if it is somebody else."
        helps = [f"more pictures of “{shown(name)}”, who has {count}" for name, count in self.few]
        if self.stricter is not None:
            helps.append(f"a stricter limit (about 1 stranger in {round(1 / self.stricter):,})")
        helps.append("a merge, if they are the same person")
        return f"What would help: {'; '.join(helps)}."


@dataclass(frozen=True, slots=True)
class Review:
    """What the check-up of a gallery found, most urgent first.

    Attributes:
        people: how many were compared.
        left_out: how many findings more there are than are listed.
    """

    findings: tuple[Finding, ...]
    people: int
    left_out: int = 0


# --- how long people are kept -------------------------------------------------------------------------------------


def days_left(person: Person, today: date) -> int | None:
    """Days until a person's last day is over, negative after it; None without one."""
    return None if person.expires_on is None else (person.expires_on - today).days


def is_due(person: Person, today: date) -> bool:
    """Whether a person has expired or does so soon."""
    left = days_left(person, today)
    return left is not None and left <= REMIND_DAYS


def due_in_words(people: Iterable[Person], today: date) -> str:
    """Say how many people have expired or do so soon; empty when nobody has."""
    left = [days for person in people if is_due(person, today) and (days := days_left(person, today)) is not None]
    expired = sum(days < 0 for days in left)
    soon = len(left) - expired
    if not left:
        return ""
    if not soon:
        return f"{_have(expired)} expired. Nobody is deleted by itself."
    ending = f"{counted(soon, 'person expires', 'people expire')} within {REMIND_DAYS} days"
    return f"{_have(expired)} expired, {ending}." if expired else f"{ending}."


def extended(person: Person, today: date) -> date:
    """A last day one year later, counted from today where it is past."""
    start = max(person.expires_on or today, today)
    try:
        return start.replace(year=start.year + 1)
    except ValueError:
        return start + timedelta(days=365)


def _have(number: int) -> str:
    return counted(number, "person has", "people have")
