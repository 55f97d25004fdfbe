"""Numbers with their nouns, as people say them."""

from __future__ import annotations

import pytest

from engine.wording import counted, people, pictures


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "0 people"), (1, "1 person"), (2, "2 people"), (12_345, "12,345 people")]
)
def test_that_one_is_a_person(number: int, expected: str) -> None:
    assert people(number) == expected


def test_that_nouns_follow_their_number() -> None:
    assert pictures(1) == "1 picture"
    assert counted(3, "loss", "losses") == "3 losses"
    assert counted(2, "face is", "faces are") == "2 faces are"
