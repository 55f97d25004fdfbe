"""Verifiers that were learned from pairs: weighted sums of how much each component of two embeddings differs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from math import inf
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray
from scipy.special import expit, logit

from engine.errors import BadInputError, PackError
from engine.files import write_whole
from engine.matching.calibration import Calibration
from engine.types import FalseMatchRate, FloatArray, Metric
from engine.wording import counted, people

_TINY = 1e-6
HEAD_TITLE = "Weighted L1 (Siamese head)"
LEAST_PEOPLE = 20
"""Weights learned from fewer are theirs, not those of people."""
LEAST_STRANGERS = 1000
"""So many pairs can show the default limit, 1 stranger in 1,000."""
Components = Callable[[FloatArray, FloatArray], NDArray[np.float64]]


def absolute_differences(first: FloatArray, second: FloatArray) -> NDArray[np.float64]:
    """|a_i - b_i| (Koch, Zemel and Salakhutdinov 2015, section 3.1)."""
    return np.asarray(np.abs(first - second), np.float64)


def chi_square_parts(first: FloatArray, second: FloatArray) -> NDArray[np.float64]:
    """(a_i - b_i)² / (a_i + b_i) (Taigman et al. 2014, section 4.1).

    Raises:
        BadInputError: a feature is negative.
    """
    if min(first.min(initial=0.0), second.min(initial=0.0)) < 0:
        raise BadInputError(
            "The chi-square distance needs features that are not negative, such as DeepFace's. Choose another one."
        )
    one, two = first.astype(np.float64), second.astype(np.float64)
    return np.asarray((one - two) ** 2 / (one + two + _TINY), np.float64)


COMPONENTS: Mapping[str, Components] = {
    "weighted_l1": absolute_differences,
    "weighted_chi_square": chi_square_parts,
}


@dataclass(frozen=True, slots=True)
class LearnedVerifier:
    """A verifier that was learned for one pack.

    Attributes:
        kind: one of `COMPONENTS`.
        title: for people.
        pack_id: whose embeddings it was learned on.
        weight: of each component; larger means that a difference there tells strangers apart.
        bias: added to the weighted sum.
        calibration: as JSON: how often the weighted sum is how small for strangers, from people it was not fitted on.
        people: how many it was learned from.
    """

    kind: str
    title: str
    pack_id: str
    weight: tuple[float, ...]
    bias: float
    calibration: str
    people: int

    def distances(self, first: FloatArray, second: FloatArray) -> FloatArray:
        """Logistic of the weighted sum for each pair, (N,) in 0..1; smaller is more alike."""
        return np.asarray(expit(self.sums(first, second)), np.float32)

    def sums(self, first: FloatArray, second: FloatArray) -> NDArray[np.float64]:
        """The weighted sum for each pair, (N,): the log-odds of being two people."""
        summed: NDArray[np.float64] = COMPONENTS[self.kind](first, second) @ np.array(self.weight) + self.bias
        return summed

    def threshold(self, false_match_rate: float, templates: int) -> float:
        """Largest distance that is a match; see `Calibration.threshold`."""
        return float(expit(self._measured.threshold(Metric.COSINE, false_match_rate, templates)))

    def false_match_rate(self, distance: float, templates: int) -> FalseMatchRate:
        """How often a stranger gets this close."""
        return self._measured.false_match_rate(Metric.COSINE, float(logit(distance)), templates)

    @property
    def strangers(self) -> int:
        """How many pairs of strangers its limits rest on."""
        return self._measured.pairs

    @property
    def _measured(self) -> Calibration:
        # The tail of a sum is a line in its log-odds; that of its logistic, squeezed into 0..1, is not.
        return replace(Calibration.from_json(self.calibration), floor=-inf)

    def save(self, folder: Path | None = None) -> None:
        """Write it where it is found again, whole or not at all.

        Raises:
            PackError: the folder cannot be written.
        """
        place = _place(self.pack_id, self.kind, folder)
        try:
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(place, json.dumps(asdict(self)).encode())
        except OSError as error:
            raise PackError(f"The verifier “{self.title}” could not be stored: {error.strerror}. Make room.") from error


def find_verifier(kind: str, pack_id: str, folder: Path | None = None) -> LearnedVerifier:
    """Return the verifier of a kind that was learned for a pack.

    Raises:
        PackError: none was learned yet, or it is damaged.
    """
    try:
        stored = json.loads(_place(pack_id, kind, folder).read_text("utf-8"))
        made = LearnedVerifier(**{**stored, "weight": tuple(stored["weight"])})
        Calibration.from_json(made.calibration)
    except FileNotFoundError as error:
        raise PackError(
            "This way to verify has not been learned for the network in use. Evaluate a folder of people first."
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PackError("The stored verifier is damaged. Evaluate a folder of people to learn it again.") from error
    return made


def keep(learned: LearnedVerifier, folder: Path | None = None) -> str:
    """Store a verifier if it rests on enough, and on no fewer people than the one that is stored; says what was done.

    Raises:
        PackError: the folder cannot be written.
    """
    basis = f"{people(learned.people)} and {counted(learned.strangers, 'pair')} of strangers"
    if learned.people < LEAST_PEOPLE or learned.strangers < LEAST_STRANGERS:
        return (
            f"“{learned.title}” was learned from {basis}, which is too little to verify with: {LEAST_PEOPLE} people "
            f"and {LEAST_STRANGERS:,} pairs are needed. It was not stored."
        )
    try:
        known = find_verifier(learned.kind, learned.pack_id, folder)
    except PackError:
        known = None
    if known is not None and known.people > learned.people:
        return (
            f"“{learned.title}” stays as it was learned before, from {known.people:,} people; this time there were "
            f"{learned.people:,}."
        )
    learned.save(folder)
    return f"“{learned.title}” was learned from {basis}. Settings offer it for verification."


def _place(pack_id: str, kind: str, folder: Path | None) -> Path:
    root = folder or platformdirs.user_data_path("visavis", appauthor=False) / "verifiers"
    return root / Path(pack_id).name / f"{Path(kind).name}.json"
