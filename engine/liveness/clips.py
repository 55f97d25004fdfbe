"""Clips of faces: recordings cut into short windows, each as an aligned face and as a series of its landmarks."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from engine.capture.folders import find_pictures
from engine.capture.images import read_image
from engine.capture.sources import as_rgb
from engine.errors import BadInputError, ImageError, shown
from engine.networks.temporal import FRAMES, SERIES, SIZE_PX
from engine.types import CancelToken, Face, FloatArray, Frame, PixelArray, Progress, Report, silent

VIDEOS = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v")
LABELS = ("live", "spoof")
FRAMES_A_SECOND = 8.0
MOST_WINDOWS = 8
"""Of one recording; more of the same teaches little and would outweigh the others."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One window.

    Attributes:
        pixels: (16, 64, 64, 3) uint8 RGB, aligned.
        series: (16, 16) float32, values by frame: see `series_of`.
        live: what it shows.
        group: who or which recording; never on both sides of a split.
        per_frame: mean of the per-frame networks' scores over the window; nan where they are not installed.
    """

    pixels: PixelArray
    series: FloatArray
    live: bool
    group: str
    per_frame: float = float("nan")


def small(face: Face) -> PixelArray:
    """The aligned face at a clip's size, (64, 64, 3) uint8 RGB."""
    made = cv2.resize(face.crop, (SIZE_PX, SIZE_PX), interpolation=cv2.INTER_AREA)
    return made.astype(np.uint8, copy=False)


def series_of(faces: Sequence[Face]) -> FloatArray:
    """How a face's points, place, size and brightness change over a window, (T, 16) float32.

    Five points about their middle in units of their spread (10), middle (2), logarithm of the spread (1), mean red,
    green and blue of the face (3); all as differences from the window's median, so that nobody is known by them.
    """
    rows = []
    for face in faces:
        points = (face.points if face.points is not None else face.landmarks).astype(np.float64)
        middle = points.mean(axis=0)
        spread = max(float(np.sqrt(((points - middle) ** 2).sum())), 1e-3)
        colour = face.chip.reshape(-1, 3).mean(axis=0) / 255
        place = middle / max(face.box.width, 1)
        rows.append(np.concatenate([((points - middle) / spread).ravel(), place, [np.log(spread)], colour]))
    table = np.stack(rows)
    changes: FloatArray = (table - np.median(table, axis=0)).astype(np.float32)
    if changes.shape[1] != SERIES:
        raise ValueError(f"a series has {SERIES} values a frame, not {changes.shape[1]}")
    return changes


def windows(
    seen: Sequence[tuple[Frame, Face]], group: str, *, live: bool, score: Callable[[Frame, Face], float] | None = None
) -> list[Clip]:
    """Cut a recording's frames, those with a face, into windows."""
    made = []
    for start in range(0, len(seen) - FRAMES + 1, FRAMES):
        part = seen[start : start + FRAMES]
        faces = [face for _, face in part]
        per_frame = float(np.mean([score(frame, face) for frame, face in part])) if score else float("nan")
        made.append(Clip(np.stack([small(face) for face in faces]), series_of(faces), live, group, per_frame))
    return made[:MOST_WINDOWS]


def listed(folder: Path) -> list[tuple[Path, bool, str]]:
    """What lies in a folder of recordings, complete or not: place, whether it is live, and the group it belongs to.

    `live/` and `spoof/` hold videos or folders of frames. A folder in there that holds such again is a person. What
    begins with a dot is being written, or was left by a program that was killed at it.

    Raises:
        BadInputError: the folder cannot be read.
    """
    found = []
    try:
        for label in LABELS:
            for entry in _inside(folder / label):
                inner = _inside(entry)
                nested = [one for one in inner if one.is_dir() or one.suffix.lower() in VIDEOS]
                if nested:
                    found += [(one, label == "live", entry.name) for one in nested]
                elif inner or entry.suffix.lower() in VIDEOS:
                    found.append((entry, label == "live", f"{label}/{entry.name}"))
    except OSError as error:
        raise BadInputError(
            f"The recordings in “{shown(folder)}” cannot be read: {error.strerror}. Choose another folder."
        ) from error
    return found


def _inside(place: Path) -> list[Path]:
    return sorted(one for one in place.iterdir() if one.name[0] != ".") if place.is_dir() else []


