"""Five landmarks by a cascade of regression trees.

Kazemi and Sullivan, "One Millisecond Face Alignment with an Ensemble of Regression Trees", 2014, as dlib stores it. All
faces of a picture and all trees of a cascade level are evaluated at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.alignment.similarity import similarities
from engine.errors import PackError
from engine.packs.dlib_format import floats, read_integers
from engine.types import Box, FloatArray, PixelArray

IntArray = NDArray[np.int64]
_DEPTH = 4
_SPLITS, _LEAVES = 2**_DEPTH - 1, 2**_DEPTH
_POINTS = 5


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """One level of the cascade: T trees that look at differences between F pixels.

    Attributes:
        first, second, threshold: (T * 15,) pixel numbers and limit of each split, tree after tree.
        leaves: (T * 16, 10) what each leaf adds to the shape.
        anchors: (F,) the landmark that each pixel moves with.
        offsets: (F, 2) of each pixel from its landmark, in the mean shape's frame.
    """

    first: IntArray
    second: IntArray
    threshold: FloatArray
    leaves: FloatArray
    anchors: IntArray
    offsets: FloatArray


class ShapePredictor:
    """Finds dlib's five landmarks inside boxes like those dlib's detectors give."""

    def __init__(self, data: bytes) -> None:
        """Read the trees from the content of dlib's file.

        Raises:
            PackError: the content is not a five-point shape predictor of the expected form.
        """
        try:
            self._mean_shape, self._levels = _parse(read_integers(data))
        except (ValueError, IndexError) as error:
            raise PackError("The landmark file holds another model than expected. Reinstall its package.") from error

    def predict(self, pixels: PixelArray, boxes: list[Box]) -> FloatArray:
        """Find the landmarks of every box.

        Args:
            pixels: (H, W, 3) uint8 RGB.
            boxes: N upright squares around eyes, nose and mouth, as dlib's detectors draw them.

        Returns:
            (N, 5, 2) float32 in pixels: outer and inner corner of the subject's left eye, outer and inner corner of the
            right eye, base of the nose.
        """
        # In double precision, because a pixel is chosen by rounding.
        corners = np.array([(box.x, box.y) for box in boxes], np.float64).reshape(-1, 1, 2)
        # dlib's rectangles include their last row and column.
        spans = np.array([(box.width - 1, box.height - 1) for box in boxes], np.float64).reshape(-1, 1, 2)
        if not boxes:
            return np.empty((0, _POINTS, 2), np.float32)
        shapes = np.repeat(self._mean_shape[None], len(boxes), axis=0)
        for level in self._levels:
            places = self._feature_places(level, shapes) * spans + corners
            shapes = _moved(level, _sample(pixels, places), shapes)
        return (shapes * spans + corners).astype(np.float32)

    def _feature_places(self, level: _Level, shapes: FloatArray) -> FloatArray:
        """Where each level's pixels lie on the present shapes, (N, F, 2) in box units."""
        turns = similarities(self._mean_shape, shapes)
        return shapes[:, level.anchors] + level.offsets @ turns.transpose(0, 2, 1)


def _sample(pixels: PixelArray, places: NDArray[np.float64]) -> FloatArray:
    """Nearest pixel's intensity at (N, F, 2) places; 0 outside the picture."""
    height, width = pixels.shape[:2]
    nearest = np.floor(places + 0.5).astype(np.int64)
    x, y = nearest[:, :, 0], nearest[:, :, 1]
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    colours = pixels[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    return np.where(inside, colours.sum(axis=2, dtype=np.uint16) // 3, 0).astype(np.float32)


def _moved(level: _Level, features: FloatArray, shapes: FloatArray) -> FloatArray:
    """Add to (N, 5, 2) shapes what all trees of a level say, given (N, F) pixel intensities."""
    count, pixels = features.shape
    trees = np.arange(len(level.first) // _SPLITS)
    roots, rows = _SPLITS * trees, pixels * np.arange(count)[:, None]
    # `take` on flat arrays costs a third of indexing by rows and columns.
    nodes = np.zeros((count, len(trees)), np.int64)
    for _ in range(_DEPTH):
        splits = roots + nodes
        difference = features.take(rows + level.first.take(splits)) - features.take(rows + level.second.take(splits))
        nodes = 2 * nodes + 2 - (difference > level.threshold.take(splits))
    leaves = level.leaves.take(_LEAVES * trees + nodes - _SPLITS, axis=0)
    # dlib adds one tree after another; in another order a pixel chosen by rounding can be its neighbour.
    steps = np.concatenate([shapes.reshape(len(shapes), 1, -1), leaves], axis=1)
    sums: FloatArray = np.add.accumulate(steps, axis=1)[:, -1].reshape(shapes.shape)
    return sums


def _parse(numbers: IntArray) -> tuple[FloatArray, list[_Level]]:
    """Cut the integers of the file into the mean shape and the levels."""
    version, rows, columns = numbers[:3].tolist()
    if (version, rows, columns) != (1, -2 * _POINTS, -1):
        raise ValueError("not a five-point shape predictor")
    position = 3 + 4 * _POINTS
    mean_shape = floats(numbers[3:position].reshape(-1, 2)).reshape(_POINTS, 2)
    level_count, tree_count = numbers[position], int(numbers[position + 1])
    per_tree = 1 + 4 * _SPLITS + 1 + _LEAVES * (2 + 4 * _POINTS)
    position += 1
    trees = []
    for _ in range(level_count):
        start, position = position + 1, position + 1 + tree_count * per_tree
        trees.append(numbers[start:position].reshape(tree_count, per_tree))
    anchors, position = _parse_vectors(numbers, position, 1)
    offsets, position = _parse_vectors(numbers, position, 4)
    if position != len(numbers):
        raise ValueError("more data than expected")
    places = [floats(values.reshape(-1, 2, 2)) for values in offsets]
    return mean_shape, [_level(*parts) for parts in zip(trees, anchors, places, strict=True)]


def _parse_vectors(numbers: IntArray, position: int, per_item: int) -> tuple[list[IntArray], int]:
    """Read a vector of vectors whose items are `per_item` integers each."""
    vectors = []
    count = int(numbers[position])
    position += 1
    for _ in range(count):
        size = int(numbers[position]) * per_item
        vectors.append(numbers[position + 1 : position + 1 + size])
        position += 1 + size
    return vectors, position


def _level(trees: IntArray, anchors: IntArray, offsets: FloatArray) -> _Level:
    count = len(trees)
    if not ((trees[:, 0] == _SPLITS).all() and (trees[:, 1 + 4 * _SPLITS] == _LEAVES).all()):
        raise ValueError("trees of another depth")
    splits = trees[:, 1 : 1 + 4 * _SPLITS].reshape(count, _SPLITS, 4)
    leaves = trees[:, 2 + 4 * _SPLITS :].reshape(count, _LEAVES, 2 + 4 * _POINTS)
    return _Level(
        first=splits[:, :, 0].ravel(),
        second=splits[:, :, 1].ravel(),
        threshold=floats(splits[:, :, 2:]).ravel(),
        leaves=floats(leaves[:, :, 2:].reshape(count * _LEAVES, 2 * _POINTS, 2)),
        anchors=anchors,
        offsets=offsets,
    )
