"""Where live frames come from: a camera, or a video or folder that stands in for one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from math import log2
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np

from engine.capture.folders import find_pictures
from engine.capture.images import read_image, reduced
from engine.capture.options import CameraGives, CameraOptions
from engine.errors import CameraError, ImageError, shown
from engine.types import CancelToken, Frame, PixelArray

Kind: TypeAlias = Literal["camera", "virtual", "video", "folder"]
LONGEST_LIVE_PX = 1920
"""A camera's larger pictures are reduced: nobody sees more of them, and everything takes longer."""
FOLDER_FPS = 1.0
_ASSUMED_FPS = 30.0
_LONGEST_SIDE_PX = 1280
"""Folder pictures are shown like camera frames; larger ones are reduced."""


class FrameSource(Protocol):
    """Gives frames one after another. All methods are called from one thread."""

    @property
    def label(self) -> str:
        """What it is, for people; a stand-in always says so."""

    @property
    def kind(self) -> Kind:
        """What it is."""

    def open(self) -> float:
        """Start, and return the frame rate in frames per second.

        Raises:
            CameraError: it cannot be opened.
        """

    def read(self) -> Frame | None:
        """Return the next frame, or None when there is none this time."""

    def close(self) -> None:
        """Stop. Harmless when it is not open."""


class CameraSource:
    """A webcam."""

    def __init__(
        self,
        index: int,
        backend: int,
        label: str,
        options: CameraOptions | None = None,
        *,
        virtual: bool = False,
        why_not: Callable[[], str] = lambda: "",
    ) -> None:
        """Name a camera; it is not started yet.

        Args:
            index: as the backend counts.
            backend: of OpenCV.
            label: for people.
            options: what it is asked for.
            virtual: whether it is a program that poses as a camera.
            why_not: says why it does not open, where the system tells.
        """
        self.kind: Kind = "virtual" if virtual else "camera"
        self.label = f"Virtual camera: {label}" if virtual else label
        self._index, self._backend, self._why_not = index, backend, why_not
        self._options = options or CameraOptions()
        self._capture: Any = None
        self._gives = CameraGives((0, 0))
        self.instead = ""

    def open(self) -> float:
        """Start the camera; see `FrameSource.open`."""
        import cv2  # noqa: PLC0415 - only the camera thread needs it, and it is slow to load

        self.close()
        capture = cv2.VideoCapture(self._index, self._backend)
        if not capture.isOpened():
            capture.release()
            raise CameraError(
                self._why_not()
                or f"“{shown(self.label)}” does not open. Plug it out and in again, or choose another one."
            )
        self._capture = capture
        self._gives, self.instead = ask(capture, self._options, self._backend), ""
        return self._gives.fps or _ASSUMED_FPS

    def read(self) -> Frame | None:
        """Return the next frame; see `FrameSource.read`."""
        if self._capture is None:
            return None
        there, pixels = self._capture.read()
        taken_s = time.monotonic()
        rgb = as_rgb(pixels) if there else None
        if rgb is None:
            return None
        if (size := (rgb.shape[1], rgb.shape[0])) != self._gives.size:
            # The pictures tell: drivers repeat a size that they were asked for and give another.
            self._gives = replace(self._gives, size=size)
            self.instead = self._gives.instead_of(self._options, self.label)
        rgb, _ = reduced(rgb, LONGEST_LIVE_PX)
        return Frame(turned(rgb, self._options.rotation_deg), self.label, taken_s, kind=self.kind)

    def close(self) -> None:
        """Release the camera."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None


class VideoSource:
    """A video file in the place of a camera, at its own frame rate, over and over."""

    kind: Kind = "video"

    def __init__(self, path: Path) -> None:
        self.label = f"Video: {shown(path)}"
        self._path = path
        self._capture: Any = None

    def open(self) -> float:
        """Open the file; see `FrameSource.open`."""
        import cv2  # noqa: PLC0415 - only the camera thread needs it, and it is slow to load

        self.close()
        if not self._path.is_file():
            raise CameraError(f"The video “{shown(self._path)}” is not there (any more). Check where it is.")
        capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        if not (capture.isOpened() and capture.grab()):
            capture.release()
            raise CameraError(f"“{shown(self._path)}” is not a video that can be played. Choose another file.")
        capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
        self._capture = capture
        fps = float(capture.get(cv2.CAP_PROP_FPS))
        return fps if 1 <= fps <= 240 else _ASSUMED_FPS

    def read(self) -> Frame | None:
        """Return the next frame, from the start again after the last; see `FrameSource.read`."""
        if self._capture is None:
            return None
        there, pixels = self._capture.read()
        if not there:
            # Seeking is unreliable at a stream's end; opening again is not.
            self.open()
            there, pixels = self._capture.read()
        rgb = as_rgb(pixels) if there else None
        return None if rgb is None else Frame(rgb, self.label, time.monotonic(), kind=self.kind)

    def close(self) -> None:
        """Close the file."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None


