"""Networks that say one thing, in the place of liveness packs and trained networks."""

from __future__ import annotations

import torch
from torch import nn

from engine.liveness.loaded import LivenessNetworks
from engine.liveness.passive import PassiveScorer
from engine.liveness.weights import PassiveNetworks


class Brightness(nn.Module):
    """A passive network that takes what is bright for alive."""

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        mean = crops.mean(dim=(1, 2, 3))
        return torch.stack([torch.zeros_like(mean), (mean - 128) / 8, torch.zeros_like(mean)], dim=1)


class Alive(nn.Module):
    """A passive network that takes everything for a living face."""

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        return torch.tensor([[0.0, 9.0, 0.0]]).expand(len(crops), 3)


class Moves(nn.Module):
    """A network over time that says one thing of every clip."""

    def __init__(self, logit: float) -> None:
        super().__init__()
        self.logit = logit

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        return torch.full((len(clips),), self.logit)


class GivenNetworks(LivenessNetworks):
    """These, whatever is installed."""

    def __init__(self, passive: nn.Module, over_time: nn.Module | None = None) -> None:
        super().__init__()
        self._scorer = PassiveScorer(PassiveNetworks(((2.7, passive),), "given"))
        self._moving = over_time

    def passive(self) -> PassiveScorer | None:
        return self._scorer

    def over_time(self) -> tuple[str, nn.Module] | None:
        return None if self._moving is None else ("clip", self._moving)
