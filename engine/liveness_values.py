"""Values of presentation attack detection that the engine, the window and the command line share.

Words of ISO/IEC 30107-3: a presentation is bona fide (a living face) or an attack of some species; APCER is the share
of attacks of one species that are taken for bona fide, BPCER the share of bona fide presentations that are not, and
IAPAR the share of attacks that the whole system accepts as the person they imitate.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

SPECIES = {
    "matt_print": "Matt print",
    "gloss_print": "Gloss print",
    "eye_holes": "Print with eye holes",
    "phone_still": "Still on a phone",
    "phone_video": "Video on a phone",
    "tablet_video": "Video on a tablet",
    "monitor_video": "Video on a monitor",
}
"""The kinds of attack that the bench asks for, by key."""
BONA_FIDE = "bona_fide"
BONA_FIDE_TITLE = "Bona fide: a living face"
ENOUGH_ATTACKS = 42
"""Without any error so many presentations bound a rate to 7 % (95 %): fewer of a species say too little."""
ENOUGH_BONA_FIDE = 59
STRONG_LIMIT, WEAK_LIMIT = 0.07, 0.20
"""Android's lines for class 3 and class 2."""
MOST_REFUSED, MOST_REFUSED_BOUND = 0.05, 0.10
"""Of the living faces, and of its bound: who keeps everybody out keeps attacks out, too."""


class Answer(StrEnum):
    """Whether a face is alive."""

    LIVE = "live"
    UNSURE = "not sure"
    ATTACK = "attack"


@dataclass(frozen=True, slots=True)
class Cue:
    """What one way of looking says of a face.

    Attributes:
        key: "passive", "challenge", "flash" or "clip".
        score: 0..1, higher is more alive; meaningful within one cue only.
        frames: how many frames it rests on.
        hint: what would help, or what was wrong, as a sentence.
    """

    key: str
    answer: Answer
    score: float = 0.0
    frames: int = 0
    hint: str = ""


class Policy(StrEnum):
    """What a match needs besides a small distance."""

    OFF = "off"
    PASSIVE = "passive"
    CHALLENGE = "challenge"


POLICY_TITLES = {
    Policy.OFF: "Not asked for",
    Policy.PASSIVE: "Passive: the look of the face",
    Policy.CHALLENGE: "Passive and challenge: the look, and a movement or flash on demand",
}


CUE_TITLES = {
    "passive": "The look of the face",
    "challenge": "The movement",
    "flash": "The flash",
    "clip": "The motion",
}
"""The ways of looking, in the order in which they are told."""


class Way(StrEnum):
    """One way to meet a policy: what a presentation at the spoof bench is put to."""

    PASSIVE = "passive"
    CHALLENGE = "challenge"
    FLASH = "flash"

    @property
    def policy(self) -> Policy:
        """The policy that is met by it."""
        return Policy.PASSIVE if self is Way.PASSIVE else Policy.CHALLENGE


WAY_TITLES = {
    Way.PASSIVE: "Look alone",
    Way.CHALLENGE: "Look and movements",
    Way.FLASH: "Look and colours",
}


@dataclass(frozen=True, slots=True)
class LivenessDecision:
    """Whether a face may count as present, by the policy in force; written into the decision.

    Attributes:
        met: whether all that the policy asks for is there.
        source: what gave the frames, for people.
        source_live: whether that was a camera; a file, a folder, a picture or a virtual camera never is.
        reason: why it is not met, or what was asked for, as a sentence.
    """

    policy: Policy
    met: bool
    cues: tuple[Cue, ...]
    source: str
    source_live: bool
    reason: str


class CheckPhase(StrEnum):
    """What a check on demand is doing."""

    WAITING = "waiting"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CheckState:
    """A check on demand, for the window to show.

    Attributes:
        kind: "challenge", "flash", or "trial" at the spoof bench, whatever check belongs to it.
        prompt: what to do now, as a sentence.
        step, steps: how many are done of how many; of none while nobody knows how long it takes.
        left_s: time left for what is asked now.
        cue: the outcome, once there is one.
        plan: the colours to show meanwhile; None without.
    """

    kind: str
    phase: CheckPhase
    prompt: str
    step: int = 0
    steps: int = 0
    left_s: float = 0.0
    cue: Cue | None = None
    plan: FlashPlan | None = None

    @property
    def over(self) -> bool:
        """Whether it has an outcome."""
        return self.phase in (CheckPhase.PASSED, CheckPhase.FAILED)


