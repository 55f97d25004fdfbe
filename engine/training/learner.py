"""A network and its loss as one module, and which of its layers learn."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from engine.training.losses import EmbeddingLoss
from engine.training.miners import Miner


class Learner(nn.Module):
    """What a checkpoint of training holds: the network, and the loss with what it learns itself."""

    def __init__(self, network: nn.Module, loss: EmbeddingLoss, miner: Miner | None) -> None:
        super().__init__()
        self.network = network
        self.loss = loss
        self._miner = miner

    def loss_of(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of a batch.

        Args:
            embeddings: (B, D) as the network gives them.
            labels: (B,) int64.
        """
        triplets = self._miner(embeddings, labels) if self._miner else None
        return cast("Tensor", self.loss(embeddings, labels, triplets))


def freeze(network: nn.Module, how: str) -> None:
    """Keep layers from learning.

    Args:
        network: any.
        how: "none"; "half": the first half of the modules that hold parameters; "most": all but the last tenth, at
            least one.
    """
    holders = [module for module in network.modules() if any(True for _ in module.parameters(recurse=False))]
    fixed = {"none": 0, "half": len(holders) // 2, "most": len(holders) - max(1, len(holders) // 10)}[how]
    for module in holders[:fixed]:
        for parameter in module.parameters(recurse=False):
            parameter.requires_grad = False


def fixed_norms(network: nn.Module) -> None:
    """Keep batch normalisations whose parameters are frozen from following the batches."""
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and not any(
            parameter.requires_grad for parameter in module.parameters()
        ):
            module.eval()


def parameter_counts(network: nn.Module) -> tuple[int, int]:
    """All parameters, and those that learn."""
    parameters = list(network.parameters())
    return sum(p.numel() for p in parameters), sum(p.numel() for p in parameters if p.requires_grad)
