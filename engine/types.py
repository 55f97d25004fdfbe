"""The values that flow through the engine: frozen, with shapes and units stated.

Pictures are RGB. Coordinates are pixels of the frame they were found in, x to the right and y down, with pixel centres
on integers. Arrays inside a value are read-only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from math import inf
from pathlib import Path
from threading import Event
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.errors import OperationCancelledError
from engine.liveness_values import LivenessDecision

FloatArray: TypeAlias = NDArray[np.float32]
PixelArray: TypeAlias = NDArray[np.uint8]
FrameKind: TypeAlias = Literal["picture", "camera", "virtual", "video", "folder"]
"""What gave a frame. Only "camera" can ever count as live."""


def frozen(array: NDArray[np.generic]) -> None:
    """Make an array read-only in place."""
    array.setflags(write=False)


class Box(NamedTuple):
    """An upright rectangle: left, top, width, height in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Area in square pixels."""
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        """Middle point (x, y)."""
        return self.x + self.width / 2, self.y + self.height / 2

    def scaled(self, factor: float) -> Box:
        """Return the box in a picture that is `factor` times as large."""
        return Box(self.x * factor, self.y * factor, self.width * factor, self.height * factor)

    def iou(self, other: Box) -> float:
        """Intersection over union with another box, 0..1."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        shared = max(width, 0.0) * max(height, 0.0)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture on its way through the engine.

    Attributes:
        pixels: (H, W, 3) uint8 RGB, upright.
        source: where it came from, for people: a file name, a camera name.
        time_s: capture time on the monotonic clock for a camera, position for a video; 0 for a still picture.
        notes: what the reader had to decide, in words ("3 frames, the first is used").
        kind: what gave it.
    """

    pixels: PixelArray
    source: str
    time_s: float = 0.0
    notes: tuple[str, ...] = ()
    kind: FrameKind = "picture"

    def __post_init__(self) -> None:
        """Check the shape and make the pixels read-only."""
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3 or self.pixels.dtype != np.uint8:
            raise ValueError(f"a frame is (H, W, 3) uint8, not {self.pixels.shape} {self.pixels.dtype}")
        frozen(self.pixels)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


Picture: TypeAlias = Path | bytes | Frame
"""What the engine takes for a picture: a file, an encoded picture, or pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """A face as a detector reports it.

    Attributes:
        box: in frame pixels; may reach over the edge.
        score: the detector's own, higher is surer.
        points: (5, 2) float32 left eye, right eye, nose tip, left and right mouth corner, as seen in the picture;
            None where the detector gives none.
    """

    box: Box
    score: float
    points: FloatArray | None = None


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


class Metric(StrEnum):
    """How two embeddings are compared; smaller always means more alike."""

    SQUARED_L2 = "squared_l2"
    L2 = "l2"
    L1 = "l1"
    COSINE = "cosine"


# --- the gallery -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """Someone in the gallery, with what a list of people shows.

    Attributes:
        template_count: how many templates, of any pack.
        cover_id: the template whose crop stands for the person; None without templates.
        purpose: what the person was enrolled for.
        expires_on: the last day that they are to be kept; None without an end. Nothing is deleted by itself.
    """

    id: int
    name: str
    notes: str = ""
    tags: tuple[str, ...] = ()
    consent_date: date | None = None
    created_at: datetime = datetime.min
    template_count: int = 0
    cover_id: int | None = None
    purpose: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, slots=True, eq=False)
class NewTemplate:
    """A template on its way into the gallery.

    Attributes:
        embedding: (D,) float32 of unit length.
        pack_id: the pack that made the embedding.
        crop_jpeg: the aligned crop, encoded.
        source: file or camera name it came from.
        quality: measures by key.
    """

    embedding: FloatArray
    pack_id: str
    crop_jpeg: bytes
    source: str
    quality: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """An enrolled reference of one person.

    Attributes:
        embeddings: (D,) float32 of unit length by the pack that made it; D differs from pack to pack.
    """

    id: int
    person_id: int
    embeddings: dict[str, FloatArray]
    crop_jpeg: bytes
    source: str
    quality: dict[str, float]
    created_at: datetime


# --- decisions: each carries every number it was made from -----------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person a probe was compared with.

    Attributes:
        distance: to the person's fused templates.
        rejected_at: cosine distance to a face that the user said is not this person, where that bars a match.
        false_match: how often a stranger gets this close; set for look-alikes only.
    """

    person_id: int
    name: str
    distance: float
    rejected_at: float | None = None
    false_match: FalseMatchRate | None = None


