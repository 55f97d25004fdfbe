"""Softmax training: which of the people is it? DeepFace."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from engine.training.losses.loss import EmbeddingLoss, Triplets

_SCALE = 16.0
"""Of imprinted weights: cosines differ by a tenth, logits have to by more than one."""


class SoftmaxLoss(EmbeddingLoss):
    """Cross-entropy of a linear classifier over the embeddings as they are.

    Taigman et al., "DeepFace", 2014, section 3: the classifier is the network's last layer, and is thrown away after
    training.
    """

    def __init__(self, dimension: int, classes: int) -> None:
        super().__init__()
        self.classifier = nn.Linear(dimension, classes)

    def start_from(self, means: Tensor) -> None:
        """Let each class's logit begin as a scaled cosine."""
        with torch.no_grad():
            self.classifier.weight.copy_(_SCALE * means)
            self.classifier.bias.zero_()

    def compute(self, embeddings: Tensor, labels: Tensor, _triplets: Triplets | None) -> Tensor:
        """Return the mean cross-entropy."""
        return nnf.cross_entropy(cast("Tensor", self.classifier(embeddings)), labels)
