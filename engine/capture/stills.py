"""Frames of a source one after another, each once, for looking at them without a window."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.capture.cameras import open_source
from engine.capture.folders import find_pictures
from engine.capture.images import read_image, reduced
from engine.capture.sources import FolderSource, VideoSource, as_rgb
from engine.errors import CameraError, ImageError, shown
from engine.types import CancelToken, Frame

PER_SECOND = 8.0
"""So many frames of a video's second are looked at."""
FOLDER_STEP_S = 1.0
"""Pictures of a folder count as taken so far apart: nothing can be said of movement between them."""
CAMERA_S = 60.0
"""How long a camera is looked at."""
_LONGEST_SIDE_PX = 1280


def frames_of(spec: str) -> tuple[bool, Iterator[Frame]]:
    """Give the frames of a camera, a video or a folder.

    Returns:
        Whether it is a camera, and the frames: a camera's for a minute, a video's and a folder's once.

    Raises:
        CameraError: there is no such source. Reading raises it, too, where it cannot be opened.
    """
    source = open_source(spec)
    if isinstance(source, FolderSource):
        return False, _folder(Path(spec), source.label)
    if isinstance(source, VideoSource):
        return False, _video(Path(spec), source.label)
    return True, _camera(spec)


def _folder(path: Path, label: str) -> Iterator[Frame]:
    number = 0
    for picture in find_pictures([path], CancelToken()):
        try:
            pixels, _ = reduced(read_image(picture).pixels, _LONGEST_SIDE_PX)
        except ImageError:
            continue
        yield Frame(pixels, f"{label}/{picture.name}", number * FOLDER_STEP_S)
        number += 1
    if not number:
        raise CameraError(f"The folder “{shown(path)}” holds no pictures. Choose another one.")


def _video(path: Path, label: str) -> Iterator[Frame]:
    import cv2  # noqa: PLC0415 - slow to load, and only videos need it

    if not path.is_file():
        raise CameraError(f"The video “{shown(path)}” is not there (any more). Check where it is.")
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    try:
        fps = float(capture.get(cv2.CAP_PROP_FPS))
        fps = fps if 1 <= fps <= 240 else 30.0
        step, number = max(1, round(fps / PER_SECOND)), 0
        while capture.grab():
            if number % step == 0:
                there, pixels = capture.retrieve()
                rgb = as_rgb(pixels) if there else None
                if rgb is not None:
                    yield Frame(rgb, label, number / fps)
            number += 1
        if not number:
            raise CameraError(f"“{shown(path)}” is not a video that can be played. Choose another file.")
    finally:
        capture.release()


def _camera(spec: str) -> Iterator[Frame]:
    source, first = open_source(spec), None
    source.open()
    try:
        while True:
            frame = source.read()
            if frame is None:
                raise CameraError(f"“{shown(source.label)}” gives no pictures. Check its cable, or choose another one.")
            first = frame.time_s if first is None else first
            if frame.time_s - first > CAMERA_S:
                return
            yield frame
    finally:
        source.close()
