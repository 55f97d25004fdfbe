"""MTCNN: a pyramid of small pictures proposes boxes, two more networks on crops refine them and place five points."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.detection.nms import keep_surest
from engine.device import Device, placed
from engine.packs.mtcnn_weights import load_mtcnn
from engine.types import Box, Detection, FloatArray, PixelArray

WINDOW_PX, STRIDE_PX = 12, 2
PYRAMID_STEP = 0.709
PROPOSAL_SCORE, REFINED_SCORE, OUTPUT_SCORE = 0.6, 0.7, 0.8
FOLLOWED_SCORE = 0.7
"""Where a face was a moment ago, less is enough."""
LEVEL_OVERLAP, OVERLAP = 0.5, 0.7
MOST_PROPOSALS = 1000
"""Per picture: a picture of leaves or text proposes far more than it has faces."""
CROPS_AT_ONCE = 256


@dataclass(slots=True, eq=False)
class _Boxes:
    """Candidates of all pictures together.

    Attributes:
        picture: (N,) which picture each is in.
        corners: (N, 4) left, top, right, bottom in that picture's pixels.
        scores: (N,) probability of a face.
    """

    picture: NDArray[np.int64]
    corners: FloatArray
    scores: FloatArray

    def __getitem__(self, which: NDArray[np.int64] | NDArray[np.bool_]) -> _Boxes:
        return _Boxes(self.picture[which], self.corners[which], self.scores[which])

    def surest(self, overlap: float, *, of_smaller: bool = False) -> NDArray[np.int64]:
        """Indices that non-maximum suppression within each picture leaves."""
        kept = [np.empty(0, np.int64)]
        for picture in np.unique(self.picture):
            members = np.flatnonzero(self.picture == picture)
            chosen = keep_surest(self.corners[members], self.scores[members], overlap, of_smaller=of_smaller)
            kept.append(members[chosen])
        return np.concatenate(kept)


class MtcnnDetector:
    """The cascade. Finds faces down to a dozen pixels; gives eye centres, nose tip and mouth corners."""

    name = "MTCNN"

    def __init__(self, device: Device) -> None:
        """Load the networks.

        Raises:
            PackError: a weights file is missing or altered.
        """
        self._device = device.torch_device
        pnet, rnet, onet = load_mtcnn()
        self._pnet, self._rnet, self._onet = placed(pnet, device), placed(rnet, device), placed(onet, device)

    def detect(self, frames: Sequence[PixelArray], smallest_face_px: float) -> list[list[Detection]]:
        """Find the faces of every picture; see `Detector.detect`."""
        with torch.inference_mode():
            boxes = self._propose(frames, smallest_face_px)
            boxes = self._refine(frames, boxes)
            boxes, points = self._place_points(frames, boxes)
        found: list[list[Detection]] = [[] for _ in frames]
        for place in np.argsort(-boxes.scores, kind="stable"):
            left, top, right, bottom = boxes.corners[place].tolist()
            box = Box(left, top, right - left, bottom - top)
            found[boxes.picture[place]].append(Detection(box, float(boxes.scores[place]), points[place]))
        return found

    def follow(self, frame: PixelArray, boxes: Sequence[Box]) -> list[Detection | None]:
        """Look at the places of known faces with the last network alone; see `Follower.follow`."""
        if not boxes:
            return []
        corners = np.array([(x, y, x + width, y + height) for x, y, width, height in boxes], np.float32)
        expected = _Boxes(np.zeros(len(boxes), np.int64), corners, np.ones(len(boxes), np.float32))
        with torch.inference_mode():
            found, points = self._placed([frame], expected)
        return [
            Detection(Box(left, top, right - left, bottom - top), float(score), five)
            if score > FOLLOWED_SCORE
            else None
            for (left, top, right, bottom), score, five in zip(
                found.corners.tolist(), found.scores, points, strict=True
            )
        ]

    def _propose(self, frames: Sequence[PixelArray], smallest_face_px: float) -> _Boxes:
        by_size: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for number, frame in enumerate(frames):
            by_size[frame.shape].append(number)
        parts = [_none()]
        for numbers in by_size.values():
            parts += self._propose_same_size(
                [frames[number] for number in numbers], np.array(numbers), smallest_face_px
            )
        boxes = _joined(parts)
        boxes = boxes[boxes.surest(OVERLAP)]
        few = [np.flatnonzero(boxes.picture == number)[:MOST_PROPOSALS] for number in range(len(frames))]
        return boxes[np.concatenate([np.empty(0, np.int64), *few])]

    def _propose_same_size(
        self, frames: Sequence[PixelArray], numbers: NDArray[np.int64], smallest_face_px: float
    ) -> Iterator[_Boxes]:
        height, width = frames[0].shape[:2]
        scale = WINDOW_PX / smallest_face_px
        while min(height, width) * scale >= WINDOW_PX:
            size = max(WINDOW_PX, round(width * scale)), max(WINDOW_PX, round(height * scale))
            smaller = np.stack([_resized(frame, size) for frame in frames])
            faces, corrections = (t.float().cpu().numpy() for t in self._pnet(self._normalised(smaller)))
            which, row, column = np.nonzero(faces > PROPOSAL_SCORE)
            origin = np.stack([column, row], axis=1) * STRIDE_PX
            windows = np.concatenate([origin, origin + WINDOW_PX], axis=1).astype(np.float32)
            windows += corrections[which, :, row, column] * WINDOW_PX
            to_picture = np.array([width / size[0], height / size[1]] * 2, np.float32)
            level = _Boxes(numbers[which], windows * to_picture, faces[which, row, column])
            yield level[level.surest(LEVEL_OVERLAP)]
            scale *= PYRAMID_STEP

    def _refine(self, frames: Sequence[PixelArray], boxes: _Boxes) -> _Boxes:
        scores, corrections = self._run(self._rnet, frames, boxes, 24)
        boxes = _corrected(_squared(boxes), corrections, scores)
        boxes = boxes[scores > REFINED_SCORE]
        return boxes[boxes.surest(OVERLAP)]

    def _place_points(self, frames: Sequence[PixelArray], boxes: _Boxes) -> tuple[_Boxes, FloatArray]:
        boxes, points = self._placed(frames, boxes)
        sure = np.flatnonzero(boxes.scores > OUTPUT_SCORE)
        kept = sure[boxes[sure].surest(OVERLAP, of_smaller=True)]
        return boxes[kept], points[kept]

    def _placed(self, frames: Sequence[PixelArray], boxes: _Boxes) -> tuple[_Boxes, FloatArray]:
        """Boxes as the last network corrects them, with its scores, and (N, 5, 2) points."""
        scores, corrections, shares = self._run(self._onet, frames, boxes, 48)
        square = _squared(boxes)
        sides = (square.corners[:, 2:] - square.corners[:, :2])[:, None]
        points = square.corners[:, None, :2] + shares.reshape(-1, 5, 2) * sides
        return _corrected(square, corrections, scores), points.astype(np.float32)

    def _run(
        self, network: nn.Module, frames: Sequence[PixelArray], boxes: _Boxes, size_px: int
    ) -> tuple[FloatArray, ...]:
        """Run a network on the square crop of every box; its outputs, concatenated."""
        square = _squared(boxes)
        crops = np.zeros((len(square.scores), size_px, size_px, 3), np.uint8)
        for crop, picture, corners in zip(crops, square.picture, square.corners, strict=True):
            _cut(frames[picture], corners, crop)
        batches = range(0, max(1, len(crops)), CROPS_AT_ONCE)
        outputs = [network(self._normalised(crops[start : start + CROPS_AT_ONCE])) for start in batches]
        return tuple(torch.cat(parts).float().cpu().numpy() for parts in zip(*outputs, strict=True))

    def _normalised(self, pixels: PixelArray) -> Tensor:
        """(N, H, W, 3) uint8 to (N, 3, H, W) in -1..1."""
        batch = torch.from_numpy(pixels).to(self._device).permute(0, 3, 1, 2)
        return (batch.float() - 127.5) / 128.0


def _none() -> _Boxes:
    return _Boxes(np.empty(0, np.int64), np.empty((0, 4), np.float32), np.empty(0, np.float32))


def _joined(parts: Sequence[_Boxes]) -> _Boxes:
    return _Boxes(
        np.concatenate([part.picture for part in parts]),
        np.concatenate([part.corners for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )


def _squared(boxes: _Boxes) -> _Boxes:
    """Grow each box's shorter side about its centre."""
    low, high = boxes.corners[:, :2], boxes.corners[:, 2:]
    half = (high - low).max(axis=1, keepdims=True, initial=0) / 2
    centre = (low + high) / 2
    return _Boxes(boxes.picture, np.concatenate([centre - half, centre + half], axis=1), boxes.scores)


