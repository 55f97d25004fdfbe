"""Angular loss: the angle at the negative corner of a triplet."""

from __future__ import annotations

from math import radians, tan

import torch
from torch import Tensor
from torch.nn import functional as nnf

from engine.training.losses.loss import EmbeddingLoss, Triplets, unit


class AngularLoss(EmbeddingLoss):
    """mean log(1 + sum exp f) over the anchor-positive pairs, the sum going over each pair's negatives.

    f = 4 tan²(alpha) (a + p)·n - 2 (1 + tan²(alpha)) a·p bounds the angle at the negative by alpha, whatever the
    scale. Wang et al., "Deep Metric Learning with Angular Loss", 2017, equations 7 and 8, over unit embeddings. The
    paper's N-pair batch has one pair a class; here every ordered genuine pair of the batch is one, with all pictures of
    other people as its negatives. The smooth form is the default and the only one: the hinge of equation 6 leaves most
    triplets without a gradient.
    """

    def __init__(self, alpha_deg: float = 40.0) -> None:
        super().__init__()
        self.alpha_deg = alpha_deg

    def compute(self, embeddings: Tensor, labels: Tensor, _triplets: Triplets | None) -> Tensor:
        """Return the loss over all genuine pairs of the batch."""
        scaled = unit(embeddings)
        squared_tangent = tan(radians(self.alpha_deg)) ** 2
        same = labels[:, None] == labels
        own = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
        anchors, positives = torch.nonzero(same & ~own, as_tuple=True)
        if not len(anchors) or bool(same.all()):
            return embeddings.sum() * 0.0
        cosines = scaled @ scaled.T
        pull = 2 * (1 + squared_tangent) * cosines[anchors, positives]
        values = 4 * squared_tangent * (cosines[anchors] + cosines[positives]) - pull[:, None]
        values = values.masked_fill(same[anchors], float("-inf"))
        # log(1 + sum exp f) is the log-sum-exp with one more term of 0.
        return torch.logsumexp(nnf.pad(values, (1, 0)), dim=1).mean()
