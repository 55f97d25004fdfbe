"""Softmax over cosines with a margin: CosFace and ArcFace."""

from __future__ import annotations

from math import cos, pi, sin

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from engine.training.losses.loss import EmbeddingLoss, Triplets, unit


class _CosineSoftmax(EmbeddingLoss):
    """Cross-entropy of scaled cosines between embeddings and one direction per person."""

    def __init__(self, dimension: int, classes: int, scale: float, margin: float) -> None:
        super().__init__()
        self.scale, self.margin = scale, margin
        self.weight = nn.Parameter(nn.init.xavier_normal_(torch.empty(classes, dimension)))

    def start_from(self, means: Tensor) -> None:
        """Point each class's direction at its person."""
        with torch.no_grad():
            self.weight.copy_(means)

    def with_margin(self, cosines: Tensor) -> Tensor:
        """Make the right class harder: map its cosines (B,) to what takes their place."""
        raise NotImplementedError

    def compute(self, embeddings: Tensor, labels: Tensor, _triplets: Triplets | None) -> Tensor:
        """Return the mean cross-entropy."""
        cosines = unit(embeddings) @ unit(self.weight).T
        right = labels[:, None]
        harder = self.with_margin(cosines.gather(1, right).squeeze(1))
        return nnf.cross_entropy(cosines.scatter(1, right, harder[:, None]) * self.scale, labels)


class CosFaceLoss(_CosineSoftmax):
    """cos(theta) - m for the right class.

    Wang et al., "CosFace: Large Margin Cosine Loss for Deep Face Recognition", 2018, equation 4; s = 64, m = 0.35.
    """

    def __init__(self, dimension: int, classes: int, scale: float = 64.0, margin: float = 0.35) -> None:
        super().__init__(dimension, classes, scale, margin)

    def with_margin(self, cosines: Tensor) -> Tensor:
        """Subtract the margin."""
        return cosines - self.margin


class ArcFaceLoss(_CosineSoftmax):
    """cos(theta + m) for the right class.

    Deng et al., "ArcFace: Additive Angular Margin Loss for Deep Face Recognition", 2019, equation 3; s = 64, m = 0.5.
    Past theta = pi - m the cosine would rise again; there cos(theta) - m sin(m) goes on falling, as in the authors'
    code.
    """

    def __init__(self, dimension: int, classes: int, scale: float = 64.0, margin: float = 0.5) -> None:
        super().__init__(dimension, classes, scale, margin)

    def with_margin(self, cosines: Tensor) -> Tensor:
        """Add the margin to the angle."""
        # The gradient of the sine is infinite at an angle of 0.
        sines = (1 - cosines.square()).clamp_min(1e-7).sqrt()
        turned = cosines * cos(self.margin) - sines * sin(self.margin)
        return torch.where(cosines > cos(pi - self.margin), turned, cosines - self.margin * sin(self.margin))
