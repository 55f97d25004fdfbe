"""MiniFASNet: is it a living face, or a picture of one? Pruned MobileFaceNet bottlenecks on a small colour crop.

Minivision's "Silent-Face-Anti-Spoofing", 2020, versions V2 and V1SE, whose published names the modules have. V1SE adds
squeeze and excitation (Hu, Shen and Sun, "Squeeze-and-Excitation Networks", 2018) to the last block of each stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

INPUT_SIZE_PX = 80
CLASSES, LIVE_CLASS = 3, 1
"""How many kinds there are, and which is a living face; the others are kinds of attack."""
_SQUEEZE = 4


@dataclass(frozen=True, slots=True)
class Widths:
    """How many channels pruning has left inside each bottleneck.

    Attributes:
        stages: of the residual blocks, by stage.
        squeeze: whether the last block of a stage has squeeze and excitation.
    """

    stages: tuple[tuple[int, ...], ...]
    squeeze: bool


V2 = Widths(((13, 13, 13, 13), (231, 52, 26, 77, 26, 26), (26, 26)), squeeze=False)
V1SE = Widths(((13, 26, 13, 52), (154, 52, 26, 52, 26, 26), (26, 26)), squeeze=True)
_DOWN = (103, 231, 308)
_STAGE_CHANNELS = (64, 128, 128)


class _Conv(nn.Module):
    """Convolution and batch norm, with a PReLU unless it is linear."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, padding: int = 0, *,
                 groups: int = 1, linear: bool = False) -> None:  # fmt: skip
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        if not linear:
            self.prelu = nn.PReLU(outputs)
        self._linear = linear

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C', H', W')."""
        x = self.bn(self.conv(x))
        return x if self._linear else cast("Tensor", self.prelu(x))


class _Excitation(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = channels // _SQUEEZE
        self.fc1 = nn.Conv2d(channels, narrow, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(narrow)
        self.fc2 = nn.Conv2d(narrow, channels, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Weigh the channels of (N, C, H, W)."""
        inner = torch.relu(self.bn1(self.fc1(x.mean(dim=(2, 3), keepdim=True))))
        return x * torch.sigmoid(self.bn2(self.fc2(inner)))


class _Bottleneck(nn.Module):
    """Widen, convolve depthwise, narrow; added to the input where nothing is reduced."""

    def __init__(self, inputs: int, outputs: int, inside: int, stride: int = 1, *, squeeze: bool = False) -> None:
        super().__init__()
        self.conv = _Conv(inputs, inside)
        self.conv_dw = _Conv(inside, inside, 3, stride, 1, groups=inside)
        self.project = _Conv(inside, outputs, linear=True)
        if squeeze:
            self.se_module = _Excitation(outputs)
        self._adds, self._squeezes = stride == 1, squeeze

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C', H', W')."""
        branch = cast("Tensor", self.project(self.conv_dw(self.conv(x))))
        if self._squeezes:
            branch = self.se_module(branch)
        return x + branch if self._adds else branch


class _Stage(nn.Module):
    def __init__(self, channels: int, insides: tuple[int, ...], *, squeeze: bool) -> None:
        super().__init__()
        last = len(insides) - 1
        self.model = nn.Sequential(
            *(_Bottleneck(channels, channels, inside, squeeze=squeeze and number == last)
              for number, inside in enumerate(insides))
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        return cast("Tensor", self.model(x))


class MiniFASNet(nn.Module):
    """The whole network: 434,560 parameters as V2, 433,586 as V1SE."""

    def __init__(self, widths: Widths) -> None:
        super().__init__()
        self.conv1 = _Conv(3, 32, 3, 2, 1)
        self.conv2_dw = _Conv(32, 32, 3, 1, 1, groups=32)
        first, second, third = _STAGE_CHANNELS
        self.conv_23 = _Bottleneck(32, first, _DOWN[0], 2)
        self.conv_3 = _Stage(first, widths.stages[0], squeeze=widths.squeeze)
        self.conv_34 = _Bottleneck(first, second, _DOWN[1], 2)
        self.conv_4 = _Stage(second, widths.stages[1], squeeze=widths.squeeze)
        self.conv_45 = _Bottleneck(second, third, _DOWN[2], 2)
        self.conv_5 = _Stage(third, widths.stages[2], squeeze=widths.squeeze)
        self.conv_6_sep = _Conv(third, 512)
        self.conv_6_dw = _Conv(512, 512, 5, groups=512, linear=True)
        self.linear = nn.Linear(512, 128, bias=False)
        self.bn = nn.BatchNorm1d(128)
        self.prob = nn.Linear(128, CLASSES, bias=False)

    def forward(self, crops: Tensor) -> Tensor:
        """Judge crops around faces.

        Args:
            crops: (N, 3, 80, 80), **blue first**, 0..255 and not divided.

        Returns:
            (N, 3) logits.
        """
        x = self.conv2_dw(self.conv1(crops))
        x = self.conv_3(self.conv_23(x))
        x = self.conv_4(self.conv_34(x))
        x = self.conv_5(self.conv_45(x))
        x = self.conv_6_dw(self.conv_6_sep(x)).flatten(1)
        return cast("Tensor", self.prob(self.bn(self.linear(x))))
