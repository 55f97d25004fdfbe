"""Which triplets of a batch are learned from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import torch
from torch import Tensor

from engine.training.losses import Triplets, unit

Miner: TypeAlias = Callable[[Tensor, Tensor], Triplets]
"""From embeddings (B, D) and labels (B,) to places in the batch."""
MARGIN = 0.2
"""FaceNet's margin between squared L2 distances."""


def random_triplets(_embeddings: Tensor, labels: Tensor) -> Triplets:
    """Give every ordered genuine pair one stranger, drawn with torch's generator."""
    anchors, positives = _genuine_pairs(labels)
    strangers = (labels[anchors, None] != labels).float()
    usable = strangers.any(dim=1)
    anchors, positives, strangers = anchors[usable], positives[usable], strangers[usable]
    if not len(anchors):
        return Triplets(anchors, positives, anchors)
    return Triplets(anchors, positives, torch.multinomial(strangers, 1).squeeze(1))


def batch_hard(embeddings: Tensor, labels: Tensor) -> Triplets:
    """Give every picture its farthest genuine one and its nearest stranger.

    Hermans, Beyer and Leibe, "In Defense of the Triplet Loss for Person Re-Identification", 2017.
    """
    apart = _squared(embeddings)
    same = labels[:, None] == labels
    own = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    positives = apart.masked_fill(~same | own, float("-inf")).argmax(dim=1)
    negatives = apart.masked_fill(same, float("inf")).argmin(dim=1)
    anchors = torch.nonzero((same & ~own).any(dim=1) & (~same).any(dim=1)).squeeze(1)
    return Triplets(anchors, positives[anchors], negatives[anchors])


def semi_hard(embeddings: Tensor, labels: Tensor) -> Triplets:
    """All triplets whose negative is farther than the positive, but by less than the margin.

    Schroff et al., "FaceNet", 2015, equation 4: the hardest negatives early in training can collapse the network.
    """
    return _within(embeddings, labels, lambda gap: (gap > 0) & (gap <= MARGIN))


def all_violating(embeddings: Tensor, labels: Tensor) -> Triplets:
    """All triplets whose negative is not farther than the positive by the margin."""
    return _within(embeddings, labels, lambda gap: gap <= MARGIN)


def _within(embeddings: Tensor, labels: Tensor, chosen: Callable[[Tensor], Tensor]) -> Triplets:
    apart = _squared(embeddings)
    anchors, positives = _genuine_pairs(labels)
    gaps = apart[anchors] - apart[anchors, positives][:, None]
    pairs, negatives = torch.nonzero(chosen(gaps) & (labels[anchors, None] != labels), as_tuple=True)
    return Triplets(anchors[pairs], positives[pairs], negatives)


def _genuine_pairs(labels: Tensor) -> tuple[Tensor, Tensor]:
    same = labels[:, None] == labels
    same.fill_diagonal_(fill_value=False)
    anchors, positives = torch.nonzero(same, as_tuple=True)
    return anchors, positives


@torch.no_grad()
def _squared(embeddings: Tensor) -> Tensor:
    """Squared L2 distances between unit embeddings, (B, B)."""
    scaled = unit(embeddings.detach())
    return (2 - 2 * scaled @ scaled.T).clamp_min(0)


MINERS: Mapping[str, Miner] = {
    "random": random_triplets,
    "batch_hard": batch_hard,
    "semi_hard": semi_hard,
    "all_violating": all_violating,
}
