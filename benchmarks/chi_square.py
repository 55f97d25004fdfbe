"""DeepFace's weighted chi-square with a linear SVM against plain distances, on the same folds.

A DeepFace of a quarter of its width learns LFW's people with at least ten pictures by softmax; its non-negative,
normalised features of people held out are compared.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from common import ROOT, session

from engine.evaluation.bootstrap import Pairs, all_pairs
from engine.evaluation.verifiers import VERIFIERS, Compared, compare_verifiers
from engine.learning import Recipe
from engine.packs.embedder import Embedder
from engine.training.promotion import embed_crops, trained_pack

MOST_OF_ONE = 15


def main() -> None:
    """Print every side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--minutes", type=float, default=3.0)
    options = parser.parse_args()
    recipe = Recipe().with_values(
        {
            "start": "deepface_small", "freeze": "none", "loss": "softmax", "least_pictures": 10, "epochs": 10_000,
            "minutes": options.minutes, "patience": 1000, "learning_rate": 5e-4, "false_match_rate": 1e-2,
            "test_share": 0.4,
        }
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        training = session(Path(folder))
        run = training.begin(options.shared / "data" / "lfw", recipe, None)
        training.train(run)
        test = run.part(run.split.test).capped(MOST_OF_ONE, 100_000, 0)
        features = embed_crops(Embedder(trained_pack(run), training.device), test, lambda: None)
    labels = np.array(test.labels)
    places, pairs = all_pairs(labels)
    random = np.random.default_rng(0)
    own, others = np.flatnonzero(pairs.genuine), np.flatnonzero(~pairs.genuine)
    chosen = random.permutation(np.concatenate([own, random.choice(others, len(own), replace=False)]))
    first, second = (features[places[chosen, side]] for side in (0, 1))
    # People, not pairs, are dealt out to folds where that can be: the first person of a pair decides.
    folds = pairs.people[chosen, 0] % 10
    compared = Compared(
        first, second, Pairs(pairs.genuine[chosen], pairs.people[chosen]), folds, np.arange(len(chosen))
    )
    print(
        f"{len(test.people)} people held out, {len(own):,} genuine and as many impostor pairs, "
        f"{features.shape[1]} features"
    )
    for score in compare_verifiers(VERIFIERS, compared):
        print(
            f"{score.title}: accuracy {score.accuracy:.2%} ± {score.standard_error:.2%}, EER {score.eer.value:.2%}, "
            f"TAR at FMR 1e-2 {score.tar[0].value:.2%}"
        )


if __name__ == "__main__":
    main()
