"""Is a frame's light enough to look at, and if not, why; a brighter copy for the detector where it is low."""

from __future__ import annotations

from collections import deque

import cv2
import numpy as np

from engine.types import PixelArray

DARK, DARK_PEAK = 10.0, 40.0
"""A frame whose mean and 98th percentile are below these shows nothing."""
BURNT_SHARE = 0.7
"""Share of pure white above which a frame shows nothing."""
LOW = 55.0
"""Mean below which the detector is given a brighter copy."""
_WANTED = 90.0
_LOWEST_GAMMA = 0.35
_FLICKER = 0.3
"""A frame darker than this share of its neighbours is one of an infrared lamp's dark ones."""
_RECENT = 8
_EVERY = 8
_BANDS, _BAND_SHARE = 12, 0.10

TOO_DARK = "It is too dark to see anyone. Put more light on the face."
TOO_BRIGHT = "The picture is burnt out. Turn away from the light, or lower the exposure."
FLICKERS = "Every other picture is black, as with a flickering infrared lamp. Those are passed over."
BANDS = "Bands roll through the picture: the lamp flickers. Use other light, or a longer exposure."


class LightWatch:
    """Judges one frame after another."""

    def __init__(self) -> None:
        self._means: deque[float] = deque(maxlen=_RECENT)
        self._profiles: deque[np.ndarray[tuple[int], np.dtype[np.float32]]] = deque(maxlen=_RECENT)
        self._skips: deque[bool] = deque(maxlen=2 * _RECENT)

    def judge(self, pixels: PixelArray) -> tuple[bool, str, float]:
        """Look at a frame's light.

        Args:
            pixels: (H, W, 3) uint8 RGB.

        Returns:
            Whether it must be passed over, what to tell the user (empty for nothing), and its mean brightness, 0..255.
        """
        grey = pixels[::_EVERY, ::_EVERY, 1]
        mean = float(grey.mean())
        usual = float(np.median(self._means)) if self._means else mean
        dark = mean < DARK and float(np.percentile(grey, 98)) < DARK_PEAK
        flicker = dark and bool(self._means) and max(self._means) > 2 * DARK and mean < _FLICKER * max(self._means)
        self._skips.append(flicker)
        self._means.append(mean)
        self._profiles.append(_profile(grey))
        if flicker and sum(self._skips) >= 2 and sum(self._skips) < len(self._skips):
            return True, FLICKERS, mean
        if dark:
            return True, TOO_DARK if usual < DARK else "", mean
        if float((grey >= 250).mean()) > BURNT_SHARE:
            return True, TOO_BRIGHT, mean
        if sum(self._skips) >= 2:
            return False, FLICKERS, mean
        return False, BANDS if self._banded() else "", mean

    def _banded(self) -> bool:
        """Whether stripes of light move through a picture that is otherwise still."""
        if len(self._profiles) < _RECENT or any(self._skips):
            return False
        rows = np.stack(list(self._profiles))
        relative = rows / np.maximum(rows.mean(axis=0), 8.0)
        waves = relative - relative.mean(axis=1, keepdims=True)
        # Bands move every row with every frame; a cut moves all of them once, and whoever walks past some of them.
        return bool(np.median(np.abs(np.diff(waves, axis=0))) > _BAND_SHARE)


def _profile(grey: PixelArray) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Mean brightness of horizontal bands."""
    bands = np.array_split(grey.astype(np.float32).mean(axis=1), min(_BANDS, len(grey)))
    return np.array([band.mean() for band in bands], np.float32)


def lifted(pixels: PixelArray, mean: float) -> PixelArray:
    """A brighter copy of a dim picture, by a gamma curve that brings its mean near the middle."""
    share = max(mean, 2.0) / 255
    gamma = max(_LOWEST_GAMMA, min(1.0, np.log(_WANTED / 255) / np.log(share)))
    curve = np.rint(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
    brighter: PixelArray = cv2.LUT(pixels, curve).astype(np.uint8, copy=False)
    return brighter
