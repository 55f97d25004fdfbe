"""What happens while a network is trained."""

from __future__ import annotations

from dataclasses import dataclass

from engine.learning.data import DataReport
from engine.learning.evaluation import Interval


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far preparatory work is.

    Attributes:
        unit: what is counted, where the text does not say it.
    """

    done: int
    total: int
    text: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """Something the user should know, as a sentence."""

    sentence: str


@dataclass(frozen=True, slots=True)
class RunStarted:
    """Training begins or goes on.

    Attributes:
        run: the folder in which everything about it is kept.
        people: for training, validation and test.
        pictures: for training, validation and test.
        resumed_at: the step it goes on from; 0 for a new run.
        false_match_rate: at which true acceptance is told; 0 where an older run does not say it.
    """

    run: str
    device: str
    processes: int
    parameters: int
    trained_parameters: int
    people: tuple[int, int, int]
    pictures: tuple[int, int, int]
    steps: int
    resumed_at: int = 0
    false_match_rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Stepped:
    """A few steps are done; the numbers are means over them."""

    step: int
    steps: int
    epoch: int
    loss: float
    learning_rate: float
    pictures_per_s: float
    seconds: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class Validated:
    """How the network does on the validation people.

    Attributes:
        tar: true acceptance rate at the recipe's false match rate.
        bins: edges of the histograms, cosine distance.
        genuine: share of genuine pairs in each bin.
        impostor: share of impostor pairs in each bin.
        det: (FMR, FNMR) points.
        places: 2-D map of embeddings by principal components: (x, y, number of the person).
        spread: mean cosine distance of all pairs; near 0 the embeddings have collapsed.
        best: whether it is the best so far.
    """

    epoch: int
    step: int
    tar: float
    eer: float
    bins: tuple[float, ...]
    genuine: tuple[float, ...]
    impostor: tuple[float, ...]
    det: tuple[tuple[float, float], ...]
    places: tuple[tuple[float, float, int], ...]
    spread: float
    best: bool


@dataclass(frozen=True, slots=True)
class HardTriplet:
    """Three crops: anchor, another picture of the same person, and the stranger that is too near."""

    anchor: str
    positive: str
    negative: str
    positive_distance: float
    negative_distance: float


@dataclass(frozen=True, slots=True)
class Hardest:
    """The validation triplets that violate the order most."""

    epoch: int
    triplets: tuple[HardTriplet, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Before against after on the held-out test people, in the same pairs.

    Attributes:
        before_title: the network compared with.
        difference: after minus before, with the paired bootstrap's interval over people.
        better_beyond_chance: whether the interval's lower end is above 0, over enough people.
        before_det: (FMR, FNMR) points.
        enough_people: whether so many people can tell anything from chance.
    """

    before_title: str
    people: int
    genuine_pairs: int
    impostor_pairs: int
    false_match_rate: float
    before: Interval
    after: Interval
    difference: Interval
    better_beyond_chance: bool
    before_det: tuple[tuple[float, float], ...]
    after_det: tuple[tuple[float, float], ...]
    enough_people: bool = True


@dataclass(frozen=True, slots=True)
class RunEnded:
    """Training is over.

    Attributes:
        reason: why, as a sentence.
        best_epoch: whose weights were kept; 0 when none was better than the start.
    """

    run: str
    reason: str
    best_epoch: int
    seconds: float
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run in the list of runs.

    Attributes:
        folder: of people.
        recipe: how it is trained, in a few words.
        ended: how; None where it can be resumed.
        pack: id of the pack that was made of it; empty where there is none.
    """

    place: str
    name: str
    folder: str
    recipe: str
    begun: str
    ended: RunEnded | None
    pack: str = ""


@dataclass(frozen=True, slots=True)
class BenchResult:
    """One loss of a loss bench, on the held-out test people."""

    loss: str
    run: str
    steps: int
    seconds: float
    tar: Interval
    det: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """The data check is done."""

    report: DataReport
