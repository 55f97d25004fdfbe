"""Contrastive loss over all pairs of a batch: the lecture's Siamese networks."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as nnf

from engine.networks.siamese import SquaredL2Head
from engine.training.losses.loss import EmbeddingLoss, Triplets, mean_of_violations, unit


class ContrastiveLoss(EmbeddingLoss):
    """Genuine pairs are pulled together, impostor pairs pushed apart up to a margin.

    Hadsell, Chopra and LeCun, "Dimensionality Reduction by Learning an Invariant Mapping", 2006, equation 4, with the
    factors of one half left out: genuine pairs cost D², impostor pairs max(0, m - D)². Each kind is averaged over the
    pairs that still cost something, so that the many impostor pairs of a batch do not drown the genuine ones.

    D is the L2 distance of the unit embeddings (squared for genuine pairs, the lecture's first head), or with
    `metric="l1"` the mean absolute difference over the components, scaled by the root of D so that the margins are
    alike (its second head).
    """

    def __init__(self, margin: float = 1.0, metric: str = "squared_l2") -> None:
        super().__init__()
        if metric not in ("squared_l2", "l1"):
            raise ValueError(f"no contrastive loss over {metric}")
        self.margin, self.metric = margin, metric
        self._head = SquaredL2Head()

    def compute(self, embeddings: Tensor, labels: Tensor, _triplets: Triplets | None) -> Tensor:
        """Return the loss over all pairs."""
        first, second = torch.triu_indices(len(labels), len(labels), 1, device=labels.device)
        genuine = labels[first] == labels[second]
        if self.metric == "l1":
            scaled = unit(embeddings)
            apart = (scaled[first] - scaled[second]).abs().mean(dim=1) * embeddings.shape[1] ** 0.5
        else:
            # The gradient of a root is infinite at 0, where two embeddings are equal.
            apart = self._head(embeddings[first], embeddings[second]).clamp_min(1e-12).sqrt()
        pulled = mean_of_violations(apart[genuine].square(), embeddings)
        pushed = mean_of_violations(nnf.relu(self.margin - apart[~genuine]).square(), embeddings)
        return pulled + pushed
