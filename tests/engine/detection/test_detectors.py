"""Detectors: MMOD against dlib's, MTCNN and both together on real pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.capture.images import read_image
from engine.detection import DETECTORS, Detector, Follower
from engine.detection.mmod import MmodDetector
from engine.device import choose_device
from engine.types import Box, PixelArray
from tests import oracle


@pytest.fixture(scope="module", params=sorted(DETECTORS.keys() - {"yunet"}))  # its file is no part of the program
def detector(request: pytest.FixtureRequest) -> Detector:
    name: str = request.param
    return DETECTORS[name](choose_device("cpu", "fp32"))


@pytest.fixture(scope="module")
def mmod() -> MmodDetector:
    return MmodDetector(choose_device("cpu", "fp32"))


def _assert_as_dlibs(mmod: MmodDetector, pixels: PixelArray) -> int:
    ours = mmod.detect([pixels], smallest_face_px=80)[0]
    theirs = oracle.boxes(pixels)
    assert len(ours) == len(theirs)
    for box, score in theirs:
        nearest = max(ours, key=lambda detection: detection.box.iou(box))
        assert nearest.box.iou(box) >= 0.85
        assert nearest.score == pytest.approx(score, abs=0.02)
    return len(ours)


def test_that_mmod_finds_what_dlibs_finds(mmod: MmodDetector, astronaut: PixelArray, hopper_file: Path) -> None:
    assert _assert_as_dlibs(mmod, astronaut) == 1
    assert _assert_as_dlibs(mmod, read_image(hopper_file).pixels) == 1


def test_that_mmod_finds_what_dlibs_finds_in_lfw(mmod: MmodDetector, shared: Path) -> None:
    people = sorted((shared / "data" / "lfw").iterdir())[::500]
    for person in people:
        _assert_as_dlibs(mmod, read_image(min(person.iterdir())).pixels)


def test_that_one_person_is_one_box_on_the_face(detector: Detector, astronaut: PixelArray) -> None:
    found = detector.detect([astronaut], 40)[0]
    assert len(found) == 1
    x, y = found[0].box.centre
    assert 190 < x < 260
    assert 80 < y < 150


def test_that_both_people_are_found(detector: Detector, pictures: Path) -> None:
    found = detector.detect([read_image(pictures / "both.jpg").pixels], 40)[0]
    assert len(found) == 2
    assert min(one.box.centre[0] for one in found) < 512 < max(one.box.centre[0] for one in found)


def test_that_pictures_of_other_sizes_in_a_batch_change_nothing(
    detector: Detector, astronaut: PixelArray, hopper_file: Path
) -> None:
    others = [read_image(hopper_file).pixels, np.zeros((40, 300, 3), np.uint8), astronaut]
    together = detector.detect(others, 40)
    alone = [detector.detect([picture], 40)[0] for picture in others]
    assert [len(found) for found in together] == [len(found) for found in alone] == [1, 0, 1]
    for one, other in zip(together, alone, strict=True):
        for first, second in zip(one, other, strict=True):
            assert first.box.iou(second.box) > 0.95


def test_that_a_picture_without_a_face_has_none(detector: Detector, faceless_file: Path) -> None:
    assert detector.detect([read_image(faceless_file).pixels], 40) == [[]]


@pytest.mark.parametrize("size", [(16, 16), (17, 400), (400, 17), (11, 1000)])
def test_that_odd_sizes_are_no_trouble(detector: Detector, size: tuple[int, int]) -> None:
    assert detector.detect([np.full((*size, 3), 90, np.uint8)], 40) == [[]]


def test_that_nothing_in_gives_nothing_out(detector: Detector) -> None:
    assert detector.detect([], 40) == []


def test_that_a_small_face_in_a_large_picture_is_found(detector: Detector, astronaut: PixelArray) -> None:
    wide = np.full((1500, 2000, 3), 120, np.uint8)
    wide[700 : 700 + 256, 900 : 900 + 256] = astronaut[::2, ::2]
    found = detector.detect([wide], 40)[0]
    assert len(found) == 1
    assert 980 < found[0].box.centre[0] < 1040


def test_that_all_six_are_found_in_the_group(shared: Path) -> None:
    group = read_image(shared / "data" / "scenes" / "group_of_six.jpg").pixels
    for name in ("mtcnn", "mtcnn_mmod"):
        assert len(DETECTORS[name](choose_device("cpu")).detect([group], 40)[0]) == 6


def test_that_a_face_is_found_again_where_it_was_and_nowhere_else(astronaut: PixelArray) -> None:
    for name in ("mtcnn", "mtcnn_mmod"):
        detector = DETECTORS[name](choose_device("cpu", "fp32"))
        assert isinstance(detector, Follower)
        (whole,) = detector.detect([astronaut], 40)[0]
        x, y, width, height = whole.box
        near = Box(x + width / 10, y - height / 12, width, height)
        again, nothing = detector.follow(astronaut, [near, Box(10, 300, 80, 80)])
        assert again is not None
        assert again.box.iou(whole.box) > 0.8
        assert again.points is not None
        assert nothing is None
        assert detector.follow(astronaut, []) == []
