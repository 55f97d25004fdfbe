"""A made-up camera behind the camera interface: it takes its pictures from a function, and its faults from the test."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from engine.capture.sources import Kind
from engine.types import Frame, PixelArray

FPS = 25.0


class MadeUpCamera:
    """Gives a picture every 1/25 s."""

    def __init__(
        self, picture_at: Callable[[float], PixelArray], label: str = "Made-up", kind: Kind = "camera"
    ) -> None:
        """Make it.

        Args:
            picture_at: gives the picture of a moment of the monotonic clock; called on the camera's thread.
            label: for people.
            kind: what it is.
        """
        self.label = label
        self.kind: Kind = kind
        self._picture_at, self._given = picture_at, 0
        self._noise = np.random.default_rng(0)

    def open(self) -> float:
        """Start."""
        return FPS

    def read(self) -> Frame | None:
        """Give the next picture."""
        time.sleep(1 / FPS)
        now = time.monotonic()
        self._given += 1
        # No two pictures of a camera are the same.
        noisy = self._picture_at(now) + self._noise.normal(0, 2, (1, 1, 3))
        return Frame(noisy.clip(0, 255).astype(np.uint8), self.label, now, kind=self.kind)

    def close(self) -> None:
        """Stop."""
