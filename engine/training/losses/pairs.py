"""Cross-entropy over pairs with a learned head: the Siamese network of Koch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as nnf

from engine.networks.siamese import WeightedL1Head
from engine.training.losses.loss import EmbeddingLoss, Head, Triplets


class PairLoss(EmbeddingLoss):
    """-log p of genuine pairs, -log(1 - p) of impostor pairs, p the logistic of the weighted L1 head.

    Koch, Zemel and Salakhutdinov, "Siamese Neural Networks for One-shot Image Recognition", 2015, section 3.2, over all
    pairs of a batch. Each kind is averaged by itself, so that the many impostor pairs do not drown the genuine ones.
    """

    def __init__(self, dimension: int, _classes: int) -> None:
        super().__init__()
        self.head = WeightedL1Head(dimension)

    def compute(self, embeddings: Tensor, labels: Tensor, _triplets: Triplets | None) -> Tensor:
        """Return the loss over all pairs."""
        first, second = torch.triu_indices(len(labels), len(labels), 1, device=labels.device)
        genuine = labels[first] == labels[second]
        logits: Tensor = self.head(embeddings[first], embeddings[second])
        costs = nnf.softplus(torch.where(genuine, -logits, logits))
        kinds = [costs[kind].mean() for kind in (genuine, ~genuine) if bool(kind.any())]
        return torch.stack(kinds).mean() if kinds else embeddings.sum() * 0.0

    def verifier(self) -> Head:
        """The head's weights, as those of the logit of being two people."""
        return Head(self.head.weight.detach().cpu().tolist(), -float(self.head.bias.detach()))
