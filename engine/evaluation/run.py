"""Carries out an evaluation: pictures -> embeddings -> figures with intervals."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from math import isfinite, nan
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadInputError
from engine.evaluation.bootstrap import Pairs, all_pairs, tar_with_interval
from engine.evaluation.metrics import (
    Flags,
    Rate,
    best_threshold,
    cosine_distances,
    curve,
    error_rate,
    fold_accuracies,
    histograms,
    threshold_at,
)
from engine.evaluation.protocols import Embedded, embed_pictures, read_folder, read_pairs, single_fold
from engine.evaluation.verifiers import VERIFIERS, compare_verifiers, learn_verifiers, one_shot
from engine.learning import Evaluation, Interval, OneShot, OperatingPoint, VerifierResult
from engine.matching.distances import distances
from engine.matching.fusion import fuse
from engine.pipeline import Pipeline
from engine.types import CancelToken, FloatArray, Metric, Report

FALSE_MATCH_RATES = (1e-2, 1e-3, 1e-4)
FPIRS = (0.1, 0.01)
MOST_IMPOSTORS = 200_000
_SHOTS = ((5, 1), (5, 5), (20, 1))
_TRIALS = 1000
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
    """

    pipeline: Pipeline
    report: Report
    token: CancelToken
    seed: int = 0

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
            command=f"visavis evaluate --pairs {file.name} --images {images.name} --seed {self.seed}",
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
        if not pairs.genuine.any():
            raise BadInputError("Nobody has two pictures with a face. Add pictures and evaluate again.")
        # Pairs are in the order of the pictures; folds must not be.
        folds = np.random.default_rng(self.seed).permutation(single_fold(len(places)))
        first, second = (embedded.embeddings[places[:, side]] for side in (0, 1))
        return self._evaluation(
            first, second, pairs, folds, embedded, labels=labels,
            kind="folder", data=folder.name, pictures=len(protocol.pictures), start=start,
            command=f"visavis evaluate --folder {folder.name} --seed {self.seed}",
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
        # Accuracy over mostly impostor pairs would say little: as many of each kind are taken, as LFW does.
        even = _balanced(genuine, self.seed)
        accuracies = fold_accuracies(apart[even], genuine[even], folds[even])
        counted, shown = curve(apart, genuine), histograms(apart, genuine)
        pack = self.pipeline.embedder.pack
        self.token.check()
        verifiers = compare_verifiers(VERIFIERS, first[even], second[even], genuine[even], folds[even])
        self.token.check()
        for learned in learn_verifiers(pack.id, first[even], second[even], genuine[even], folds[even]):
            learned.save()
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
            accuracy_mean=float(accuracies.mean()),
            accuracy_std=float(accuracies.std(ddof=1)) if len(accuracies) > 1 else 0.0,
            folds=len(accuracies),
            eer=counted.eer,
            threshold=best_threshold(apart[even], genuine[even]),
            tar=tuple(self._acceptance(apart, pairs, rate) for rate in FALSE_MATCH_RATES),
            det=counted.points(),
            bins=shown.bins,
            genuine=shown.genuine,
            impostor=shown.impostor,
            verifiers=tuple(
                VerifierResult(one.title, one.accuracy, one.standard_error, one.eer, *one.tar) for one in verifiers
            ),
            identification=() if labels is None else identification(embedded.embeddings, labels, self.seed),
            one_shot=() if labels is None else shots(embedded.embeddings, labels, self.seed),
            seed=self.seed,
            seconds=perf_counter() - start,
            made=datetime.now(UTC).isoformat(timespec="seconds"),
            device=f"{self.pipeline.embedder.device.label}, {self.pipeline.embedder.device.precision}",
            command=command,
            versions={"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES},
        )

    def _acceptance(self, apart: FloatArray, pairs: Pairs, rate: float) -> OperatingPoint:
        measured = tar_with_interval(apart, pairs, rate, self.seed)
        limit = threshold_at(apart, pairs.genuine, rate)
        return OperatingPoint(rate, acceptance(measured), limit if isfinite(limit) else nan)


def acceptance(rate: Rate) -> Interval:
    """An acceptance rate as it is shown.

    With too few strangers for the operating point it is the one at which no stranger matched: at a false match rate
    that is only known to be at most 3 / n (the rule of three).
    """
    text = f"{rate.value:.2%} ({rate.low:.2%} to {rate.high:.2%})"
    if rate.low == rate.high == 1.0:
        text = f"all of {rate.count:,} genuine pairs"
    if rate.bounded:
        bound = 3 / max(rate.total, 3)
        text += f", none of {rate.total:,} strangers matched: a false match rate of at most {bound:.1g}"
    return Interval(rate.value, rate.low, rate.high, text)


def identification(embeddings: FloatArray, labels: NDArray[np.int64], seed: int) -> tuple[OperatingPoint, ...]:
    """Open-set identification: half of the people enrolled, the others unknown (ISO/IEC 19795-1; NIST FRTE 1:N).

    Of each enrolled person half of the pictures are templates, the others probes. The detection and identification rate
    is the share of these probes whose nearest person is the right one and near enough; FPIR the share of the unknown
    people's pictures that are near enough to anybody.
    """
    random = np.random.default_rng(seed)
    there = np.isfinite(embeddings).all(axis=1)
    several = [label for label in np.unique(labels) if (labels == label).sum() > 1]
    known = set(random.permutation(several)[: max(1, len(several) // 2)].tolist())
    enrolled = np.zeros(len(labels), np.bool_)
    for label in known:
        own = random.permutation(np.flatnonzero(labels == label))
        enrolled[own[: len(own) // 2]] = True
    mated = np.isin(labels, list(known)) & ~enrolled
    unknown = ~np.isin(labels, list(known))
    enrolled &= there
    if not (enrolled.any() and mated.any() and unknown.any()):
        return ()
    fused, people = fuse(embeddings[enrolled], labels[enrolled].astype(np.int64))
    nearest, right = np.full(len(labels), np.inf), np.zeros(len(labels), np.bool_)
    probes = np.flatnonzero(there & ~enrolled)
    apart = distances(embeddings[probes], fused, Metric.COSINE)
    nearest[probes], right[probes] = apart.min(axis=1), people[apart.argmin(axis=1)] == labels[probes]
    points = []
    for fpir in FPIRS:
        both = np.concatenate([nearest[mated], nearest[unknown]])
        limit = threshold_at(both, _first(int(mated.sum()), int(unknown.sum())), fpir)
        found = int((right[mated] & (nearest[mated] <= limit)).sum())
        points.append(OperatingPoint(fpir, share(found, int(mated.sum())), limit if isfinite(limit) else nan))
    return tuple(points)


def shots(embeddings: FloatArray, labels: NDArray[np.int64], seed: int) -> tuple[OneShot, ...]:
    """N-way k-shot classification for the sizes that the folder allows."""
    there = np.isfinite(embeddings).all(axis=1)
    results = []
    for ways, count in _SHOTS:
        try:
            right, trials = one_shot(embeddings[there], labels[there], ways, count, trials=_TRIALS, seed=seed)
        except BadInputError:
            continue
        results.append(OneShot(ways, count, share(right, trials)))
    return tuple(results)


def share(count: int, total: int) -> Interval:
    """A share of successes with its exact interval."""
    failed = error_rate(total - count, total)
    low, high = 1 - failed.high, 1 - failed.low
    interval = f"{count / max(total, 1):.2%} ({low:.2%} to {high:.2%})"
    text = f"at least {low:.2%} ({count:,} of {total:,})" if failed.bounded else interval
    return Interval(1 - failed.value, low, high, text)


def _balanced(genuine: Flags, seed: int) -> NDArray[np.int64]:
    """All pairs of the rarer kind and as many of the other, in order."""
    kinds = np.flatnonzero(genuine), np.flatnonzero(~genuine)
    count = min(map(len, kinds))
    random = np.random.default_rng(seed)
    kept = [places if len(places) == count else random.choice(places, count, replace=False) for places in kinds]
    return np.sort(np.concatenate(kept))


def _first(count: int, others: int) -> NDArray[np.bool_]:
    return np.repeat([True, False], [count, others])
