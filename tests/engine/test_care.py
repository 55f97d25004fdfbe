"""How long people are kept, in words."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from engine.care import due_in_words, extended, is_due
from engine.types import Person

TODAY = date(2026, 11, 24)


def until(days: int | None) -> Person:
    return Person(1, "Ada", expires_on=None if days is None else TODAY + timedelta(days=days))


@pytest.mark.parametrize(
    ("days", "text"),
    [
        ([None, 31, 400], ""),
        ([-1], "1 person has expired. Nobody is deleted by itself."),
        ([0], "1 person expires within 30 days."),
        ([30, 5], "2 people expire within 30 days."),
        ([-1, -40, 2, None], "2 people have expired, 1 person expires within 30 days."),
    ],
)
def test_that_who_is_due_is_said(days: list[int | None], text: str) -> None:
    people = [until(one) for one in days]
    assert due_in_words(people, TODAY) == text
    assert any(is_due(person, TODAY) for person in people) == bool(text)


def test_that_a_year_more_is_counted_from_the_last_day_or_today() -> None:
    assert extended(until(10), TODAY) == date(2027, 12, 4)
    assert extended(until(-500), TODAY) == date(2027, 11, 24)
    assert extended(Person(1, "Ada", expires_on=date(2028, 2, 29)), TODAY) == date(2029, 2, 28)
