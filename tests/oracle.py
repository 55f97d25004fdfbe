"""dlib's own C++ over the same model files: what our port is held against."""

from __future__ import annotations

from functools import cache

import dlib
import numpy as np

from engine.packs.pack import DLIB_FIVE_POINTS, DLIB_MMOD, DLIB_RESNET
from engine.types import Box, FloatArray, PixelArray


@cache
def _recogniser() -> dlib.face_recognition_model_v1:
    return dlib.face_recognition_model_v1(str(DLIB_RESNET.locate()))


@cache
def _predictor() -> dlib.shape_predictor:
    return dlib.shape_predictor(str(DLIB_FIVE_POINTS.locate()))


@cache
def _detector() -> dlib.cnn_face_detection_model_v1:
    return dlib.cnn_face_detection_model_v1(str(DLIB_MMOD.locate()))


def embedding(chip: PixelArray) -> FloatArray:
    """The 128 values of one chip."""
    return np.array(_recogniser().compute_face_descriptor(chip), np.float32)


def boxes(pixels: PixelArray) -> list[tuple[Box, float]]:
    """MMOD's boxes and scores in a picture as it is."""
    found = _detector()(pixels, 0)
    return [
        (Box(one.rect.left(), one.rect.top(), one.rect.width(), one.rect.height()), one.confidence) for one in found
    ]


def landmarks(pixels: PixelArray, box: Box) -> FloatArray:
    """The five points from one starting box, rounded to pixels as dlib gives them."""
    shape = _predictor()(pixels, _rectangle(box))
    return np.array([(point.x, point.y) for point in shape.parts()], np.float32)


def chip(pixels: PixelArray, box: Box, size_px: int = 150, padding: float = 0.25) -> PixelArray:
    """dlib's aligned chip for the landmarks it finds from a box."""
    shape = _predictor()(pixels, _rectangle(box))
    return np.asarray(dlib.get_face_chip(pixels, shape, size_px, padding))


def _rectangle(box: Box) -> dlib.rectangle:
    right, bottom = box.x + box.width - 1, box.y + box.height - 1
    return dlib.rectangle(round(box.x), round(box.y), round(right), round(bottom))
