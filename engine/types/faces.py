"""Faces that were found, and how fit they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from engine.types.frames import Box, FloatArray, PixelArray, frozen


class Pose(NamedTuple):
    """Head rotation in degrees. Yaw > 0: turned to the picture's right; pitch > 0: up; roll > 0: clockwise."""

    yaw_deg: float
    pitch_deg: float
    roll_deg: float


@dataclass(frozen=True, slots=True)
class Measure:
    """One quality measure of a face and what it means.

    Attributes:
        key: stable name, e.g. "sharpness".
        value: in `unit`.
        reason: why the face is too poor to enroll by this measure, as a sentence; empty when it is good enough.
    """

    key: str
    value: float
    unit: str = ""
    reason: str = ""


class Component(NamedTuple):
    """One quality component of ISO/IEC 29794-5: 0..100, or -1 where it cannot be assessed (`docs/quality.md`)."""

    key: str
    score: int


@dataclass(frozen=True, slots=True)
class Quality:
    """How fit a face is for enrollment.

    Attributes:
        measures: what decides whether it can be enrolled.
        pose: how the head is turned.
        components: on the standard's scale, for advice and for choosing among good pictures.
    """

    measures: tuple[Measure, ...]
    pose: Pose
    components: tuple[Component, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the face should not be enrolled; empty when it can be."""
        return tuple(measure.reason for measure in self.measures if measure.reason)

    @property
    def acceptable(self) -> bool:
        """Whether the face is good enough to enroll."""
        return not self.reasons

    def score(self, key: str) -> int:
        """Score of one component, 0..100; -1 where it cannot be assessed."""
        return next((component.score for component in self.components if component.key == key), -1)

    def __getitem__(self, key: str) -> float:
        """Value of one measure.

        Raises:
            KeyError: no such measure.
        """
        for measure in self.measures:
            if measure.key == key:
                return measure.value
        raise KeyError(key)


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face that went through the pipeline.

    Attributes:
        box: in frame pixels.
        score: of the detector.
        landmarks: (5, 2) float32 in frame pixels, dlib's order: outer and inner corner of the subject's left eye (on
            the picture's right), outer and inner corner of the subject's right eye, base of the nose.
        chip: (150, 150, 3) uint8 RGB, aligned: what the network sees.
        crop: (256, 256, 3) uint8 RGB, aligned with more around it: what people see and the gallery keeps.
        quality: how fit it is for enrollment.
        embedding: (D,) float32 of unit length; None when it was not asked for.
        pack_id: the model pack that made the embedding.
        views: how many views of the face the embedding is the mean of.
        points: (5, 2) float32 as the detector gave them, see `Detection.points`; None where it gives none.
    """

    box: Box
    score: float
    landmarks: FloatArray
    chip: PixelArray
    crop: PixelArray
    quality: Quality
    embedding: FloatArray | None = None
    pack_id: str = ""
    views: int = 0
    points: FloatArray | None = None

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for array in (self.landmarks, self.chip, self.crop, self.embedding, self.points):
            if array is not None:
                frozen(array)


class ChipFrame(NamedTuple):
    """Which square window of an aligned face an embedding network sees.

    Attributes:
        size_px: side of the chip.
        padding: space around the landmarks' square on every side, as a share of that square's side.
        down: how far the window's middle lies below the middle of the landmarks' square, in the same unit.
    """

    size_px: int
    padding: float
    down: float = 0.0
