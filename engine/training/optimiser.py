"""How the weights are moved: the optimiser and the course of the learning rate."""

from __future__ import annotations

from math import cos, pi
from typing import Any

from torch import nn
from torch.optim import AdamW

from engine.learning import Recipe


def schedule(progress: float, warm_up: float) -> float:
    """Share of the learning rate: a straight rise, then half a cosine down to 0 (Loshchilov and Hutter, 2017).

    Args:
        progress: share of the training that is done.
        warm_up: share of the training that the rise takes.
    """
    if progress < warm_up:
        return max(progress / warm_up, 0.01)
    return 0.5 * (1 + cos(pi * (progress - warm_up) / (1 - warm_up)))


def optimiser_for(learner: nn.Module, recipe: Recipe) -> AdamW:
    """AdamW over what learns; biases, norms and affines are not decayed."""
    learning = [parameter for parameter in learner.parameters() if parameter.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in learning if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in learning if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return AdamW(groups, lr=recipe.learning_rate)
