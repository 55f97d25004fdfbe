"""Miners against pytorch-metric-learning: the same sets of triplets."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import Tensor

from engine.learning import RECIPE_OPTIONS
from engine.training.losses import Triplets
from engine.training.miners import MARGIN, MINERS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pytorch_metric_learning import distances, miners

LABELS = torch.tensor([0, 0, 1, 1, 1, 2, 2, 3, 0, 4, 4, 4])


def batch(seed: int) -> Tensor:
    return torch.randn(len(LABELS), 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def as_set(triplets: tuple[Tensor, Tensor, Tensor]) -> set[tuple[int, ...]]:
    rows = torch.stack(list(triplets), dim=1).tolist()
    assert len(rows) == len({tuple(row) for row in rows}), "no triplet comes twice"
    return {tuple(row) for row in rows}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("key", "kind"), [("semi_hard", "semihard"), ("all_violating", "all")])
def test_that_the_violating_triplets_are_the_librarys(key: str, kind: str, seed: int) -> None:
    oracle = miners.TripletMarginMiner(MARGIN, type_of_triplets=kind, distance=distances.LpDistance(power=2))
    found = as_set(MINERS[key](batch(seed), LABELS))
    assert found
    assert found == as_set(oracle(batch(seed), LABELS))


@pytest.mark.parametrize("seed", range(4))
def test_that_the_hardest_triplets_are_the_librarys(seed: int) -> None:
    found = as_set(MINERS["batch_hard"](batch(seed), LABELS))
    assert found == as_set(miners.BatchHardMiner()(batch(seed), LABELS))


def test_that_random_triplets_are_valid_and_follow_the_generator() -> None:
    torch.manual_seed(5)
    first = MINERS["random"](batch(0), LABELS)
    torch.manual_seed(5)
    again = MINERS["random"](batch(0), LABELS)
    assert as_set(first) == as_set(again)
    for anchor, positive, negative in as_set(first):
        assert anchor != positive
        assert LABELS[anchor] == LABELS[positive]
        assert LABELS[anchor] != LABELS[negative]
    pairs = sum(int(count) * (int(count) - 1) for count in LABELS.bincount())
    assert len(first.anchors) == pairs


@pytest.mark.parametrize("key", MINERS)
@pytest.mark.parametrize("labels", [torch.zeros(4, dtype=torch.int64), torch.arange(4)], ids=["one", "all"])
def test_that_there_is_no_triplet_without_a_pair_and_a_stranger(key: str, labels: Tensor) -> None:
    found: Triplets = MINERS[key](batch(0)[:4], labels)
    assert [len(places) for places in found] == [0, 0, 0]


def test_that_every_miner_of_a_recipe_is_there() -> None:
    assert set(MINERS) == {choice for choice, _ in RECIPE_OPTIONS["miner"].choices}
