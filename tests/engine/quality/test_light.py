"""Light that changes from frame to frame: bands of a lamp that flickers, and what only looks like them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from engine.quality.light import BANDS, LightWatch
from engine.types import PixelArray

FRAMES = 16


def banded(pixels: PixelArray, depth: float, number: int, turns: float) -> PixelArray:
    """A frame as a rolling shutter takes it under a lamp that flickers.

    Args:
        pixels: (H, W, 3) uint8 RGB in steady light.
        depth: how much darker the lamp becomes, as a share.
        number: of the frame.
        turns: of the lamp's light from one frame to the next; whole ones stand still.
    """
    height = len(pixels)
    phase = 2.5 * np.arange(height) / height + number * turns
    lamp = 1 - depth * (0.5 + 0.5 * np.sin(2 * np.pi * phase))
    return np.clip(pixels * lamp[:, None, None], 0, 255).astype(np.uint8)


def said(film: Sequence[PixelArray]) -> list[str]:
    """What is said of each frame; none is passed over."""
    watch = LightWatch()
    judged = [watch.judge(frame) for frame in film]
    assert not any(skipped for skipped, _, _ in judged)
    return [sentence for _, sentence, _ in judged]


@pytest.mark.parametrize(("fps", "hertz"), [(30, 100), (24, 100), (25, 120), (15, 100)])
def test_that_bands_that_roll_through_the_picture_are_said(astronaut: PixelArray, fps: int, hertz: int) -> None:
    film = [banded(astronaut, 0.6, number, hertz / fps) for number in range(FRAMES)]
    sentences = said(film)
    assert sentences[0] == ""
    assert set(sentences[8:]) == {BANDS}


def walks_past(astronaut: PixelArray, number: int) -> PixelArray:
    """A dark coat moves through the picture from side to side."""
    frame = astronaut.copy()
    frame[60:, 20 * number : 20 * number + 180] = 25
    return frame


def grainy(astronaut: PixelArray, number: int) -> PixelArray:
    grain = np.random.default_rng(number).normal(0, 12, astronaut.shape)
    return np.clip(astronaut + grain, 0, 255).astype(np.uint8)


STEADY: dict[str, Callable[[PixelArray, int], PixelArray]] = {
    "a still picture": lambda pixels, _number: pixels,
    "a grainy picture": grainy,
    "a trembling camera": lambda pixels, number: np.roll(pixels, (number % 3) - 1, axis=0),
    "somebody who walks past": walks_past,
    "another scene once": lambda pixels, number: pixels if number < 9 else pixels[::-1],
    "exposure that settles": lambda pixels, number: np.clip(pixels * (0.4 + 0.05 * number), 0, 255).astype(np.uint8),
    "bands that stand still": lambda pixels, number: banded(pixels, 0.6, number, 4),
    "bands hardly to be seen": lambda pixels, number: banded(pixels, 0.1, number, 100 / 30),
}


@pytest.mark.parametrize("what", sorted(STEADY))
def test_that_nothing_is_said_of_bands_where_none_roll(astronaut: PixelArray, what: str) -> None:
    assert set(said([STEADY[what](astronaut, number) for number in range(FRAMES)])) == {""}
