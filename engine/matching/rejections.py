"""'Not this person': a probe that looks like a face once rejected for a person is no match for that person.

A rejected face lies within the limit, or it would not have been taken for the person; a stricter limit would cost the
person's own probes. What tells the impostor apart is that a new picture of them is nearer to the rejected face than to
the person. `benchmarks/rejections.py` has the margin measured.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.types import FloatArray

MARGIN = 0.005
"""How much further than the person's mean template a rejected face may be and still bar a match, in cosine distance."""


class RejectedFaces(Protocol):
    """R rejected faces of one pack."""

    @property
    def faces(self) -> FloatArray:
        """(R, D) float32 of unit length."""

    @property
    def own(self) -> FloatArray:
        """(R, D) float32, the mean template of the person that each is not."""

    @property
    def person_ids(self) -> NDArray[np.int64]:
        """(R,) whom each is not."""


def barred(probes: FloatArray, rejected: RejectedFaces, margin: float = MARGIN) -> dict[tuple[int, int], float]:
    """Which probes are no match for whom, whatever their distance.

    Args:
        probes: (P, D) float32 of unit length.
        rejected: of the same pack.
        margin: see `MARGIN`.

    Returns:
        By number of the probe and person the cosine distance to the nearest rejected face that bars them.
    """
    if not len(rejected.person_ids) or not len(probes):
        return {}
    to_face, to_person = 1 - probes @ rejected.faces.T, 1 - probes @ rejected.own.T
    found: dict[tuple[int, int], float] = {}
    for probe, face in zip(*np.nonzero(to_face <= to_person + margin), strict=True):
        key = int(probe), int(rejected.person_ids[face])
        found[key] = min(float(to_face[probe, face]), found.get(key, np.inf))
    return found
