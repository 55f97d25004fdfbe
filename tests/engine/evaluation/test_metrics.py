"""Error rates against scikit-learn, SciPy, naive loops, and tables made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import roc_curve

from engine.evaluation.bootstrap import (
    Pairs,
    _Sorted,
    all_pairs,
    paired_difference,
    rates_with_intervals,
    tar_with_interval,
)
from engine.evaluation.metrics import (
    best_threshold,
    curve,
    error_rate,
    fold_accuracies,
    histograms,
    supported,
    tar_at,
    threshold_at,
)
from engine.evaluation.words import acceptance


def sample(seed: int, own: int = 300, others: int = 700) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    distances = np.concatenate([random.normal(0.3, 0.1, own), random.normal(0.6, 0.1, others)]).round(2)
    return distances, np.repeat([True, False], [own, others])


@pytest.mark.parametrize("seed", range(5))
def test_that_the_curve_equals_scikit_learns(seed: int) -> None:
    distances, genuine = sample(seed)
    ours = curve(distances, genuine)
    fpr, tpr, _ = roc_curve(genuine, -distances, drop_intermediate=False)
    np.testing.assert_allclose(ours.fmr, fpr)
    np.testing.assert_allclose(1 - ours.fnmr, tpr)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rate", [1e-3, 1e-2, 0.05, 0.5])
def test_that_acceptance_is_counted_and_never_lets_more_strangers_in_than_asked(seed: int, rate: float) -> None:
    distances, genuine = sample(seed)
    limit = threshold_at(distances, genuine, rate)
    assert (distances[~genuine] <= limit).mean() <= rate
    assert tar_at(distances, genuine, rate) == (distances[genuine] <= limit).mean()
    # No larger distance that occurs would do.
    larger = np.unique(distances[distances > limit])[:1]
    assert all((distances[~genuine] <= value).mean() > rate for value in larger)


def test_that_ties_are_not_split() -> None:
    distances, genuine = np.array([0.1, 0.2, 0.2, 0.2, 0.3]), np.array([True, True, False, False, False])
    assert tar_at(distances, genuine, 1 / 3) == 0.5
    assert tar_at(distances, genuine, 2 / 3) == 1.0


def test_that_a_failure_to_acquire_is_an_error_of_a_genuine_pair_and_none_of_an_impostor_pair() -> None:
    distances, genuine = np.array([0.1, np.nan, np.inf, 0.9]), np.array([True, True, False, False])
    assert tar_at(distances, genuine, 0.5) == 0.5
    assert curve(distances, genuine).fnmr.min() == 0.5
    distances, genuine = np.array([0.1, 0.1, np.nan, 0.9, 0.9, 0.9]), np.repeat([True, False], 3)
    assert fold_accuracies(distances, genuine, np.array([0, 1, 0, 0, 1, 1])).tolist() == [pytest.approx(2 / 3), 1.0]


def test_that_the_equal_error_rate_is_where_both_meet() -> None:
    distances, genuine = np.array([0.1, 0.2, 0.5, 0.4, 0.8, 0.9]), np.repeat([True, False], 3)
    assert curve(distances, genuine).eer == pytest.approx(1 / 3)


def test_that_the_best_threshold_decides_most_pairs_rightly() -> None:
    for seed in range(5):
        distances, genuine = sample(seed, 40, 60)
        ours = ((distances <= best_threshold(distances, genuine)) == genuine).mean()
        every = [-np.inf, *distances]
        assert ours == max(((distances <= value) == genuine).mean() for value in every)


def test_that_a_fold_is_scored_at_the_others_threshold() -> None:
    distances = np.array([0.1, 0.9, 0.1, 0.9, 0.6, 0.7])
    genuine = np.array([True, False, True, False, True, False])
    assert fold_accuracies(distances, genuine, np.array([0, 0, 1, 1, 2, 2])).tolist() == [1.0, 1.0, 0.5]


@given(st.integers(1, 500), st.data())
def test_that_intervals_are_the_exact_ones(total: int, data: st.DataObject) -> None:
    errors = data.draw(st.integers(0, total))
    ours = error_rate(errors, total)
    if errors:
        expected = binomtest(errors, total).proportion_ci(method="exact")
        assert (ours.low, ours.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert ours.low <= ours.value <= ours.high


def test_that_no_error_is_at_most_and_never_nought() -> None:
    rate = error_rate(0, 3000)
    assert rate.high == pytest.approx(3 / 3000, rel=0.01)
    assert rate.text == "at most 0.10% (0 of 3,000)"
    assert error_rate(0, 0).bounded


def test_that_points_are_thinned_without_losing_the_ends() -> None:
    distances, genuine = sample(1, 3000, 7000)
    distances = distances + np.random.default_rng(0).normal(0, 1e-4, len(distances))
    points = curve(distances, genuine).points()
    assert len(points) <= 300
    assert points[0][1] == 1.0
    assert points[-1][0] == 1.0
    assert list(points) == sorted(points, key=lambda point: (point[0], -point[1]))


def test_that_histograms_are_shares() -> None:
    shown = histograms(*sample(2))
    assert sum(shown.genuine) == pytest.approx(1)
    assert sum(shown.impostor) == pytest.approx(1)
    assert len(shown.bins) == len(shown.genuine) + 1


# --- resampling people --------------------------------------------------------------------------------------------


def people_pairs(seed: int, people: int = 40, each: int = 4) -> tuple[np.ndarray, np.ndarray, Pairs]:
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(people), each)
    places, pairs = all_pairs(labels)
    vectors = random.normal(size=(people, 8))[labels] + random.normal(0, 0.6, (len(labels), 8))
    apart = np.linalg.norm(vectors[places[:, 0]] - vectors[places[:, 1]], axis=1)
    return apart, labels, pairs


def test_that_all_pairs_are_all_and_a_sample_keeps_the_genuine_ones() -> None:
    labels = np.repeat(np.arange(5), 3)
    places, pairs = all_pairs(labels)
    assert len(places) == 15 * 14 // 2
    assert pairs.genuine.sum() == 15
    _, fewer = all_pairs(labels, most_impostors=20)
    assert (fewer.genuine.sum(), (~fewer.genuine).sum()) == (15, 20)


def test_that_weights_are_how_often_both_people_were_drawn() -> None:
    _, _, pairs = people_pairs(0, people=6, each=2)
    weights = next(pairs.weights(seed=3, repeats=1))
    drawn = np.bincount(np.random.default_rng(3).integers(0, 6, 6), minlength=6)
    for weight, genuine, (first, second) in zip(weights, pairs.genuine, pairs.people, strict=True):
        assert weight == (drawn[first] if genuine else drawn[first] * drawn[second])


def test_that_a_weighted_rate_equals_repeating_the_pairs() -> None:
    apart, _, pairs = people_pairs(1, people=12)
    order = _Sorted(apart, pairs.genuine)
    for weights in pairs.weights(seed=5, repeats=5):
        repeated = np.repeat(np.arange(len(apart)), weights.astype(int))
        expected = tar_at(apart[repeated], pairs.genuine[repeated], 0.05)
        assert order.tar(weights, 0.05) == pytest.approx(expected)


def test_that_the_interval_holds_the_value_and_narrows_with_people() -> None:
    few, many = (people_pairs(2, people) for people in (10, 80))
    widths = []
    for apart, _, pairs in (few, many):
        rate = tar_with_interval(apart, pairs, 1e-2, repeats=300)
        assert rate.low <= rate.value <= rate.high
        widths.append(rate.high - rate.low)
    assert widths[1] < widths[0]


def test_that_an_operating_point_is_bounded_where_strangers_are_too_few() -> None:
    apart, _, pairs = people_pairs(3, people=4)
    assert tar_with_interval(apart, pairs, 1e-4, repeats=10).bounded
    assert not tar_with_interval(apart, pairs, 0.1, repeats=10).bounded
    assert supported(1000, 1e-3)
    assert not supported(999, 1e-3)


def test_that_the_same_network_is_not_better_than_itself_and_a_clearly_better_one_is() -> None:
    apart, _, pairs = people_pairs(4)
    same = paired_difference(apart, apart, pairs, 1e-2, repeats=200)
    assert (same.change.value, same.change.low, same.change.high) == (0, 0, 0)
    assert not same.better_beyond_chance
    better = paired_difference(apart, np.where(pairs.genuine, apart * 0.3, apart), pairs, 1e-2, repeats=200)
    assert better.better_beyond_chance
    worse = paired_difference(np.where(pairs.genuine, apart * 0.3, apart), apart, pairs, 1e-2, repeats=200)
    assert worse.change.high < 0


def no_difference(seed: int, people: int) -> tuple[np.ndarray, np.ndarray, Pairs]:
    """Two networks that are equally good, on the same people."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(people), 5)
    places, pairs = all_pairs(labels)
    hard = random.normal(size=people)[labels][places].sum(axis=1) * 0.3
    apart = np.where(pairs.genuine, 0.0, 2.0) + hard
    first, second = (apart + random.normal(0, 0.7, len(apart)) for _ in range(2))
    return first, second, pairs


