"""Triplet loss over squared L2 distances: FaceNet."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as nnf

from engine.training.losses.loss import EmbeddingLoss, Triplets, mean_of_violations, unit


class TripletLoss(EmbeddingLoss):
    """max(0, ||a - p||² - ||a - n||² + margin) over unit embeddings, averaged over the triplets that violate it.

    Schroff, Kalenichenko and Philbin, "FaceNet", 2015, equation 3; margin 0.2 as in the paper.
    """

    takes_triplets = True

    def __init__(self, margin: float = 0.2) -> None:
        super().__init__()
        self.margin = margin

    def compute(self, embeddings: Tensor, _labels: Tensor, triplets: Triplets | None) -> Tensor:
        """Return the loss over the triplets."""
        anchors, positives, negatives = (unit(embeddings)[places] for places in triplets or ())
        near = (anchors - positives).square().sum(dim=1)
        far = (anchors - negatives).square().sum(dim=1)
        return mean_of_violations(nnf.relu(near - far + self.margin), embeddings)
