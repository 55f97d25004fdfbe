"""Values of learning that the trainer, the command line and the window share: recipes, findings, events.

Events travel from the process that trains to the window as lines of JSON.
"""

from __future__ import annotations

import json
import types
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from math import isfinite
from typing import Any, TypeAlias, Union, get_args, get_origin, get_type_hints

from engine.errors import BadInputError
from engine.options import Option, Value, check_options, option, options_of

FINE_TUNE = "dlib-resnet-v1"
"""The start that fine-tunes the default pack; every other start is an architecture with fresh weights."""
LEAST_PEOPLE = 6
"""Two for training, validation and test each: fewer give no stranger to tell apart."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a network is trained. Everything that decides the outcome, besides the pictures, is here."""

    start: str = option(
        FINE_TUNE,
        Option(
            "Network",
            "Start from",
            "Fine-tuning adapts a network that knows faces; the others begin knowing nothing.",
            (
                (FINE_TUNE, "Fine-tune the default network"),
                ("siamese", "Siamese network, from scratch"),
                ("mobilefacenet", "MobileFaceNet, from scratch"),
                ("facenet", "FaceNet (Inception-ResNet), from scratch"),
                ("facenet128", "FaceNet with 128 values, from scratch"),
                ("iresnet18", "IResNet-18, from scratch"),
                ("iresnet50", "IResNet-50, from scratch"),
                ("deepface_small", "DeepFace at a quarter of its width, from scratch"),
                ("deepface", "DeepFace, from scratch"),
            ),
        ),
    )
    freeze: str = option(
        "half",
        Option(
            "Network",
            "Keep fixed",
            "Fine-tuning fewer layers is faster and forgets less.",
            (("none", "Nothing"), ("half", "The first half of the layers"), ("most", "All but the last layers")),
        ),
    )
    loss: str = option(
        "triplet",
        Option(
            "Loss",
            "Loss",
            "What training makes small.",
            (
                ("triplet", "Triplet (FaceNet)"),
                ("cosine_triplet", "Cosine triplet (Deep Speaker)"),
                ("contrastive", "Contrastive, squared L2 (Siamese)"),
                ("contrastive_l1", "Contrastive, L1 (Siamese)"),
                ("siamese_l1", "Cross-entropy of pairs, learned L1 head (Siamese)"),
                ("angular", "Angular"),
                ("cosface", "CosFace"),
                ("arcface", "ArcFace"),
                ("softmax", "Softmax (DeepFace)"),
            ),
        ),
    )
    miner: str = option(
        "semi_hard",
        Option(
            "Loss",
            "Triplets",
            "Which triplets of a batch are learned from.",
            (
                ("semi_hard", "Semi-hard (FaceNet's rule)"),
                ("batch_hard", "The hardest of each batch"),
                ("all_violating", "All that violate the margin"),
                ("random", "Random"),
            ),
        ),
    )
    margin: float = option(
        0.0,
        Option(
            "Loss", "Margin", "0 takes the paper's: triplet 0.2, cosine 0.1, contrastive 1, CosFace 0.35, ArcFace 0.5.",
            low=0, high=2,
        ),
    )  # fmt: skip
    scale: float = option(
        0.0, Option("Loss", "Scale", "Of the cosines of CosFace and ArcFace; 0 takes the papers' 64.", low=0, high=256)
    )
    alpha_deg: float = option(
        0.0, Option("Loss", "Angle", "Of the angular loss; 0 takes the paper's 40.", low=0, high=80, unit="degrees")
    )
    epochs: int = option(12, Option("Time", "Epochs", "How often every person is visited.", low=1, high=10_000))
    minutes: float = option(
        0.0, Option("Time", "At most", "0 lets the epochs decide.", low=0, high=10_080, unit="minutes")
    )
    patience: int = option(
        6, Option("Time", "Stop after", "Epochs without a better validation.", low=1, high=1000, unit="epochs")
    )
    people_per_batch: int = option(16, Option("Batches", "People per batch", low=2, high=512))
    pictures_per_person: int = option(4, Option("Batches", "Pictures of each", low=2, high=64))
    learning_rate: float = option(3e-4, Option("Optimiser", "Learning rate", low=1e-8, high=100))
    weight_decay: float = option(1e-4, Option("Optimiser", "Weight decay", low=0, high=1))
    warm_up: float = option(
        0.1, Option("Optimiser", "Warm-up", "Share of the training.", low=0, high=0.9, percent=True)
    )
    clip: float = option(5.0, Option("Optimiser", "Longest gradient", "Longer ones are scaled.", low=0.01, high=1000))
    augment: bool = option(True, Option("Pictures", "Vary the pictures", "Mirror, shift, scale, light, blur."))
    least_pictures: int = option(2, Option("Pictures", "Fewest pictures of a person", low=2, high=1000))
    validation_share: float = option(0.15, Option("Split", "People for validation", low=0.05, high=0.5, percent=True))
    test_share: float = option(
        0.25, Option("Split", "People held out for the final test", low=0.05, high=0.6, percent=True)
    )
    false_match_rate: float = option(
        1e-3,
        Option(
            "Split",
            "Judge at",
            choices=((1e-2, "1 false match in 100"), (1e-3, "1 false match in 1,000"), (1e-4, "1 in 10,000")),
        ),
    )
    seed: int = option(1, Option("Split", "Seed", low=0, high=2**31 - 1))

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            SettingsError: a value has another type, is out of range, or is none of the choices.
        """
        check_options(self)

    def with_values(self, values: dict[str, Value]) -> Recipe:
        """Return a recipe in which some options have other values.

        Raises:
            SettingsError: an option cannot have its value.
        """
        changed: dict[str, Any] = dict(values)
        return replace(self, **changed)


RECIPE_OPTIONS = options_of(Recipe)


# --- what a look at the data finds -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one picture of the folder that a person should look at.

    Attributes:
        kind: "unreadable", "no_face", "several_faces", "duplicate", "near_duplicate", "mislabelled" or "few_pictures".
        picture: path inside the folder; empty where it is about a whole person.
        person: whose folder it lies in.
        sentence: what it is, for people.
        crop: file of the aligned crop, for showing; empty without a face.
        other_crop: crop of the picture it is compared with.
        other_picture: path of that picture inside the folder.
        unusable: whether it is left out whatever the user says.
        suggested: whether leaving it out is proposed.
    """

    kind: str
    picture: str
    person: str
    sentence: str
    crop: str = ""
    other_crop: str = ""
    unusable: bool = False
    suggested: bool = False
    other_picture: str = ""


