"""Every quality component of pictures that never change, against a table that is kept: a changed formula is seen.

python -m tests.engine.quality.test_conformance writes the table anew, where a change is meant.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.capture.images import read_image
from engine.pipeline import Pipeline
from engine.quality.components import UNIFIED
from engine.types import Frame, PixelArray

TABLE = Path(__file__).with_name("conformance.csv")
WITHIN = 1
"""What another version of a library may do to where the five points lie."""
UNIFIED_WITHIN = 2
"""The same, of a score that rests on six passes through a network."""
COMPONENTS = 18


def shown(astronaut_file: Path, hopper_file: Path) -> dict[str, PixelArray]:
    """Two people as they ship with the libraries that the tests need, and each worse in ways that need no codec.

    Returns:
        (H, W, 3) uint8 RGB, by what is to be seen.
    """
    eileen, grace = (read_image(file).pixels for file in (astronaut_file, hopper_file))
    both = np.zeros((600, 1024, 3), np.uint8)
    both[:512, :512], both[:, 512:] = eileen, grace
    one_side = np.linspace(1.0, 0.25, 512)[None, :, None]
    across, down = np.arange(512), np.arange(600)
    lean = cv2.getRotationMatrix2D((256, 200), 25, 1)
    made = {
        "Eileen Collins": eileen,
        "Grace Hopper": grace,
        "both": both,
        "Eileen Collins, half the size": eileen[::2, ::2],
        "Eileen Collins, blurred": cv2.blur(eileen, (5, 5)),
        "Eileen Collins, green": eileen * np.array([0.6, 1.0, 0.8]),
        "Eileen Collins, bright": np.minimum(eileen * 1.3, 255),
        "Eileen Collins, cut close on the left": eileen[:252, 182:],
        "Eileen Collins, cut close on the right": eileen[70:, :262],
        "Grace Hopper, dim": grace * 0.4,
        "Grace Hopper, dark": grace * 0.13,
        "Grace Hopper, lit from one side": grace * one_side,
        # What lies beyond the nose is narrower, or lower, as in a face that is turned.
        "Grace Hopper, turned aside": grace[:, np.r_[across[:262], across[262::2]]],
        "Grace Hopper, turned up": grace[np.r_[down[:195:2], down[195:]]],
        "Grace Hopper, leaning": cv2.warpAffine(grace, lean, (512, 600), borderMode=cv2.BORDER_REPLICATE),
    }
    return {name: np.ascontiguousarray(np.asarray(pixels).astype(np.uint8)) for name, pixels in made.items()}


def measured(pipeline: Pipeline, pixels: PixelArray) -> dict[str, int]:
    """The components of the largest face."""
    (face, *_) = pipeline.faces([Frame(pixels, "t")], smallest_face_px=20, averaging=True)[0]
    return dict(face.quality.components)


def kept() -> Iterator[tuple[str, dict[str, int]]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row.pop("picture"), {key: int(value) for key, value in row.items()}


@pytest.fixture(scope="module")
def pixels_of(astronaut_file: Path, hopper_file: Path) -> dict[str, PixelArray]:
    return shown(astronaut_file, hopper_file)


@pytest.mark.parametrize(("picture", "expected"), list(kept()), ids=lambda one: one if isinstance(one, str) else "")
def test_that_each_component_of_a_known_picture_is_what_it_was(
    pipeline: Pipeline, pixels_of: dict[str, PixelArray], picture: str, expected: dict[str, int]
) -> None:
    found = measured(pipeline, pixels_of[picture])
    assert found.keys() == expected.keys()
    assert len(found) == COMPONENTS + 1
    other = {
        key: (found[key], score)
        for key, score in expected.items()
        if abs(found[key] - score) > (UNIFIED_WITHIN if key == UNIFIED else WITHIN)
    }
    assert not other, "measured, and as it was"


def test_that_the_table_tells_of_every_component_and_not_only_of_faultless_faces() -> None:
    table = dict(kept())
    for key in next(iter(table.values())):
        scores = [row[key] for row in table.values()]
        # Between the ends a formula shows; at them many would give the same.
        assert any(2 <= score <= 98 for score in scores), key


def _write() -> None:
    from engine.alignment.landmarks import Landmarker  # noqa: PLC0415 - only where the table is written
    from engine.detection import DETECTORS  # noqa: PLC0415
    from engine.device import choose_device  # noqa: PLC0415
    from engine.packs.embedder import Embedder  # noqa: PLC0415
    from engine.packs.pack import DEFAULT_PACK  # noqa: PLC0415
    from engine.settings import Settings  # noqa: PLC0415
    from tests.conftest import wheel_file  # noqa: PLC0415

    device = choose_device("cpu", "fp32")
    pipeline = Pipeline(DETECTORS[Settings().file_detector](device), Landmarker(), Embedder(DEFAULT_PACK, device))
    files = (
        wheel_file("skimage", "data", "astronaut.png"),
        wheel_file("matplotlib", "mpl-data", "sample_data", "grace_hopper.jpg"),
    )
    rows = {name: measured(pipeline, pixels) for name, pixels in shown(*files).items()}
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["picture", *next(iter(rows.values()))])
        table.writerows([name, *row.values()] for name, row in rows.items())


if __name__ == "__main__":
    _write()
