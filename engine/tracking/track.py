"""One followed face: its motion, its looks, and when to look again."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.tracking.looks import Looks, weight_of
from engine.tracking.motion import Motion
from engine.tracking.naming import Naming
from engine.types import Face, PixelArray

SPARSE = 5
"""A steady face is embedded in at most one of so many frames."""
FIRST_LOOKS = 3
"""So many looks are taken as soon as they may be."""
REFRESH_S = 0.6
"""After so long a steady face is looked at again."""
SLOW_S = 0.25
"""Where frames come further apart than this, frames are not counted: each may show something else."""
BETTER = 1.15
"""A frame whose weight is so much higher than the best look's is worth one."""
_PATCH_PX = 24
CUT_BELOW = 0.5
"""Correlation of two frames under which the scene has changed."""
_BROKEN_BELOW = 0.55
"""Correlation between a face and itself in the frame before, under which it may be another one."""


def patch_of(face: Face) -> PixelArray:
    """A small picture of the aligned face, for telling that it has changed all at once."""
    step = face.chip.shape[0] // _PATCH_PX
    patch: PixelArray = face.chip[::step, ::step, 1]
    return patch


def alike(one: PixelArray, other: PixelArray) -> float:
    """Correlation of two patches, -1..1; it does not mind a change of light."""
    first, second = (patch.astype(np.float32).ravel() for patch in (one, other))
    first, second = first - first.mean(), second - second.mean()
    scale = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / scale if scale else 0.0


def scene_of(pixels: PixelArray) -> PixelArray:
    """A small picture of a whole frame, (H, W, 3) uint8, for telling that the scene has changed all at once."""
    step = max(1, min(pixels.shape[:2]) // _PATCH_PX)
    scene: PixelArray = pixels[::step, ::step, 1]
    return scene


def is_cut(before: PixelArray | None, now: PixelArray) -> bool:
    """Whether two scenes that follow each other have nothing to do with each other."""
    return before is not None and (before.shape != now.shape or alike(before, now) < CUT_BELOW)


@dataclass(slots=True, eq=False)
class Track:
    """A face from frame to frame.

    Attributes:
        face: as it was last found.
        frames: in how many frames it was found.
        since_look: in how many since it was last embedded.
        suspect: whether it must be looked at again before anything is believed: others came near, or it changed.
        doubts: looks in a row that were unlike it.
        looks: the best of those that were like it.
        version: counts changes of the looks.
    """

    id: int
    face: Face
    first_s: float
    last_s: float
    motion: Motion = field(init=False)
    frames: int = 1
    since_look: int = 0
    last_look_s: float = float("-inf")
    suspect: bool = False
    doubts: int = 0
    looks: Looks = field(default_factory=Looks)
    naming: Naming = field(default_factory=Naming)
    version: int = 0

    def __post_init__(self) -> None:
        """Start where the face is."""
        self.motion = Motion(self.face.box)

    def found(self, face: Face, time_s: float) -> None:
        """Take in where the face is now."""
        if alike(patch_of(self.face), patch_of(face)) < _BROKEN_BELOW:
            self.suspect = True
        self.motion.correct(face.box)
        self.face, self.last_s = face, time_s
        self.frames += 1
        self.since_look += 1

    def due(self, time_s: float, apart_s: float) -> bool:
        """Whether the face should be embedded in this frame.

        Args:
            time_s: now.
            apart_s: since the frame before.
        """
        if self.suspect or not len(self.looks):
            return True
        if apart_s < SLOW_S and self.since_look < SPARSE:
            return False
        if self.doubts or self.looks.total < FIRST_LOOKS or time_s - self.last_look_s >= REFRESH_S:
            return True
        return weight_of(self.face.quality) > BETTER * self.looks.best(time_s).at(time_s)