@dataclass(frozen=True, slots=True)
class FalseMatchRate:
    """How often a stranger gets at least this close: measured share, 95 % upper bound, and the pairs it rests on."""

    rate: float
    upper: float
    pairs: int


@dataclass(frozen=True, slots=True, eq=False)
class Verification:
    """The answer to "is this the person they claim to be?" (1:1).

    Attributes:
        distance: to the person's fused templates, in `metric`.
        template_distances: one for each of the person's templates, ascending.
        false_match: how often a stranger gets this close; None when the pack has no calibration for the metric.
        verifier: what was learned to verify with; empty where it is the plain distance.
        rejected_at: cosine distance to a face that the user said is not this person, where that bars a match.
        liveness: the policy in force and what it makes of the face; where it is not met, there is no match.
    """

    person_id: int
    name: str
    match: bool
    distance: float
    threshold: float
    metric: Metric
    template_distances: tuple[float, ...]
    fusion: str
    probe: Face
    reference_crop: PixelArray
    false_match: FalseMatchRate | None = None
    verifier: str = ""
    rejected_at: float | None = None
    liveness: LivenessDecision | None = None

    @property
    def refused_as_not_live(self) -> str:
        """Why a face that is near enough is no match, as a sentence; empty where liveness does not bar it."""
        near = self.distance <= self.threshold and self.rejected_at is None
        return self.liveness.reason if near and self.liveness is not None and not self.liveness.met else ""


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two faces against each other.

    Attributes:
        verifier: what was learned to verify with; empty where it is the plain distance.
    """

    match: bool
    distance: float
    threshold: float
    metric: Metric
    first: Face
    second: Face
    false_match: FalseMatchRate | None = None
    verifier: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Identification:
    """The answer to "who is this?" for one face (1:N, open set).

    Attributes:
        candidates: nearest people first.
        person: the decision; None means unknown.
        threshold: largest distance that is a match at this gallery's size.
        margin: how much further the runner-up is than the best; infinite with fewer than two people.
    """

    face: Face
    candidates: tuple[Candidate, ...]
    person: Candidate | None
    threshold: float
    metric: Metric
    margin: float = inf


@dataclass(frozen=True, slots=True)
class Limits:
    """What a false match rate means for a gallery.

    Attributes:
        verification: largest distance that is a match, 1:1, with one template.
        identification: the same for 1:N at the gallery's size.
        bound: what the calibration's pairs can say of the rate at the first limit.
        own_pairs: pairs of people in the gallery that were compared as strangers.
        own_close: how many of them are nearer than one stranger in 100 of the calibration is.
        supported: whether the calibration's pairs can show the rate; if not, the limit is extrapolated to be stricter.
        identification_rate: how many strangers are expected to be taken for somebody, 1:N.
        identification_bound: at most so many, 95 %, by what the pairs can say of that limit.
        identification_supported: as `supported`, for 1:N.
    """

    false_match_rate: float
    metric: Metric
    verification: float
    identification: float
    people: int
    bound: FalseMatchRate
    own_pairs: int
    own_close: int
    supported: bool = True
    identification_rate: float = 0.0
    identification_bound: float = 1.0
    identification_supported: bool = True


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision of this session, with what it takes to make it again.

    Attributes:
        what: "verification", "comparison" or "identification".
        about: whom or what it was about.
        people: in the gallery for an identification, else 0.
        rejected: whether it was no match because the user said that such a face is not this person, or because
            liveness was required and not shown.
        verifier: what was learned to verify with; empty where it is the plain distance.
    """

    what: str
    about: str
    metric: Metric
    distance: float
    templates: int
    people: int
    match: bool
    rejected: bool = False
    verifier: str = ""


