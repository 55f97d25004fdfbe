"""A gallery's own people as strangers to one another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from engine.matching.calibration import OWN_RATE, Calibration
from engine.matching.own_strangers import OwnStrangers
from engine.packs.pack import DEFAULT_PACK
from engine.types import FloatArray, Metric


@dataclass
class Given:
    """Templates, one a person."""

    matrix: FloatArray

    @property
    def person_ids(self) -> np.ndarray:
        return np.arange(len(self.matrix))

    @property
    def names(self) -> dict[int, str]:
        return {number: str(number) for number in range(len(self.matrix))}


def gallery(people: int, spread: float) -> Given:
    """People around one direction: the smaller the spread, the more alike."""
    random = np.random.default_rng(0)
    vectors = np.eye(1, 128)[0] + random.normal(0, spread, (people, 128))
    return Given((vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))


@pytest.fixture(scope="module")
def shipped() -> Calibration:
    return Calibration.load(DEFAULT_PACK.id)


def test_that_a_gallery_of_people_who_look_alike_is_judged_more_strictly(shipped: Calibration) -> None:
    made = OwnStrangers(shipped).calibration(gallery(100, 0.02))
    assert made.own_pairs == 4950
    assert made.own_close > 0.5 * made.own_pairs
    for metric in Metric:
        assert made.threshold(metric, 1e-3) < shipped.threshold(metric, 1e-3)
    limit = shipped.threshold(Metric.COSINE, OWN_RATE)
    seen = made.own_close / made.own_pairs
    assert made.false_match_rate(Metric.COSINE, limit).rate == pytest.approx(seen, abs=0.15)


def test_that_a_gallery_of_very_different_people_loosens_nothing(shipped: Calibration) -> None:
    made = OwnStrangers(shipped).calibration(gallery(100, 0.2))
    assert made.own_close == 0
    assert made.threshold(Metric.COSINE, 1e-3) == pytest.approx(shipped.threshold(Metric.COSINE, 1e-3))


def test_that_a_small_gallery_moves_little(shipped: Calibration) -> None:
    made = OwnStrangers(shipped).calibration(gallery(3, 0.001))
    assert made.own_close == 3
    moved = made.threshold(Metric.COSINE, 1e-3) / shipped.threshold(Metric.COSINE, 1e-3)
    assert 0.9 < moved < 1


def test_that_nobody_and_one_person_change_nothing(shipped: Calibration) -> None:
    for people in (0, 1):
        assert OwnStrangers(shipped).calibration(gallery(people, 0.1)) is shipped


def test_that_it_is_counted_once_for_each_state_of_the_gallery(shipped: Calibration) -> None:
    strangers, given = OwnStrangers(shipped), gallery(10, 0.02)
    assert strangers.calibration(given) is strangers.calibration(given)
    assert strangers.calibration(gallery(10, 0.02)) is not strangers.calibration(given)


def test_that_a_calibration_is_measured_written_and_read() -> None:
    random = np.random.default_rng(1)
    apart = random.random(5000).astype(np.float32)
    made = Calibration.measured(dict.fromkeys(Metric, apart))
    assert made.rates[0] == pytest.approx(2e-4), "5,000 pairs cannot show a rarer rate"
    assert made.threshold(Metric.COSINE, 0.1) == pytest.approx(np.sort(apart)[499], abs=1e-5)
    again = Calibration.from_json(made.as_json())
    assert again.pairs == made.pairs
    np.testing.assert_array_equal(again.rates, made.rates)
    np.testing.assert_array_equal(again.distances[Metric.L1], made.distances[Metric.L1])
