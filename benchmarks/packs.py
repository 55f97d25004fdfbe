"""Optional packs as they are used: pairs of LFW View 2 through the pipeline with each network, and with each detector.

The same share of pairs is taken of each of the ten folds; the threshold is fitted on nine and scored on the tenth.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
from calibrate_packs import both, mobilefacenet
from common import ROOT, file_pipeline

from engine.evaluation.bootstrap import Pairs, tar_with_interval
from engine.evaluation.metrics import cosine_distances, fold_accuracies
from engine.evaluation.protocols import PairsProtocol, embed_pictures, read_pairs
from engine.packs.installing import install_from_files
from engine.packs.pack import DEFAULT_PACK, Pack
from engine.types import CancelToken, silent


def main() -> None:
    """Print one line a network or detector."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--pairs", type=int, default=60, help="of each fold, half of them genuine")
    parser.add_argument("--side", choices=("default", "mobilefacenet", "joined", "yunet", "all"), default="all")
    options = parser.parse_args()
    protocol = few(
        read_pairs(options.shared / "data" / "lfw_pairs.txt", options.shared / "data" / "lfw"), options.pairs
    )
    sides: dict[str, tuple[Pack, str]] = {
        "default": (DEFAULT_PACK, "mtcnn_mmod"),
        "mobilefacenet": (mobilefacenet(options.shared), "mtcnn_mmod"),
        "joined": (both(options.shared), "mtcnn_mmod"),
        "yunet": (DEFAULT_PACK, "yunet"),
    }
    with tempfile.TemporaryDirectory() as home:
        os.environ["XDG_DATA_HOME"] = home
        install_from_files("yunet", options.shared / "weights")
        for name in sides if options.side == "all" else (options.side,):
            show(name, *sides[name], protocol)


def few(protocol: PairsProtocol, count: int) -> PairsProtocol:
    """The first pairs of each fold, half of them genuine."""
    chosen = np.concatenate(
        [
            np.flatnonzero((protocol.folds == fold) & (protocol.genuine == genuine))[: count // 2]
            for fold in np.unique(protocol.folds)
            for genuine in (True, False)
        ]
    )
    used, places = np.unique(protocol.places[chosen], return_inverse=True)
    return replace(
        protocol,
        pictures=tuple(protocol.pictures[number] for number in used),
        places=places.reshape(-1, 2),
        genuine=protocol.genuine[chosen],
        folds=protocol.folds[chosen],
        people=protocol.people[chosen],
    )


def show(name: str, pack: Pack, detector: str, protocol: PairsProtocol) -> None:
    """Print the figures of one side."""
    pipeline = file_pipeline(detector=detector, pack=pack)
    start = perf_counter()
    embedded = embed_pictures(pipeline, protocol.pictures, silent, CancelToken())
    took = perf_counter() - start
    apart = cosine_distances(*(embedded.embeddings[protocol.places[:, side]] for side in (0, 1)))
    folds = fold_accuracies(apart, protocol.genuine, protocol.folds)
    tar = tar_with_interval(apart, Pairs(protocol.genuine, protocol.people), 1e-2)
    lost = int(np.isnan(embedded.embeddings).any(axis=1).sum())
    print(
        f"{name}: {len(protocol.genuine):,} pairs, accuracy {folds.mean():.2%} ± {folds.std(ddof=1) / 10**0.5:.2%}, "
        f"TAR at FMR 1e-2 {tar.text}; {lost} of {len(protocol.pictures):,} pictures without a face, "
        f"{took / len(protocol.pictures) * 1000:.0f} ms a picture",
        flush=True,
    )


if __name__ == "__main__":
    main()
