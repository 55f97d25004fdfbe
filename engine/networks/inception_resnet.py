"""Inception-ResNet-v1, the form in which FaceNet is in common use.

Szegedy, Ioffe, Vanhoucke and Alemi, "Inception-v4, Inception-ResNet and the Impact of Residual Connections on
Learning", 2016; Schroff, Kalenichenko and Philbin, "FaceNet: A Unified Embedding for Face Recognition and Clustering",
2015. Modules have the names of the widely used PyTorch weights (vggface2, casia-webface), so that those load.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

INPUT_SIZE_PX = 160


class BasicConv2d(nn.Module):
    """Convolution without bias, batch normalisation, rectifier."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int | tuple[int, int],
        stride: int = 1,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001, momentum=0.1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C', H', W')."""
        return nnf.relu(self.bn(self.conv(x)), inplace=True)


class _Residual(nn.Module):
    """Branches side by side, joined by a 1x1 convolution and added to the input in part."""

    def __init__(self, branches: list[nn.Module], joined: int, channels: int, scale: float, *, relu: bool) -> None:
        super().__init__()
        for number, branch in enumerate(branches):
            self.add_module(f"branch{number}", branch)
        self.conv2d = nn.Conv2d(joined, channels, 1)
        self._branches, self._scale, self._relu = len(branches), scale, relu

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        outputs = [self.get_submodule(f"branch{number}")(x) for number in range(self._branches)]
        x = x + self._scale * self.conv2d(torch.cat(outputs, dim=1))
        return nnf.relu(x) if self._relu else x


class _Reduction(nn.Module):
    """Branches of stride 2 side by side, the last a max-pool."""

    def __init__(self, branches: list[nn.Module]) -> None:
        super().__init__()
        for number, branch in enumerate((*branches, nn.MaxPool2d(3, 2))):
            self.add_module(f"branch{number}", branch)
        self._branches = len(branches) + 1

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C', H/2, W/2)."""
        return torch.cat([self.get_submodule(f"branch{number}")(x) for number in range(self._branches)], dim=1)


def _block35() -> _Residual:
    branches: list[nn.Module] = [
        BasicConv2d(256, 32, 1),
        nn.Sequential(BasicConv2d(256, 32, 1), BasicConv2d(32, 32, 3, padding=1)),
        nn.Sequential(
            BasicConv2d(256, 32, 1), BasicConv2d(32, 32, 3, padding=1), BasicConv2d(32, 32, 3, padding=1)
        ),
    ]  # fmt: skip
    return _Residual(branches, 96, 256, 0.17, relu=True)


def _block17() -> _Residual:
    wide = nn.Sequential(
        BasicConv2d(896, 128, 1), BasicConv2d(128, 128, (1, 7), padding=(0, 3)),
        BasicConv2d(128, 128, (7, 1), padding=(3, 0)),
    )  # fmt: skip
    return _Residual([BasicConv2d(896, 128, 1), wide], 256, 896, 0.10, relu=True)


def _block8(scale: float, *, relu: bool) -> _Residual:
    wide = nn.Sequential(
        BasicConv2d(1792, 192, 1), BasicConv2d(192, 192, (1, 3), padding=(0, 1)),
        BasicConv2d(192, 192, (3, 1), padding=(1, 0)),
    )  # fmt: skip
    return _Residual([BasicConv2d(1792, 192, 1), wide], 384, 1792, scale, relu=relu)


class InceptionResnetV1(nn.Module):
    """The whole network; 23,482,624 parameters with 512 dimensions, 22,793,728 with the paper's 128."""

    def __init__(self, dimension: int = 512) -> None:
        super().__init__()
        self.dimension = dimension
        self.conv2d_1a = BasicConv2d(3, 32, 3, stride=2)
        self.conv2d_2a = BasicConv2d(32, 32, 3)
        self.conv2d_2b = BasicConv2d(32, 64, 3, padding=1)
        self.maxpool_3a = nn.MaxPool2d(3, 2)
        self.conv2d_3b = BasicConv2d(64, 80, 1)
        self.conv2d_4a = BasicConv2d(80, 192, 3)
        self.conv2d_4b = BasicConv2d(192, 256, 3, stride=2)
        self.repeat_1 = nn.Sequential(*(_block35() for _ in range(5)))
        self.mixed_6a = _Reduction(
            [
                BasicConv2d(256, 384, 3, stride=2),
                nn.Sequential(
                    BasicConv2d(256, 192, 1), BasicConv2d(192, 192, 3, padding=1), BasicConv2d(192, 256, 3, stride=2)
                ),
            ]
        )
        self.repeat_2 = nn.Sequential(*(_block17() for _ in range(10)))
        self.mixed_7a = _Reduction(
            [
                nn.Sequential(BasicConv2d(896, 256, 1), BasicConv2d(256, 384, 3, stride=2)),
                nn.Sequential(BasicConv2d(896, 256, 1), BasicConv2d(256, 256, 3, stride=2)),
                nn.Sequential(
                    BasicConv2d(896, 256, 1), BasicConv2d(256, 256, 3, padding=1), BasicConv2d(256, 256, 3, stride=2)
                ),
            ]
        )
        self.repeat_3 = nn.Sequential(*(_block8(0.20, relu=True) for _ in range(5)))
        self.block8 = _block8(1.0, relu=False)
        self.avgpool_1a = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.6)
        self.last_linear = nn.Linear(1792, dimension, bias=False)
        self.last_bn = nn.BatchNorm1d(dimension, eps=0.001, momentum=0.1)

    def forward(self, chips: Tensor) -> Tensor:
        """Embed aligned faces.

        Args:
            chips: (N, 3, 160, 160) RGB, 0..255.

        Returns:
            (N, D) of unit length (FaceNet, section 3).
        """
        x = (chips - 127.5) / 128.0
        x = self.maxpool_3a(self.conv2d_2b(self.conv2d_2a(self.conv2d_1a(x))))
        x = self.conv2d_4b(self.conv2d_4a(self.conv2d_3b(x)))
        x = self.repeat_2(self.mixed_6a(self.repeat_1(x)))
        x = self.block8(self.repeat_3(self.mixed_7a(x)))
        x = self.dropout(self.avgpool_1a(x).flatten(1))
        return nnf.normalize(cast("Tensor", self.last_bn(self.last_linear(x))), dim=1)