def recordings(folder: Path) -> list[tuple[Path, bool, str]]:
    """The recordings of a folder that can be learned from, as `listed` has them; copies within a group are left out.

    Raises:
        BadInputError: one of the two is missing or empty, or one recording is there with two labels or in two groups.
    """
    if not folder.is_dir():
        raise BadInputError(f"“{shown(folder)}” is not a folder, or cannot be reached. Choose another one.")
    found = listed(folder)
    for label in LABELS:
        if not any(live is (label == "live") for _, live, _ in found):
            raise BadInputError(
                f"“{shown(folder)}” has no recordings in “{label}”. Put videos, or folders of frames, into “live” and "
                "“spoof” in there."
            )
    return without_copies(folder, found)


def without_copies(folder: Path, found: Sequence[tuple[Path, bool, str]]) -> list[tuple[Path, bool, str]]:
    """Recordings of which each file was seen before, in the same group and with the same label, are left out.

    Raises:
        BadInputError: a file, to the last bit, belongs to two labels or two groups.
    """
    files = [_files(place) for place, _, _ in found]
    sizes = Counter(size for own in files for size in own.values())
    seen: dict[bytes, tuple[Path, bool, str]] = {}
    kept = []
    for (place, live, group), own in zip(found, files, strict=True):
        new = not own
        for file, size in own.items():
            # Files of different sizes are no copies, which is known without reading them.
            digest = _digest(file) if sizes[size] > 1 else b""
            before = seen.setdefault(digest, (file, live, group)) if digest else (file, live, group)
            new |= before[0] == file
            if before[1:] != (live, group):
                raise BadInputError(_contradiction(folder, before, (file, live, group)))
        if new:
            kept.append((place, live, group))
    return kept


def _files(recording: Path) -> dict[Path, int]:
    """The files of a recording, with their sizes."""
    files = find_pictures([recording], CancelToken()) if recording.is_dir() else [recording]
    return {file: file.stat().st_size for file in files if file.is_file()}


def _digest(file: Path) -> bytes:
    """SHA-256 of a file; empty where it cannot be read, which is found out by whoever looks at it."""
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").digest()
    except OSError:
        return b""


def _contradiction(folder: Path, one: tuple[Path, bool, str], other: tuple[Path, bool, str]) -> str:
    names = " and ".join(f"“{shown(file.relative_to(folder).as_posix())}”" for file, _, _ in (one, other))
    as_what = "a living face and a picture of one" if one[1] is not other[1] else "of two people or recordings"
    return f"{names} are one and the same file: {as_what}. Delete the one that lies in the wrong folder."


def frames_of(recording: Path) -> Iterator[Frame]:
    """Frames of a video at eight a second, or the pictures of a folder as they are."""
    if recording.is_dir():
        for number, picture in enumerate(find_pictures([recording], CancelToken())):
            try:
                yield Frame(read_image(picture).pixels, shown(recording), number / FRAMES_A_SECOND)
            except ImageError:
                continue
        return
    capture = cv2.VideoCapture(str(recording), cv2.CAP_FFMPEG)
    try:
        fps = float(capture.get(cv2.CAP_PROP_FPS)) or 30.0
        step = max(round(fps / FRAMES_A_SECOND), 1)
        for number in range(step * FRAMES * MOST_WINDOWS * 2):
            there, pixels = capture.read()
            if not there:
                return
            rgb = as_rgb(pixels) if number % step == 0 else None
            if rgb is not None:
                yield Frame(rgb, shown(recording), number / fps)
    finally:
        capture.release()


def read_clips(
    folder: Path,
    face_of: Callable[[Frame], Face | None],
    score: Callable[[Frame, Face], float] | None,
    report: Report = silent,
    check: Callable[[], None] = lambda: None,
) -> list[Clip]:
    """Read every recording of a folder; those in which no face stays for two seconds give nothing.

    Args:
        folder: as `recordings` says.
        face_of: finds the face of a frame.
        score: of the per-frame networks, where they are installed.
        report: is told how far it is.
        check: raises where the work should stop.

    Raises:
        BadInputError: there are no recordings.
    """
    found, clips = recordings(folder), []
    for done, (place, live, group) in enumerate(found):
        report(Progress(done, len(found), shown(place)))
        seen = []
        for frame in frames_of(place):
            check()
            face = face_of(frame)
            if face is not None:
                seen.append((frame, face))
        clips += windows(seen, group, live=live, score=score)
    report(Progress(len(found), len(found)))
    return clips
