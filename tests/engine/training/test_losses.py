"""Losses against pytorch-metric-learning, value and gradient; where the formulas differ, against a plain loop."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from math import radians, tan

import pytest
import torch
from torch import Tensor

from engine.learning import RECIPE_OPTIONS, Recipe
from engine.matching.learned import LearnedVerifier
from engine.training.losses import CLASSIFIES, LOSSES, SIZES, EmbeddingLoss, Triplets, loss_for
from engine.training.losses.angular import AngularLoss
from engine.training.losses.collapse import said_of, spread
from engine.training.losses.contrastive import ContrastiveLoss
from engine.training.losses.cosine_triplet import CosineTripletLoss
from engine.training.losses.loss import unit
from engine.training.losses.margin_softmax import ArcFaceLoss, CosFaceLoss
from engine.training.losses.pairs import PairLoss
from engine.training.losses.triplet import TripletLoss
from engine.training.miners import MINERS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pytorch_metric_learning import distances, losses, reducers

SEEDS = range(3)
LABELS = torch.tensor([0, 0, 1, 1, 1, 2, 2, 3, 0, 3])


def batch(seed: int) -> Tensor:
    made = torch.randn(len(LABELS), 8, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return made.requires_grad_()


def all_triplets(labels: Tensor) -> Triplets:
    places = range(len(labels))
    found = [
        (a, p, n)
        for a in places
        for p in places
        for n in places
        if a != p and labels[a] == labels[p] and labels[a] != labels[n]
    ]
    return Triplets(*torch.tensor(found).T)


def same(ours: Callable[[Tensor], Tensor], theirs: Callable[[Tensor], Tensor], seed: int) -> None:
    """Value and gradient to the embeddings are equal."""
    mine, other = batch(seed), batch(seed)
    value, expected = ours(mine), theirs(other)
    torch.testing.assert_close(value, expected)
    value.backward()
    expected.backward()
    torch.testing.assert_close(mine.grad, other.grad)


@pytest.mark.parametrize("seed", SEEDS)
def test_that_triplet_loss_equals_the_librarys(seed: int) -> None:
    oracle = losses.TripletMarginLoss(margin=0.2, distance=distances.LpDistance(power=2))
    triplets = all_triplets(LABELS)
    same(lambda x: TripletLoss()(x, LABELS, triplets), lambda x: oracle(x, LABELS, tuple(triplets)), seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_that_cosine_triplet_loss_equals_the_librarys(seed: int) -> None:
    oracle = losses.TripletMarginLoss(margin=0.1, distance=distances.CosineSimilarity())
    triplets = all_triplets(LABELS)
    same(lambda x: CosineTripletLoss()(x, LABELS, triplets), lambda x: oracle(x, LABELS, tuple(triplets)), seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_that_contrastive_loss_over_l2_equals_the_sum_over_pairs(seed: int) -> None:
    """The library's ContrastiveLoss is linear in the distance; ours is Hadsell's, of squares."""

    def loop(x: Tensor) -> Tensor:
        scaled = unit(x)
        pulled, pushed = [], []
        for i in range(len(LABELS)):
            for j in range(i + 1, len(LABELS)):
                apart = (scaled[i] - scaled[j]).norm()
                if LABELS[i] == LABELS[j]:
                    pulled.append(apart**2)
                elif apart < 1:
                    pushed.append((1 - apart) ** 2)
        return torch.stack(pulled).mean() + torch.stack(pushed).mean()

    same(lambda x: ContrastiveLoss()(x, LABELS), loop, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_that_contrastive_losses_linear_parts_equal_the_librarys(seed: int) -> None:
    """Over squared distances the genuine part is the library's, with its margins set so that only it remains."""
    oracle = losses.ContrastiveLoss(pos_margin=0, neg_margin=0, distance=distances.LpDistance(power=2))
    ours = ContrastiveLoss(margin=0.0)
    same(lambda x: ours(x, LABELS), lambda x: oracle(x, LABELS), seed)


