"""Numbers as people say them."""

from __future__ import annotations

import pytest

from gui.wording import of_pairs, one_in, points


@pytest.mark.parametrize(("rate", "expected"), [(1e-2, "1 in 100"), (1e-3, "1 in 1,000"), (1e-5, "1 in 100,000")])
def test_that_a_rate_is_one_in_so_many(rate: float, expected: str) -> None:
    assert one_in(rate) == expected


def test_that_a_change_has_a_true_sign() -> None:
    assert [points(change) for change in (0.125, -0.125, 0.0, -0.0001)] == [
        "+12.5 points",
        "\N{MINUS SIGN}12.5 points",
        "0.0 points",
        "0.0 points",
    ]


def test_that_shares_are_told_of_pairs_that_can_be_grasped() -> None:
    assert of_pairs(100, 1.0, 0.88) == (100, 100, 88)
    assert of_pairs(70_000, 0.9994, 0.5) == (1000, 999, 500)