def _corrected(boxes: _Boxes, corrections: FloatArray, scores: FloatArray) -> _Boxes:
    sides = np.tile(boxes.corners[:, 2:] - boxes.corners[:, :2] + 1, 2)
    return _Boxes(boxes.picture, boxes.corners + corrections * sides, scores)


def _resized(frame: PixelArray, size: tuple[int, int]) -> PixelArray:
    larger = size[0] > frame.shape[1]
    interpolation = cv2.INTER_LINEAR if larger else cv2.INTER_AREA
    return cv2.resize(frame, size, interpolation=interpolation).astype(np.uint8, copy=False)


def _cut(frame: PixelArray, corners: FloatArray, crop: PixelArray) -> None:
    """Fill `crop` with the square of the frame inside `corners`; black beyond the frame's edge."""
    left, top, right, bottom = np.rint(corners).astype(int)
    height, width = frame.shape[:2]
    side = max(1, right - left, bottom - top)
    inside = frame[max(top, 0) : max(0, min(top + side, height)), max(left, 0) : max(0, min(left + side, width))]
    if not inside.size:
        return
    if inside.shape[:2] != (side, side):
        before = max(-top, 0), max(-left, 0)
        whole = np.zeros((side, side, 3), np.uint8)
        whole[before[0] : before[0] + inside.shape[0], before[1] : before[1] + inside.shape[1]] = inside
        inside = whole
    crop[:] = _resized(np.ascontiguousarray(inside), (crop.shape[1], crop.shape[0]))