@dataclass(frozen=True, slots=True)
class DataReport:
    """What is in a folder of people.

    Attributes:
        usable_people: who have at least two usable pictures.
        crops: of some people, one aligned crop each, for showing.
        faces_of: everybody with the number of pictures in which a face was found, whether left out or not.
    """

    folder: str
    people: int
    pictures: int
    usable_people: int
    usable_pictures: int
    findings: tuple[Finding, ...]
    seconds: float
    crops: tuple[str, ...] = ()
    faces_of: tuple[tuple[str, int], ...] = ()

    def usable(self, left_out: Collection[str], least_pictures: int) -> tuple[int, int]:
        """How many people with how many pictures there are to learn from when some pictures are left out."""
        out = Counter(
            person for picture, person in {(one.picture, one.person) for one in self.findings if not one.unusable}
            if picture in left_out
        )  # fmt: skip
        counts = [faces - out[person] for person, faces in self.faces_of]
        enough = [count for count in counts if count >= least_pictures]
        return len(enough), sum(enough)


# --- what happens while training -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Interval:
    """A rate with its 95 % interval; `text` says it for people, "at most" where the data supports no more.

    Attributes:
        supported: whether the data can show the operating point, or is enough to tell anything.
    """

    value: float
    low: float
    high: float
    text: str
    supported: bool = True


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far preparatory work is."""

    done: int
    total: int
    text: str


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


# --- what an evaluation finds ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A rate where errors of the other kind are held at a level.

    Attributes:
        level: false match rate (1:1) or false positive identification rate (1:N).
        rate: true acceptance rate, or detection and identification rate.
        threshold: largest cosine distance that is accepted there; NaN where nothing is.
    """

    level: float
    rate: Interval
    threshold: float


@dataclass(frozen=True, slots=True)
class VerifierResult:
    """One way to decide, on the same pairs as the others.

    Attributes:
        accuracy: mean over the folds; over as many genuine as impostor pairs.
        standard_error: of that mean.
        tar_at_1e2, tar_at_1e3: true acceptance rates; NaN where the pairs cannot show them, as `tar` says.
        pairs: genuine and impostor pairs that the error rates rest on.
        learned_from: pairs that are learned from and whose accuracy is told.
        tar: the acceptance rates with their intervals.
    """

    title: str
    accuracy: float
    standard_error: float
    eer: float
    tar_at_1e2: float
    tar_at_1e3: float
    pairs: tuple[int, int] = (0, 0)
    learned_from: int = 0
    accuracy_interval: Interval | None = None
    eer_interval: Interval | None = None
    tar: tuple[Interval, ...] = ()


