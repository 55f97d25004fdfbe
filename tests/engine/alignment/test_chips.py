"""Aligned chips against dlib's."""

from __future__ import annotations

import numpy as np
import pytest

from engine.alignment.chips import MEAN_PLACES, extract_chips
from engine.alignment.shape_predictor import ShapePredictor
from engine.alignment.similarity import similarities
from engine.packs.pack import DLIB_FIVE_POINTS
from engine.types import Box, ChipFrame, PixelArray
from tests import oracle

FACE = Box(170, 65, 110, 110)
"""Where a frontal detector sees the astronaut's face."""


@pytest.fixture(scope="module")
def predictor() -> ShapePredictor:
    return ShapePredictor(DLIB_FIVE_POINTS.read())


@pytest.mark.parametrize(("size_px", "padding"), [(150, 0.25), (150, 0.2), (96, 0.25), (256, 0.5)])
def test_that_chips_are_pixel_close_to_dlibs(
    predictor: ShapePredictor, astronaut: PixelArray, size_px: int, padding: float
) -> None:
    landmarks = predictor.predict(astronaut, [FACE])
    ours = extract_chips(astronaut, np.rint(landmarks), ChipFrame(size_px, padding))[0].astype(float)
    theirs = oracle.chip(astronaut, FACE, size_px, padding).astype(float)
    assert np.abs(ours - theirs).mean() < 2.0
    assert np.percentile(np.abs(ours - theirs), 99) < 12


def test_that_a_face_at_the_edge_has_black_beyond_it_as_dlibs(predictor: ShapePredictor, astronaut: PixelArray) -> None:
    cut = np.ascontiguousarray(astronaut[:, 200:])
    box = Box(FACE.x - 200, *FACE[1:])
    ours = extract_chips(cut, np.rint(predictor.predict(cut, [box])))[0].astype(float)
    theirs = oracle.chip(cut, box).astype(float)
    assert (theirs[:, :10] == 0).all()
    assert np.abs(ours - theirs).mean() < 2.0


def test_that_landmarks_equal_dlibs_within_half_a_pixel(predictor: ShapePredictor, astronaut: PixelArray) -> None:
    boxes = [FACE, Box(160, 60, 130, 130), Box(180, 80, 90, 90)]
    ours = predictor.predict(astronaut, boxes)
    theirs = np.stack([oracle.landmarks(astronaut, box) for box in boxes])
    # dlib rounds its points to whole pixels.
    assert np.abs(ours - theirs).max() <= 0.5 + 1e-3


def test_that_landmarks_of_a_batch_are_those_of_each_alone(predictor: ShapePredictor, astronaut: PixelArray) -> None:
    boxes = [FACE, Box(10, 10, 60, 60), Box(300, 300, 400, 400)]
    together = predictor.predict(astronaut, boxes)
    alone = np.concatenate([predictor.predict(astronaut, [box]) for box in boxes])
    np.testing.assert_allclose(together, alone, atol=1e-3)


def test_that_no_boxes_give_no_landmarks_and_no_chips(predictor: ShapePredictor, astronaut: PixelArray) -> None:
    landmarks = predictor.predict(astronaut, [])
    assert landmarks.shape == (0, 5, 2)
    assert extract_chips(astronaut, landmarks).shape == (0, 150, 150, 3)


@pytest.mark.parametrize("turn_deg", [0, 15, -40, 90])
def test_that_a_similarity_is_found_again(turn_deg: float) -> None:
    angle, scale = np.radians(turn_deg), 3.2
    rotation = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    source = MEAN_PLACES.astype(np.float64)
    found = similarities(source, (source @ rotation.T + (40, -7))[None])
    np.testing.assert_allclose(found, rotation[None], atol=1e-9)
