"""Carries out an evaluation: pictures -> embeddings -> figures with intervals."""

from __future__ import annotations

import platform
import shlex
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from math import isfinite, nan
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadInputError
from engine.evaluation.bootstrap import Pairs, accuracy_with_interval, all_pairs, rates_with_intervals
from engine.evaluation.metrics import (
    Flags,
    Rate,
    best_threshold,
    cosine_distances,
    curve,
    fold_decisions,
    histograms,
    threshold_at,
)
from engine.evaluation.open_set import identification, shots
from engine.evaluation.protocols import Embedded, deal_people, embed_pictures, read_folder, read_pairs
from engine.evaluation.verifiers import VERIFIERS, Compared, VerifierScore, compare_verifiers, learn_verifiers
from engine.evaluation.words import acceptance, error, plain
from engine.learning import Evaluation, Interval, OperatingPoint, VerifierResult
from engine.matching.learned import keep
from engine.pipeline import Pipeline
from engine.types import CancelToken, FloatArray, Report

FALSE_MATCH_RATES = (1e-2, 1e-3, 1e-4)
MOST_IMPOSTORS = 200_000
_MOST_FAILURES = 200
_LIBRARIES = ("visavis", "torch", "numpy", "scikit-learn")


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Measures one pack's pipeline, and learns the verifiers that can be chosen for it.

    Attributes:
        pipeline: as for pictures.
        report: hears how far it is.
        token: stops it.
        seed: of everything that is drawn.
        given: what was typed to choose the network, where it is no stored pack.
    """

    pipeline: Pipeline
    report: Report
    token: CancelToken
    seed: int = 0
    given: tuple[str, ...] = ()

    def pairs(self, file: Path, images: Path) -> Evaluation:
        """Score a pairs file in LFW's format; a picture without a face is an error in each of its pairs.

        Raises:
            BadInputError: the file or a picture it names is missing or makes no sense.
            OperationCancelledError: the token was turned.
        """
        start = perf_counter()
        protocol = read_pairs(file, images)
        embedded = embed_pictures(self.pipeline, protocol.pictures, self.report, self.token)
        first, second = (embedded.embeddings[protocol.places[:, side]] for side in (0, 1))
        return self._evaluation(
            first, second, Pairs(protocol.genuine, protocol.people), protocol.folds, embedded,
            kind="pairs", data=f"{file.name} over {images.name}", pictures=len(protocol.pictures), start=start,
            command=self._command("--pairs", file, "--images", images),
        )  # fmt: skip

    def folder(self, folder: Path) -> Evaluation:
        """Score a folder of people: verification over all pairs, identification with unknowns, one-shot.

        Raises:
            BadInputError: the folder does not hold enough people or pictures.
            OperationCancelledError: the token was turned.
        """
        start = perf_counter()
        protocol = read_folder(folder, self.token)
        embedded = embed_pictures(self.pipeline, protocol.pictures, self.report, self.token, central=False)
        labels = np.array(protocol.labels)
        places, pairs = all_pairs(labels, MOST_IMPOSTORS, self.seed)
        dealt = deal_people(labels, self.seed)[places]
        # A pair of two folds would let what is learned see people it is scored on.
        folds = np.where(dealt[:, 0] == dealt[:, 1], dealt[:, 0], -1)
        first, second = (embedded.embeddings[places[:, side]] for side in (0, 1))
        return self._evaluation(
            first, second, pairs, folds, embedded, labels=labels,
            kind="folder", data=folder.name, pictures=len(protocol.pictures), start=start,
            command=self._command("--folder", folder),
        )  # fmt: skip

    def _evaluation(
        self,
        first: FloatArray,
        second: FloatArray,
        pairs: Pairs,
        folds: NDArray[np.int64],
        embedded: Embedded,
        *,
        kind: str,
        data: str,
        pictures: int,
        start: float,
        command: str,
        labels: NDArray[np.int64] | None = None,
    ) -> Evaluation:
        apart, genuine = cosine_distances(first, second), pairs.genuine
        _check_faces(np.isfinite(apart), genuine)
        counted, shown = curve(apart, genuine), histograms(apart, genuine)
        pack = self.pipeline.embedder.pack
        tars, eer = rates_with_intervals(apart, pairs, FALSE_MATCH_RATES, self.seed)
        self.token.check()
        folded = self._over_folds(apart, first, second, pairs, folds)
        self.token.check()
        return Evaluation(
            kind=kind,
            data=data,
            pack_id=pack.id,
            pack_title=pack.title,
            pack_licence=pack.licence,
            people=len(np.unique(pairs.people)),
            pictures=pictures,
            genuine_pairs=int(genuine.sum()),
            impostor_pairs=int((~genuine).sum()),
            failures_to_acquire=len(embedded.failures),
            failures=tuple(embedded.failures.values())[:_MOST_FAILURES],
            accuracy_mean=folded.accuracy.value,
            accuracy_std=folded.deviation,
            folds=folded.folds,
            eer=counted.eer,
            threshold=folded.threshold,
            tar=tuple(self._operating_point(apart, genuine, *one) for one in zip(FALSE_MATCH_RATES, tars, strict=True)),
            det=counted.points(),
            bins=shown.bins,
            genuine=shown.genuine,
            impostor=shown.impostor,
            verifiers=folded.verifiers,
            identification=() if labels is None else identification(embedded.embeddings, labels, self.seed),
            one_shot=() if labels is None else shots(embedded.embeddings, labels, self.seed),
            seed=self.seed,
            seconds=perf_counter() - start,
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            device=f"{self.pipeline.embedder.device.label}, {self.pipeline.embedder.device.precision}",
            command=command,
            versions={"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES},
            accuracy=folded.accuracy,
            eer_interval=error(eer),
            notes=folded.notes,
        )

    @staticmethod
    def _operating_point(apart: FloatArray, genuine: Flags, level: float, rate: Rate) -> OperatingPoint:
        limit = threshold_at(apart, genuine, level)
        return OperatingPoint(level, acceptance(rate), limit if isfinite(limit) else nan)

    def _over_folds(
        self, apart: FloatArray, first: FloatArray, second: FloatArray, pairs: Pairs, folds: NDArray[np.int64]
    ) -> _Folded:
        """Accuracy and verifiers, each fold judged by what the others say."""
        within = np.flatnonzero(folds >= 0)
        if not len(within):
            even = _balanced(pairs.genuine, self.seed)
            unknown = Interval(nan, 0.0, 1.0, "unknown: it takes four people, two of them with two pictures", False)
            return _Folded(unknown, nan, 0, best_threshold(apart[even], pairs.genuine[even]), (), ())
        inner, folds = Pairs(pairs.genuine[within], pairs.people[within]), folds[within]
        # Accuracy over mostly impostor pairs would say little: as many of each kind are taken, as LFW does.
        even = _balanced(inner.genuine, self.seed)
        right = fold_decisions(apart[within][even], inner.genuine[even], folds[even])
        accuracies = np.array([right[folds[even] == fold].mean() for fold in np.unique(folds[even])])
        rate = accuracy_with_interval(right, Pairs(inner.genuine[even], inner.people[even]), self.seed)
        compared = Compared(first[within], second[within], inner, folds, even)
        scores = compare_verifiers(VERIFIERS, compared)
        learned = learn_verifiers(self.pipeline.embedder.pack.id, compared)
        return _Folded(
            accuracy=plain(replace(rate, value=float(accuracies.mean()))),
            deviation=float(accuracies.std(ddof=1)) if len(accuracies) > 1 else 0.0,
            folds=len(accuracies),
            threshold=best_threshold(apart[within][even], inner.genuine[even]),
            verifiers=tuple(_verifier_result(one, inner, even) for one in scores),
            notes=tuple(keep(one) for one in learned),
        )

    def _command(self, *arguments: str | Path) -> str:
        """What to type to repeat it, with the paths as they were given."""
        pack = ("--pack", self.pipeline.embedder.pack.id) if not self.given else self.given
        words = ("visavis", "evaluate", *map(str, arguments), *pack, "--seed", str(self.seed))
        return shlex.join(words)


@dataclass(frozen=True, slots=True)
class _Folded:
    """What was measured fold by fold."""

    accuracy: Interval
    deviation: float
    folds: int
    threshold: float
    verifiers: tuple[VerifierResult, ...]
    notes: tuple[str, ...]


def _check_faces(there: Flags, genuine: Flags) -> None:
    """Refuse to measure what has no faces.

    Raises:
        BadInputError: no genuine pair, or no impostor pair, has two faces.
    """
    if not (there & genuine).any():
        raise BadInputError("Nobody has two pictures with a face. Add pictures and evaluate again.")
    if not (there & ~genuine).any():
        raise BadInputError("There are no two people with a face in a picture. Add people and evaluate again.")


def _verifier_result(score: VerifierScore, pairs: Pairs, even: NDArray[np.int64]) -> VerifierResult:
    at_1e2, at_1e3 = (acceptance(rate) for rate in score.tar)
    return VerifierResult(
        title=score.title,
        accuracy=score.accuracy,
        standard_error=score.standard_error,
        eer=score.eer.value,
        tar_at_1e2=at_1e2.value if at_1e2.supported else nan,
        tar_at_1e3=at_1e3.value if at_1e3.supported else nan,
        pairs=(int(pairs.genuine.sum()), score.strangers),
        learned_from=len(even),
        accuracy_interval=plain(replace(score.right, value=score.accuracy)),
        eer_interval=error(score.eer),
        tar=(at_1e2, at_1e3),
    )


def _balanced(genuine: Flags, seed: int) -> NDArray[np.int64]:
    """All pairs of the rarer kind and as many of the other, in order."""
    kinds = np.flatnonzero(genuine), np.flatnonzero(~genuine)
    count = min(map(len, kinds))
    random = np.random.default_rng(seed)
    kept = [places if len(places) == count else random.choice(places, count, replace=False) for places in kinds]
    return np.sort(np.concatenate(kept))
