"""Frame -> faces: detect, landmarks, align, quality, embed. The one way from pixels to embeddings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from time import perf_counter
from typing import Literal, TypeAlias

import numpy as np

from engine.alignment.chips import CROP_FRAME, DLIB_FRAME, chip_of_crop, extract_chips
from engine.alignment.landmarks import Landmarker
from engine.detection.detector import Detector
from engine.packs.embedder import Embedder
from engine.packs.pack import Pack
from engine.quality.measures import assess
from engine.quality.unified import unified_score, with_unified
from engine.types import ChipFrame, Detection, Face, FloatArray, Frame, PixelArray

Only: TypeAlias = Literal["largest", "central"]
"""Which face of a frame matters: the largest, or of those that are nearly as large the one nearest to the middle, as
collections of people are cut."""
RIVAL_AREA = 0.25
"""A second face with at least this share of the largest face's area is nearly as large."""


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
        only: Only | None = None,
        stages_ms: dict[str, float] | None = None,
    ) -> list[tuple[Face, ...]]:
        """Find and embed every face.

        Args:
            frames: pictures of any sizes; worked on as one batch.
            smallest_face_px: faces narrower than this need not be found.
            averaging: embed mirrored and differently padded chips too and average (test-time averaging).
            only: embed only this face of each frame; the others have no embedding.
            stages_ms: receives the time spent by stage.

        Returns:
            The faces of each frame, largest first; with "central" that one first.

        Raises:
            PackError: the network's output is not usable.
        """
        times = {} if stages_ms is None else stages_ms
        with timed(times, "detect"):
            found = self.detector.detect([frame.pixels for frame in frames], smallest_face_px)
        with timed(times, "align"):
            aligned = [
                self.align(frame, _in_order(frame, detections, only))
                for frame, detections in zip(frames, found, strict=True)
            ]
        with timed(times, "embed"):
            return self.embedded(frames, aligned, averaging=averaging, first_only=only is not None)

    def align(self, frame: Frame, detections: Sequence[Detection]) -> list[Face]:
        """Detected faces of one frame with landmarks, chip, crop and quality, in the same order; not embedded."""
        if not detections:
            return []
        landmarks = self.landmarker.locate(frame.pixels, detections)
        chips = extract_chips(frame.pixels, landmarks)
        crops = extract_chips(frame.pixels, landmarks, CROP_FRAME)
        scores = np.array([detection.score for detection in detections], np.float32)
        boxes = [detection.box for detection in detections]
        qualities = assess(chips, landmarks, scores, frame.size, boxes)
        parts = zip(detections, landmarks, chips, crops, qualities, strict=True)
        return [
            Face(detection.box, detection.score, points, chip, crop, quality, points=detection.points)
            for detection, points, chip, crop, quality in parts
        ]

    def embedded(
        self, frames: Sequence[Frame], faces: Sequence[Sequence[Face]], *, averaging: bool, first_only: bool = False
    ) -> list[tuple[Face, ...]]:
        """The faces of each frame with embeddings; with `first_only` only the first of each.

        Raises:
            PackError: the network's output is not usable.
        """
        wanted = [group[: 1 if first_only else None] for group in faces]
        if not any(wanted):
            return [tuple(group) for group in faces]
        if averaging or self.embedder.pack.frame != DLIB_FRAME:
            chips = np.concatenate(
                [
                    self.views(frame.pixels, np.stack([face.landmarks for face in group]), averaging=averaging)
                    for frame, group in zip(frames, wanted, strict=True)
                    if group
                ]
            )
        else:
            chips = np.stack([face.chip for group in wanted for face in group])[:, None]
        means, views, pack_id = self._mean_views(chips), chips.shape[1], self.embedder.pack.id
        bounds = pairwise(accumulate((len(group) for group in wanted), initial=0))
        return [
            (
                *(
                    replace(
                        face,
                        embedding=unit(mean),
                        pack_id=pack_id,
                        views=views,
                        quality=with_unified(face.quality, unified_score(face.quality, mean, views, pack_id)),
                    )
                    for face, mean in zip(group, means[start:stop], strict=True)
                ),
                *whole[len(group) :],
            )
            for group, whole, (start, stop) in zip(wanted, faces, bounds, strict=True)
        ]

    def averaged(self, frame: Frame, face: Face) -> Face:
        """The same face of a frame, embedded in all views of test-time averaging.

        Raises:
            PackError: the network's output is not usable.
        """
        return self.embedded([frame], [[face]], averaging=True, first_only=True)[0][0]

    def embed(self, views: PixelArray) -> FloatArray:
        """Embed faces, each seen in several views.

        Args:
            views: (N, V, S, S, 3) uint8 RGB chips.

        Returns:
            (N, D) float32 of unit length: the mean of the views' unit embeddings, again of unit length.

        Raises:
            PackError: the network's output is not usable.
        """
        return unit(self._mean_views(views))

    def embed_cut(self, face: Face) -> FloatArray:
        """Embed one face, (D,) of unit length, from what was cut of its frame, when the frame may be gone.

        Raises:
            PackError: the network's output is not usable.
        """
        plain = self.embedder.pack.frame == DLIB_FRAME
        views = face.chip[None].copy() if plain else views_of_crop(face.crop, self.embedder.pack, averaging=False)
        alone: FloatArray = self.embed(views[None])[0]
        return alone

    def _mean_views(self, views: PixelArray) -> FloatArray:
        """The mean of each face's unit embeddings, (N, D): the shorter, the less its views agree."""
        count, per_face = views.shape[:2]
        raw = self.embedder.embed(views.reshape(-1, *views.shape[2:]))
        means: FloatArray = unit(raw).reshape(count, per_face, -1).mean(axis=1)
        return means

    def views(self, pixels: PixelArray, landmarks: FloatArray, *, averaging: bool) -> PixelArray:
        """Cut the chips of each face that the network is to see.

        Args:
            pixels: (H, W, 3) uint8 RGB.
            landmarks: (N, 5, 2) in pixels.
            averaging: all that test-time averaging embeds, and not the plain chip alone.

        Returns:
            (N, V, S, S, 3) uint8; with averaging the pack's paddings, then the same mirrored.
        """
        chips = [extract_chips(pixels, landmarks, frame) for frame in averaged_frames(self.embedder.pack, averaging)]
        return _mirrored(np.stack(chips, axis=1), averaging)


