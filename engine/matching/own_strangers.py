"""The people of a gallery as strangers to one another: does the shipped calibration hold for them?"""

from __future__ import annotations

import numpy as np

from engine.matching.calibration import OWN_RATE, Calibration
from engine.matching.distances import distances
from engine.matching.layout import Layout
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

    def forget(self) -> None:
        """Let go of the gallery that was seen last."""
        self._of, self._adapted = None, self.shipped

    def calibration(self, references: References) -> Calibration:
        """Return the calibration for this gallery; see `Calibration.adapted`."""
        if references is not self._of:
            self._of, self._adapted = references, self._adapt(references)
        return self._adapted

    def _adapt(self, references: References) -> Calibration:
        layout = Layout.of(references.person_ids)
        if len(layout.people) < 2:
            return self.shipped
        some = layout.people[np.random.default_rng(0).permutation(len(layout.people))[:_MOST_PEOPLE]]
        fused = layout.fused(references.matrix, some)
        # Fused templates of strangers are a little nearer than single ones, which errs on the strict side.
        near = distances(fused, fused, Metric.COSINE) <= self.shipped.threshold(Metric.COSINE, OWN_RATE)
        close, pairs = int(np.count_nonzero(np.triu(near, 1))), len(some) * (len(some) - 1) // 2
        return self.shipped.adapted(close, pairs)
