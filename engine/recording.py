"""Clips and snapshots of the live picture, in which faces can be made unrecognisable."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from engine.errors import CameraError, shown
from engine.files import write_whole
from engine.live_values import Blur, Clip, LiveResult, TrackedFace, Verdict
from engine.types import Box, PixelArray

log = logging.getLogger(__name__)

FPS = 25.0
LONGEST_HOLD_S = 2.0
"""A picture stands for so long at most where none followed: a computer that slept is no hour of one picture."""
HOLD_S = 0.5
"""Frames wait so long before they are written, so that whoever is found a moment late is blurred from the first."""
_BLOCKS = 6
"""A blurred face is so many blocks wide: too few to recognise or to restore anybody."""
_GROWN = 1.35
_LATE_GROWN = 2.0
"""A face in a frame in which it was not found yet may be further off."""
_SAME_FACE = 0.3


def blurred(pixels: PixelArray, places: Sequence[Box]) -> PixelArray:
    """Make faces unrecognisable for good: what is averaged away cannot be computed back.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        places: the faces' boxes.

    Returns:
        A copy.
    """
    made = pixels.copy()
    height, width = pixels.shape[:2]
    for box in places:
        left, top = max(0, int(box.x)), max(0, int(box.y))
        right, bottom = min(width, int(np.ceil(box.x + box.width))), min(height, int(np.ceil(box.y + box.height)))
        if right <= left or bottom <= top:
            continue
        part = made[top:bottom, left:right]
        blocks = cv2.resize(part, (_BLOCKS, _BLOCKS), interpolation=cv2.INTER_AREA)
        made[top:bottom, left:right] = cv2.resize(blocks, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    return made


def grown(box: Box, factor: float) -> Box:
    """A box about the same centre."""
    (x, y), width, height = box.centre, box.width * factor, box.height * factor
    return Box(x - width / 2, y - height / 2, width, height)


def hidden(tracked: Sequence[TrackedFace], blur: Blur) -> list[TrackedFace]:
    """Whom to blur: whoever is not surely known counts as unknown."""
    if blur is Blur.NOBODY:
        return []
    return [one for one in tracked if blur is Blur.EVERYONE or one.verdict is not Verdict.MATCH]


def save_snapshot(path: Path, result: LiveResult, blur: Blur, found: Sequence[Box]) -> None:
    """Write one frame as a PNG or JPEG, whole or not at all.

    Args:
        path: ends in .png, .jpg or .jpeg.
        result: the frame, and who is in it.
        blur: whom to blur.
        found: the faces of a fresh search through the whole frame; those that nobody known has are blurred too.

    Raises:
        CameraError: it cannot be written.
    """
    places = [one.box for one in hidden(result.tracked, blur)]
    known = [one.box for one in result.tracked]
    if blur is not Blur.NOBODY:
        places += [box for box in found if all(box.iou(other) < _SAME_FACE for other in known)]
    pixels = blurred(result.frame.pixels, [grown(box, _GROWN) for box in places])
    suffix = path.suffix.lower() if path.suffix.lower() in (".png", ".jpg", ".jpeg") else ".png"
    _, encoded = cv2.imencode(suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    try:
        write_whole(path, encoded.tobytes())
    except OSError as error:
        raise CameraError(
            f"The snapshot could not be saved to “{shown(path)}”: {error.strerror}. Choose another folder."
        ) from error


@dataclass(frozen=True, slots=True)
class _Held:
    """A frame that waits to be written, with its time in the clip."""

    result: LiveResult
    places: dict[int, Box]
    at_s: float


class Recorder:
    """Writes a clip beside its place, and puts it there when it is whole."""

    def __init__(self, path: Path, blur: Blur) -> None:
        """Get ready; the file is begun with the first frame.

        Raises:
            CameraError: nothing can be written there.
        """
        self.path, self._blur = path, blur
        self._beside = path.with_name(f".{path.stem[:180]}.{os.getpid()}.tmp.mp4")
        try:
            self._beside.touch(0o600)
        except OSError as error:
            raise CameraError(
                f"No clip can be saved to “{shown(path)}”: {error.strerror}. Choose another folder."
            ) from error
        self._writer: cv2.VideoWriter | None = None
        self._size = 0, 0
        self._held: deque[_Held] = deque()
        self._last_s = self._at_s = self._left_out_s = 0.0
        self._written = 0
        self._shown: cv2.typing.MatLike | None = None

    @property
    def begun(self) -> bool:
        """Whether there is anything to save; where not, nothing is left behind."""
        if not self._held and not self._written:
            self.abandon()
            return False
        return True

    @property
    def seconds(self) -> float:
        """How long the clip is so far."""
        return self._at_s

    def add(self, result: LiveResult) -> None:
        """Take in a frame, and write those that have waited long enough.

        Raises:
            CameraError: it cannot be written; what was written before can still be saved.
        """
        now = result.frame.time_s
        since_s = max(0.0, now - self._last_s) if self._held or self._written else 0.0
        self._last_s = now if not self._held and not self._written else max(self._last_s, now)
        self._at_s += min(since_s, LONGEST_HOLD_S)
        self._left_out_s += max(0.0, since_s - LONGEST_HOLD_S)
        places = {one.track_id: one.box for one in hidden(result.tracked, self._blur)}
        self._held.append(_Held(result, places, self._at_s))
        while self._held and self._at_s - self._held[0].at_s >= HOLD_S:
            self._write_next()

    def finish(self) -> Clip:
        """Write what waits, and put the clip in its place.

        Raises:
            CameraError: it cannot be written, or nothing was recorded.
        """
        try:
            while self._held:
                self._write_next()
            self._release()
            self._check()
            self._beside.replace(self.path)
        except OSError as error:
            raise CameraError(
                f"The clip could not be saved to “{shown(self.path)}”: {error.strerror}. Choose another folder."
            ) from error
        finally:
            self.abandon()
        if self._left_out_s:
            log.info("A clip leaves %.0f seconds out in which no pictures came.", self._left_out_s)
        return Clip(self._written / FPS, self._left_out_s)

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._release()
        self._held.clear()
        self._beside.unlink(missing_ok=True)

    def _release(self) -> None:
        if self._writer is not None:
            self._writer.release()
            self._writer = None

    def _check(self) -> None:
        """A full disk is not told by the writer: what it wrote is read again."""
        written = cv2.VideoCapture(str(self._beside), cv2.CAP_FFMPEG)
        whole = written.isOpened() and written.grab() and written.get(cv2.CAP_PROP_FRAME_COUNT) >= self._written - 1
        written.release()
        if not whole:
            raise CameraError(
                f"The clip “{shown(self.path)}” could not be written whole. Check the free space and record again."
            )

    def _write_next(self) -> None:
        held = self._held.popleft()
        places = [grown(box, _GROWN) for box in held.places.values()]
        there = {one.track_id for one in held.result.tracked}
        for later in self._held:
            for track_id, box in later.places.items():
                # Found a moment later: it was about there before, unseen.
                if track_id not in there:
                    there.add(track_id)
                    places.append(grown(box, _LATE_GROWN))
        pixels = blurred(held.result.frame.pixels, places)
        self._put(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), held.at_s)

    def _put(self, picture: PixelArray | cv2.typing.MatLike, at_s: float) -> None:
        height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
        if self._writer is None:
            self._size = width, height
            code = cv2.VideoWriter.fourcc(*"mp4v")
            self._writer = cv2.VideoWriter(str(self._beside), cv2.CAP_FFMPEG, code, FPS, self._size)
            if not self._writer.isOpened():
                raise CameraError(f"The clip “{shown(self.path)}” could not be begun. Choose another folder.")
        fitted = picture[:height, :width]
        if (width, height) != self._size:
            fitted = cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA)
        # The clip runs at one rate, the camera at its own: a frame stands until the next one, or is left out.
        due = int(at_s * FPS) + 1
        while self._shown is not None and self._written < due - 1:
            self._writer.write(self._shown)
            self._written += 1
        self._shown = np.ascontiguousarray(fitted)
        if self._written < due:
            self._writer.write(self._shown)
            self._written += 1
