"""Softmax training: which of the people is it? DeepFace."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from torch.nn import functional as nnf

from engine.training.losses.loss import EmbeddingLoss, Triplets


class SoftmaxLoss(EmbeddingLoss):
    """Cross-entropy of a linear classifier over the embeddings as they are.

    Taigman et al., "DeepFace", 2014, section 3: the classifier is the network's last layer, and is thrown away after
    training.
    """

    def __init__(self, dimension: int, classes: int) -> None:
        super().__init__()
        self.classifier = nn.Linear(dimension, classes)

    def compute(self, embeddings: Tensor, labels: Tensor, _triplets: Triplets | None) -> Tensor:
        """Return the mean cross-entropy."""
        return nnf.cross_entropy(cast("Tensor", self.classifier(embeddings)), labels)
