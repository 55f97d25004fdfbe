"""Networks over time: is a short clip that of a living face, or of a picture of one?

The 3-D convolution sees pixels (Tran et al., "Learning Spatiotemporal Features with 3D Convolutional Networks", 2015,
at a desk's size). The 1-D one sees how landmarks and brightness change, with kernels of several widths and the maximum
over time (Kim, "Convolutional Neural Networks for Sentence Classification", 2014).
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

FRAMES, SIZE_PX, SERIES = 16, 64, 16
"""Frames of a clip, side of the aligned face, and values a frame of the series."""
_CHANNELS = (8, 16, 32)
_WIDTHS, _FILTERS = (3, 5, 7), 16


class ClipNetwork(nn.Module):
    """3-D convolutions over an aligned face; about 18,000 parameters."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for number, outputs in enumerate(_CHANNELS):
            # Time is kept at first, so that motion is seen before it is pooled.
            stride = (1, 2, 2) if number == 0 else (2, 2, 2)
            layers += [nn.Conv3d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm3d(outputs), nn.ReLU()]
            inputs = outputs
        self.features = nn.Sequential(*layers)
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(inputs, 1)

    def forward(self, clips: Tensor) -> Tensor:
        """Judge clips.

        Args:
            clips: (N, 3, 16, 64, 64) RGB, 0..255.

        Returns:
            (N,) logits; above 0 is a living face.
        """
        x = clips / 127.5 - 1
        # Beside each frame's look, what changes: both kinds of first filters can be learned from the difference.
        x = x - 0.5 * x.mean(dim=2, keepdim=True)
        pooled = self.features(x).mean(dim=(2, 3, 4))
        return cast("Tensor", self.head(self.drop(pooled))).squeeze(1)


class SeriesNetwork(nn.Module):
    """1-D convolutions of several widths over a track's series, and the maximum over time."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(SERIES)
        self.branches = nn.ModuleList(nn.Conv1d(SERIES, _FILTERS, width, padding=width // 2) for width in _WIDTHS)
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(_FILTERS * len(_WIDTHS), 1)

    def forward(self, series: Tensor) -> Tensor:
        """Judge series.

        Args:
            series: (N, 16, T), T of at least 1.

        Returns:
            (N,) logits; above 0 is a living face.
        """
        x = self.norm(series)
        pooled = [torch.relu(branch(x)).amax(dim=2) for branch in self.branches]
        return cast("Tensor", self.head(self.drop(torch.cat(pooled, dim=1)))).squeeze(1)


NETWORKS: dict[str, type[ClipNetwork] | type[SeriesNetwork]] = {"clip": ClipNetwork, "series": SeriesNetwork}
"""By key: what is seen."""
