"""How often enrollment names somebody who is told apart, and yet as near as 1 stranger in 100: on LFW's people.

So many people are enrolled with a picture each; pictures of others are judged. All that is said of them is chance.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from common import PICTURES_AT_ONCE, ROOT, file_pipeline

from engine.capture.images import read_image
from engine.decisions import embedding_of
from engine.matching.calibration import Calibration
from engine.packs.pack import DEFAULT_PACK
from engine.settings import Settings
from engine.types import RESEMBLES_RATE, FloatArray, Metric

ENROLLED = (3, 10, 30, 100)
DRAWS = 200


def main() -> None:
    """Print the share of pictures that anything is said of, by how many are enrolled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--people", type=int, default=400, help="how many people of LFW are drawn")
    options = parser.parse_args()
    drawn = np.random.default_rng(0)
    folders = sorted(folder for folder in (options.shared / "data" / "lfw").iterdir() if folder.is_dir())
    chosen = drawn.permutation(len(folders))[: options.people]
    apart = 1 - (vectors := embedded([min(folders[place].glob("*.jpg")) for place in chosen])) @ vectors.T
    calibration, rate = Calibration.load(DEFAULT_PACK.id), Settings().false_match_rate
    near = calibration.threshold(Metric.COSINE, RESEMBLES_RATE)
    print(f"{len(apart)} people; of all pairs {(apart[np.triu_indices(len(apart), 1)] <= near).mean():.2%} are as near")
    for count in ENROLLED:
        limit = calibration.identification_threshold(Metric.COSINE, rate, count, count)
        named, taken, judged = 0, 0, 0
        for _ in range(DRAWS):
            order = drawn.permutation(len(apart))
            nearest = apart[np.ix_(order[count:], order[:count])].min(axis=1)
            named += int(((nearest > limit) & (nearest <= near)).sum())
            taken += int((nearest <= limit).sum())
            judged += len(nearest)
        print(
            f"{count} enrolled: of {judged:,} pictures of others {named / judged:.1%} are said to look much like one "
            f"of them (1 in 100 of each would be {1 - (1 - RESEMBLES_RATE) ** count:.1%}), {taken / judged:.2%} are "
            "taken for one"
        )


def embedded(files: list[Path]) -> FloatArray:
    """Unit embeddings of the central faces, (N, D); pictures without one are left out."""
    pipeline, found = file_pipeline(), []
    for start in range(0, len(files), PICTURES_AT_ONCE):
        frames = [read_image(file) for file in files[start : start + PICTURES_AT_ONCE]]
        smallest = Settings().smallest_face_px
        for faces in pipeline.faces(frames, smallest_face_px=smallest, averaging=False, only="central"):
            found += [embedding_of(face) for face in faces[:1]]
    return np.stack(found)


if __name__ == "__main__":
    main()
