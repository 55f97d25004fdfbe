"""A Siamese network: one small network embeds both pictures of a pair, and a head compares the embeddings.

Bromley et al., "Signature Verification using a Siamese Time Delay Neural Network", 1993; Koch, Zemel and Salakhutdinov,
"Siamese Neural Networks for One-shot Image Recognition", 2015, of which this is a smaller form with batch norm.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

INPUT_SIZE_PX = 96


class SiameseNetwork(nn.Module):
    """The twin; 832,672 parameters."""

    def __init__(self, dimension: int = 128) -> None:
        super().__init__()
        self.dimension = dimension
        layers: list[nn.Module] = []
        for inputs, outputs, kernel in ((3, 32, 5), (32, 64, 3), (64, 128, 3), (128, 128, 3)):
            conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
            layers += [conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True), nn.MaxPool2d(2)]
        self.trunk = nn.Sequential(*layers)
        self.head = nn.Linear(128 * 6 * 6, dimension)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")

    def forward(self, chips: Tensor) -> Tensor:
        """Embed one picture of each pair.

        Args:
            chips: (N, 3, 96, 96) RGB, 0..255.

        Returns:
            (N, D), not scaled to unit length.
        """
        return cast("Tensor", self.head(self.trunk((chips - 127.5) / 127.5).flatten(1)))


class SquaredL2Head(nn.Module):
    """The lecture's first head: the squared L2 distance of the unit embeddings, 0..4; nothing to learn."""

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Map two (N, D) to distances (N,)."""
        return (nnf.normalize(first, dim=1) - nnf.normalize(second, dim=1)).square().sum(dim=1)


class WeightedL1Head(nn.Module):
    """The lecture's second head: b - sum w_i |x_i - y_i|, the logit of being the same person.

    Koch et al. 2015, section 3.1; the weights are learned with a cross-entropy over pairs. They begin equal, such that
    random unit embeddings are strangers and those half as far apart are one person.
    """

    def __init__(self, dimension: int = 128) -> None:
        super().__init__()
        # Random unit vectors are about 1.13 times the root of the dimension apart.
        self.weight = nn.Parameter(torch.full((dimension,), 8.0 / dimension**0.5))
        self.bias = nn.Parameter(torch.tensor(7.0))

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Map two (N, D) to logits (N,)."""
        apart = (nnf.normalize(first, dim=1) - nnf.normalize(second, dim=1)).abs()
        return self.bias - apart @ self.weight
