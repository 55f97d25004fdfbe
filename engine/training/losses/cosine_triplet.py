"""Triplet loss over cosine similarities: Deep Speaker."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as nnf

from engine.training.losses.loss import EmbeddingLoss, Triplets, mean_of_violations, unit


class CosineTripletLoss(EmbeddingLoss):
    """max(0, cos(a, n) - cos(a, p) + margin), averaged over the triplets that violate it.

    Li et al., "Deep Speaker: an End-to-End Neural Speaker Embedding System", 2017, equation 5; margin 0.1 as there.
    """

    takes_triplets = True

    def __init__(self, margin: float = 0.1) -> None:
        super().__init__()
        self.margin = margin

    def compute(self, embeddings: Tensor, _labels: Tensor, triplets: Triplets | None) -> Tensor:
        """Return the loss over the triplets."""
        anchors, positives, negatives = (unit(embeddings)[places] for places in triplets or ())
        alike = (anchors * positives).sum(dim=1)
        strange = (anchors * negatives).sum(dim=1)
        return mean_of_violations(nnf.relu(strange - alike + self.margin), embeddings)
