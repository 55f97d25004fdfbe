"""Several templates of a person -> one distance.

The rule is the nearest template; `docs/matching.md` has it measured against the mean, the median and the mean template.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.types import FloatArray

FUSION = "nearest template"
"""The rule, in words."""


def fuse(distances: FloatArray, person_ids: NDArray[np.int64]) -> tuple[FloatArray, NDArray[np.int64]]:
    """Fuse distances to templates into distances to people.

    Args:
        distances: (P, N) of P probes to N templates.
        person_ids: (N,) whose template each is.

    Returns:
        (P, K) distances to the K people, and their ids (K,), ascending.
    """
    if not len(person_ids):
        return np.empty((len(distances), 0), np.float32), np.empty(0, np.int64)
    order = np.argsort(person_ids, kind="stable")
    people, starts = np.unique(person_ids[order], return_index=True)
    return np.minimum.reduceat(distances[:, order], starts, axis=1), people
