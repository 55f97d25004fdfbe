"""Ways to decide from two embeddings whether they are of one person, compared on the same pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from engine.errors import BadInputError
from engine.evaluation.metrics import Flags, curve, fold_accuracies, tar_at
from engine.matching.calibration import Calibration
from engine.matching.learned import COMPONENTS, LearnedVerifier
from engine.types import FloatArray, Metric

_TINY = 1e-6


class Verifier(Protocol):
    """Learns from pairs, where it has something to learn, and gives distances."""

    @property
    def title(self) -> str:
        """The verifier for people."""

    def fit(self, first: FloatArray, second: FloatArray, genuine: Flags) -> None:
        """Learn from pairs of (N, D) embeddings.

        Raises:
            BadInputError: the embeddings are not of the kind it needs.
        """

    def distances(self, first: FloatArray, second: FloatArray) -> NDArray[np.float64]:
        """Distance of each pair, (N,); smaller is more alike, and below 0 is possible."""


@dataclass(slots=True)
class Threshold:
    """A plain distance."""

    metric: Metric

    @property
    def title(self) -> str:
        """The distance's name."""
        return {Metric.SQUARED_L2: "Squared L2", Metric.L2: "L2", Metric.L1: "L1", Metric.COSINE: "Cosine"}[self.metric]

    def fit(self, first: FloatArray, second: FloatArray, genuine: Flags) -> None:
        """There is nothing to learn but the threshold."""

    def distances(self, first: FloatArray, second: FloatArray) -> NDArray[np.float64]:
        """The distance of each pair."""
        if self.metric is Metric.COSINE:
            lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
            cosines: NDArray[np.float64] = np.einsum("nd,nd->n", first, second, dtype=np.float64)
            return np.asarray(1 - cosines / np.maximum(lengths, _TINY), np.float64)
        apart = (first - second).astype(np.float64)
        summed: NDArray[np.float64] = (np.abs(apart) if self.metric is Metric.L1 else apart * apart).sum(axis=1)
        return np.sqrt(summed) if self.metric is Metric.L2 else summed


class _Linear:
    """Weights of components, learned by a linear classifier."""

    title = ""
    kind = ""
    weight: NDArray[np.float64]
    bias = 0.0

    def classifier(self) -> LinearSVC | LogisticRegression:
        """What learns the weights."""
        raise NotImplementedError

    def fit(self, first: FloatArray, second: FloatArray, genuine: Flags) -> None:
        """Learn the weights from pairs.

        Raises:
            BadInputError: the embeddings are not of the kind it needs, or all pairs are of one kind.
        """
        if genuine.all() or not genuine.any():
            raise BadInputError("A verifier learns from genuine and impostor pairs, and there is only one kind.")
        values = COMPONENTS[self.kind](first, second)
        # Components of very different spread would each be regularised differently.
        scale = np.maximum(values.std(axis=0), _TINY)
        learned = self.classifier().fit(values / scale, ~genuine)
        self.weight = learned.coef_[0] / scale
        self.bias = float(learned.intercept_[0])

    def distances(self, first: FloatArray, second: FloatArray) -> NDArray[np.float64]:
        """Weighted sum of each pair's components, and the bias: above 0 means different people."""
        summed: NDArray[np.float64] = COMPONENTS[self.kind](first, second) @ self.weight
        return np.asarray(summed + self.bias, np.float64)


class ChiSquare(_Linear):
    """Weighted chi-square: sum w_i (a_i - b_i)² / (a_i + b_i), the weights from a linear SVM.

    Taigman et al., "DeepFace", 2014, section 4.1; over non-negative features such as DeepFace's.
    """

    title, kind = "Weighted chi-square, linear SVM", "weighted_chi_square"

    def classifier(self) -> LinearSVC:
        """A linear support vector machine, as in the paper."""
        return LinearSVC(C=0.1, dual="auto", random_state=0)


class PlainChiSquare(ChiSquare):
    """The chi-square distance with all weights 1."""

    title = "Chi-square"

    def fit(self, first: FloatArray, second: FloatArray, _genuine: Flags) -> None:
        """Check the features; there is nothing to learn.

        Raises:
            BadInputError: a feature is negative.
        """
        self.weight = np.ones(COMPONENTS[self.kind](first, second).shape[1])


class WeightedL1(_Linear):
    """The Siamese head: sum w_i |a_i - b_i|, the weights from a logistic regression.

    Koch, Zemel and Salakhutdinov, "Siamese Neural Networks for One-shot Image Recognition", 2015, section 3.1.
    """

    title, kind = "Weighted L1 (Siamese head)", "weighted_l1"

    def classifier(self) -> LogisticRegression:
        """A logistic regression: the head's sigmoid and cross-entropy."""
        return LogisticRegression(C=1.0, max_iter=1000)


