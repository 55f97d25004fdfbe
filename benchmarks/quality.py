"""Does the unified quality say who will not be recognised? EDC on LFW View 2, its way down, and its cost.

EDC (error versus discard): pairs are left out by the poorer of their two scores, at the limit that all pairs have at
FMR 1e-3, and the rest's FNMR is compared with everybody's.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from common import PICTURES_AT_ONCE, ROOT, file_pipeline, median_s

from engine.capture.images import read_image
from engine.decisions import embedding_of
from engine.evaluation.metrics import cosine_distances, threshold_at
from engine.evaluation.protocols import read_pairs
from engine.pipeline import Pipeline
from engine.quality.measures import assess
from engine.settings import Settings
from engine.types import Face, Frame, PixelArray

FMR = 1e-3
DISCARDED = (0.05, 0.10, 0.20)
KEYS = ("unified", "sharpness", "inter_eye_distance", "yaw_frontal", "pitch_frontal", "luminance_mean")
FACES = 24
Worse = Callable[[PixelArray, float], PixelArray]


def main() -> None:
    """Print every side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    options = parser.parse_args()
    pipeline = file_pipeline()
    lfw = options.shared / "data" / "lfw"
    edc(pipeline, options.shared / "data" / "lfw_pairs.txt", lfw)
    folders = [folder for folder in sorted(lfw.iterdir()) if folder.is_dir()]
    pictures = [read_image(sorted(folder.glob("*.jpg"))[0]).pixels for folder in folders[:: len(folders) // FACES]]
    way_down(pipeline, pictures)
    cost(pipeline, pictures[0])


def edc(pipeline: Pipeline, pairs: Path, lfw: Path) -> None:
    """Print FNMR of what is left, by several scores."""
    protocol = read_pairs(pairs, lfw)
    faces: list[Face | None] = []
    for start in range(0, len(protocol.pictures), PICTURES_AT_ONCE):
        frames = [read_image(file) for file in protocol.pictures[start : start + PICTURES_AT_ONCE]]
        found = pipeline.faces(frames, smallest_face_px=Settings().smallest_face_px, averaging=True, only="central")
        faces += [group[0] if group else None for group in found]
        if sys.stderr.isatty():
            print(f"\r{len(faces):,} of {len(protocol.pictures):,} pictures", end="", file=sys.stderr)
    size = pipeline.embedder.pack.dimension
    every = np.stack([embedding_of(face) if face else np.full(size, np.nan, np.float32) for face in faces])
    apart = cosine_distances(*(every[protocol.places[:, side]] for side in (0, 1)))
    limit = threshold_at(apart, protocol.genuine, FMR)
    missed = ~(apart <= limit)[protocol.genuine]
    print(f"all {len(missed):,} genuine pairs: FNMR {missed.mean():.2%} at FMR 1e-3, {missed.sum()} misses")
    for key in KEYS:
        scores = np.array([face.quality.score(key) if face else 0 for face in faces])
        poorer = scores[protocol.places].min(axis=1)[protocol.genuine]
        # Ties are broken by the pairs' order, so that exactly the share is left out.
        order = np.argsort(poorer, kind="stable")
        texts = []
        for share in DISCARDED:
            left = missed[order[round(share * len(order)) :]]
            texts.append(f"{share:.0%} left out {left.mean():.2%} ({left.mean() / missed.mean() - 1:+.0%})")
        print(f"{key}: {'; '.join(texts)}")


def way_down(pipeline: Pipeline, pictures: list[PixelArray]) -> None:
    """Print the unified median of real faces in eight steps of getting worse."""
    ways: dict[str, tuple[Worse, list[float]]] = {
        "blur": (lambda p, s: cv2.GaussianBlur(p, None, s) if s else p, [0, 1, 1.5, 2, 3, 4, 5, 6]),
        "JPEG": (lambda p, q: cv2.imdecode(cv2.imencode(".jpg", p, [1, int(q)])[1], 1), [95, 60, 40, 25, 15, 10, 7, 4]),
        "darker": (lambda p, g: (p * g).astype(np.uint8), [1, 0.6, 0.4, 0.3, 0.22, 0.16, 0.12, 0.1]),
        "brighter": (lambda p, g: np.clip(p * g, 0, 255).astype(np.uint8), [1, 1.3, 1.6, 1.9, 2.2, 2.5, 2.8, 3.1]),
        "tilted": (tilted, [0, 6, 12, 18, 24, 30, 36, 42]),
        "smaller": (
            lambda p, g: cv2.resize(p, None, fx=g, fy=g, interpolation=cv2.INTER_AREA),
            [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.35],
        ),
        "covered from below": (covered, [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35]),
    }
    for title, (worse, steps) in ways.items():
        scores = [[unified(pipeline, worse(pixels, step)) for step in steps] for pixels in pictures]
        medians = np.median(scores, axis=0)
        rise = float(np.diff(medians).max())
        said = "never rises" if rise <= 0 else f"rises by {rise:g} at a step"
        print(f"{title}: unified medians of {len(pictures)} faces {[float(one) for one in medians]}, {said}")


def unified(pipeline: Pipeline, pixels: npt.NDArray[np.uint8]) -> int:
    """The largest face's score; 0 where none is found any more."""
    found = pipeline.faces(
        [Frame(np.ascontiguousarray(pixels), "")], smallest_face_px=20, averaging=True, only="central"
    )
    return found[0][0].quality.score("unified") if found[0] else 0


def tilted(pixels: PixelArray, degrees: float) -> PixelArray:
    """Turn a picture about its middle."""
    height, width = pixels.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(pixels, turn, (width, height), borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)


def covered(pixels: PixelArray, share: float) -> PixelArray:
    """Lay a grey card over the lower part of LFW's faces, which are all in the middle."""
    made, height = pixels.copy(), pixels.shape[0]
    made[round(height * (0.76 - share)) : round(height * 0.78)] = 110
    return made


def cost(pipeline: Pipeline, pixels: PixelArray) -> None:
    """Print what measures and components of one face take."""
    face = pipeline.faces([Frame(pixels, "")], smallest_face_px=20, averaging=False)[0][0]
    size = pixels.shape[1], pixels.shape[0]
    score = np.ones(1, np.float32)
    spent = median_s(lambda: assess(face.chip[None], face.landmarks[None], score, size, [face.box]), 51)
    print(
        f"eleven measures and {len(face.quality.components) - 1} components of a face: {1000 * spent:.2f} ms; "
        f"the goal was 5 ms for 12 components"
    )


if __name__ == "__main__":
    main()
