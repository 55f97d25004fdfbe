"""DeepFace: convolutions, then layers whose weights are not shared between places.

Taigman, Yang, Ranzato and Wolf, "DeepFace: Closing the Gap to Human-Level Performance in Face Verification", 2014.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from engine.networks.locally_connected import LocallyConnected2d

INPUT_SIZE_PX = 152
LEAST_MAXIMUM = 0.05
"""A component that hardly ever fires is divided by this instead of its own largest value."""


class DeepFace(nn.Module):
    """C1-M2-C3-L4-L5-L6-F7; the classifier F8 belongs to the softmax loss.

    102,412,864 parameters in the paper's sizes. With F8 of the paper's 4,030 people that makes 118,923,774, which the
    paper rounds to 120 million; from 4,294 people on it is more.
    """

    maxima: Tensor

    def __init__(self, width: float = 1.0) -> None:
        """Build the network.

        Args:
            width: scales the channels and F7; 1 is the paper's.
        """
        super().__init__()
        first, rest, self.dimension = (max(4, round(channels * width)) for channels in (32, 16, 4096))
        self.c1 = nn.Conv2d(3, first, 11)
        self.c3 = nn.Conv2d(first, rest, 9)
        self.l4 = LocallyConnected2d(rest, rest, (63, 63), 9)
        self.l5 = LocallyConnected2d(rest, rest, (55, 55), 7, stride=2)
        self.l6 = LocallyConnected2d(rest, rest, (25, 25), 5)
        self.f7 = nn.Linear(rest * 21 * 21, self.dimension)
        self.dropout = nn.Dropout(0.5)
        # Zeros mean "not fitted": then every component is divided by the same number.
        self.register_buffer("maxima", torch.zeros(self.dimension))

    def forward(self, chips: Tensor) -> Tensor:
        """Embed aligned faces.

        Args:
            chips: (N, 3, 152, 152) RGB, 0..255.

        Returns:
            (N, D) non-negative: F7's features with dropout while training; afterwards normalised as in section 3.3 of
            the paper, each component by its largest value over the training set and then all to unit length.
        """
        features = self.features(chips)
        if self.training:
            return cast("Tensor", self.dropout(features))
        return nnf.normalize(features / self.maxima.clamp_min(LEAST_MAXIMUM), dim=1)

    def features(self, chips: Tensor) -> Tensor:
        """F7 after its rectifier, (N, D)."""
        x = nnf.relu(self.c1(chips / 255.0))
        x = nnf.max_pool2d(x, 3, 2, ceil_mode=True)
        x = nnf.relu(self.c3(x))
        for layer in (self.l4, self.l5, self.l6):
            x = nnf.relu(layer(x))
        return nnf.relu(self.f7(x.flatten(1)))

    def fit_normalisation(self, features: Tensor) -> None:
        """Take note of training features, (N, D); can be called for one batch after the other."""
        with torch.no_grad():
            self.maxima.copy_(torch.maximum(self.maxima, features.amax(dim=0)))
