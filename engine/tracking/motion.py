"""Where a face is and where it will be: a Kalman filter of constant velocity over centre and size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from engine.types import Box

_MEASURED_SHARE = 0.04
"""Standard deviation of a detector's box, in face sizes."""
_JERKS = 6.0
"""Standard deviation of a head's acceleration, in face sizes per second squared."""
_FIRST_SPEED = 2.0
"""Standard deviation of a new face's speed, in face sizes per second."""
NEAR = 0.9
"""How far a face may be from where it is expected, in face sizes, and still be the same one."""
ALIKE_SIZE = 1.8
"""How much larger or smaller it may be."""
_FORBIDDEN = 1e6


class Motion:
    """One box's centre x, centre y, width and height, each with its speed.

    All four share one covariance, in units of the face's size: they are measured equally well (R. E. Kalman, "A New
    Approach to Linear Filtering and Prediction Problems", 1960).
    """

    def __init__(self, box: Box) -> None:
        self._state = np.zeros((2, 4))
        self._state[0] = _as_row(box)
        self._covariance = np.diag([_MEASURED_SHARE**2, _FIRST_SPEED**2])

    @property
    def box(self) -> Box:
        """Where the face is."""
        x, y, width, height = self._state[0].tolist()
        width, height = max(width, 1.0), max(height, 1.0)
        return Box(x - width / 2, y - height / 2, width, height)

    @property
    def speed(self) -> tuple[float, float]:
        """Of the centre, pixels per second."""
        x, y = self._state[1, :2].tolist()
        return x, y

    def predict(self, seconds: float) -> None:
        """Let time pass."""
        step = np.array([[1.0, seconds], [0.0, 1.0]])
        pushes = np.array([[seconds**4 / 4, seconds**3 / 2], [seconds**3 / 2, seconds**2]])
        self._state = step @ self._state
        self._covariance = step @ self._covariance @ step.T + _JERKS**2 * pushes

    def correct(self, box: Box) -> None:
        """Take in where the face was found."""
        gain = self._covariance[:, 0] / (self._covariance[0, 0] + _MEASURED_SHARE**2)
        self._state = self._state + gain[:, None] * (_as_row(box) - self._state[0])
        self._covariance = self._covariance - np.outer(gain, self._covariance[0])


def _as_row(box: Box) -> NDArray[np.float64]:
    return np.array([*box.centre, box.width, box.height])


def apart(expected: Box, found: Box) -> float:
    """How badly a found box fits an expected one: 0 where it lies on it, 1 at the limit, infinite beyond."""
    size = (expected.width + expected.height + found.width + found.height) / 4
    (ax, ay), (bx, by) = expected.centre, found.centre
    distance = float(np.hypot(ax - bx, ay - by)) / max(size, 1.0) / NEAR
    ratio = max(expected.area, 1.0) / max(found.area, 1.0)
    if distance > 1 or not ALIKE_SIZE**-2 < ratio < ALIKE_SIZE**2:
        return float("inf")
    return 0.5 * distance + 0.5 * (1 - expected.iou(found))


def assign(costs: Sequence[Sequence[float]], faces: int) -> list[int | None]:
    """Give each track at most one face and each face to at most one track, at the smallest sum of costs.

    Args:
        costs: a row a track, a column a face; infinite where they cannot belong together.
        faces: how many columns.

    Returns:
        For each track the number of its face, or None.
    """
    if not costs or not faces:
        return [None] * len(costs)
    table = np.array(costs, np.float64)
    possible = np.isfinite(table)
    rows, columns = linear_sum_assignment(np.where(possible, table, _FORBIDDEN))
    assigned: list[int | None] = [None] * len(costs)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        if possible[row, column]:
            assigned[row] = column
    return assigned
