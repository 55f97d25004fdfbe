"""The people of a gallery as strangers to one another: does the shipped calibration hold for them?"""

from __future__ import annotations

import numpy as np

from engine.matching.calibration import OWN_RATE, Calibration
from engine.matching.distances import distances
from engine.matching.fusion import fuse
from engine.matching.people_index import References
from engine.types import Metric

_MOST_PEOPLE = 2000
"""More say nothing new, and all pairs of them are compared."""


class OwnStrangers:
    """Adapts a calibration to a gallery, once for each state of it."""

    def __init__(self, shipped: Calibration) -> None:
        self.shipped = shipped
        self._of: References | None = None
        self._adapted = shipped

    def calibration(self, references: References) -> Calibration:
        """Return the calibration for this gallery; see `Calibration.adapted`."""
        if references is not self._of:
            self._of, self._adapted = references, self._adapt(references)
        return self._adapted

    def _adapt(self, references: References) -> Calibration:
        everyone = np.unique(references.person_ids)
        if len(everyone) < 2:
            return self.shipped
        people = everyone[np.random.default_rng(0).permutation(len(everyone))[:_MOST_PEOPLE]]
        theirs = np.isin(references.person_ids, people)
        fused, order = fuse(references.matrix[theirs], references.person_ids[theirs])
        fused = fused[np.searchsorted(order, people)]
        apart = distances(fused, fused, Metric.COSINE)[np.triu_indices(len(fused), 1)]
        # Fused templates of strangers are a little nearer than single ones, which errs on the strict side.
        close = int((apart <= self.shipped.threshold(Metric.COSINE, OWN_RATE)).sum())
        return self.shipped.adapted(close, len(apart))
