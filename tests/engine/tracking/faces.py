"""Faces made up for following: a place, a look of their own, and an embedding that a test decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.types import Box, Face, FloatArray, Measure, Pose, Quality

GOOD = {
    "detector_score": 0.99,
    "eye_distance": 60.0,
    "visible": 1.0,
    "sharpness": 0.12,
    "brightness": 120.0,
    "contrast": 40.0,
    "underexposed": 0.0,
    "overexposed": 0.0,
    "yaw": 0.0,
    "pitch": 0.0,
    "roll": 0.0,
}


def quality(**values: float) -> Quality:
    """A good face's quality, but for what is named."""
    return Quality(tuple(Measure(key, value) for key, value in (GOOD | values).items()), Pose(0, 0, 0))


def vector(who: int) -> FloatArray:
    """An embedding of a made-up person, unlike everybody else's."""
    made = np.zeros(8, np.float32)
    made[who] = 1
    return made


class Crowd:
    """Makes faces and embeds them: who is whom is known by the picture alone."""

    def __init__(self) -> None:
        self.embedded = 0
        self._who: dict[bytes, int] = {}

    def face(self, who: int, x: float, y: float = 50, size: float = 60, *, score: float = 0.99) -> Face:
        """Somebody's face at a place."""
        chip = np.random.default_rng(who).integers(0, 255, (150, 150, 3), np.uint8)
        self._who[chip.tobytes()] = who
        points = np.zeros((5, 2), np.float32)
        crop = np.zeros((256, 256, 3), np.uint8)
        return Face(Box(x, y, size, size), score, points, chip, crop, quality(detector_score=score))

    def embed(self, faces: Sequence[Face]) -> list[Face]:
        """Give faces the embeddings of those they show."""
        self.embedded += len(faces)
        return [replace(face, embedding=vector(self._who[face.chip.tobytes()]), pack_id="made-up") for face in faces]

    def name(self, face: Face) -> int:
        """Whose face it is."""
        return self._who[face.chip.tobytes()]
