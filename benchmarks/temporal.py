"""Can a temporal network tell a moving head from a moving photograph, where single frames look the same?

Rendered: LFW's faces, one a person, once as a relief that turns (the nose moves before what is behind it) and once as
a flat photograph that is turned by the same angles. Both shake, flicker and have the same noise, and no print or screen
is imitated: what differs is motion alone. People are held out. Prints APCER and BPCER with the one-sided 95 % bound for
the 3-D convolution, the 1-D convolution, the mean of MiniFASNet over the frames, and the challenge's parallax with the
limit that it has in use.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np
import numpy.typing as npt
from common import arguments, file_pipeline, median_s

from engine.capture.images import read_image
from engine.liveness.bench import share
from engine.liveness.challenge import LEAST_PARALLAX, parallax
from engine.liveness.clips import Clip, series_of, small
from engine.liveness.learning import judge, probabilities
from engine.liveness.passive import ATTACK_TO, LIVE_FROM, PassiveScorer, their_box
from engine.liveness.training import Split, train
from engine.liveness.weights import load_passive
from engine.networks.temporal import FRAMES
from engine.pipeline import Pipeline
from engine.types import Face, FloatArray, Frame, PixelArray

PEOPLE, VALIDATION, TEST = 150, 30, 60
PASSIVE_FROM = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
PARALLAX_FROM = (0.03, 0.05, 0.06, 0.07, 0.08, 0.10, 0.13)
MOST_DEG = 22.0
Grid = npt.NDArray[np.float32]


def relief(size: int, face: FloatArray) -> Grid:
    """Height of a head in pixels, (H, W): an ellipsoid about the face, and a nose on it."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    eyes, nose, mouth = face[:2].mean(axis=0), face[2], face[3:].mean(axis=0)
    apart = float(np.linalg.norm(face[1] - face[0]))
    middle = (eyes + mouth) / 2
    inside = 1 - ((x - middle[0]) / (1.35 * apart)) ** 2 - ((y - middle[1]) / (1.9 * apart)) ** 2
    bump = np.exp(-(((x - nose[0]) / (0.28 * apart)) ** 2) - ((y - nose[1] + 0.1 * apart) / (0.4 * apart)) ** 2)
    height: Grid = (1.0 * apart * np.sqrt(np.clip(inside, 0, 1)) + 0.35 * apart * bump * (inside > 0)).astype(
        np.float32
    )
    return cv2.GaussianBlur(height, (0, 0), 2.0)