@dataclass(frozen=True, slots=True)
class OneShot:
    """N-way k-shot classification by the nearest enrolled picture."""

    ways: int
    shots: int
    rate: Interval


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything an evaluation measured, and what it takes to repeat it.

    Attributes:
        kind: "pairs" or "folder".
        accuracy_mean: over the folds, each scored at the threshold that is best on the others; nobody is in two folds.
            NaN where there are too few people for folds.
        accuracy_std: between folds.
        threshold: cosine distance at which most pairs are decided rightly.
        failures: why a picture has no embedding, as sentences.
        command: what to type to repeat it.
        accuracy, eer_interval: with their intervals over people.
        notes: what else the user should know, as sentences: which verifiers were stored.
    """

    kind: str
    data: str
    pack_id: str
    pack_title: str
    pack_licence: str
    people: int
    pictures: int
    genuine_pairs: int
    impostor_pairs: int
    failures_to_acquire: int
    failures: tuple[str, ...]
    accuracy_mean: float
    accuracy_std: float
    folds: int
    eer: float
    threshold: float
    tar: tuple[OperatingPoint, ...]
    det: tuple[tuple[float, float], ...]
    bins: tuple[float, ...]
    genuine: tuple[float, ...]
    impostor: tuple[float, ...]
    verifiers: tuple[VerifierResult, ...]
    identification: tuple[OperatingPoint, ...]
    one_shot: tuple[OneShot, ...]
    seed: int
    seconds: float
    made: str
    device: str
    command: str
    versions: dict[str, str]
    accuracy: Interval | None = None
    eer_interval: Interval | None = None
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The figures under the names that scripts read, and everything else under "details".

        What the data cannot support is null under "tar"; "unsupported" says what it does support.
        """
        levels = {f"{point.level:.0e}".replace("e-0", "e-"): point.rate for point in self.tar}
        intervals = {
            "accuracy": self.accuracy,
            "eer": self.eer_interval,
            **{f"tar_{key}": levels[key] for key in levels},
        }
        shown: dict[str, Any] = {
            "pairs": self.genuine_pairs + self.impostor_pairs,
            "accuracy_mean": self.accuracy_mean,
            "accuracy_std": self.accuracy_std,
            "eer": self.eer,
            "tar": {key: rate.value if rate.supported else None for key, rate in levels.items()},
            "threshold": self.threshold,
            "failures_to_acquire": self.failures_to_acquire,
            "seconds": self.seconds,
            "intervals": {key: [one.low, one.high] for key, one in intervals.items() if one is not None},
            "unsupported": {
                key: {"false_match_rate_at_most": 3 / max(self.impostor_pairs, 3), "tar": rate.value}
                for key, rate in levels.items()
                if not rate.supported
            },
            "details": asdict(self),
        }
        plain: dict[str, Any] = _plain(shown)
        return plain


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An evaluation is done."""

    evaluation: Evaluation


@dataclass(frozen=True, slots=True)
class LivenessTrained:
    """A network over time was trained on clips and compared with single frames.

    Attributes:
        better: whether it was put to use.
        text: what it is worth, in lines.
    """

    better: bool
    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not work, and why, as a sentence."""

    sentence: str


Event: TypeAlias = (
    Progressed
    | Said
    | RunStarted
    | Stepped
    | Validated
    | Hardest
    | RunEnded
    | BenchResult
    | Checked
    | Evaluated
    | LivenessTrained
    | Failed
)
_EVENTS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Event)}


def to_line(event: Event) -> str:
    """Write an event as one line of JSON."""
    return json.dumps({"event": type(event).__name__, **_plain(asdict(event))}, ensure_ascii=True)


def from_line(line: str) -> Event:
    """Read an event.

    Raises:
        BadInputError: the line is none.
    """
    try:
        stored = json.loads(line)
        event: Event = _build(_EVENTS[stored.pop("event")], stored)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInputError("The training process said something that cannot be understood.") from error
    return event


def build(kind: type[Any], stored: dict[str, Any]) -> Any:
    """Build a dataclass of this module from what JSON made of it.

    Raises:
        BadInputError: it is not one.
    """
    try:
        return _build(kind, stored)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInputError(f"What is stored is no {kind.__name__}; it was made by another version.") from error


def _plain(value: Any) -> Any:
    """JSON has no infinities: they become null, which is read as such."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not isfinite(value):
        return None
    return value


def _build(kind: Any, value: Any) -> Any:
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return kind(**{one.name: _build(hints[one.name], value[one.name]) for one in fields(kind) if one.name in value})
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        inner = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(_build(each, item) for each, item in zip(inner, value, strict=True))
    if origin in (Union, types.UnionType):
        return None if value is None else _build(arguments[0], value)
    if kind is float:
        return float("nan") if value is None else float(value)
    return value
