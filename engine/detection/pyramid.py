"""A picture at ever smaller sizes, laid out on one canvas so that a network sees all of them in one pass.

The layout and the mapping are those dlib's detector was trained with: what stands beside a level changes its scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, takewhile

import torch
from torch import Tensor
from torch.nn import functional as nnf

from engine.networks.dlib_resnet import MEAN_RGB, SCALE

STEP = 5 / 6
_GAP_PX, _MARGIN_PX = 10, 11
_LOWEST_PX = 5


@dataclass(frozen=True, slots=True)
class Level:
    """One size of the picture on the canvas; in pixels."""

    left: int
    top: int
    width: int
    height: int

    def distance(self, x: float, y: float) -> float:
        """Squared distance of a point; 0 inside."""
        beside = max(self.left - x, 0, x - (self.left + self.width - 1))
        above = max(self.top - y, 0, y - (self.top + self.height - 1))
        return beside**2 + above**2


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each level of a pyramid lies on a canvas of `width` x `height` pixels; the largest level first."""

    levels: tuple[Level, ...]
    width: int
    height: int

    def to_picture(self, x: float, y: float, half: float) -> tuple[float, float, float, float]:
        """Map a square on the canvas, by centre and half its side, to left, top, right and bottom in the picture."""
        number = min(range(len(self.levels)), key=lambda n: self.levels[n].distance(x, y))
        level, growth = self.levels[number], STEP**-number
        x, y = x - level.left, y - level.top
        return (x - half) * growth, (y - half) * growth, (x + half) * growth, (y + half) * growth


def lay_out(width: int, height: int) -> Layout:
    """Arrange the pyramid of a picture: down the left side, and back up on the right where there is room."""
    sizes = _sizes(width, height)
    down = _first_column(sizes)
    tops = list(accumulate((sizes[n][1] + _GAP_PX for n in range(down)), initial=_MARGIN_PX))
    levels = [Level(_MARGIN_PX, top, *size) for top, size in zip(tops, sizes[:down], strict=False)]
    floor = tops[down] - _GAP_PX
    canvas_height = floor + _MARGIN_PX
    right = _MARGIN_PX + width
    for w, h in sizes[down:]:
        level = Level(right - w, floor - h, w, h)
        if level.top < _MARGIN_PX + height:
            break
        levels.append(level)
        floor -= h + _GAP_PX
    return Layout(tuple(levels), width + 2 * _MARGIN_PX, canvas_height)


def draw(pictures: Tensor, layout: Layout) -> Tensor:
    """Draw the pyramids of N pictures of one size.

    Args:
        pictures: (N, H, W, 3) uint8 RGB.
        layout: that of the pictures' size.

    Returns:
        (N, 3, height, width) float32 in channels-last memory, as the detector's network takes it; zero between levels.
    """
    canvas = torch.zeros((len(pictures), layout.height, layout.width, 3), device=pictures.device).permute(0, 3, 1, 2)
    mean = torch.tensor(MEAN_RGB, device=pictures.device)
    image = ((pictures - mean) / SCALE).permute(0, 3, 1, 2)
    for level in layout.levels:
        if image.shape[2:] != (level.height, level.width):
            image = nnf.interpolate(image, (level.height, level.width), mode="bilinear", align_corners=True)
        canvas[:, :, level.top : level.top + level.height, level.left : level.left + level.width] = image
    return canvas


def _sizes(width: int, height: int) -> list[tuple[int, int]]:
    """Width and height of every level."""
    smaller = accumulate(
        range(100), lambda size, _: (int(STEP * size[0]), int(STEP * size[1])), initial=(width, height)
    )
    return list(takewhile(lambda size: size[0] > 0 and size[1] >= _LOWEST_PX, smaller))


def _first_column(sizes: list[tuple[int, int]]) -> int:
    """How many levels go down the left side: half of the height below the first, or until one fits beside its elder."""
    width, height = sizes[0]
    total = sum(h + _GAP_PX for _, h in sizes) - 2 * _GAP_PX
    used = elder = 0
    for number, (w, h) in enumerate(sizes):
        if w <= width - elder - _GAP_PX and 2 * (used - height) >= total - height:
            return number
        used, elder = used + h + _GAP_PX, w
    return len(sizes)
