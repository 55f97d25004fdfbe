"""What an evaluation finds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from engine.learning.plain import plain


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
        flat: dict[str, Any] = plain(shown)
        return flat
