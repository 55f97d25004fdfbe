"""MobileFaceNet: depthwise convolutions, and a learned weight for every place at the end.

Chen, Liu, Gao and Han, "MobileFaceNets: Efficient CNNs for Accurate Real-Time Face Verification on Mobile Devices",
2018, in the form of the published PyTorch weights (128 dimensions, ReLU6), whose names the modules have.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

INPUT_SIZE_PX = 112
_BOTTLENECKS = ((2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1))
"""Expansion, channels, repeats, and the first one's stride: table 1 of the paper."""
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU6(inplace=True))


class _DepthwiseSeparable(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.pointwise = nn.Conv2d(channels, channels, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        x = nnf.relu6(self.bn1(self.depthwise(x)))
        return nnf.relu6(self.bn2(self.pointwise(x)))


class _Bottleneck(nn.Module):
    """Widen, convolve depthwise, narrow; added to the input where the shapes agree."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.conv = nn.Sequential(
            _conv(inputs, wide, 1), _conv(wide, wide, 3, stride, groups=wide),
            nn.Conv2d(wide, outputs, 1, bias=False), nn.BatchNorm2d(outputs),
        )  # fmt: skip
        self._adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C', H', W')."""
        branch = cast("Tensor", self.conv(x))
        return x + branch if self._adds else branch


class _GlobalDepthwise(nn.Module):
    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, side, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C, 1, 1)."""
        return cast("Tensor", self.bn(self.depthwise(x)))


class MobileFaceNet(nn.Module):
    """The whole network; 999,936 parameters."""

    mean: Tensor
    std: Tensor

    def __init__(self, dimension: int = 128) -> None:
        super().__init__()
        self.dimension = dimension
        self.conv1 = _conv(3, 64, 3, 2)
        self.dw_conv = _DepthwiseSeparable(64)
        blocks, inputs = [], 64
        for expansion, outputs, repeats, stride in _BOTTLENECKS:
            for number in range(repeats):
                blocks.append(_Bottleneck(inputs, outputs, 1 if number else stride, expansion))
                inputs = outputs
        self.features = nn.Sequential(*blocks)
        self.conv2 = _conv(inputs, 512, 1)
        self.gdconv = _GlobalDepthwise(512, 7)
        self.conv3 = nn.Conv2d(512, dimension, 1)
        self.bn = nn.BatchNorm1d(dimension)
        self.register_buffer("mean", 255 * torch.tensor(_MEAN)[:, None, None], persistent=False)
        self.register_buffer("std", 255 * torch.tensor(_STD)[:, None, None], persistent=False)

    def forward(self, chips: Tensor) -> Tensor:
        """Embed aligned faces.

        Args:
            chips: (N, 3, 112, 112) RGB, 0..255.

        Returns:
            (N, D), not scaled to unit length.
        """
        x = self.dw_conv(self.conv1((chips - self.mean) / self.std))
        x = self.gdconv(self.conv2(self.features(x)))
        return cast("Tensor", self.bn(self.conv3(x).flatten(1)))