VERIFIERS: Mapping[str, Callable[[], Verifier]] = {
    "cosine": lambda: Threshold(Metric.COSINE),
    "l2": lambda: Threshold(Metric.L2),
    "l1": lambda: Threshold(Metric.L1),
    "weighted_l1": WeightedL1,
    "chi_square": PlainChiSquare,
    "weighted_chi_square": ChiSquare,
}


@dataclass(frozen=True, slots=True)
class VerifierScore:
    """How one verifier does: accuracy over folds and its standard error, EER, TAR at FMR 1e-2 and 1e-3."""

    title: str
    accuracy: float
    standard_error: float
    eer: float
    tar: tuple[float, float]


def compare_verifiers(
    verifiers: Mapping[str, Callable[[], Verifier]],
    first: FloatArray,
    second: FloatArray,
    genuine: Flags,
    folds: NDArray[np.int64],
) -> list[VerifierScore]:
    """Score verifiers side by side: each learns on all folds but one, and is scored on that one.

    Pairs with a missing embedding (NaN) are errors for every verifier. One that cannot work with these embeddings is
    left out.
    """
    there = np.isfinite(first).all(axis=1) & np.isfinite(second).all(axis=1)
    scores = []
    for build in verifiers.values():
        apart = np.full(len(genuine), np.inf)
        try:
            for fold in np.unique(folds):
                known, unseen = (folds != fold) & there, (folds == fold) & there
                verifier = build()
                verifier.fit(first[known], second[known], genuine[known])
                apart[unseen] = verifier.distances(first[unseen], second[unseen])
        except BadInputError:
            continue
        accuracies = fold_accuracies(apart, genuine, folds)
        error = float(accuracies.std(ddof=1) / len(accuracies) ** 0.5) if len(accuracies) > 1 else 0.0
        tars = tar_at(apart, genuine, 1e-2), tar_at(apart, genuine, 1e-3)
        scores.append(VerifierScore(verifier.title, float(accuracies.mean()), error, curve(apart, genuine).eer, tars))
    return scores


def learn_verifiers(
    pack_id: str, first: FloatArray, second: FloatArray, genuine: Flags, folds: NDArray[np.int64]
) -> list[LearnedVerifier]:
    """Learn what can be chosen for verification afterwards.

    The weights are learned from all pairs; how often strangers come how close is taken from pairs that took no part in
    the learning (the folds, in turn). Kinds that cannot work with these embeddings are left out.
    """
    there = np.isfinite(first).all(axis=1) & np.isfinite(second).all(axis=1)
    first, second, genuine, folds = first[there], second[there], genuine[there], folds[there]
    made = []
    for build in (WeightedL1, ChiSquare):
        try:
            apart = np.empty(len(genuine))
            for fold in np.unique(folds):
                known, unseen = folds != fold, folds == fold
                part = build()
                part.fit(first[known], second[known], genuine[known])
                apart[unseen] = part.distances(first[unseen], second[unseen])
            whole = build()
            whole.fit(first, second, genuine)
        except BadInputError:
            continue
        strangers = np.asarray(expit(apart[~genuine]), np.float32)
        calibration = Calibration.measured({Metric.COSINE: strangers}).as_json()
        weight = tuple(map(float, whole.weight))
        made.append(LearnedVerifier(whole.kind, whole.title, pack_id, weight, whole.bias, calibration))
    return made


def one_shot(
    embeddings: FloatArray, labels: NDArray[np.int64], ways: int, shots: int, *, trials: int, seed: int
) -> tuple[int, int]:
    """N-way k-shot classification by the nearest enrolled picture (Koch et al. 2015, section 4.3).

    In every trial N people are drawn, k pictures of each are enrolled, and another picture of one of them is the probe.

    Args:
        embeddings: (M, D); compared by cosine distance.
        labels: (M,) whose each is.
        ways: N.
        shots: k.
        trials: how many.
        seed: of the draws.

    Returns:
        How many probes were given to the right person, and how many trials there were.

    Raises:
        BadInputError: there are not enough people with k + 1 pictures.
    """
    people = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    probed = [places for places in people if len(places) > shots]
    enrolled = [places for places in people if len(places) >= shots]
    if len(enrolled) < ways or not probed:
        raise BadInputError(f"{ways} people with {shots + 1} pictures each are needed. Add pictures.")
    scaled = embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), _TINY)
    random = np.random.default_rng(seed)
    right = 0
    for _ in range(trials):
        own = probed[random.integers(len(probed))]
        chosen = random.permutation(own)[: shots + 1]
        others = [places for places in enrolled if places is not own]
        rivals = [random.permutation(others[i])[:shots] for i in random.choice(len(others), ways - 1, replace=False)]
        gallery = np.concatenate([chosen[1:], *rivals])
        right += int((scaled[gallery] @ scaled[chosen[0]]).argmax()) < shots
    return right, trials
