"""The 29-convolution ResNet with which dlib embeds faces.

A residual network (He et al., "Deep Residual Learning for Image Recognition", 2016) with half the filters of ResNet-34
and fewer layers, trained by Davis King with a metric loss that pulls genuine pairs together and pushes impostors apart.
"""

from __future__ import annotations

from copy import deepcopy
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

MEAN_RGB = (122.782, 117.001, 104.298)
SCALE = 256.0
EMBEDDING_DIM = 128
INPUT_SIZE_PX = 150
_BLOCKS = (32, 32, 32, -64, 64, 64, 64, -128, 128, 128, -256, 256, 256, -256)
"""Channels of the residual blocks; a negative number marks one that halves the picture."""


class Affine(nn.Module):
    """A learned scale and shift of each channel: what batch normalisation comes down to after training."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        return x * self.weight[:, None, None] + self.bias[:, None, None]


class ConvAffine(nn.Module):
    """A convolution followed by an affine."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding)
        self.affine = Affine(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C', H', W')."""
        return cast("Tensor", self.affine(self.conv(x)))

    def folded(self) -> nn.Conv2d:
        """Return one convolution that does both."""
        both = deepcopy(self.conv)
        both.weight.data *= self.affine.weight.data[:, None, None, None]
        bias = torch.zeros(both.out_channels) if both.bias is None else both.bias.data
        both.bias = nn.Parameter(bias * self.affine.weight.data + self.affine.bias.data)
        return both


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut, which is average-pooled where the block halves the picture.

    Shortcut and branch are padded with zeros, at the bottom, the right and the last channels, to the larger of the two.
    """

    def __init__(self, inputs: int, outputs: int, *, halve: bool) -> None:
        super().__init__()
        self.halve = halve
        self.first = ConvAffine(inputs, outputs, 3, stride=2 if halve else 1, padding=0 if halve else 1)
        self.second = ConvAffine(outputs, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C', H', W')."""
        branch = self.second(nnf.relu(self.first(x), inplace=True))
        shortcut = nnf.avg_pool2d(x, 2, 2) if self.halve else x
        if branch.shape[1:] != shortcut.shape[1:]:
            largest = [max(sizes) for sizes in zip(branch.shape[1:], shortcut.shape[1:], strict=True)]
            branch, shortcut = _grown(branch, largest), _grown(shortcut, largest)
        return nnf.relu(branch + shortcut, inplace=True)


class DlibResNet(nn.Module):
    """The whole network; 5,614,592 parameters."""

    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvAffine(3, 32, 7, stride=2)
        inputs = (32, *map(abs, _BLOCKS))
        self.blocks = nn.Sequential(
            *(ResidualBlock(i, abs(o), halve=o < 0) for i, o in zip(inputs, _BLOCKS, strict=False))
        )
        self.head = nn.Linear(256, EMBEDDING_DIM, bias=False)
        self.register_buffer("mean", torch.tensor(MEAN_RGB)[:, None, None], persistent=False)

    def forward(self, chips: Tensor) -> Tensor:
        """Embed aligned faces.

        Args:
            chips: (N, 3, 150, 150) RGB, 0..255.

        Returns:
            (N, 128) as dlib gives them, not scaled to unit length.
        """
        x = (chips - self.mean) / SCALE
        x = nnf.max_pool2d(nnf.relu(self.stem(x), inplace=True), 3, 2)
        x = self.blocks(x)
        return cast("Tensor", self.head(x.mean(dim=(2, 3))))

    def balance(self) -> DlibResNet:
        """Move every affine's scale into its convolution, in place; what the network computes stays the same.

        The published convolutions have weights of a thousandth, which the affines multiply by ten: a step that suits
        the affines would wipe the convolutions out. Training starts from here.
        """
        with torch.no_grad():
            for module in self.modules():
                if isinstance(module, ConvAffine):
                    module.conv.weight *= module.affine.weight[:, None, None, None]
                    if module.conv.bias is not None:
                        module.conv.bias *= module.affine.weight
                    module.affine.weight.fill_(1.0)
        return self

    def folded(self) -> DlibResNet:
        """Return a copy for inference in which every affine is folded into its convolution."""
        copy = deepcopy(self).eval()
        for module in list(copy.modules()):
            for name, child in module.named_children():
                if isinstance(child, ConvAffine):
                    setattr(module, name, child.folded())
        return copy


def _grown(x: Tensor, shape: list[int]) -> Tensor:
    """Pad (N, C, H, W) with zeros at the far ends to (N, *shape)."""
    channels, rows, columns = (wanted - has for wanted, has in zip(shape, x.shape[1:], strict=True))
    return nnf.pad(x, (0, columns, 0, rows, 0, channels))
