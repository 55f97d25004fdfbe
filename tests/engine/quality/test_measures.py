"""Quality: each measure follows what it measures, and says why."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from engine.pipeline import Pipeline
from engine.quality.measures import assess
from engine.quality.pose import poses
from engine.types import Box, Face, FloatArray, Frame, PixelArray


def _face(pipeline: Pipeline, pixels: PixelArray) -> Face:
    found = pipeline.faces([Frame(np.ascontiguousarray(pixels), "t")], smallest_face_px=20, averaging=False)[0]
    assert found, "the face is still found"
    return found[0]


def _lit(pixels: PixelArray, gain: float, shift: float = 0) -> PixelArray:
    return np.clip(pixels * gain + shift, 0, 255).astype(np.uint8)


def _blurred(pixels: PixelArray, sigma_px: float) -> PixelArray:
    return cv2.GaussianBlur(pixels, None, sigma_px).astype(np.uint8)


def _smaller(pixels: PixelArray, scale: float) -> PixelArray:
    return cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)


def test_that_a_good_portrait_can_be_enrolled(pipeline: Pipeline, astronaut: PixelArray) -> None:
    face = _face(pipeline, astronaut)
    assert face.quality.acceptable
    assert face.quality.reasons == ()


@pytest.mark.parametrize(
    ("key", "worse", "steps", "falls"),
    [
        ("sharpness", _blurred, [0.5, 1, 1.5, 2, 3, 4, 5, 6], True),
        ("eye_distance", _smaller, [1, 0.8, 0.6, 0.5, 0.4, 0.3], True),
        ("brightness", _lit, [1, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2], True),
        ("contrast", _lit, [1, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2], True),
        ("underexposed", _lit, [1, 0.6, 0.4, 0.3, 0.2], False),
        ("overexposed", _lit, [1, 1.1, 1.2, 1.3, 1.4], False),
    ],
)
def test_that_a_measure_gets_steadily_worse(
    pipeline: Pipeline,
    astronaut: PixelArray,
    *,
    key: str,
    worse: Callable[[PixelArray, float], PixelArray],
    steps: list[float],
    falls: bool,
) -> None:
    values = [_face(pipeline, worse(astronaut, step)).quality[key] for step in steps]
    assert values == sorted(values, reverse=falls)
    assert values[0] != values[-1]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda pixels: _blurred(pixels, 6), "blurred"),
        (lambda pixels: _lit(pixels, 0.12), "dark"),
        (lambda pixels: _lit(pixels, 1.4, 20), "burnt out|too bright"),
        (lambda pixels: _smaller(pixels, 0.3), "too small"),
        (lambda pixels: pixels[:, 215:], "cut off"),
    ],
)
def test_that_a_poor_picture_says_what_to_change(
    pipeline: Pipeline, astronaut: PixelArray, spoil: Callable[[PixelArray], PixelArray], reason: str
) -> None:
    quality = _face(pipeline, spoil(astronaut)).quality
    assert not quality.acceptable
    assert any(word in " ".join(quality.reasons) for word in reason.split("|"))


@pytest.mark.parametrize("roll_deg", [-30, -10, 0, 20, 40])
def test_that_a_leaning_head_has_its_roll(pipeline: Pipeline, astronaut: PixelArray, roll_deg: float) -> None:
    upright = _face(pipeline, astronaut).quality.pose.roll_deg
    turn = cv2.getRotationMatrix2D((225, 120), -roll_deg, 1)
    turned = cv2.warpAffine(astronaut, turn, (512, 512)).astype(np.uint8)
    assert _face(pipeline, turned).quality.pose.roll_deg - upright == pytest.approx(roll_deg, abs=5)


def _projected(yaw_deg: float, pitch_deg: float, roll_deg: float) -> FloatArray:
    """A head model with the pose module's proportions, turned and seen from far away."""
    eye = 0.5
    model = np.array(
        [(eye + 0.1, 0, 0), (eye - 0.1, 0, 0), (-eye - 0.1, 0, 0), (-eye + 0.1, 0, 0), (0, 0.773, 0.42)], np.float64
    )
    yaw, pitch, roll = np.radians([yaw_deg, pitch_deg, roll_deg])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    turned = model @ (about_z @ about_y @ about_x).T
    return (turned[None, :, :2] * 100 + 300).astype(np.float32)


@pytest.mark.parametrize("roll_deg", [-20, 0, 35])
@pytest.mark.parametrize("yaw_deg", [-40, -15, 0, 25])
def test_that_yaw_and_roll_of_a_turned_model_are_found_again(yaw_deg: float, roll_deg: float) -> None:
    pose = poses(_projected(yaw_deg, 0, roll_deg))[0]
    assert pose.yaw_deg == pytest.approx(yaw_deg, abs=1.5)
    assert pose.roll_deg == pytest.approx(roll_deg, abs=1.5)


def test_that_pitch_of_a_nodding_model_is_found_again() -> None:
    for pitch_deg in (-20, -10, 0, 15, 30):
        assert poses(_projected(0, pitch_deg, 0))[0].pitch_deg == pytest.approx(pitch_deg, abs=1.5)


@pytest.mark.parametrize(("yaw_deg", "refused"), [(-30, False), (-50, True), (30, False), (50, True)])
def test_that_a_head_turned_far_aside_is_refused(
    pipeline: Pipeline, astronaut: PixelArray, yaw_deg: float, *, refused: bool
) -> None:
    face = _face(pipeline, astronaut)
    quality = assess(face.chip[None], _projected(yaw_deg, 0, 0), np.ones(1), (600, 600), [Box(220, 200, 160, 200)])[0]
    assert ("The head is turned too far aside. Look at the camera." in quality.reasons) is refused
