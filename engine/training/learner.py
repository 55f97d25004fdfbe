"""A network and its loss as one module, and which of its layers learn."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from torch import Tensor, nn

from engine.networks.dlib_resnet import DlibResNet
from engine.training.losses import EmbeddingLoss
from engine.training.miners import Miner

Gather = Callable[[Tensor], Tensor]
"""Collects every process's tensor; the own part stays connected to its graph."""


class Learner(nn.Module):
    """Chips and labels -> loss.

    A loss with class weights is the mean over a process's own pictures, which the processes' gradients are averaged to
    the whole batch's. One over pairs or triplets is taken over the pictures of all processes together, so that several
    processes mine what one would.
    """

    def __init__(self, network: nn.Module, loss: EmbeddingLoss, miner: Miner | None) -> None:
        super().__init__()
        self.network = network
        self.loss = loss
        self._miner = miner

    def forward(self, chips: Tensor, labels: Tensor, gather: Gather | None = None) -> Tensor:
        """Return the loss of a batch.

        Args:
            chips: (B, 3, S, S) RGB, 0..255.
            labels: (B,) int64.
            gather: joins several processes' tensors for a loss over pairs or triplets.
        """
        embeddings = cast("Tensor", self.network(chips)).float()
        if gather is not None:
            embeddings, labels = gather(embeddings), gather(labels)
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


def is_default(network: nn.Module) -> bool:
    """Whether a network is the default pack's."""
    return isinstance(network, DlibResNet)
