"""Which faces of a group are worth enrolling: good ones that differ from one another."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians

import numpy as np

from engine.gallery.sorting_layout import Particulars
from engine.sorting.grouping import centred
from engine.types import FloatArray

MOST_TEMPLATES = 6
"""More add little: `docs/matching.md`."""
_SHARP, _LARGE_PX = 0.2, 80.0
_TYPICAL = 0.75
"""Share of a larger group's faces, nearest to its middle, that is enrolled from: the others may be somebody else."""
_SEVERAL = 8


def best_faces(
    face_ids: Sequence[int],
    embeddings: FloatArray,
    particulars: dict[int, Particulars],
    enrolled: FloatArray,
) -> list[int]:
    """Choose faces to enroll, best first; those too poor to enroll only where there is no other.

    After the best one, each next face is the one whose quality and distance to those chosen, and to the person's
    templates, are together the largest (farthest-point sampling, weighted).

    Args:
        face_ids: (N,) of one group.
        embeddings: (N, D) float32 of unit length.
        particulars: quality of each face.
        enrolled: (T, D) templates that the person has already.
    """
    room = MOST_TEMPLATES - len(enrolled)
    apart = centred(embeddings)
    good = np.array([not particulars[id_].reasons for id_ in face_ids])
    if good.sum() >= _SEVERAL:
        good &= apart <= np.quantile(apart[good], _TYPICAL) + 1e-6
    rows = np.flatnonzero(good) if good.any() else np.arange(len(face_ids))
    quality = np.array([_quality(particulars[face_ids[row]]) for row in rows.tolist()])
    distance = np.ones(len(rows))
    if len(enrolled):
        distance = (1 - embeddings[rows] @ enrolled.T).min(axis=1)
    chosen: list[int] = []
    for _ in range(min(room, len(rows))):
        best = int(np.argmax(quality * distance))
        chosen.append(face_ids[int(rows[best])])
        distance = np.minimum(distance, 1 - embeddings[rows] @ embeddings[rows[best]])
        distance[best] = -1.0
    return chosen


def _quality(face: Particulars) -> float:
    """How good a face is, 0..1: surely a face, sharp, large, and turned to the camera."""
    values = {key: value for key, value, _, _ in face.quality}
    turned = cos(radians(values.get("yaw", 0))) * cos(radians(values.get("pitch", 0)))
    sharp, large = values.get("sharpness", 0) / _SHARP, values.get("eye_distance", 0) / _LARGE_PX
    return max(0.01, values.get("detector_score", 0) * max(turned, 0) * min(sharp, 1) * min(large, 1))