@pytest.mark.parametrize("people", [2, 3, 5])
def test_that_with_few_people_nothing_is_better_beyond_chance(people: int) -> None:
    for seed in range(20):
        found = paired_difference(*no_difference(seed, people), 1e-2, seed=seed, repeats=50)
        assert not found.enough_people
        assert not found.better_beyond_chance
        assert (found.change.low, found.change.high) == (-1, 1)
    apart, _, pairs = people_pairs(4, people)
    better = paired_difference(apart, np.where(pairs.genuine, 0.0, apart), pairs, 1e-2, repeats=50)
    assert not better.better_beyond_chance


def test_that_with_six_people_chance_is_rarely_taken_for_better() -> None:
    found = [paired_difference(*no_difference(seed, 6), 1e-2, seed=seed, repeats=100) for seed in range(100)]
    assert all(one.enough_people for one in found)
    assert sum(one.better_beyond_chance for one in found) <= 5


def test_that_all_or_none_is_told_with_the_bound_of_so_many_people() -> None:
    labels = np.repeat(np.arange(10), 2)
    _, pairs = all_pairs(labels)
    sure = np.where(pairs.genuine, 0.0, 1.0)
    every, nobody = (tar_with_interval(side, pairs, 0.1, repeats=20) for side in (sure, 1 - sure))
    assert acceptance(every).text == "all of 10 genuine pairs: at least 74.11% (10 people)"
    assert acceptance(nobody).text == "none of 10 genuine pairs: at most 25.89% (10 people)"
    rare = acceptance(tar_with_interval(sure, pairs, 1e-4, repeats=20))
    assert not rare.supported
    assert rare.text.endswith("none of 180 strangers matched: a false match rate of at most 0.02")


