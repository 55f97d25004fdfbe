"""The three small networks of MTCNN.

Zhang, Zhang, Li and Qiao, "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional Networks", 2016.
All take (N, 3, H, W) RGB scaled to -1..1 and give the probability of a face, and corrections of the box as shares of
its sides (left, top, right, bottom); O-Net also places five landmarks.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn


def _stage(inputs: int, outputs: int, kernel: int, pool: int = 0, *, ceil: bool = True) -> list[nn.Module]:
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, kernel), nn.PReLU(outputs)]
    return [*layers, nn.MaxPool2d(pool, 2, ceil_mode=ceil)] if pool else layers


class _Crossed(nn.Module):
    """Flatten (N, C, H, W) column by column with channels innermost, as the published weights expect."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, W * H * C)."""
        return x.permute(0, 3, 2, 1).flatten(1)


class PNet(nn.Module):
    """Proposal network: fully convolutional, a 12-pixel window at stride 2; 6,632 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(*_stage(3, 10, 3, 2), *_stage(10, 16, 3), *_stage(16, 32, 3))
        self.box = nn.Conv2d(32, 4, 1)
        self.face = nn.Conv2d(32, 2, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map (N, 3, H, W) to probabilities (N, H', W') and corrections (N, 4, H', W')."""
        features = self.trunk(x)
        return torch.softmax(self.face(features), dim=1)[:, 1], self.box(features)


class RNet(nn.Module):
    """Refinement network on 24x24 crops; 100,178 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            *_stage(3, 28, 3, 3), *_stage(28, 48, 3, 3, ceil=False), *_stage(48, 64, 2),
            _Crossed(), nn.Linear(576, 128), nn.PReLU(128),
        )  # fmt: skip
        self.box = nn.Linear(128, 4)
        self.face = nn.Linear(128, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map (N, 3, 24, 24) to probabilities (N,) and corrections (N, 4)."""
        features = self.trunk(x)
        return torch.softmax(self.face(features), dim=1)[:, 1], self.box(features)


class ONet(nn.Module):
    """Output network on 48x48 crops; 389,040 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            *_stage(3, 32, 3, 3), *_stage(32, 64, 3, 3, ceil=False), *_stage(64, 64, 3, 2), *_stage(64, 128, 2),
            _Crossed(), nn.Linear(1152, 256), nn.PReLU(256),
        )  # fmt: skip
        self.box = nn.Linear(256, 4)
        self.points = nn.Linear(256, 10)
        self.face = nn.Linear(256, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map (N, 3, 48, 48) to probabilities (N,), corrections (N, 4) and landmarks (N, 5, 2) as shares of the box."""
        features = self.trunk(x)
        points = cast("Tensor", self.points(features)).reshape(-1, 2, 5).transpose(1, 2)
        return torch.softmax(self.face(features), dim=1)[:, 1], self.box(features), points