def head_frame(pixels: PixelArray, height: Grid, yaw: float, pitch: float) -> PixelArray:
    """The relief turned: each place moves by its height; angles in radians."""
    y, x = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]].astype(np.float32)
    middle = float(height.max()) * 0.7
    shift_x, shift_y = np.float32(np.tan(yaw)), np.float32(-np.tan(pitch))
    there = height
    for _ in range(3):
        source_x, source_y = x - (there - middle) * shift_x, y - (there - middle) * shift_y
        there = cv2.remap(height, source_x, source_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cv2.remap(pixels, source_x, source_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def photograph_frame(pixels: PixelArray, yaw: float, pitch: float) -> PixelArray:
    """The flat picture turned before a pinhole camera; what lies around it is its own border, blurred."""
    size = pixels.shape[0]
    half, away = size / 2, 2.2 * size
    corners = np.array([(-half, -half, 0), (half, -half, 0), (half, half, 0), (-half, half, 0)])
    about_y = np.array([(np.cos(yaw), 0, -np.sin(yaw)), (0, 1, 0), (np.sin(yaw), 0, np.cos(yaw))])
    about_x = np.array([(1, 0, 0), (0, np.cos(pitch), np.sin(pitch)), (0, -np.sin(pitch), np.cos(pitch))])
    turned = corners @ (about_y @ about_x).T
    seen = turned[:, :2] * (away / (away + turned[:, 2:])) + half
    plane = cv2.getPerspectiveTransform((corners[:, :2] + half).astype(np.float32), seen.astype(np.float32))
    return cv2.warpPerspective(pixels, plane, (size, size), borderMode=cv2.BORDER_REPLICATE)


def recorded(pixels: PixelArray, height: Grid, draw: np.random.Generator, *, live: bool) -> list[PixelArray]:
    """Sixteen frames of one presentation: turning, shaking, flickering, noise."""
    start, end = draw.uniform(-1, 1, 2), draw.uniform(-1, 1, 2)
    while abs(end[0] - start[0]) < 0.7:
        start, end = draw.uniform(-1, 1, 2), draw.uniform(-1, 1, 2)
    place, frames = np.zeros(2), []
    for number in range(FRAMES):
        share_ = (1 - np.cos(np.pi * number / (FRAMES - 1))) / 2
        yaw, pitch = np.radians(MOST_DEG * (start + share_ * (end - start)) * (1.0, 0.5))
        made = head_frame(pixels, height, yaw, pitch) if live else photograph_frame(pixels, yaw, pitch)
        place = 0.7 * place + draw.normal(0, 1.2, 2)
        zoom = 1 + 0.03 * np.sin(number / 4)
        move = np.array([(zoom, 0, place[0]), (0, zoom, place[1])])
        shaken = cv2.warpAffine(made, move, made.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
        noisy = shaken * draw.uniform(0.96, 1.04) + draw.normal(0, 3, shaken.shape)
        frames.append(noisy.clip(0, 255).astype(np.uint8))
    return frames


def parallax_of(faces: Sequence[Face]) -> float:
    """How far the nose leaves the plane at most (the ninth of ten), in eye distances."""
    points = [face.points for face in faces if face.points is not None]
    return float(np.quantile([np.hypot(*parallax(points[0], now)) for now in points[1:]], 0.9))


Rendered = tuple[Clip, float]


def presentation(
    pipeline: Pipeline, scorer: PassiveScorer | None, frames: Sequence[PixelArray], person: str, *, live: bool
) -> Rendered | None:
    """A clip and its parallax, by the real detector; None where it loses the face."""
    seen: list[tuple[Frame, Face]] = []
    for frame in (Frame(one, "rendered") for one in frames):
        detections = sorted(pipeline.detector.detect([frame.pixels], 60)[0], key=lambda found: -found.box.area)
        seen += [(frame, face) for face in pipeline.align(frame, detections[:1])]
    if len(seen) < FRAMES:
        return None
    mean = float("nan")
    if scorer:
        looks = [scorer.score(frame.pixels, [their_box(face.box)])[0].live for frame, face in seen[::4]]
        mean = float(np.mean(looks))
    faces = [face for _, face in seen]
    return Clip(np.stack([small(face) for face in faces]), series_of(faces), live, person, mean), parallax_of(faces)


def rendered(pipeline: Pipeline, scorer: PassiveScorer | None, lfw: Path, count: int) -> list[list[Rendered]]:
    """A turning head and a turning photograph of each of so many people."""
    draw, made = np.random.default_rng(5), []
    for picture in pictures(lfw):
        pixels = read_image(picture).pixels
        found = pipeline.detector.detect([pixels], 60)[0]
        if len(found) != 1 or found[0].points is None:
            continue
        height = relief(pixels.shape[0], found[0].points)
        pair = []
        for live in (True, False):
            frames = recorded(pixels, height, draw, live=live)
            pair.append(presentation(pipeline, scorer, frames, picture.parent.name, live=live))
        if all(pair):
            made.append([one for one in pair if one])
        if len(made) == count:
            break
    return made


def tell_networks(parts: Split) -> None:
    """Train both networks, and compare them with single frames."""
    titles = {"clip": "3-D convolution on pixels", "series": "1-D convolution on landmarks and brightness"}
    for kind, title in titles.items():
        started = perf_counter()
        network, epochs = train(parts, kind)
        spent = perf_counter() - started
        outcome = judge(network, kind, parts, epochs)
        one_ms = 1000 * median_s(lambda n=network, k=kind: probabilities(n, parts.test[:1], k))  # type: ignore[misc]
        print(f"{title}: APCER {outcome.apcer.text}; BPCER {outcome.bpcer.text}")
        print(f"  {epochs} epochs, {spent:.0f} s; {one_ms:.1f} ms a clip. Guard: {outcome.verdict}")
    print(f"mean of MiniFASNet, limit fitted: APCER {outcome.frames_apcer.text}; BPCER {outcome.frames_bpcer.text}")


def tell_rules(test: Sequence[Rendered]) -> None:
    """What is in use, with the limits in use."""
    scores = [(clip.per_frame, clip.live) for clip, _ in test if not np.isnan(clip.per_frame)]
    if scores:
        attacks = share(sum(s >= LIVE_FROM for s, live in scores if not live), TEST)
        genuine = share(sum(s < LIVE_FROM for s, live in scores if live), TEST)
        unsure = sum(ATTACK_TO < s < LIVE_FROM for s, _ in scores)
        print(f"  limits in use: APCER {attacks.text}; BPCER {genuine.text}; abstains on {unsure} of {len(scores)}")
    let_in = share(sum(moved >= LEAST_PARALLAX for clip, moved in test if not clip.live), TEST)
    refused = share(sum(moved < LEAST_PARALLAX for clip, moved in test if clip.live), TEST)
    print(f"parallax at {LEAST_PARALLAX}, nothing learned: APCER {let_in.text}; BPCER {refused.text}")
    for live in (True, False):
        values = np.quantile([moved for clip, moved in test if clip.live is live], (0.05, 0.5, 0.95))
        shown = " ".join(f"{value:.3f}" for value in values)
        print(f"  parallax of {'heads' if live else 'photographs'}, 5 %, median, 95 %: {shown}")


def tell_thresholds(shown_: Sequence[Rendered]) -> None:
    """How many heads and photographs pass each of the two limits as it moves; "*" is the one in use."""
    heads = [one for one in shown_ if one[0].live]
    photographs = [one for one in shown_ if not one[0].live]
    scored = not any(np.isnan(clip.per_frame) for clip, _ in shown_)
    for title, limits, in_use, value in (
        ("passive, live from", PASSIVE_FROM if scored else (), LIVE_FROM, lambda one: one[0].per_frame),
        ("parallax, from", PARALLAX_FROM, LEAST_PARALLAX, lambda one: one[1]),
    ):
        for limit in limits:
            refused = share(sum(value(one) < limit for one in heads), len(heads))
            let_in = share(sum(value(one) >= limit for one in photographs), len(photographs))
            mark = "*" if limit == in_use else " "
            print(f"{mark} {title} {limit:.2f}: heads refused {refused.text}; photographs let in {let_in.text}")


def main() -> None:
    """Render, train, compare; with --thresholds only show what each limit does."""
    if "--thresholds" in sys.argv:
        sys.argv.remove("--thresholds")
        options = arguments(__doc__)
        scorer = PassiveScorer(load_passive(options.shared / "weights"))
        pairs = rendered(file_pipeline("fp32", "mtcnn"), scorer, options.shared / "data" / "lfw", TEST)
        tell_thresholds([one for pair in pairs for one in pair])
        return
    options = arguments(__doc__)
    weights = options.shared / "weights"
    scorer = PassiveScorer(load_passive(weights)) if weights.is_dir() else None
    started = perf_counter()
    pairs = rendered(
        file_pipeline("fp32", "mtcnn"), scorer, options.shared / "data" / "lfw", PEOPLE + VALIDATION + TEST
    )
    flat = [one for pair in pairs for one in pair]
    print(f"{len(pairs)} people, a head and a photograph of each, rendered in {perf_counter() - started:.0f} s")
    clips = [clip for clip, _ in flat]
    held, last = 2 * (VALIDATION + TEST), 2 * TEST
    parts = Split(clips[:-held], clips[-held:-last], clips[-last:])
    print(f"learned from {len(parts.train)} clips, stopped by {len(parts.validation)}, tested on {len(parts.test)}")
    tell_networks(parts)
    tell_rules(flat[-last:])
    tell_thresholds(flat[-last:])


def pictures(lfw: Path) -> list[Path]:
    """One picture each of many people, in an order that does not depend on their names."""
    people = sorted(place for place in lfw.iterdir() if place.is_dir())
    order = np.random.default_rng(3).permutation(len(people))
    return [sorted(people[place].iterdir())[0] for place in order]


if __name__ == "__main__":
    main()