def test_that_the_equal_error_rate_of_all_people_lies_in_its_interval() -> None:
    for seed in range(3):
        apart, _, pairs = people_pairs(seed, people=20)
        (tar,), eer = rates_with_intervals(apart, pairs, (1e-2,), repeats=100)
        assert 0 < eer.low <= eer.value <= eer.high < 0.5
        assert tar == tar_with_interval(apart, pairs, 1e-2, repeats=100)
        unweighted = _Sorted(apart, pairs.genuine).eer(np.ones(len(apart)))
        assert unweighted == pytest.approx(curve(apart, pairs.genuine).eer, abs=0.01)


def test_that_a_sample_of_many_pictures_is_drawn_without_listing_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = np.repeat(np.arange(1500), 2)
    whole = np.triu_indices

    def small(size: int, *rest: int) -> tuple[np.ndarray, ...]:
        assert size < 100, "all pairs of all pictures"
        return whole(size, *rest)

    monkeypatch.setattr(np, "triu_indices", small)
    places, pairs = all_pairs(labels, 5000, seed=2)
    assert (pairs.genuine.sum(), (~pairs.genuine).sum()) == (1500, 5000)
    assert (places[:, 0] < places[:, 1]).all()
    assert len(np.unique(places, axis=0)) == len(places)
    np.testing.assert_array_equal(labels[places], pairs.people)
    again, _ = all_pairs(labels, 5000, seed=2)
    np.testing.assert_array_equal(places, again)
