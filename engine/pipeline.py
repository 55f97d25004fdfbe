"""Frame -> faces: detect, landmarks, align, quality, embed. The one way from pixels to embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from time import perf_counter

import cv2
import numpy as np

from engine.alignment.chips import CHIP_SIZE_PX, extract_chips
from engine.alignment.landmarks import Landmarker
from engine.detection.detector import Detector
from engine.packs.embedder import Embedder
from engine.quality.measures import assess
from engine.types import Detection, Face, FloatArray, Frame, PixelArray

AVERAGED_PADDINGS = (0.225, 0.25, 0.275)
"""Paddings of the chips whose embeddings are averaged, each also mirrored: `docs/matching.md` compares the choices."""
CROP_SIZE_PX, CROP_PADDING = 256, 0.5
"""Of the crop that people see and the gallery keeps: a chip of any padding up to this one can be cut from it."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The stages, put together once for a detector, a landmarker and a network."""

    detector: Detector
    landmarker: Landmarker
    embedder: Embedder

    def faces(
        self,
        frames: Sequence[Frame],
        *,
        smallest_face_px: float,
        averaging: bool,
        largest_only: bool = False,
        stages_ms: dict[str, float] | None = None,
    ) -> list[tuple[Face, ...]]:
        """Find and embed every face.

        Args:
            frames: pictures of any sizes; worked on as one batch.
            smallest_face_px: faces narrower than this need not be found.
            averaging: embed mirrored and differently padded chips too and average (test-time averaging).
            largest_only: embed only the largest face of each frame; the others have no embedding.
            stages_ms: receives the time spent by stage.

        Returns:
            The faces of each frame, largest first.

        Raises:
            PackError: the network's output is not usable.
        """
        times = {} if stages_ms is None else stages_ms
        with _timed(times, "detect"):
            found = self.detector.detect([frame.pixels for frame in frames], smallest_face_px)
        with _timed(times, "align"):
            aligned = [
                self._align(frame, sorted(detections, key=lambda d: -d.box.area))
                for frame, detections in zip(frames, found, strict=True)
            ]
        with _timed(times, "embed"):
            return self._embedded(frames, aligned, averaging=averaging, largest_only=largest_only)

    def _align(self, frame: Frame, detections: Sequence[Detection]) -> list[Face]:
        if not detections:
            return []
        landmarks = self.landmarker.locate(frame.pixels, detections)
        chips = extract_chips(frame.pixels, landmarks)
        crops = extract_chips(frame.pixels, landmarks, size_px=CROP_SIZE_PX, padding=CROP_PADDING)
        scores = np.array([detection.score for detection in detections], np.float32)
        boxes = [detection.box for detection in detections]
        qualities = assess(chips, landmarks, scores, frame.size, boxes)
        parts = zip(detections, landmarks, chips, crops, qualities, strict=True)
        return [
            Face(detection.box, detection.score, points, chip, crop, quality)
            for detection, points, chip, crop, quality in parts
        ]

    def _embedded(
        self, frames: Sequence[Frame], faces: Sequence[Sequence[Face]], *, averaging: bool, largest_only: bool
    ) -> list[tuple[Face, ...]]:
        wanted = [group[: 1 if largest_only else None] for group in faces]
        if not any(wanted):
            return [tuple(group) for group in faces]
        if averaging:
            views = [
                averaged_chips(frame.pixels, np.stack([face.landmarks for face in group]))
                for frame, group in zip(frames, wanted, strict=True)
                if group
            ]
            chips = np.concatenate(views)
        else:
            chips = np.stack([face.chip for group in wanted for face in group])[:, None]
        embeddings = self.embed(chips)
        bounds = pairwise(accumulate((len(group) for group in wanted), initial=0))
        return [
            (
                *(
                    replace(face, embedding=embedding.copy(), pack_id=self.embedder.pack.id, views=chips.shape[1])
                    for face, embedding in zip(group, embeddings[start:stop], strict=True)
                ),
                *whole[len(group) :],
            )
            for group, whole, (start, stop) in zip(wanted, faces, bounds, strict=True)
        ]

    def embed(self, views: PixelArray) -> FloatArray:
        """Embed faces, each seen in several views.

        Args:
            views: (N, V, S, S, 3) uint8 RGB chips.

        Returns:
            (N, D) float32 of unit length: the mean of the views' unit embeddings, again of unit length.

        Raises:
            PackError: the network's output is not usable.
        """
        count, per_face = views.shape[:2]
        raw = self.embedder.embed(views.reshape(-1, *views.shape[2:]))
        return unit(unit(raw).reshape(count, per_face, -1).mean(axis=1))


def averaged_chips(pixels: PixelArray, landmarks: FloatArray) -> PixelArray:
    """Cut the views of each face that test-time averaging embeds.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        landmarks: (N, 5, 2) in pixels.

    Returns:
        (N, 6, 150, 150, 3) uint8: the three paddings, then the same mirrored.
    """
    views = np.stack([extract_chips(pixels, landmarks, padding=padding) for padding in AVERAGED_PADDINGS], axis=1)
    return np.concatenate([views, views[:, :, :, ::-1]], axis=1)


def averaged_chips_of_crop(crop: PixelArray) -> PixelArray:
    """Cut the same views from a stored crop, when the picture is gone.

    Args:
        crop: (256, 256, 3) uint8 RGB, as `Face.crop`.

    Returns:
        (6, 150, 150, 3) uint8.
    """
    half = CROP_SIZE_PX / 2
    views = []
    for padding in AVERAGED_PADDINGS:
        reach = half * (1 + 2 * padding) / (1 + 2 * CROP_PADDING)
        start, stop = round(half - reach), round(half + reach)
        views.append(
            cv2.resize(crop[start:stop, start:stop], (CHIP_SIZE_PX, CHIP_SIZE_PX), interpolation=cv2.INTER_AREA)
        )
    plain = np.stack(views).astype(np.uint8)
    return np.concatenate([plain, plain[:, :, ::-1]])


def unit(vectors: FloatArray) -> FloatArray:
    """Scale (N, D) vectors to unit L2 length, as FaceNet does (Schroff et al. 2015)."""
    scaled: FloatArray = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return scaled


@contextmanager
def _timed(times: dict[str, float], stage: str) -> Iterator[None]:
    start = perf_counter()
    yield
    times[stage] = (perf_counter() - start) * 1000