def test_that_contrastive_loss_over_l1_is_its_formula() -> None:
    x = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
    labels = torch.tensor([0, 0, 1])
    root = 2**0.5
    genuine = ((0.4 + 0.8) / 2 * root) ** 2
    impostors = [max(0.0, 1 - (1 + 1) / 2 * root), (1 - (0.6 + 0.2) / 2 * root)]
    left = [value**2 for value in impostors if value > 0]
    expected = genuine + sum(left) / len(left)
    assert ContrastiveLoss(metric="l1")(x, labels).item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_that_angular_loss_equals_the_sum_over_pairs_and_negatives(seed: int) -> None:
    squared = tan(radians(40)) ** 2

    def loop(x: Tensor) -> Tensor:
        scaled, terms = unit(x), []
        for a in range(len(LABELS)):
            for p in range(len(LABELS)):
                if a != p and LABELS[a] == LABELS[p]:
                    inner = [
                        torch.exp(
                            4 * squared * (scaled[a] + scaled[p]) @ scaled[n]
                            - 2 * (1 + squared) * scaled[a] @ scaled[p]
                        )
                        for n in range(len(LABELS))
                        if LABELS[n] != LABELS[a]
                    ]
                    terms.append(torch.log(1 + torch.stack(inner).sum()))
        return torch.stack(terms).mean()

    same(lambda x: AngularLoss()(x, LABELS), loop, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_that_angular_loss_equals_the_librarys_on_unit_vectors(seed: int) -> None:
    """The library leaves the negatives as long as they come; ours scales all three."""
    oracle = losses.AngularLoss(alpha=40, reducer=reducers.MeanReducer())
    same(lambda x: AngularLoss()(x, LABELS), lambda x: oracle(unit(x), LABELS), seed)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (CosFaceLoss, lambda: losses.CosFaceLoss(4, 8, margin=0.35, scale=64)),
        (ArcFaceLoss, lambda: losses.ArcFaceLoss(4, 8, margin=28.64788975654116, scale=64)),
    ],
    ids=["cosface", "arcface"],
)
def test_that_margin_losses_equal_the_librarys_with_the_gradient_of_their_weights(
    ours: Callable[[int, int], EmbeddingLoss], theirs: Callable[[], torch.nn.Module], seed: int
) -> None:
    mine, oracle = ours(8, 4).double(), theirs().double()
    with torch.no_grad():
        mine.weight.copy_(oracle.W.T)
    same(lambda x: mine(x, LABELS), lambda x: oracle(x, LABELS), seed)
    torch.testing.assert_close(mine.weight.grad, oracle.W.grad.T, atol=1e-5, rtol=1e-5)


def test_that_arcface_falls_past_the_turning_point() -> None:
    loss = ArcFaceLoss(2, 2)
    cosines = torch.linspace(-1, 1, 400)
    harder = loss.with_margin(cosines)
    assert (harder.diff() > 0).all()
    assert (harder <= cosines).all()


@pytest.mark.parametrize("key", LOSSES)
def test_that_every_loss_of_a_recipe_can_be_built_and_learned_from(key: str) -> None:
    assert key in [choice for choice, _ in RECIPE_OPTIONS["loss"].choices]
    loss = LOSSES[key](8, 4)
    assert (key in CLASSIFIES or loss.verifier() is not None) == bool(list(loss.parameters()))
    x = batch(0).detach().float().requires_grad_()
    start = loss(x, LABELS, all_triplets(LABELS))
    (gradient,) = torch.autograd.grad(start, x)
    moved = loss(x - 1e-3 * gradient / gradient.norm(), LABELS, all_triplets(LABELS))
    assert moved < start


@pytest.mark.parametrize("key", LOSSES)
@pytest.mark.parametrize("labels", [torch.zeros(4, dtype=torch.int64), torch.arange(4)], ids=["one", "all"])
def test_that_a_batch_without_pairs_or_strangers_has_a_finite_loss_and_gradient(key: str, labels: Tensor) -> None:
    x = torch.randn(4, 8, generator=torch.Generator().manual_seed(0)).requires_grad_()
    loss = LOSSES[key](8, 4)(x, labels, MINERS["all_violating"](x, labels))
    loss.backward()
    assert torch.isfinite(loss)
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()


