"""How far apart are two single looks at one person, straight and turned, and how often would a stranger pass for them?

LFW's pictures of a person are from different days, so that looks within one check are closer together than these: the
rates of refusal are upper ones. Turned means as far as the challenge asks for. Then the same within one check,
rendered: heads of others of LFW as reliefs that turn, with noise and changing light.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
from common import ROOT, file_pipeline
from temporal import head_frame, pictures, relief

from engine.capture.images import read_image
from engine.liveness.bench import share
from engine.liveness.challenge import NOD_DEG, STRAIGHT_DEG, TURN_DEG
from engine.liveness.sameness import SAME_FACE_RATE, TURNED_RATE
from engine.matching.calibration import Calibration
from engine.packs.pack import DEFAULT_PACK
from engine.types import Face, Frame, Metric

PEOPLE, EACH, SMALLEST_PX = 600, 6, 60
RATES = (1e-3, 1e-2, 3e-2, 1e-1)
ROUNDS = 500
RENDERED = 100
MOVES = ((20, 0), (-20, 0), (0, 12), (0, -12))
"""Turned and raised, in degrees."""
Values = npt.NDArray[np.float32]


def main() -> None:
    """Print refusals and strangers let through at each limit, by pose."""
    options = _options()
    if options.keep is None or not options.keep.exists():
        owner, pose, embedding = _looks(options.shared / "data" / "lfw")
        if options.keep is not None:
            np.savez(options.keep, owner=owner, pose=pose, embedding=embedding)
    else:
        with np.load(options.keep) as kept:
            owner, pose, embedding = kept["owner"], kept["pose"], kept["embedding"]
    yaw, pitch = np.abs(pose[:, 0]), np.abs(pose[:, 1] - np.median(pose[:, 1]))
    straight = (yaw <= STRAIGHT_DEG) & (pitch < NOD_DEG)
    turned = {"turned": yaw >= TURN_DEG, "raised or lowered": (pitch >= NOD_DEG) & (yaw <= STRAIGHT_DEG)}
    print(f"{len(np.unique(owner))} people, {len(owner):,} looks, {straight.sum():,} of them straight")
    calibration = Calibration.load(DEFAULT_PACK.id)
    for title, others in {"straight": straight, **turned}.items():
        first, second = np.nonzero(straight)[0], np.nonzero(others)[0]
        apart = 1 - embedding[first] @ embedding[second].T
        same = owner[first][:, None] == owner[second][None]
        same_look = first[:, None] == second[None]
        genuine, whose = (
            apart[same & ~same_look],
            np.broadcast_to(owner[first][:, None], apart.shape)[same & ~same_look],
        )
        strangers = apart[~same]
        shares = ", ".join(f"{q:.0%} {np.quantile(genuine, q):.4f}" for q in (0.5, 0.9, 0.95, 0.99))
        print(f"straight against {title}: {len(genuine):,} pairs of {len(np.unique(whose))} people, {shares}")
        for rate in RATES:
            limit = calibration.threshold(Metric.COSINE, rate)
            low, high = _interval(genuine > limit, whose)
            print(
                f"  at {limit:.4f} (1 stranger in {1 / rate:g}): refused {(genuine > limit).mean():.1%}"
                f" ({low:.1%} to {high:.1%}), strangers let through {(strangers <= limit).mean():.2%}"
            )
    _tell_rendered(options.shared / "data" / "lfw", calibration)


def _tell_rendered(lfw: Path, calibration: Calibration) -> None:
    """Print how far apart the looks of one rendered check are, and how many checks the limits in use would refuse."""
    pipeline, draw = file_pipeline("fp32", "mtcnn"), np.random.default_rng(7)
    apart = []
    for picture in pictures(lfw)[-2 * RENDERED :]:
        pixels = read_image(picture).pixels
        found = pipeline.detector.detect([pixels], SMALLEST_PX)[0]
        if len(found) != 1 or found[0].points is None:
            continue
        height, looks = relief(pixels.shape[0], found[0].points), []
        for yaw, pitch in ((0, 0), *MOVES, (0, 0)):
            made = head_frame(pixels, height, np.radians(yaw), np.radians(pitch))
            noisy = made * draw.uniform(0.8, 1.1) + draw.normal(0, 4, made.shape)
            frame = Frame(noisy.clip(0, 255).astype(np.uint8), "rendered")
            looks += pipeline.faces([frame], smallest_face_px=SMALLEST_PX, averaging=False, only="largest")[0][:1]
        if len(looks) == len(MOVES) + 2:
            vectors = np.stack([face.embedding for face in looks])
            apart.append(1 - vectors @ vectors.T)
        if len(apart) == RENDERED:
            break
    every = np.stack(apart)
    last, turned = every[:, 0, -1], every[:, 0, 1:-1].max(axis=1)
    strict, loose = (calibration.threshold(Metric.COSINE, rate) for rate in (SAME_FACE_RATE, TURNED_RATE))
    print(f"rendered, {len(every)} people, straight, {len(MOVES)} movements, straight again:")
    for title, values, limit in (("straight again", last, strict), ("furthest movement", turned, loose)):
        shares = ", ".join(f"{q:.0%} {np.quantile(values, q):.4f}" for q in (0.5, 0.9, 0.99))
        print(f"  {title}: {shares}; beyond {limit:.4f}: {share(int((values > limit).sum()), len(values)).text}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="folder with data/lfw")
    parser.add_argument("--keep", type=Path, help="an .npz file to keep what was found in between runs")
    return parser.parse_args()


def _looks(lfw: Path) -> tuple[npt.NDArray[np.int64], Values, Values]:
    """Single looks, as live frames are embedded: whose, (yaw, pitch) in degrees, embedding."""
    folders = [one for one in sorted(lfw.iterdir()) if len(list(one.glob("*.jpg"))) >= 3]
    order = np.random.default_rng(0).permutation(len(folders))[:PEOPLE]
    pipeline = file_pipeline("fp32", "mtcnn")
    rows = []
    for number in order:
        for picture in sorted(folders[number].glob("*.jpg"))[:EACH]:
            frame = read_image(picture)
            (faces,) = pipeline.faces([frame], smallest_face_px=SMALLEST_PX, averaging=False, only="central")
            rows += [(number, face) for face in faces[:1] if _in_the_middle(face, frame)]
    faces = [face for _, face in rows]
    pose = np.array([face.quality.pose[:2] for face in faces], np.float32)
    return np.array([number for number, _ in rows]), pose, np.stack([face.embedding for face in faces])


def _in_the_middle(face: Face, frame: Frame) -> bool:
    (x, y), (width, height) = face.box.centre, frame.size
    return bool(np.hypot(x - width / 2, y - height / 2) < 0.2 * width)


def _interval(wrong: npt.NDArray[np.bool_], whose: npt.NDArray[np.int64]) -> tuple[float, float]:
    """95 %, people drawn with replacement."""
    _, place = np.unique(whose, return_inverse=True)
    errors, pairs = np.bincount(place, wrong), np.bincount(place)
    draws = np.random.default_rng(0).integers(0, len(pairs), (ROUNDS, len(pairs)))
    low, high = np.quantile(errors[draws].sum(axis=1) / pairs[draws].sum(axis=1), (0.025, 0.975))
    return float(low), float(high)


if __name__ == "__main__":
    main()
