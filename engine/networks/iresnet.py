"""The improved ResNet with which ArcFace is trained.

Deng, Guo, Xue and Zafeiriou, "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", 2019, section 3.1:
blocks of batch norm, convolution, batch norm, PReLU, convolution, batch norm; the first convolution keeps the size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn

INPUT_SIZE_PX = 112
LAYERS_18, LAYERS_50 = (2, 2, 2, 2), (3, 4, 14, 3)
_EPSILON = 1e-5


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs, eps=_EPSILON)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs, eps=_EPSILON)
        self.prelu = nn.PReLU(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, stride, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs, eps=_EPSILON)
        self.downsample = (
            nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs, eps=_EPSILON))
            if stride > 1 or inputs != outputs
            else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C', H / stride, W / stride)."""
        branch = self.prelu(self.bn2(self.conv1(self.bn1(x))))
        return cast("Tensor", self.bn3(self.conv2(branch)) + self.downsample(x))


class IResNet(nn.Module):
    """The whole network; 24,025,600 parameters with 18 layers and 43,590,848 with 50, at 512 dimensions."""

    def __init__(self, layers: Sequence[int] = LAYERS_18, dimension: int = 512) -> None:
        super().__init__()
        self.dimension = dimension
        self.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(64, eps=_EPSILON)
        self.prelu = nn.PReLU(64)
        self.layer1, self.layer2, self.layer3, self.layer4 = (
            nn.Sequential(
                *(_Block(outputs if number else inputs, outputs, 1 if number else 2) for number in range(count))
            )
            for inputs, outputs, count in zip((64, 64, 128, 256), (64, 128, 256, 512), layers, strict=True)
        )
        self.bn2 = nn.BatchNorm2d(512, eps=_EPSILON)
        self.fc = nn.Linear(512 * 7 * 7, dimension)
        self.features = nn.BatchNorm1d(dimension, eps=_EPSILON)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, std=0.1)
        nn.init.constant_(self.features.weight, 1.0)
        # Its scale would undo the scaling to unit length.
        self.features.weight.requires_grad = False

    def forward(self, chips: Tensor) -> Tensor:
        """Embed aligned faces.

        Args:
            chips: (N, 3, 112, 112) RGB, 0..255.

        Returns:
            (N, D), not scaled to unit length.
        """
        x = self.prelu(self.bn1(self.conv1((chips - 127.5) / 127.5)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return cast("Tensor", self.features(self.fc(self.bn2(x).flatten(1))))
