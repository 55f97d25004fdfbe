"""What is decided about faces, with the numbers it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import inf

from engine.errors import shown
from engine.liveness_values import LivenessDecision
from engine.types.faces import Face
from engine.types.frames import PixelArray
from engine.wording import counted

_MANY, _MOST = 0.05, 0.5
"""From these shares on, "1 stranger in ..." is no help, and neither is a share."""

RESEMBLES_RATE = 1e-2
"""Who is as near as this share of strangers is pointed out at enrollment, whatever the limit; it decides nothing."""


class Metric(StrEnum):
    """How two embeddings are compared; smaller always means more alike."""

    SQUARED_L2 = "squared_l2"
    L2 = "l2"
    L1 = "l1"
    COSINE = "cosine"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person a probe was compared with.

    Attributes:
        distance: to the person's fused templates.
        rejected_at: cosine distance to a face that the user said is not this person, where that bars a match.
        false_match: how often a stranger gets this close; set for look-alikes only.
    """

    person_id: int
    name: str
    distance: float
    rejected_at: float | None = None
    false_match: FalseMatchRate | None = None


@dataclass(frozen=True, slots=True)
class FalseMatchRate:
    """How often a stranger gets at least this close: measured share, 95 % upper bound, and the pairs it rests on."""

    rate: float
    upper: float
    pairs: int

    @property
    def sentence(self) -> str:
        """How often a stranger gets this close, in words, with the bound that the pairs support."""
        if self.rate <= 0:
            return f"Of {counted(self.pairs, 'pair')} of strangers, none was this close ({self._bound})."
        if self.rate > _MOST:
            return f"Most strangers get this close ({self.rate:.0%} of all pairs)."
        if self.rate > _MANY:
            return f"{self.rate:.0%} of all pairs of strangers are this close."
        return f"About 1 stranger in {round(1 / self.rate):,} gets this close ({self._bound})."

    @property
    def _bound(self) -> str:
        return f"at most 1 in {max(1, int(1 / self.upper)):,}, 95 %"


@dataclass(frozen=True, slots=True)
class Resemblance:
    """Somebody of another name whom a face looks much like, though it would not be taken for them.

    Attributes:
        distance: to the person's fused templates.
        false_match: how often a stranger gets this close.
        people: how many are enrolled: so many times a stranger may be this close to one of them.
    """

    person_id: int
    name: str
    distance: float
    false_match: FalseMatchRate
    people: int

    @property
    def sentence(self) -> str:
        """Who it is, how near, and what would help; no reason for alarm."""
        rate = self.false_match.rate
        often = f"about 1 stranger in {round(1 / rate):,} is as near" if rate > 0 else "no stranger was ever as near"
        if rate * self.people >= 1:
            often += f", as is to be expected among {self.people:,} people"
        return (
            f"Looks much like “{shown(self.name)}”, but is told apart (distance {self.distance:.3f}; {often}). "
            "Unless they are one person, more pictures of both would help."
        )


@dataclass(frozen=True, slots=True, eq=False)
class Verification:
    """The answer to "is this the person they claim to be?" (1:1).

    Attributes:
        distance: to the person's fused templates, in `metric`.
        template_distances: one for each of the person's templates, ascending.
        false_match: how often a stranger gets this close; None when the pack has no calibration for the metric.
        verifier: what was learned to verify with; empty where it is the plain distance.
        rejected_at: cosine distance to a face that the user said is not this person, where that bars a match.
        liveness: the policy in force and what it makes of the face; where it is not met, there is no match.
    """

    person_id: int
    name: str
    match: bool
    distance: float
    threshold: float
    metric: Metric
    template_distances: tuple[float, ...]
    fusion: str
    probe: Face
    reference_crop: PixelArray
    false_match: FalseMatchRate | None = None
    verifier: str = ""
    rejected_at: float | None = None
    liveness: LivenessDecision | None = None

    @property
    def refused_as_not_live(self) -> str:
        """Why a face that is near enough is no match, as a sentence; empty where liveness does not bar it."""
        near = self.distance <= self.threshold and self.rejected_at is None
        return self.liveness.reason if near and self.liveness is not None and not self.liveness.met else ""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two faces against each other.

    Attributes:
        verifier: what was learned to verify with; empty where it is the plain distance.
    """

    match: bool
    distance: float
    threshold: float
    metric: Metric
    first: Face
    second: Face
    false_match: FalseMatchRate | None = None
    verifier: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Identification:
    """The answer to "who is this?" for one face (1:N, open set).

    Attributes:
        candidates: nearest people first.
        person: the decision; None means unknown.
        threshold: largest distance that is a match at this gallery's size.
        margin: how much further the runner-up is than the best; infinite with fewer than two people.
    """

    face: Face
    candidates: tuple[Candidate, ...]
    person: Candidate | None
    threshold: float
    metric: Metric
    margin: float = inf


@dataclass(frozen=True, slots=True)
class Limits:
    """What a false match rate means for a gallery.

    Attributes:
        verification: largest distance that is a match, 1:1, with one template.
        identification: the same for 1:N at the gallery's size.
        bound: what the calibration's pairs can say of the rate at the first limit.
        own_pairs: pairs of people in the gallery that were compared as strangers.
        own_close: how many of them are nearer than one stranger in 100 of the calibration is.
        supported: whether the calibration's pairs can show the rate; if not, the limit is extrapolated to be stricter.
        identification_rate: how many strangers are expected to be taken for somebody, 1:N.
        identification_bound: at most so many, 95 %, by what the pairs can say of that limit.
        identification_supported: as `supported`, for 1:N.
    """

    false_match_rate: float
    metric: Metric
    verification: float
    identification: float
    people: int
    bound: FalseMatchRate
    own_pairs: int
    own_close: int
    supported: bool = True
    identification_rate: float = 0.0
    identification_bound: float = 1.0
    identification_supported: bool = True


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision of this session, with what it takes to make it again.

    Attributes:
        what: "verification", "comparison" or "identification".
        about: whom or what it was about.
        people: in the gallery for an identification, else 0.
        rejected: whether it was no match because the user said that such a face is not this person, or because
            liveness was required and not shown.
        verifier: what was learned to verify with; empty where it is the plain distance.
    """

    what: str
    about: str
    metric: Metric
    distance: float
    templates: int
    people: int
    match: bool
    rejected: bool = False
    verifier: str = ""


@dataclass(frozen=True, slots=True)
class Replay:
    """This session's decisions under another limit.

    Attributes:
        changed: those that would come out otherwise, latest first.
    """

    limits: Limits
    decisions: int
    changed: tuple[Decided, ...]


@dataclass(frozen=True, slots=True, eq=False)
class IdentifiedPicture:
    """Everyone found in one picture, or why it was skipped.

    Attributes:
        source: the file as the caller named it.
        preview: the picture, reduced to screen size; None when it could not be read.
        preview_scale: preview pixels per picture pixel; boxes are in picture pixels.
        error: the sentence for the user when the picture was skipped.
    """

    source: str
    identifications: tuple[Identification, ...] = ()
    preview: PixelArray | None = None
    preview_scale: float = 1.0
    notes: tuple[str, ...] = ()
    error: str = ""
