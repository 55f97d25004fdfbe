"""The fully convolutional network of dlib's face detector.

Trained by Davis King with the loss of "Max-Margin Object Detection", 2015: a window of 80x80 pixels slides over the
picture in steps of 8, and its score is positive where it frames a face.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

WINDOW_PX, STRIDE_PX = 80, 8
FIRST_CENTRE_PX = 14
"""Where the first window has its centre: each of the three strides starts two pixels in."""


class MmodNet(nn.Module):
    """Seven convolutions; 180,711 parameters once the batch normalisations are folded in."""

    def __init__(self) -> None:
        super().__init__()
        reducing = [nn.Conv2d(inputs, outputs, 5, stride=2) for inputs, outputs in ((3, 16), (16, 32), (32, 32))]
        keeping = [nn.Conv2d(inputs, 45, 5, padding=2) for inputs in (32, 45, 45)]
        self.trunk = nn.Sequential(*(layer for conv in reducing + keeping for layer in (conv, nn.ReLU(inplace=True))))
        self.score = nn.Conv2d(45, 1, 9, padding=4)

    def normalised(self) -> list[nn.Conv2d]:
        """Return the convolutions that dlib stores with a batch normalisation."""
        return [layer for layer in self.trunk if isinstance(layer, nn.Conv2d)]

    def forward(self, x: Tensor) -> Tensor:
        """Score every window.

        Args:
            x: (N, 3, H, W) RGB less the mean colour, divided by 256.

        Returns:
            (N, H', W') scores of the windows centred at 14 + 8 * (column, row).
        """
        return torch.squeeze(cast("Tensor", self.score(self.trunk(x))), 1)
