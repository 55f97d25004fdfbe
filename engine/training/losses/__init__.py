"""Losses over embeddings, one family a file; `LOSSES` builds each by the name it has in a recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.training.losses.angular import AngularLoss
from engine.training.losses.contrastive import ContrastiveLoss
from engine.training.losses.cosine_triplet import CosineTripletLoss
from engine.training.losses.loss import EmbeddingLoss, Triplets, unit
from engine.training.losses.margin_softmax import ArcFaceLoss, CosFaceLoss
from engine.training.losses.softmax import SoftmaxLoss
from engine.training.losses.triplet import TripletLoss

LOSSES: Mapping[str, Callable[[int, int], EmbeddingLoss]] = {
    "triplet": lambda _dimension, _classes: TripletLoss(),
    "cosine_triplet": lambda _dimension, _classes: CosineTripletLoss(),
    "contrastive": lambda _dimension, _classes: ContrastiveLoss(),
    "contrastive_l1": lambda _dimension, _classes: ContrastiveLoss(metric="l1"),
    "angular": lambda _dimension, _classes: AngularLoss(),
    "cosface": CosFaceLoss,
    "arcface": ArcFaceLoss,
    "softmax": SoftmaxLoss,
}
"""From the embeddings' dimension and the number of people to a loss."""
CLASSIFIES = frozenset(("cosface", "arcface", "softmax"))
"""Losses that learn one direction for each person of the training part."""

__all__ = ["CLASSIFIES", "LOSSES", "EmbeddingLoss", "Triplets", "unit"]
