"""Naming in films made of LFW pictures: every frame embedded, and one in five with fused looks. In pieces.

A film is made of each person's second picture; the first is the template. Every face of every frame is found and
embedded once and kept in the folder given, so that a run can be stopped and gone on with, and both sides see the same
faces. Then galleries of some of the people are drawn, and everybody else is a stranger to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from engine.capture.images import read_image
from engine.loaded import Networks
from engine.settings import Settings
from engine.types import Face, Frame, PixelArray

FPS, FRAMES, SIZE = 29.97, 45, (640, 360)
SMALLEST_PX = 40.0
Values: TypeAlias = npt.NDArray[np.float64]


def film(picture: PixelArray, rng: np.random.Generator, start_s: float = 0.0) -> Iterator[Frame]:
    """A picture of 250 pixels that moves, turns, comes closer, blurs and dims, with noise."""
    phase = rng.uniform(0, 6, 4)
    for number in range(FRAMES):
        at = number / FPS
        angle, size = 8 * np.sin(2 * at + phase[0]), 0.8 + 0.15 * np.sin(3 * at + phase[1])
        turn = cv2.getRotationMatrix2D((125, 125), angle, size)
        turn[:, 2] += (320 - 125 + 80 * np.sin(1.5 * at + phase[2]), 180 - 125)
        pixels = cv2.warpAffine(picture, turn, SIZE, borderValue=(60, 60, 60))
        blur, light = 2.2 * max(0, np.sin(5 * at + phase[3])), rng.uniform(0.6, 1.1)
        pixels = cv2.GaussianBlur(pixels, (0, 0), blur) if blur > 0.3 else pixels
        noisy = pixels * light + rng.normal(0, 6, pixels.shape)
        yield Frame(np.clip(noisy, 0, 255).astype(np.uint8), "film", start_s + at)


def _keep(folders: Sequence[Path], keep: Path, minutes: float) -> None:
    """Look at films that were not looked at yet, for so many minutes."""
    networks = Networks(Settings())
    until = perf_counter() + 60 * minutes
    for number, folder in enumerate(folders):
        place = keep / f"{folder.name}.npz"
        if place.exists():
            continue
        if perf_counter() > until:
            return
        first, second = sorted(folder.glob("*.jpg"))[:2]
        pipeline = networks.for_files
        (template,) = pipeline.faces([read_image(first)], smallest_face_px=SMALLEST_PX, averaging=True, only="largest")
        rows = []
        for at, frame in enumerate(film(read_image(second).pixels, np.random.default_rng(number))):
            (faces,) = networks.for_live.faces([frame], smallest_face_px=SMALLEST_PX, averaging=False)
            rows += [_row(at, face) for face in faces]
        enrolled = template[0].embedding if template and template[0].quality.acceptable else np.zeros(0, np.float32)
        part = place.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(file, template=enrolled, **_columns(rows))
        part.rename(place)


def _row(at: int, face: Face) -> dict[str, npt.ArrayLike]:
    step = face.chip.shape[0] // 24
    return {
        "frame": at,
        "box": face.box,
        "score": face.score,
        "landmarks": face.landmarks,
        "patch": face.chip[::step, ::step],
        "keys": [measure.key for measure in face.quality.measures],
        "values": [measure.value for measure in face.quality.measures],
        "pose": face.quality.pose,
        "embedding": face.embedding,
    }


def _columns(rows: Sequence[dict[str, npt.ArrayLike]]) -> dict[str, npt.NDArray[np.generic]]:
    return {key: np.array([row[key] for row in rows]) for key in rows[0]} if rows else {"frame": np.zeros(0, int)}
