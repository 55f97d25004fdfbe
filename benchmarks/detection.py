"""Detectors: MMOD against dlib's C++, MTCNN's time at 640x480, recall on the scenes, false alarms without faces."""

from __future__ import annotations

import dlib
import numpy as np
import skimage.data
from common import LfwFaces, arguments, median_s
from scipy import ndimage

from engine.capture.images import read_image, reduced
from engine.detection import DETECTORS
from engine.device import choose_device
from engine.packs.pack import DLIB_MMOD
from engine.types import Box, PixelArray

LFW_PICTURES = 50
SMALLEST_PX = 40
FACELESS = (
    "coffee", "cat", "rocket", "hubble_deep_field", "retina", "brick", "grass", "gravel", "horse", "coins", "page",
    "immunohistochemistry", "colorwheel", "text", "moon", "clock",
)  # fmt: skip
EXPECTED = {"group_of_six.jpg": 6, "two_people.jpg": 2, "obama_and_biden.jpg": 2}


def main() -> None:
    """Print both sides."""
    options = arguments(__doc__)
    scenes = {path.name: read_image(path).pixels for path in sorted((options.shared / "data" / "scenes").iterdir())}
    faces = LfwFaces(options.shared)
    people = list(faces.people())[:: 5749 // LFW_PICTURES][:LFW_PICTURES]
    lfw = [read_image(faces.path(name, 1)).pixels for name in people]
    _against_dlib([skimage.data.astronaut(), *scenes.values(), *lfw])
    device = choose_device()
    for name, make in DETECTORS.items():
        detector = make(device)
        found = {scene: len(detector.detect([pixels], SMALLEST_PX)[0]) for scene, pixels in scenes.items()}
        wanted = ", ".join(f"{scene} {found[scene]} (at least {count})" for scene, count in EXPECTED.items())
        alarms = sum(len(detector.detect([_faceless(picture)], SMALLEST_PX)[0]) for picture in FACELESS)
        print(f"{name}: {wanted}; {alarms} false alarms on {len(FACELESS)} pictures without a face")
        for scene in ("two_people.jpg", "group_of_six.jpg"):
            pixels = _at_640_by_480(scenes[scene])
            spent = median_s(lambda pixels=pixels, detector=detector: detector.detect([pixels], SMALLEST_PX))
            print(f"{name}: {scene} at 640x480, faces of {SMALLEST_PX} px and up: {spent * 1e3:.1f} ms")


def _against_dlib(pictures: list[PixelArray]) -> None:
    theirs = dlib.cnn_face_detection_model_v1(str(DLIB_MMOD.locate()))
    ours = DETECTORS["mmod"](choose_device("cpu", "fp32"))
    expected = [[_box(found.rect) for found in theirs(pixels, 0)] for pixels in pictures]
    missed, worst = 0, 1.0
    for pixels, boxes in zip(pictures, expected, strict=True):
        found = ours.detect([pixels], 80)[0]
        overlaps = [max((box.iou(one.box) for one in found), default=0.0) for box in boxes]
        missed += len(boxes) != len(found)
        worst = min([worst, *overlaps])
    ours_s = median_s(lambda: [ours.detect([pixels], 80) for pixels in pictures], 3)
    theirs_s = median_s(lambda: [theirs(pixels, 0) for pixels in pictures[:10]], 1)
    ours_ten_s = median_s(lambda: [ours.detect([pixels], 80) for pixels in pictures[:10]], 3)
    count = sum(len(boxes) for boxes in expected)
    print(
        f"MMOD on {len(pictures)} pictures: dlib found {count} faces; {missed} pictures differ, worst IoU {worst:.3f};"
        f" ten pictures: dlib {theirs_s:.2f} s, ours {ours_ten_s:.2f} s, {theirs_s / ours_ten_s:.0f} times as fast;"
        f" all: {ours_s:.2f} s"
    )


def _faceless(name: str) -> PixelArray:
    pixels = np.asarray(getattr(skimage.data, name)())
    if pixels.dtype == np.bool_:
        pixels = pixels * np.uint8(255)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[:, :, None], 3, axis=2)
    return np.ascontiguousarray(pixels[:, :, :3].astype(np.uint8))


def _at_640_by_480(pixels: PixelArray) -> PixelArray:
    small, _ = reduced(pixels, 640)
    height = min(480, small.shape[0])
    return np.ascontiguousarray(ndimage.zoom(small, (height / small.shape[0],) * 2 + (1,), order=1).astype(np.uint8))


def _box(rectangle: dlib.rectangle) -> Box:
    return Box(rectangle.left(), rectangle.top(), rectangle.width(), rectangle.height())


if __name__ == "__main__":
    main()
