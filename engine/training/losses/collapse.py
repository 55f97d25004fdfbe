"""Collapse: a network that maps every face to the same place satisfies no triplet and learns nothing more."""

from __future__ import annotations

from torch import Tensor

from engine.training.losses.loss import unit

COLLAPSED = 0.01
"""Mean cosine distance of all pairs under which embeddings are alike."""


def spread(embeddings: Tensor) -> float:
    """Mean cosine distance over all pairs of (N, D) embeddings, each with itself included: 1 - |mean unit vector|².

    Near 1 they fill all directions; at 0 they are one point (the collapse of FaceNet, Schroff et al. 2015, section
    3.2).
    """
    return float(1 - unit(embeddings.float()).mean(dim=0).square().sum())


def said_of(spread_: float) -> str:
    """Say that embeddings have collapsed; empty while they have not."""
    if spread_ >= COLLAPSED:
        return ""
    return (
        "All faces are mapped to nearly the same place: the network has collapsed. Choose semi-hard triplets, a lower "
        "learning rate, or another loss."
    )
