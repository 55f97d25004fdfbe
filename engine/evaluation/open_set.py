"""Identification with unknown people, and one-shot classification, over a folder of people."""

from __future__ import annotations

from math import isfinite, nan

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadInputError
from engine.evaluation.bootstrap import Probes, detection_with_interval, share_with_interval
from engine.evaluation.metrics import threshold_at
from engine.evaluation.verifiers import one_shot
from engine.evaluation.words import acceptance, plain
from engine.learning import OneShot, OperatingPoint
from engine.matching.distances import distances
from engine.matching.fusion import fuse
from engine.types import FloatArray, Metric

FPIRS = (0.1, 0.01)
_SHOTS = ((5, 1), (5, 5), (20, 1))
_TRIALS = 1000


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
    probed = mated | unknown
    apart = np.where(unknown | right, nearest, np.inf)[probed]
    asked = Probes(apart, mated[probed], labels[probed])
    points = []
    for fpir in FPIRS:
        limit = threshold_at(apart, asked.mated, fpir)
        rate = detection_with_interval(asked, fpir, seed)
        told = acceptance(rate, unit="probes of enrolled people", wrong="false positive identification rate")
        points.append(OperatingPoint(fpir, told, limit if isfinite(limit) else nan))
    return tuple(points)


def shots(embeddings: FloatArray, labels: NDArray[np.int64], seed: int) -> tuple[OneShot, ...]:
    """N-way k-shot classification for the sizes that the folder allows."""
    there = np.isfinite(embeddings).all(axis=1)
    results = []
    for ways, count in _SHOTS:
        try:
            right, whose = one_shot(embeddings[there], labels[there], ways, count, trials=_TRIALS, seed=seed)
        except BadInputError:
            continue
        results.append(OneShot(ways, count, plain(share_with_interval(right, whose, seed), "trials")))
    return tuple(results)
