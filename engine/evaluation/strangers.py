"""A calibration for a network from people who are strangers to one another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadInputError, shown
from engine.evaluation.bootstrap import all_pairs
from engine.evaluation.protocols import embed_pictures, read_folder
from engine.matching.calibration import Calibration
from engine.matching.distances import distances
from engine.pipeline import Pipeline
from engine.types import CancelToken, FloatArray, Metric, Report
from engine.wording import people

MOST_PAIRS = 1_000_000
LEAST_PAIRS = 1000
"""So many can show the default limit, 1 stranger in 1,000."""


def calibrated_on(folder: Path, pipeline: Pipeline, report: Report, token: CancelToken) -> Calibration:
    """Measure a pipeline's network on a folder of people.

    Raises:
        BadInputError: there is no such folder, or too few people with a face.
        OperationCancelledError: the token was turned.
    """
    protocol = read_folder(folder, token)
    embedded = embed_pictures(pipeline, protocol.pictures, report, token, central=False).embeddings
    there = np.isfinite(embedded).all(axis=1)
    labels = np.array(protocol.labels)[there]
    strangers = stranger_pairs(labels)
    if len(strangers) < LEAST_PAIRS:
        raise BadInputError(
            f"“{shown(folder)}” gives {len(strangers):,} pairs of strangers ({people(len(np.unique(labels)))} with a "
            f"face); at least {LEAST_PAIRS:,} are needed to say what a distance means. Choose a larger folder."
        )
    return measured(embedded[there], strangers)


def stranger_pairs(labels: NDArray[np.int64], seed: int = 0) -> NDArray[np.int64]:
    """Places of the pictures of pairs of strangers, (M, 2), at most `MOST_PAIRS`."""
    places, pairs = all_pairs(labels, MOST_PAIRS, seed)
    chosen: NDArray[np.int64] = places[~pairs.genuine]
    return chosen


def measured(embeddings: FloatArray, strangers: NDArray[np.int64]) -> Calibration:
    """The calibration that pairs of strangers give.

    Args:
        embeddings: (N, D) of unit length.
        strangers: (M, 2) places of each pair.
    """
    return Calibration.measured({metric: _apart(embeddings, strangers, metric) for metric in Metric})


def _apart(embeddings: FloatArray, places: NDArray[np.int64], metric: Metric) -> FloatArray:
    if metric is Metric.L1:
        summed: FloatArray = np.abs(embeddings[places[:, 0]] - embeddings[places[:, 1]]).sum(axis=1)
        return summed
    everyone = distances(embeddings, embeddings, metric)
    chosen: FloatArray = everyone[places[:, 0], places[:, 1]]
    return chosen
