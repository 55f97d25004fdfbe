"""Losses over embeddings, one family a file; `LOSSES` builds each by the name it has in a recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.learning import Recipe
from engine.training.losses.angular import AngularLoss
from engine.training.losses.contrastive import ContrastiveLoss
from engine.training.losses.cosine_triplet import CosineTripletLoss
from engine.training.losses.loss import EmbeddingLoss, Triplets, unit
from engine.training.losses.margin_softmax import ArcFaceLoss, CosFaceLoss
from engine.training.losses.pairs import PairLoss
from engine.training.losses.softmax import SoftmaxLoss
from engine.training.losses.triplet import TripletLoss

LOSSES: Mapping[str, Callable[..., EmbeddingLoss]] = {
    "triplet": lambda _dimension, _classes, **sizes: TripletLoss(**sizes),
    "cosine_triplet": lambda _dimension, _classes, **sizes: CosineTripletLoss(**sizes),
    "contrastive": lambda _dimension, _classes, **sizes: ContrastiveLoss(**sizes),
    "contrastive_l1": lambda _dimension, _classes, **sizes: ContrastiveLoss(metric="l1", **sizes),
    "siamese_l1": PairLoss,
    "angular": lambda _dimension, _classes, **sizes: AngularLoss(**sizes),
    "cosface": CosFaceLoss,
    "arcface": ArcFaceLoss,
    "softmax": SoftmaxLoss,
}
"""From the embeddings' dimension, the number of people and the sizes of `SIZES` to a loss."""
CLASSIFIES = frozenset(("cosface", "arcface", "softmax"))
"""Losses that learn one direction for each person of the training part."""
SIZES: Mapping[str, tuple[str, ...]] = {
    "triplet": ("margin",),
    "cosine_triplet": ("margin",),
    "contrastive": ("margin",),
    "contrastive_l1": ("margin",),
    "angular": ("alpha_deg",),
    "cosface": ("margin", "scale"),
    "arcface": ("margin", "scale"),
}
"""Which sizes of a recipe a loss has; 0 leaves its paper's."""


def loss_for(recipe: Recipe, dimension: int, classes: int) -> EmbeddingLoss:
    """Build a recipe's loss.

    Args:
        recipe: which, and with which sizes.
        dimension: of the embeddings.
        classes: people to learn from.
    """
    sizes = {name: getattr(recipe, name) for name in SIZES.get(recipe.loss, ()) if getattr(recipe, name)}
    return LOSSES[recipe.loss](dimension, classes, **sizes)


__all__ = ["CLASSIFIES", "LOSSES", "SIZES", "EmbeddingLoss", "Triplets", "loss_for", "unit"]
