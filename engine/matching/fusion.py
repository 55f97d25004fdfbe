"""Several templates of a person -> one.

The rule is the mean template; `docs/matching.md` has it measured against the nearest, the mean and the median distance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.types import FloatArray

FUSION = "mean template"
"""The rule, in words."""
_SHORTEST = 1e-6
"""A mean shorter than this comes from templates that point in opposite directions; it is left near zero."""


def fuse(templates: FloatArray, person_ids: NDArray[np.int64]) -> tuple[FloatArray, NDArray[np.int64]]:
    """Fuse templates into one for each person: their mean, scaled to unit length.

    Args:
        templates: (N, D) float32 of unit length.
        person_ids: (N,) whose template each is.

    Returns:
        (K, D) float32 of the K people, and their ids (K,), ascending.
    """
    if not len(person_ids):
        return templates[:0], person_ids[:0]
    order = np.argsort(person_ids, kind="stable")
    people, starts = np.unique(person_ids[order], return_index=True)
    return unit_length(np.add.reduceat(templates[order], starts, axis=0)), people


def unit_length(sums: FloatArray) -> FloatArray:
    """Scale each person's sum of templates, (K, D), to unit length."""
    fused: FloatArray = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), _SHORTEST)
    return fused