@dataclass(frozen=True, slots=True)
class FlashPlan:
    """Which colours the window is to show, and when.

    Attributes:
        colours: red, green and blue, 0..255, one after another.
        each_s: how long each is shown.
        start_s: on the monotonic clock.
    """

    colours: tuple[tuple[int, int, int], ...]
    each_s: float
    start_s: float

    @property
    def end_s(self) -> float:
        """When the last colour ends, on the monotonic clock."""
        return self.start_s + self.each_s * len(self.colours)

    def colour_at(self, time_s: float) -> tuple[int, int, int] | None:
        """The colour of a moment; None before the first and after the last."""
        number = int((time_s - self.start_s) // self.each_s)
        return self.colours[number] if 0 <= number < len(self.colours) else None


@dataclass(frozen=True, slots=True)
class TrialSetup:
    """What is presented at the spoof bench, in the tester's words.

    Attributes:
        species: a key of `SPECIES`, or "bona_fide".
        subject: whom it shows; so that people can be counted.
        way: what it is put to.
    """

    species: str
    light: str = ""
    distance: str = ""
    subject: str = ""
    glasses: bool = False
    way: Way = Way.PASSIVE


@dataclass(frozen=True, slots=True)
class Trial:
    """One presentation at the spoof bench.

    Attributes:
        species: a key of `SPECIES`, or "bona_fide".
        answer: of the policy; None where the presentation was refused for its quality.
        refused: why it was refused, as a sentence; empty where it was not.
        score: of the passive networks, 0..1.
        matched: whether the matcher took it for the person it shows; None where nobody was claimed.
        source_live: whether it came from a camera; others are listed apart and never counted.
        model: SHA-256 of the networks' files, shortened.
        subject: whom it shows, in the tester's words; so that people can be counted.
        way: what it was put to.
        cues: what each way of looking said for itself; nothing where it was refused.
    """

    species: str
    answer: Answer | None
    refused: str
    score: float
    matched: bool | None
    source: str
    source_live: bool
    model: str
    at: str
    light: str = ""
    distance: str = ""
    subject: str = ""
    glasses: bool = False
    way: Way = Way.PASSIVE
    cues: tuple[Cue, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """A share of errors with its one-sided 95 % upper bound (Clopper and Pearson, 1934)."""

    errors: int
    total: int
    bound: float

    @property
    def text(self) -> str:
        """For people: never a rate that so few trials cannot support."""
        if not self.total:
            return "not measured"
        return f"{self.errors} of {self.total}; at most {self.bound:.1%}"


@dataclass(frozen=True, slots=True)
class CueResult:
    """What one way of looking would have said alone, over the presentations that it looked at.

    Attributes:
        key: of `CUE_TITLES`.
        error: as of the species: APCER, or BPCER.
    """

    key: str
    error: Share


@dataclass(frozen=True, slots=True)
class SpeciesResult:
    """What the bench says of one species.

    Attributes:
        error: APCER of the policy; for bona fide presentations BPCER.
        accepted: IAPAR over the presentations that claimed somebody; for bona fide ones, how many were not accepted.
        label: what may be claimed, in words.
        cues: of each way of looking, where there was more than one.
    """

    species: str
    title: str
    presented: int
    refused: int
    error: Share
    accepted: Share
    label: str
    cues: tuple[CueResult, ...] = ()


@dataclass(frozen=True, slots=True)
class WayResult:
    """What the trials of one way allow to be claimed; those of two are never in one rate.

    Attributes:
        in_force: whether the policy in force accepts it.
        attacks: the species that were tried, worst first.
        untested: titles of those that never were.
        shortfalls: what is missing before this means something, as sentences.
    """

    way: Way
    title: str
    in_force: bool
    attacks: tuple[SpeciesResult, ...]
    bona_fide: SpeciesResult
    untested: tuple[str, ...]
    shortfalls: tuple[str, ...]
    cameras: tuple[str, ...]
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BenchReport:
    """The spoof bench's outcome for this camera and these networks.

    Attributes:
        headline: the worst species by the policy in force, and what may be claimed, in words.
        label: what may be claimed.
        policy: the one in force.
        ways: those that the policy accepts, then others that were tried; with none in force, the look alone first.
        from_files: how many trials came from files or virtual cameras; they count nowhere.
    """

    headline: str
    label: str
    policy: Policy
    ways: tuple[WayResult, ...]
    from_files: int


@dataclass(frozen=True, slots=True)
class StoppedTraining:
    """A training of a temporal network that can be gone on with.

    Attributes:
        name: of the run.
        folder: of its recordings.
        kind: what its network sees: "clip" or "series".
        epochs: how many are done.
        begun: when, in UTC, ISO 8601.
    """

    name: str
    folder: str
    kind: str
    epochs: int
    begun: str
