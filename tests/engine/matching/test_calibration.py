"""What a distance means."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from engine.errors import PackError
from engine.matching.calibration import Calibration
from engine.packs.pack import DEFAULT_PACK, PACKS
from engine.types import Metric


@pytest.fixture(scope="module", params=sorted(PACKS))
def calibration(request: pytest.FixtureRequest) -> Calibration:
    return Calibration.load(request.param)


@pytest.mark.parametrize("metric", Metric)
def test_that_a_stricter_rate_asks_for_a_smaller_distance(calibration: Calibration, metric: Metric) -> None:
    limits = [calibration.threshold(metric, rate) for rate in (1e-5, 1e-4, 1e-3, 1e-2)]
    assert limits == sorted(limits)
    assert limits[0] < limits[-1]


@pytest.mark.parametrize("metric", Metric)
def test_that_the_threshold_at_a_rate_has_that_rate(calibration: Calibration, metric: Metric) -> None:
    for rate in (1e-5, 1e-4, 3e-3):
        stated = calibration.false_match_rate(metric, calibration.threshold(metric, rate))
        assert stated.rate == pytest.approx(rate, rel=0.02)
        assert stated.rate < stated.upper


def test_that_a_metric_of_the_cosine_agrees_with_it(calibration: Calibration) -> None:
    cosine = calibration.threshold(Metric.COSINE, 1e-4)
    assert calibration.threshold(Metric.SQUARED_L2, 1e-4) == pytest.approx(2 * cosine, rel=1e-3)
    assert calibration.threshold(Metric.L2, 1e-4) == pytest.approx((2 * cosine) ** 0.5, rel=1e-3)


def test_that_identification_gets_stricter_as_the_gallery_grows(calibration: Calibration) -> None:
    sizes = (0, 1, 100, 1000, 10_000)
    at = [calibration.identification_threshold(Metric.COSINE, 1e-4, people, people) for people in sizes]
    assert at[0] == at[1] == at[2] == calibration.threshold(Metric.COSINE, 1e-4)
    assert at[2] > at[3] > at[4]


def test_that_several_templates_share_the_rate(calibration: Calibration) -> None:
    limit = calibration.threshold(Metric.COSINE, 1e-3, templates=5)
    assert limit == calibration.threshold(Metric.COSINE, 2e-4)
    assert calibration.false_match_rate(Metric.COSINE, limit, templates=5).rate == pytest.approx(1e-3, rel=0.02)
    assert calibration.identification_threshold(Metric.COSINE, 1e-3, 1, 5) == limit
    assert calibration.identification_threshold(Metric.COSINE, 1e-3, 2, 10) == limit


def test_that_the_bound_is_the_exact_one() -> None:
    made = Calibration(1000, np.array([1e-3, 1e-2, 1.0]), {Metric.COSINE: np.array([0.1, 0.2, 1.0])})
    nothing = made.false_match_rate(Metric.COSINE, 0.05)
    assert nothing.rate == 0
    assert nothing.upper == pytest.approx(1 - 0.05 ** (1 / 1000))
    ten = made.false_match_rate(Metric.COSINE, 0.2)
    # At the upper bound, ten or fewer matches would come with a chance of 5 %.
    assert binom.cdf(10, 1000, ten.upper) == pytest.approx(0.05, rel=1e-3)
    assert made.false_match_rate(Metric.COSINE, 3.0).upper == 1.0


def test_that_a_pack_without_a_calibration_is_a_sentence() -> None:
    with pytest.raises(PackError, match="calibration"):
        Calibration.load("no-such-pack")
    assert DEFAULT_PACK.id in PACKS


# --- rarer than the pairs can show --------------------------------------------------------------------------------


def few(seed: int, pairs: int = 3000) -> tuple[Calibration, np.ndarray]:
    """A calibration of a few pairs, and very many others of the same kind."""
    random = np.random.default_rng(seed)
    every = random.normal(0.9, 0.12, 2_000_000).astype(np.float32)
    return Calibration.measured({Metric.COSINE: every[:pairs]}), np.sort(every)


@pytest.mark.parametrize("seed", range(5))
def test_that_a_rate_beyond_the_pairs_is_stricter_and_not_clamped(seed: int) -> None:
    made, every = few(seed)
    limits = [made.threshold(Metric.COSINE, rate) for rate in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)]
    assert [made.shows(rate) for rate in (1e-2, 1e-3, 1e-4)] == [True, True, False]
    assert limits == sorted(limits, reverse=True)
    assert limits[-1] < limits[-2] < limits[-3]
    for rate, limit in zip((1e-4, 1e-5, 1e-6), limits[2:], strict=True):
        assert np.searchsorted(every, limit, side="right") / len(every) <= 3 * rate
    sizes = [made.identification_threshold(Metric.COSINE, 1e-3, people, people) for people in (100, 1000, 10_000)]
    assert sizes == sorted(set(sizes), reverse=True)


def test_that_an_extrapolated_limit_of_the_shipped_table_errs_on_the_strict_side() -> None:
    whole = Calibration.load(DEFAULT_PACK.id)
    keep = whole.rates >= 5e-4
    part = Calibration(3000, whole.rates[keep], {Metric.COSINE: whole.distances[Metric.COSINE][keep]})
    for rate in (1e-4, 1e-5, 1e-6):
        assert 0 <= part.threshold(Metric.COSINE, rate) <= whole.threshold(Metric.COSINE, rate)


def test_that_a_limit_is_never_below_nothing() -> None:
    made, _ = few(0)
    assert made.threshold(Metric.COSINE, 1e-300) == 0.0
    alike = Calibration(10, np.array([0.1, 0.2, 1.0]), {Metric.COSINE: np.array([0.4, 0.4, 0.4])})
    assert alike.threshold(Metric.COSINE, 1e-3) == 0.0
