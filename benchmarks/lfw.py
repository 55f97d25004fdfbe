"""LFW View 2 through the whole pipeline: the default pack, optional MobileFaceNet weights, and both fused.

Accuracy over ten folds (threshold from nine, scored on the tenth), EER, TAR at FMR with intervals over people; a face
that is not found is an error in each of its pairs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from common import ROOT, file_pipeline

from engine.evaluation.bootstrap import Pairs, tar_with_interval
from engine.evaluation.metrics import cosine_distances, curve, fold_accuracies, threshold_at
from engine.evaluation.protocols import PairsProtocol, embed_pictures, read_pairs
from engine.packs.installed import pack_from_weights
from engine.packs.pack import DEFAULT_PACK, Pack
from engine.types import CancelToken, Progress

FloatArray = npt.NDArray[np.float32]


def main() -> None:
    """Print every side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--one-view", action="store_true", help="also the default pack without averaging")
    parser.add_argument("--cache", type=Path, help="a folder to keep embeddings in between runs")
    options = parser.parse_args()
    protocol = read_pairs(options.shared / "data" / "lfw_pairs.txt", options.shared / "data" / "lfw")
    packs = [DEFAULT_PACK]
    weights = options.shared / "weights" / "mobilefacenet.pt"
    if weights.is_file():
        packs.append(pack_from_weights(weights, "mobilefacenet"))
    sides = [apart(embedded(pack, protocol, options.cache), protocol) for pack in packs]
    for pack, side in zip(packs, sides, strict=True):
        show(pack.title, side, protocol)
    if options.one_view:
        show("one view", apart(embedded(DEFAULT_PACK, protocol, None, averaging=False), protocol), protocol)
    if len(sides) == 2:
        show("both, fused", fused(sides, protocol), protocol)


def apart(embeddings: FloatArray, protocol: PairsProtocol) -> FloatArray:
    """Cosine distance of every pair."""
    return cosine_distances(*(embeddings[protocol.places[:, side]] for side in (0, 1)))


def fused(sides: list[FloatArray], protocol: PairsProtocol) -> FloatArray:
    """Add both distances, each in units of its own limit at FMR 1e-3 on the other nine folds.

    The networks' distances are of very different spread; a plain sum would be the wider one's alone.
    """
    total = np.zeros(len(protocol.genuine), np.float32)
    for fold in np.unique(protocol.folds):
        known, unseen = protocol.folds != fold, protocol.folds == fold
        for side in sides:
            total[unseen] += side[unseen] / threshold_at(side[known], protocol.genuine[known], 1e-3)
    return total


def embedded(pack: Pack, protocol: PairsProtocol, cache: Path | None, *, averaging: bool = True) -> FloatArray:
    """Embed every picture with a pack, or take the embeddings from the cache."""
    kept = cache / f"lfw-{pack.id}.npy" if cache else None
    if kept is not None and kept.is_file():
        stored: FloatArray = np.load(kept)
        return stored

    def report(progress: Progress) -> None:
        if sys.stderr.isatty():
            print(f"\r{progress.done:,} of {progress.total:,} pictures", end="", file=sys.stderr)

    made = embed_pictures(file_pipeline(pack=pack), protocol.pictures, report, CancelToken(), averaging=averaging)
    embeddings = made.embeddings
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.save(kept, embeddings)
    return embeddings


def show(title: str, side: FloatArray, protocol: PairsProtocol) -> None:
    """Print the figures of one side."""
    lost = len(np.unique(protocol.places[np.isnan(side)])) if np.isnan(side).any() else 0
    pairs = Pairs(protocol.genuine, protocol.people)
    folds = fold_accuracies(side, protocol.genuine, protocol.folds)
    rates = [tar_with_interval(side, pairs, rate) for rate in (1e-2, 1e-3)]
    print(
        f"{title}: accuracy {folds.mean():.2%} ± {folds.std(ddof=1) / len(folds) ** 0.5:.2%}, "
        f"EER {curve(side, protocol.genuine).eer:.2%}, TAR at FMR 1e-2 {rates[0].text}, at 1e-3 {rates[1].text}, "
        f"{lost} pictures in pairs without a distance",
        flush=True,
    )


if __name__ == "__main__":
    main()