class FolderSource:
    """A folder of pictures in the place of a camera, one a second, over and over."""

    kind: Kind = "folder"

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.label = f"Folder: {shown(path)}"
        self._path, self._clock = path, clock
        self._pictures: list[Path] = []
        self._next = 0

    def open(self) -> float:
        """List the pictures; see `FrameSource.open`."""
        self._pictures = list(find_pictures([self._path], CancelToken())) if self._path.is_dir() else []
        self._next = 0
        if not self._pictures:
            raise CameraError(f"The folder “{shown(self._path)}” holds no pictures. Choose another one.")
        return FOLDER_FPS

    def read(self) -> Frame | None:
        """Return the next picture; one that cannot be read is passed over; see `FrameSource.read`."""
        if not self._pictures:
            return None
        picture = self._pictures[self._next % len(self._pictures)]
        self._next += 1
        try:
            frame = read_image(picture)
        except ImageError:
            return None
        pixels, _ = reduced(frame.pixels, _LONGEST_SIDE_PX)
        return Frame(pixels, self.label, self._clock(), kind=self.kind)

    def close(self) -> None:
        """Forget the list."""
        self._pictures = []


def ask(capture: Any, options: CameraOptions, backend: int) -> CameraGives:
    """Ask an open camera for what the options say; it leaves out what it cannot do.

    Returns:
        What it says that it gives; the size is for its pictures to tell.
    """
    import cv2  # noqa: PLC0415 - only the camera thread needs it, and it is slow to load

    if options.size is not None:
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, options.size[0])
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, options.size[1])
    if options.fps:
        capture.set(cv2.CAP_PROP_FPS, options.fps)
    # Each system has its own numbers for "by hand" and "automatic", and its own unit of time.
    by_hand, automatic = (1, 3) if backend == cv2.CAP_V4L2 else (0.25, 0.75)
    exposure_s, taken = 0.0, True
    if options.exposure_s:
        capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, by_hand)
        in_v4l2 = backend == cv2.CAP_V4L2
        unit = round(options.exposure_s * 1e4) if in_v4l2 else round(log2(options.exposure_s))
        taken = bool(capture.set(cv2.CAP_PROP_EXPOSURE, unit))
        exposure_s = max(0.0, float(capture.get(cv2.CAP_PROP_EXPOSURE)) / 1e4) if in_v4l2 else 0.0
    else:
        # A camera remembers what it was told by others, or before.
        capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, automatic)
    fps = float(capture.get(cv2.CAP_PROP_FPS))
    return CameraGives((0, 0), fps if 1 <= fps <= 240 else 0.0, exposure_s, taken)


def turned(pixels: PixelArray, clockwise_deg: int) -> PixelArray:
    """Turn a picture by a multiple of 90 degrees."""
    return np.ascontiguousarray(np.rot90(pixels, -clockwise_deg // 90)) if clockwise_deg else pixels


def as_rgb(pixels: object) -> PixelArray | None:
    """Bring what a capture device gives to (H, W, 3) uint8 RGB; None when it is no picture."""
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or not pixels.size:
        return None
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3, 4):
        return None
    if pixels.shape[2] == 1:
        return np.repeat(pixels, 3, axis=2)
    return np.ascontiguousarray(pixels[:, :, 2::-1])
