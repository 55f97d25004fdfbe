"""Liveness without moving: the window shows random colours, and the face must reflect them more than what is behind it.

It shows that a face is near this screen now, which a recording cannot know. Paper reflects as skin does, so it stands
for the movement only beside the passive networks. Three changes a second at most, and only when asked for.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.liveness_values import Answer, CheckPhase, CheckState, Cue, FlashPlan
from engine.types import Box, PixelArray

CHANGES_A_SECOND = 2.5
"""Below the three flashes a second that WCAG 2.3.1 allows."""
COLOURS = 14
_BRIGHT, _DARK = 235, 25
LEAST_LIKENESS, LEAST_CHANGE = 0.55, 0.004
"""Correlation with the shown colours, and relative change of brightness, from which a face reflects them."""
_LAGS_S = np.arange(0.0, 0.45, 0.05)
"""Between showing a colour and seeing it: screen, exposure and camera."""
LEAST_FRAMES = 4 * COLOURS // 2


def random_plan(start_s: float) -> FlashPlan:
    """Draw colours, no two alike in a row and every channel both on and off, from the system's randomness."""
    draw = secrets.SystemRandom()
    while True:
        codes = [draw.randrange(8) for _ in range(COLOURS)]
        counts = [sum(code >> bit & 1 for code in codes) for bit in range(3)]
        changes = all(one != other for one, other in pairwise(codes))
        if changes and all(COLOURS // 3 <= count <= COLOURS - COLOURS // 3 for count in counts):
            break
    colours = tuple((_level(code, 0), _level(code, 1), _level(code, 2)) for code in codes)
    return FlashPlan(colours, 1 / CHANGES_A_SECOND, start_s)


def _level(code: int, bit: int) -> int:
    return _BRIGHT if code >> bit & 1 else _DARK


@dataclass(frozen=True, slots=True, eq=False)
class Glow:
    """Mean brightness of one frame: (3,) of the face and (3,) of what is around it, 0..255."""

    time_s: float
    face: NDArray[np.float64]
    around: NDArray[np.float64]


def glow_of(pixels: PixelArray, box: Box, time_s: float) -> Glow:
    """Measure a frame.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        box: of the face.
        time_s: when it was taken.
    """
    # A quarter of the pixels say the same.
    small = pixels[::2, ::2].astype(np.float64)
    inner = _region(small, box, 0.6)
    mask = np.ones(small.shape[:2], np.bool_)
    mask[_place(small, box, 1.8)] = False
    around = small[mask] if mask.any() else small.reshape(-1, 3)
    return Glow(time_s, inner.reshape(-1, 3).mean(axis=0), around.mean(axis=0))


def _place(small: NDArray[np.float64], box: Box, share: float) -> tuple[slice, slice]:
    x, y = (value / 2 for value in box.centre)
    width, height = box.width * share / 4, box.height * share / 4
    rows, columns = small.shape[:2]
    top, left = int(np.clip(y - height, 0, rows - 1)), int(np.clip(x - width, 0, columns - 1))
    return slice(top, max(int(min(y + height, rows)), top + 1)), slice(
        left, max(int(min(x + width, columns)), left + 1)
    )


def _region(small: NDArray[np.float64], box: Box, share: float) -> NDArray[np.float64]:
    return small[_place(small, box, share)]


def likeness(plan: FlashPlan, glows: list[Glow]) -> tuple[float, float]:
    """How alike the face's glow beyond the background's is to the colours shown, and how strong it is.

    Returns:
        Correlation over all channels at the lag that fits best, -1..1; and the relative change of the face's
        brightness between dark and bright colours at that lag.
    """
    times = np.array([glow.time_s for glow in glows])
    face, around = (np.log(np.stack(rows) + 1.0) for rows in zip(*((g.face, g.around) for g in glows), strict=True))
    seen = _flattened(face - around, times)
    best, change = -1.0, 0.0
    for lag in _LAGS_S:
        numbers = np.clip(((times - lag - plan.start_s) // plan.each_s).astype(int), 0, len(plan.colours) - 1)
        shown = _flattened(np.array(plan.colours, np.float64)[numbers] / 255, times)
        scale = np.sqrt((seen**2).sum() * (shown**2).sum())
        found = float((seen * shown).sum() / scale) if scale > 1e-12 else 0.0
        if found > best:
            slope = float((seen * shown).sum() / max((shown**2).sum(), 1e-12))
            best, change = found, slope * (_BRIGHT - _DARK) / 255
    return best, change


def _flattened(values: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take the mean and the drift out of each column."""
    drift = np.stack([np.ones_like(times), times - times.mean()], axis=1)
    coefficients, *_ = np.linalg.lstsq(drift, values, rcond=None)
    flat: NDArray[np.float64] = values - drift @ coefficients
    return flat


class Flash:
    """One check by colours."""

    def __init__(self, start_s: float, plan: FlashPlan | None = None) -> None:
        self.plan = plan or random_plan(start_s)
        self._glows: list[Glow] = []
        self._now_s = start_s
        self._cue: Cue | None = None

    @property
    def state(self) -> CheckState:
        """What is being done."""
        total = len(self.plan.colours)
        if self._cue is not None:
            passed = self._cue.answer is Answer.LIVE
            text = "The face reflects the colours." if passed else self._cue.hint
            phase = CheckPhase.PASSED if passed else CheckPhase.FAILED
            return CheckState("flash", phase, text, total, total, 0.0, self._cue)
        step = int(np.clip((self._now_s - self.plan.start_s) // self.plan.each_s, 0, total))
        left = max(self.plan.end_s - self._now_s, 0.0)
        prompt = "Hold still, close to the screen."
        return CheckState("flash", CheckPhase.RUNNING, prompt, step, total, left, plan=self.plan)

    def see(self, pixels: PixelArray, boxes: list[Box], time_s: float) -> CheckState:
        """Take in a frame with the boxes of its faces, largest first."""
        if self._cue is not None:
            return self.state
        self._now_s = time_s
        if len(boxes) == 1 and self.plan.start_s <= time_s:
            self._glows.append(glow_of(pixels, boxes[0], time_s))
        if time_s >= self.plan.end_s + float(_LAGS_S[-1]):
            self._judge()
        return self.state

    def _judge(self) -> None:
        if len(self._glows) < LEAST_FRAMES:
            hint = "Too few frames showed exactly one face. Try again alone before the camera."
            self._cue = Cue("flash", Answer.UNSURE, 0.0, len(self._glows), hint)
            return
        alike, change = likeness(self.plan, self._glows)
        reflects = alike >= LEAST_LIKENESS and change >= LEAST_CHANGE
        # A bright room drowns the screen, so that a face that does not reflect it is no proof of an attack.
        hint = "" if reflects else "The colours hardly reach the face. Come closer, or darken the room, and try again."
        answer = Answer.LIVE if reflects else Answer.UNSURE
        self._cue = Cue("flash", answer, max(alike, 0.0), len(self._glows), hint)
