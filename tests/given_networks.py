"""Networks that say one thing, in the place of liveness packs and trained networks."""

from __future__ import annotations

from torch import nn

from engine.liveness.loaded import LivenessNetworks
from engine.liveness.passive import PassiveScorer
from engine.liveness.weights import PassiveNetworks


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