def views_of_crop(crop: PixelArray, pack: Pack, *, averaging: bool) -> PixelArray:
    """Cut the views that a pack's network is to see from a stored crop, when the picture is gone.

    Args:
        crop: (256, 256, 3) uint8 RGB, as `Face.crop`.
        pack: whose network.
        averaging: as in `Pipeline.views`.

    Returns:
        (V, S, S, 3) uint8.
    """
    chips = [chip_of_crop(crop, frame) for frame in averaged_frames(pack, averaging)]
    views: PixelArray = _mirrored(np.stack(chips)[None], averaging)[0]
    return views


def _in_order(frame: Frame, detections: Sequence[Detection], only: Only | None) -> list[Detection]:
    by_area = sorted(detections, key=lambda detection: -detection.box.area)
    if only != "central" or not by_area:
        return by_area
    middle, least = np.array(frame.size) / 2, RIVAL_AREA * by_area[0].box.area

    def rank(detection: Detection) -> tuple[bool, float]:
        return detection.box.area < least, float(np.hypot(*(detection.box.centre - middle)))

    return sorted(by_area, key=rank)


def averaged_frames(pack: Pack, averaging: bool) -> list[ChipFrame]:
    """Return the windows that a pack's embeddings are averaged over; its own alone without averaging."""
    if not averaging:
        return [pack.frame]
    return [pack.frame._replace(padding=padding) for padding in pack.averaged_paddings]


def _mirrored(views: PixelArray, averaging: bool) -> PixelArray:
    if not averaging:
        return views
    both: PixelArray = np.concatenate([views, views[:, :, :, ::-1]], axis=1)
    return both


def unit(vectors: FloatArray) -> FloatArray:
    """Scale (N, D) vectors to unit L2 length, as FaceNet does (Schroff et al. 2015)."""
    scaled: FloatArray = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return scaled


@contextmanager
def timed(times: dict[str, float], stage: str) -> Iterator[None]:
    """Add the milliseconds spent inside to a stage."""
    start = perf_counter()
    yield
    times[stage] = times.get(stage, 0.0) + (perf_counter() - start) * 1000