@pytest.mark.parametrize("key", LOSSES)
def test_that_equal_embeddings_have_a_finite_gradient(key: str) -> None:
    x = torch.ones(len(LABELS), 8).requires_grad_()
    LOSSES[key](8, 4)(x, LABELS, all_triplets(LABELS)).backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()


@pytest.mark.parametrize("key", LOSSES)
def test_that_a_loss_is_finite_in_bf16(key: str) -> None:
    x = batch(1).detach().float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.isfinite(LOSSES[key](8, 4)(x, LABELS, all_triplets(LABELS)))


@pytest.mark.parametrize(
    ("embeddings", "labels"),
    [
        (torch.zeros(4, 8, 2), torch.zeros(4, dtype=torch.int64)),
        (torch.zeros(4, 8), torch.zeros(3, dtype=torch.int64)),
        (torch.zeros(4, 8, dtype=torch.int64), torch.zeros(4, dtype=torch.int64)),
    ],
)
def test_that_what_does_not_fit_is_refused(embeddings: Tensor, labels: Tensor) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        AngularLoss()(embeddings, labels)


def test_that_a_triplet_loss_without_triplets_is_refused() -> None:
    with pytest.raises(ValueError, match="needs triplets"):
        TripletLoss()(torch.zeros(4, 8), torch.zeros(4, dtype=torch.int64))


def test_that_collapse_is_noticed_and_said() -> None:
    random = torch.randn(200, 32, generator=torch.Generator().manual_seed(0))
    assert spread(random) > 0.9
    assert said_of(spread(random)) == ""
    alike = torch.ones(200, 32) + 0.01 * random
    assert "collapsed" in said_of(spread(alike))


# --- the Siamese head, and sizes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_that_the_pair_loss_is_the_cross_entropy_of_its_head(seed: int) -> None:
    loss = PairLoss(8, 4).double()
    with torch.no_grad():
        loss.head.weight.copy_(torch.rand(8))
    x = batch(seed).detach()
    scaled = x / x.norm(dim=1, keepdim=True)
    costs: dict[bool, list[Tensor]] = {True: [], False: []}
    for one in range(len(LABELS)):
        for two in range(one + 1, len(LABELS)):
            alike = bool(LABELS[one] == LABELS[two])
            p = torch.sigmoid(loss.head.bias - (loss.head.weight * (scaled[one] - scaled[two]).abs()).sum())
            costs[alike].append(-torch.log(p if alike else 1 - p))
    expected = (torch.stack(costs[True]).mean() + torch.stack(costs[False]).mean()) / 2
    torch.testing.assert_close(loss(x, LABELS), expected)


def test_that_a_head_is_a_verifier_with_the_signs_turned() -> None:
    loss = PairLoss(8, 4)
    x = batch(0).detach().float()
    head = loss.verifier()
    assert head is not None
    made = LearnedVerifier("weighted_l1", "", "", tuple(head.weight), head.bias, "", 1)
    scaled = (x / x.norm(dim=1, keepdim=True)).numpy()
    sums = torch.from_numpy(made.sums(scaled[:3], scaled[3:6]))
    torch.testing.assert_close(sums.float(), -loss.head(x[:3], x[3:6]).detach())


@pytest.mark.parametrize("key", SIZES)
def test_that_a_recipes_sizes_reach_the_loss_and_nought_leaves_the_papers(key: str) -> None:
    usual, plain = LOSSES[key](8, 4), loss_for(Recipe(loss=key), 8, 4)
    other = loss_for(Recipe(loss=key, margin=0.7, scale=30.0, alpha_deg=25.0), 8, 4)
    for name, value in {"margin": 0.7, "scale": 30.0, "alpha_deg": 25.0}.items():
        if name in SIZES[key]:
            assert getattr(plain, name) == getattr(usual, name)
            assert getattr(other, name) == value
