"""Two embedding networks joined: their unit embeddings side by side, each with a weight.

The cosine distance of two joined embeddings is the weighted mean of the networks' own distances. Each weighs as much as
its distances are narrow, so that neither decides alone (docs/benchmarks.md has it measured).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from engine.networks.dlib_resnet import DlibResNet
from engine.packs.pack import Pack
from engine.types import ChipFrame

FRAME = ChipFrame(226, 0.63)
"""A window that holds every network's own. Its scale is that of dlib's chips, which are cut from it pixel by pixel."""
_AVERAGED_SCALES = (0.965, 1.0, 1.035)
"""Of the window, as the default pack's paddings have it."""
_UNIT_PX = FRAME.size_px / (1 + 2 * FRAME.padding)


@dataclass(frozen=True, slots=True)
class NoFile:
    """The weights of joined packs lie in the packs they join."""

    def read(self) -> bytes:
        """Return nothing."""
        return b""


class Joined(nn.Module):
    """Networks side by side, each with the window of the joined chip that is its own."""

    def __init__(self, networks: Sequence[nn.Module], frames: Sequence[ChipFrame], weights: Sequence[float]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(one.folded() if isinstance(one, DlibResNet) else one for one in networks)
        self._weights = tuple(weights)
        for number, frame in enumerate(frames):
            self.register_buffer(f"grid{number}", _grid(frame), persistent=False)

    def forward(self, chips: Tensor) -> Tensor:
        """Embed aligned faces.

        Args:
            chips: (N, 3, 226, 226) RGB, 0..255.

        Returns:
            (N, D), D being the sum of the networks' dimensions; of unit length where the weights' squares add up to 1.
        """
        parts = []
        for number, (network, weight) in enumerate(zip(self.networks, self._weights, strict=True)):
            grid = self.get_buffer(f"grid{number}").expand(len(chips), -1, -1, -1)
            own = nnf.grid_sample(chips, grid, mode="bilinear", padding_mode="zeros", align_corners=True)
            parts.append(weight * nnf.normalize(network(own.round()).float(), dim=1))
        return torch.cat(parts, dim=1)


def _grid(frame: ChipFrame) -> Tensor:
    """Where each pixel of a network's window lies in the joined one, (1, S, S, 2) in -1..1."""
    step = _UNIT_PX * (1 + 2 * frame.padding) / frame.size_px
    middle = (FRAME.size_px - 1) / 2
    places = (torch.arange(frame.size_px) - (frame.size_px - 1) / 2) * step
    x, y = (places + middle) / middle - 1, (places + middle + frame.down * _UNIT_PX) / middle - 1
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)[None]


def joined(pack_id: str, title: str, packs: Sequence[Pack], weights: Sequence[float]) -> Pack:
    """Describe a pack that joins others."""

    def load(_content: bytes) -> nn.Module:
        return Joined([pack.network() for pack in packs], [pack.frame for pack in packs], weights).eval()

    return Pack(
        id=pack_id,
        title=title,
        dimension=sum(pack.dimension for pack in packs),
        frame=FRAME,
        averaged_paddings=tuple(((1 + 2 * FRAME.padding) * scale - 1) / 2 for scale in _AVERAGED_SCALES),
        licence=" ".join(f"{pack.title}: {pack.licence}." for pack in packs),
        commercial_use=all(pack.commercial_use for pack in packs),
        file=NoFile(),
        load=load,
    )


def weights_of(limits: Sequence[float]) -> tuple[float, ...]:
    """Weights by which each network's distances count in units of its own limit.

    Args:
        limits: of each network, the cosine distance at one and the same false match rate.
    """
    shares = [1 / limit for limit in limits]
    return tuple(round((share / sum(shares)) ** 0.5, 6) for share in shares)
