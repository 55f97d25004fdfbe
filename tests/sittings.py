"""Somebody sitting in front of a camera, made from one portrait."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def sitting(folder: Path, portrait: Path, size: tuple[int, int] = (640, 480)) -> Path:
    """Fill a folder with views of a person: straight, to both sides, nearer and farther.

    A head cannot be turned in a picture; one side of the face is narrowed instead, which moves the nose between the
    eyes as turning does.
    """
    picture = Image.open(portrait).convert("RGB")
    views = {
        "1-front": _placed(picture, 0.95, size),
        "2-left": _placed(_narrowed(picture, 0.62), 0.95, size),
        "3-right": _placed(_narrowed(picture, 1 / 0.5), 0.95, size),
        "4-near": _lit(_placed(picture, 1.35, size), 0.6),
        "5-far": _lit(_placed(picture, 0.68, size), 1.5),
    }
    for name, view in views.items():
        view.save(folder / f"{name}.png")
    return folder


def _placed(picture: Image.Image, scale: float, size: tuple[int, int]) -> Image.Image:
    """The portrait's face in the middle of a frame."""
    scaled = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)
    middle = 0.44 * scaled.width, 0.25 * scaled.height
    left, top = round(middle[0] - size[0] / 2), round(middle[1] - size[1] * 0.45)
    pixels = np.asarray(scaled)
    across = np.clip(np.arange(left, left + size[0]), 0, scaled.width - 1)
    down = np.clip(np.arange(top, top + size[1]), 0, scaled.height - 1)
    return Image.fromarray(pixels[down][:, across])


def _lit(picture: Image.Image, gamma: float) -> Image.Image:
    """Other light: two views are not to be copies of one picture."""
    pixels = 255 * (np.asarray(picture) / 255) ** (1 / gamma)
    pixels[:, :, 2] *= 0.8 if gamma < 1 else 1
    return Image.fromarray(pixels.astype(np.uint8))


def _narrowed(picture: Image.Image, share: float) -> Image.Image:
    """Narrow the picture's right half about the face's middle where the share is below 1, else its left half."""
    pixels, middle = np.asarray(picture), 0.44 * picture.width
    x = np.arange(picture.width) - middle
    right, left = (share, 1.0) if share < 1 else (1.0, 1 / share)
    source = np.where(x > 0, x / right, x / left) + middle
    return Image.fromarray(pixels[:, np.clip(np.round(source), 0, picture.width - 1).astype(int)])
