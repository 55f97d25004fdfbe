"""Which scaling of pixels an ONNX network was trained with: the one by which it tells people apart best."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from engine.capture.images import read_image
from engine.device import Device
from engine.errors import BadInputError, ImageError, PackError, shown
from engine.evaluation.bootstrap import all_pairs
from engine.evaluation.metrics import cosine_distances
from engine.evaluation.protocols import SMALLEST_FACE_PX, read_folder
from engine.packs.embedder import Embedder
from engine.packs.onnx_network import SCALINGS, OnnxShape
from engine.packs.own import brought_onnx
from engine.pipeline import Pipeline, views_of_crop
from engine.types import CancelToken, PixelArray, Progress, Report

MOST_PEOPLE, MOST_OF_ONE = 40, 4
LEAST_AREA = 0.75
"""Under the ROC curve; a network that knows nothing has 0.5."""
_LEAST_PAIRS = 3


@dataclass(frozen=True, slots=True)
class Tried:
    """A network to try: its file, what it takes and gives, and where it runs."""

    path: Path
    shape: OnnxShape
    device: Device


def best_scaling(folder: Path, network: Tried, pipeline: Pipeline, report: Report, token: CancelToken) -> str:
    """Try every scaling on a few people.

    Args:
        folder: of people.
        network: whose scaling is to be found.
        pipeline: finds the faces; its own network is not asked.
        report: told how far it is.
        token: stops it.

    Returns:
        Its key in `SCALINGS`.

    Raises:
        BadInputError: the folder holds too little to try it on.
        PackError: by none of them strangers are farther apart than one person's pictures.
        OperationCancelledError: the token was turned.
    """
    crops, labels = _some_faces(folder, pipeline, report, token)
    places, pairs = all_pairs(labels, 100_000, 0)
    if min(int(pairs.genuine.sum()), int((~pairs.genuine).sum())) < _LEAST_PAIRS:
        raise BadInputError(
            f"“{shown(folder)}” holds too few faces to try a network on. Choose a folder of more people, some with two "
            "pictures."
        )
    areas = {}
    for key in SCALINGS:
        token.check()
        pack = brought_onnx(network.path, network.shape, key)
        embeddings = Embedder(pack, network.device).embed(
            np.concatenate([views_of_crop(crop, pack, averaging=False) for crop in crops])
        )
        apart = cosine_distances(embeddings[places[:, 0]], embeddings[places[:, 1]])
        areas[key] = float(roc_auc_score(pairs.genuine, -apart))
    best = max(areas, key=areas.__getitem__)
    if areas[best] < LEAST_AREA:
        raise PackError(
            f"“{shown(network.path)}” does not tell these people apart (area under the ROC curve {areas[best]:.2f}; "
            f"knowing nothing gives 0.50, and {LEAST_AREA:.2f} is needed). It was not added."
        )
    return best


def _some_faces(
    folder: Path, pipeline: Pipeline, report: Report, token: CancelToken
) -> tuple[list[PixelArray], np.ndarray]:
    protocol = read_folder(folder, token)
    of: dict[int, list[Path]] = defaultdict(list)
    for picture, label in zip(protocol.pictures, protocol.labels, strict=True):
        of[label].append(picture)
    # Those with several pictures first: they give the genuine pairs.
    chosen = sorted(of, key=lambda label: -min(len(of[label]), MOST_OF_ONE))[:MOST_PEOPLE]
    crops, labels = [], []
    for done, label in enumerate(chosen):
        token.check()
        report(Progress(done, len(chosen), f"Trying it on {shown(protocol.people[label])}"))
        for picture in of[label][:MOST_OF_ONE]:
            try:
                frame = read_image(picture)
            except ImageError:
                continue
            faces = pipeline.faces([frame], smallest_face_px=SMALLEST_FACE_PX, averaging=False, only="largest")[0]
            if faces:
                crops.append(faces[0].crop)
                labels.append(label)
    return crops, np.array(labels, np.int64)
