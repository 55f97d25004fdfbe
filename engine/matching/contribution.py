"""What each template of a person adds to the others: by leaving it out. Distances are cosine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.matching.fusion import unit_length
from engine.types import FloatArray

_Vector: TypeAlias = NDArray[np.float64]
NEAREST = 10
"""How many of the nearest strangers are looked at: one alone would be chance."""
_SHORTEST = 1e-6


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one template changes.

    Attributes:
        genuine: how much nearer the person's other pictures are, on average, to a mean with it than without.
        impostor: how much farther the nearest strangers are from the mean with it than without.
        own: its distance to the mean of the others; NaN for an only one.
    """

    genuine: float
    impostor: float
    own: float

    @property
    def margin(self) -> float:
        """Change of the margin between the person's own pictures and strangers."""
        return self.genuine + self.impostor


def contributions(templates: FloatArray, strangers: FloatArray) -> list[Contribution]:
    """Leave each template out in turn.

    The mean template is what probes are compared with. Every other picture plays the probe, compared with the mean of
    the rest, once with the template in question and once without; so no picture is ever compared with itself. The one
    that is most like it is not asked: of two nearly equal pictures each would only speak for the other.

    Args:
        templates: (T, D) float32 of unit length.
        strangers: (S, D) of unit length; may be empty.
    """
    count, total = len(templates), templates.sum(axis=0, dtype=np.float64)
    near_all = _near(total, strangers)
    found = []
    for number, template in enumerate(templates.astype(np.float64)):
        rest = np.delete(templates, number, axis=0).astype(np.float64)
        if count == 1:
            found.append(Contribution(0.0, 0.0, float("nan")))
            continue
        own = 1 - float(template @ _unit(total - template))
        genuine = 0.0
        if count > 2:
            asked = np.delete(rest, int((rest @ template).argmax()), axis=0)
            without = np.stack([_unit(total - template - probe) for probe in asked])
            with_it = np.stack([_unit(total - probe) for probe in asked])
            genuine = float(((with_it - without) * asked).sum(axis=1).mean())
        found.append(Contribution(genuine, near_all - _near(total - template, strangers), own))
    return found


def leave_one_out_distances(templates: FloatArray) -> FloatArray:
    """Distance of each template to the mean of the others, (T,); NaN for an only one."""
    if len(templates) < 2:
        return np.full(len(templates), np.nan, np.float32)
    others = unit_length(templates.sum(axis=0) - templates)
    apart: FloatArray = 1 - (others * templates).sum(axis=1)
    return apart


def _near(total: _Vector, strangers: FloatArray) -> float:
    """Mean distance of the nearest strangers to a mean template."""
    if not len(strangers):
        return 0.0
    apart = 1 - strangers @ _unit(total).astype(np.float32)
    nearest = min(NEAREST, len(apart))
    return float(np.partition(apart, nearest - 1)[:nearest].mean())


def _unit(vector: _Vector) -> _Vector:
    scaled: _Vector = vector / max(float(np.linalg.norm(vector)), _SHORTEST)
    return scaled
