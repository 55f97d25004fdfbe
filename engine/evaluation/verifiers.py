"""Ways to decide from two embeddings whether they are of one person, compared on the same pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from engine.errors import BadInputError
from engine.evaluation.bootstrap import Pairs, accuracy_with_interval, rates_with_intervals
from engine.evaluation.metrics import Flags, Rate, fold_decisions
from engine.matching.calibration import Calibration
from engine.matching.learned import COMPONENTS, HEAD_TITLE, LearnedVerifier
from engine.types import FloatArray, Metric

_TINY = 1e-6
_RATES = (1e-2, 1e-3)
_REPEATS = 400


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

    title, kind = HEAD_TITLE, "weighted_l1"

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
    """How one verifier does.

    Attributes:
        accuracy: mean over the folds.
        standard_error: of that mean.
        right: the share of pairs decided rightly, with its interval over people.
        eer: with its interval.
        tar: true acceptance rates at FMR 1e-2 and 1e-3, with theirs.
        strangers: how many impostor pairs the error rates rest on.
    """

    title: str
    accuracy: float
    standard_error: float
    right: Rate
    eer: Rate
    tar: tuple[Rate, ...]
    strangers: int


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Embedded pairs, dealt out to folds.

    Attributes:
        first, second: (N, D); NaN where there is no face.
        pairs: which are genuine, and whose they are.
        folds: (N,) of each pair; nobody is in two.
        even: places of as many genuine as impostor pairs, which are learned from and whose accuracy is told.
    """

    first: FloatArray
    second: FloatArray
    pairs: Pairs
    folds: NDArray[np.int64]
    even: NDArray[np.int64]

    @property
    def there(self) -> Flags:
        """(N,) whether both pictures show a face."""
        return np.asarray(np.isfinite(self.first).all(axis=1) & np.isfinite(self.second).all(axis=1), np.bool_)

    def out_of_fold(self, build: Callable[[], Verifier]) -> NDArray[np.float64]:
        """Distance of each pair by a verifier that has learned from the other folds; infinite without faces.

        Raises:
            BadInputError: it cannot work with these embeddings.
        """
        there, learns = self.there, np.zeros(len(self.folds), np.bool_)
        learns[self.even] = True
        apart = np.full(len(self.folds), np.inf)
        for fold in np.unique(self.folds):
            known, unseen = (self.folds != fold) & there & learns, (self.folds == fold) & there
            verifier = build()
            verifier.fit(self.first[known], self.second[known], self.pairs.genuine[known])
            apart[unseen] = verifier.distances(self.first[unseen], self.second[unseen])
        return apart


def compare_verifiers(verifiers: Mapping[str, Callable[[], Verifier]], compared: Compared) -> list[VerifierScore]:
    """Score verifiers side by side: each learns on all folds but one, and is scored on that one.

    Pairs with a missing embedding are errors for every verifier. One that cannot work with these embeddings is left
    out.
    """
    pairs, even = compared.pairs, compared.even
    balanced, folds = Pairs(pairs.genuine[even], pairs.people[even]), compared.folds[even]
    scores = []
    for build in verifiers.values():
        try:
            apart = compared.out_of_fold(build)
        except BadInputError:
            continue
        right = fold_decisions(apart[even], balanced.genuine, folds)
        accuracies = np.array([right[folds == fold].mean() for fold in np.unique(folds)])
        error = float(accuracies.std(ddof=1) / len(accuracies) ** 0.5) if len(accuracies) > 1 else 0.0
        tars, eer = rates_with_intervals(apart, pairs, _RATES, repeats=_REPEATS)
        rate = accuracy_with_interval(right, balanced, repeats=_REPEATS)
        strangers = int((~pairs.genuine).sum())
        scores.append(VerifierScore(build().title, float(accuracies.mean()), error, rate, eer, tars, strangers))
    return scores


def learn_verifiers(pack_id: str, compared: Compared) -> list[LearnedVerifier]:
    """Learn what can be chosen for verification afterwards.

    The weights are learned from all even pairs; how often strangers come how close is taken from pairs of people who
    took no part in the learning (the folds, in turn). Kinds that cannot work with these embeddings are left out.
    """
    pairs, there = compared.pairs, compared.there
    learned = compared.even[there[compared.even]]
    made = []
    for build in (WeightedL1, ChiSquare):
        try:
            apart = compared.out_of_fold(build)
            whole = build()
            whole.fit(compared.first[learned], compared.second[learned], pairs.genuine[learned])
        except BadInputError:
            continue
        strangers = apart[~pairs.genuine & there].astype(np.float32)
        if not len(strangers):
            continue
        calibration = Calibration.measured({Metric.COSINE: strangers}).as_json()
        people, weight = len(np.unique(pairs.people[there])), tuple(map(float, whole.weight))
        made.append(LearnedVerifier(whole.kind, whole.title, pack_id, weight, whole.bias, calibration, people))
    return made


def one_shot(
    embeddings: FloatArray, labels: NDArray[np.int64], ways: int, shots: int, *, trials: int, seed: int
) -> tuple[Flags, NDArray[np.int64]]:
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
        (T,) whether each probe was given to the right person, and (T,) whose it was.

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
    right, whose = np.zeros(trials, np.bool_), np.zeros(trials, np.int64)
    for trial in range(trials):
        own = probed[random.integers(len(probed))]
        chosen = random.permutation(own)[: shots + 1]
        others = [places for places in enrolled if places is not own]
        rivals = [random.permutation(others[i])[:shots] for i in random.choice(len(others), ways - 1, replace=False)]
        gallery = np.concatenate([chosen[1:], *rivals])
        right[trial] = (scaled[gallery] @ scaled[chosen[0]]).argmax() < shots
        whose[trial] = labels[chosen[0]]
    return right, whose
