"""The best frames of a face, weighed by their quality and fused into one embedding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, exp2, radians

import numpy as np

from engine.types import Face, FloatArray, Quality

KEPT = 8
"""How many looks are fused."""
HALF_LIFE_S = 4.0
"""Within so long a look's weight halves: light, pose and glasses change."""
_LEAST = 0.02

HINTS: Mapping[str, str] = {
    "eye_distance": "come closer",
    "sharpness": "hold still",
    "dark": "more light on the face",
    "burnt": "less light on the face",
    "contrast": "more even light",
    "yaw": "look here",
    "pitch": "look here",
    "roll": "hold the head upright",
    "visible": "show the whole face",
    "detector_score": "uncover the face",
}
"""What would help, by what is poor."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One frame in which a face was embedded.

    Attributes:
        face: with its embedding.
        weight: how much the frame's quality lets it count, 0..1.
    """

    face: Face
    weight: float
    time_s: float

    def at(self, time_s: float) -> float:
        """Weight at a later time."""
        return self.weight * exp2((self.time_s - time_s) / HALF_LIFE_S)


def factors(quality: Quality) -> dict[str, float]:
    """How good each side of a face's picture is for recognition, 0..1 by key of `HINTS`."""
    brightness = quality["brightness"]
    return {
        "eye_distance": _ramp(quality["eye_distance"], 12, 45),
        "sharpness": _ramp(quality["sharpness"], 0.02, 0.09),
        "dark": min(_ramp(brightness, 15, 60), _ramp(-quality["underexposed"], -0.7, -0.2)),
        "burnt": min(_ramp(-brightness, -250, -205), _ramp(-quality["overexposed"], -0.5, -0.1)),
        "contrast": _ramp(quality["contrast"], 4, 18),
        "yaw": _facing(quality["yaw"]),
        "pitch": _facing(quality["pitch"]),
        "roll": _ramp(-abs(quality["roll"]), -80, -35),
        "visible": _ramp(quality["visible"], 0.5, 0.85),
        "detector_score": _ramp(quality["detector_score"], 0.6, 0.95),
    }


def weight_of(quality: Quality) -> float:
    """How much a frame of this quality counts, 0..1."""
    return max(_LEAST, float(np.prod(list(factors(quality).values()))))


def hint_of(quality: Quality) -> str:
    """What would help most with a face of this quality; empty when nothing is poor."""
    worst, share = min(factors(quality).items(), key=lambda item: item[1])
    return HINTS[worst] if share < 0.75 else ""


def _ramp(value: float, none: float, full: float) -> float:
    return min(1.0, max(_LEAST, (value - none) / (full - none)))


def _facing(angle_deg: float) -> float:
    return max(_LEAST, cos(radians(min(abs(angle_deg), 85))) ** 2)


class Looks:
    """The best looks at one face so far."""

    def __init__(self) -> None:
        self._kept: list[Look] = []
        self.total = 0
        """How many were taken in all."""

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def latest(self) -> Look:
        """The one taken last of those kept."""
        return max(self._kept, key=lambda look: look.time_s)

    def add(self, look: Look) -> None:
        """Take in a look; the one that counts least now goes where there are too many."""
        self.total += 1
        self._kept.append(look)
        if len(self._kept) > KEPT:
            # The newest stays: who is there now must be able to outvote who was there before.
            self._kept.remove(min(self._kept[:-1], key=lambda kept: kept.at(look.time_s)))

    def best(self, time_s: float) -> Look:
        """The one that counts most."""
        return max(self._kept, key=lambda look: look.at(time_s))

    def fused(self, time_s: float) -> FloatArray:
        """(D,) float32 of unit length: the weighted mean of the looks' unit embeddings, again of unit length."""
        weights = np.array([look.at(time_s) for look in self._kept], np.float32)
        vectors = np.stack([_embedding(look.face) for look in self._kept])
        mean = (weights[:, None] * vectors).sum(axis=0)
        fused: FloatArray = (mean / np.linalg.norm(mean)).astype(np.float32)
        return fused

    def distance(self, face: Face, time_s: float) -> float:
        """Cosine distance of an embedded face to the fused embedding."""
        return float(1 - self.fused(time_s) @ _embedding(face))


def _embedding(face: Face) -> FloatArray:
    if face.embedding is None:
        raise ValueError("a look needs an embedded face")
    return face.embedding