@dataclass(frozen=True, slots=True)
class Replay:
    """This session's decisions under another limit.

    Attributes:
        changed: those that would come out otherwise, latest first.
    """

    limits: Limits
    decisions: int
    changed: tuple[Decided, ...]


@dataclass(frozen=True, slots=True, eq=False)
class IdentifiedPicture:
    """Everyone found in one picture, or why it was skipped.

    Attributes:
        source: the file as the caller named it.
        preview: the picture, reduced to screen size; None when it could not be read.
        preview_scale: preview pixels per picture pixel; boxes are in picture pixels.
        error: the sentence for the user when the picture was skipped.
    """

    source: str
    identifications: tuple[Identification, ...] = ()
    preview: PixelArray | None = None
    preview_scale: float = 1.0
    notes: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class EnrollmentCandidate:
    """A picture judged for enrollment.

    Attributes:
        face: the face that would be enrolled; None when the picture is refused before that.
        refusals: why it cannot be enrolled, as sentences; empty when it can.
        look_alike: someone already enrolled who is closer than the threshold.
    """

    source: str
    face: Face | None = None
    refusals: tuple[str, ...] = ()
    look_alike: Candidate | None = None
    notes: tuple[str, ...] = ()

    @property
    def acceptable(self) -> bool:
        """Whether it can be enrolled."""
        return self.face is not None and not self.refusals


@dataclass(frozen=True, slots=True, eq=False)
class Enrollment:
    """What an enrollment stored, and what it left out."""

    person: Person
    added: int
    skipped: tuple[EnrollmentCandidate, ...] = ()


@dataclass(frozen=True, slots=True)
class PackInfo:
    """A model pack, for choosing.

    Attributes:
        own: whether the user made or brought it.
    """

    id: str
    title: str
    dimension: int
    licence: str
    in_use: bool
    own: bool


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What the engine runs on, for the status bar and `info`.

    Attributes:
        device_reason: why this device, as a sentence.
        fell_back: whether the device it started on gave out.
        pack_problem: why the pack that was chosen is not the one in use, or what it cannot embed, as sentences; empty
            when all is well.
        protection: what protects the gallery's file, as sentences.
        on_server: whether the gallery is on a server rather than in a file.
        keyring: what the system's keyring is called; empty where there is none.
        opened_by_keyring: whether it opens the gallery by itself.
        opened_by_passphrase: whether a passphrase opens it.
        locked: why the gallery is not open, as a sentence; empty when it is.
        asks: what can be typed to open it: "passphrase", "recovery".
    """

    device: str
    device_reason: str
    fell_back: bool
    precision: str
    pack: str
    pack_id: str
    pack_problem: str
    pack_licence: str
    detector: str
    gallery_path: str
    people: int
    templates: int
    versions: dict[str, str]
    encrypted: bool = False
    protection: str = ""
    on_server: bool = False
    keyring: str = ""
    opened_by_keyring: bool = False
    opened_by_passphrase: bool = False
    locked: str = ""
    asks: tuple[str, ...] = ()


# --- long work -------------------------------------------------------------------------------------------


class CancelToken:
    """A switch that one thread turns and another looks at between steps."""

    def __init__(self) -> None:
        self._event = Event()

    def cancel(self) -> None:
        """Ask the work to stop at its next step."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether the work should stop."""
        return self._event.is_set()

    def check(self) -> None:
        """Return if the work may go on.

        Raises:
            OperationCancelledError: it may not.
        """
        if self.cancelled:
            raise OperationCancelledError


class Progress(NamedTuple):
    """How far long work is: `done` of `total` steps, and what is being worked on."""

    done: int
    total: int
    text: str = ""


Report: TypeAlias = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """Report to nobody."""
