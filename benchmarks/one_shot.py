"""From scratch: 5-way one-shot on people never seen, against pixels and Eigenfaces.

LFW's people with at least ten pictures; a Siamese network with the contrastive loss and the same with FaceNet's
triplets; pixels of the same chips, and their principal components fitted on the training people (Turk and Pentland,
"Eigenfaces for Recognition", 1991).
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
from common import ROOT, session
from sklearn.decomposition import PCA

from engine.evaluation.bootstrap import share_with_interval
from engine.evaluation.verifiers import one_shot
from engine.evaluation.words import plain
from engine.learning import Recipe
from engine.networks.architectures import ARCHITECTURES
from engine.packs.embedder import Embedder
from engine.training.batches import Crops, Reader
from engine.training.promotion import embed_crops, trained_pack
from engine.training.run import Run

WAYS, TRIALS, COMPONENTS = 5, 2000, 128
FloatArray = npt.NDArray[np.float32]


def main() -> None:
    """Print every side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--minutes", type=float, default=2.0, help="for each network")
    options = parser.parse_args()
    common = {
        "start": "siamese", "freeze": "none", "least_pictures": 10, "epochs": 10_000, "minutes": options.minutes,
        "patience": 1000, "learning_rate": 1e-3, "false_match_rate": 1e-2, "test_share": 0.3,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        training = session(Path(folder))
        baselines_shown = False
        for title, loss in (("Siamese, contrastive loss", "contrastive"), ("FaceNet's triplets, semi-hard", "triplet")):
            run = training.begin(options.shared / "data" / "lfw", Recipe().with_values({**common, "loss": loss}), None)
            if not baselines_shown:
                baselines(run)
                baselines_shown = True
            training.train(run)
            test = run.part(run.split.test)
            show(title, embed_crops(Embedder(trained_pack(run), training.device), test, lambda: None), test)


def baselines(run: Run) -> None:
    """Print pixels and Eigenfaces on the same chips of the same people."""
    test = run.part(run.split.test)
    pixels = flat(test)
    print(
        f"{len(run.split.training)} people to learn from, {len(test.people)} people and {len(test)} pictures to test on"
    )
    show("pixels", pixels - pixels.mean(axis=1, keepdims=True), test)
    eigenfaces = PCA(COMPONENTS, whiten=True, random_state=0).fit(flat(run.part(run.split.training)))
    show(f"Eigenfaces, {COMPONENTS} components", eigenfaces.transform(pixels).astype(np.float32), test)


def flat(crops: Crops) -> FloatArray:
    """Grey chips as the Siamese network sees them, half as large, as vectors."""
    reader = Reader(crops, ARCHITECTURES["siamese"].frame, augment=False, seed=0)
    rows = []
    for start in range(0, len(crops), 64):
        chips = reader.read(range(start, min(start + 64, len(crops)))).chips.float().mean(dim=1)
        rows.append(chips.unfold(1, 2, 2).unfold(2, 2, 2).mean(dim=(3, 4)).flatten(1).numpy() / 255)
    return np.concatenate(rows).astype(np.float32)


def show(title: str, embeddings: FloatArray, crops: Crops) -> None:
    """Print 5-way one-shot and five-shot of one side."""
    labels = np.array(crops.labels)
    texts = []
    for shots in (1, 5):
        right, whose = one_shot(embeddings, labels, WAYS, shots, trials=TRIALS, seed=1)
        texts.append(f"{WAYS}-way {shots}-shot {plain(share_with_interval(right, whose), 'trials').text}")
    print(f"{title}: {', '.join(texts)}", flush=True)


if __name__ == "__main__":
    main()
