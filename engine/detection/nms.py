"""Non-maximum suppression: of boxes that overlap too much only the surest stays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.types import FloatArray


def keep_surest(
    boxes: FloatArray, scores: FloatArray, overlap: float, *, of_smaller: bool = False
) -> NDArray[np.int64]:
    """Choose boxes greedily by score.

    Args:
        boxes: (N, 4) left, top, right, bottom.
        scores: (N,).
        overlap: a box that overlaps a surer one by more than this is dropped.
        of_smaller: measure overlap as a share of the smaller box, not of the union.

    Returns:
        Indices of the boxes that stay, surest first.
    """
    order = np.argsort(-scores, kind="stable")
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept = []
    while order.size:
        best, rest = order[0], order[1:]
        kept.append(best)
        sides = np.minimum(boxes[best, 2:], boxes[rest, 2:]) - np.maximum(boxes[best, :2], boxes[rest, :2])
        shared = np.clip(sides, 0, None).prod(axis=1)
        whole = np.minimum(areas[best], areas[rest]) if of_smaller else areas[best] + areas[rest] - shared
        order = rest[shared <= overlap * whole]
    return np.array(kept, np.int64)
