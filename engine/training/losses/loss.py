"""What every loss over embeddings has: the checks, and vectors of unit length."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional as nnf

_SHORTEST = 1e-12


class Triplets(NamedTuple):
    """Places in a batch, (T,) int64 each: an anchor, another picture of the same person, one of somebody else."""

    anchors: Tensor
    positives: Tensor
    negatives: Tensor


class Head(NamedTuple):
    """What a loss has learned to compare embeddings with: the logit of being two people is weight · |a - b| + bias."""

    weight: list[float]
    bias: float


class EmbeddingLoss(nn.Module, ABC):
    """A loss over a batch of embeddings. This class checks, subclasses compute."""

    takes_triplets = False
    """Whether it is a mean over mined triplets."""

    def forward(self, embeddings: Tensor, labels: Tensor, triplets: Triplets | None = None) -> Tensor:
        """Return the loss of a batch, a scalar.

        Args:
            embeddings: (B, D) as the network gives them.
            labels: (B,) int64, whose each is.
            triplets: what a miner chose; needed where `takes_triplets`.

        Raises:
            ValueError: shapes, types or devices do not fit, or triplets are missing.
        """
        if embeddings.ndim != 2 or labels.shape != embeddings.shape[:1] or not embeddings.is_floating_point():
            raise ValueError(f"embeddings {tuple(embeddings.shape)} and labels {tuple(labels.shape)} do not fit")
        if labels.device != embeddings.device:
            raise ValueError(f"embeddings are on {embeddings.device}, labels on {labels.device}")
        if self.takes_triplets and triplets is None:
            raise ValueError("this loss needs triplets")
        return self.compute(embeddings, labels, triplets)

    def start_from(self, means: Tensor) -> None:
        """Let class weights begin at the mean unit embeddings of the people, (C, D), where there are any.

        A network that knows faces would otherwise first be bent towards random directions (Qi, Brown and Lowe,
        "Low-Shot Learning with Imprinted Weights", 2018).
        """

    def verifier(self) -> Head | None:
        """The head that was learned along with the network, where there is one."""
        return None

    @abstractmethod
    def compute(self, embeddings: Tensor, labels: Tensor, triplets: Triplets | None) -> Tensor:
        """Return the loss; the arguments have been checked."""


def unit(vectors: Tensor) -> Tensor:
    """Scale (..., D) vectors to unit L2 length."""
    return nnf.normalize(vectors, dim=-1, eps=_SHORTEST)


def mean_of_violations(values: Tensor, embeddings: Tensor) -> Tensor:
    """Mean of the positive ones among hinge values; 0, still connected to the embeddings, where there is none.

    Values of 0 carry no gradient, and with good embeddings they are most; a mean over all would let the few that are
    left fade (Hermans et al., "In Defense of the Triplet Loss", 2017, section 3).
    """
    count = (values > 0).sum()
    return values.sum() / count if count > 0 else embeddings.sum() * 0.0
