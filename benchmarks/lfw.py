"""LFW View 2: accuracy over ten folds, TAR at FMR, and faces lost; with test-time averaging and without."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from common import PLAIN_VIEW, VIEWS, LfwFaces, arguments, averaged, lfw_pairs

from engine.matching.distances import distances
from engine.types import Metric

FOLDS = 10


def main() -> None:
    """Print both sides."""
    options = arguments(__doc__, cache=True)
    first, second, genuine = lfw_pairs(options.shared)
    faces = LfwFaces(options.shared, options.cache, options.precision)
    pictures = list(dict.fromkeys(first + second))
    views = faces.embed(pictures)
    lost = [picture for picture, found in zip(pictures, views, strict=True) if np.isnan(found).any()]
    print(f"failure to acquire: {len(lost)} of {len(pictures):,} {lost or ''}")
    place = {picture: number for number, picture in enumerate(pictures)}
    rows_a, rows_b = (np.array([place[picture] for picture in side]) for side in (first, second))
    for title, embeddings in (("one view", views[:, PLAIN_VIEW]), (f"averaged over {VIEWS} views", averaged(views))):
        apart = np.concatenate(
            [distances(embeddings[[a]], embeddings[[b]], Metric.COSINE)[0] for a, b in zip(rows_a, rows_b, strict=True)]
        )
        folds = accuracies(apart, genuine)
        rates = ", ".join(f"TAR at FMR {rate:g}: {tar(apart, genuine, rate):.2%}" for rate in (1e-2, 1e-3))
        print(f"{title}: accuracy {folds.mean():.2%} ± {folds.std(ddof=1) / FOLDS**0.5:.2%} ({FOLDS} folds), {rates}")


def accuracies(apart: npt.NDArray[np.float32], genuine: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Accuracy of each fold at the threshold that is best on the other nine."""
    fold = np.repeat(np.arange(FOLDS), len(apart) // FOLDS)
    scores = []
    for number in range(FOLDS):
        known, unseen = fold != number, fold == number
        threshold = best_threshold(apart[known], genuine[known])
        scores.append(((apart[unseen] <= threshold) == genuine[unseen]).mean())
    return np.array(scores)


def best_threshold(apart: npt.NDArray[np.float32], genuine: npt.NDArray[np.bool_]) -> float:
    """The distance at which most pairs are decided rightly."""
    order = np.argsort(apart)
    right = np.cumsum(np.where(genuine[order], 1, -1))
    best = int(right.argmax())
    return float(apart[order[best : best + 2]].mean())


def tar(apart: npt.NDArray[np.float32], genuine: npt.NDArray[np.bool_], false_match_rate: float) -> float:
    """Share of genuine pairs accepted where at most that share of impostor pairs is, counted exactly."""
    impostors = np.sort(apart[~genuine])
    allowed = int(false_match_rate * len(impostors))
    return float((apart[genuine] < impostors[allowed]).mean())


if __name__ == "__main__":
    main()
