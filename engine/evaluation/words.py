"""Measured rates as they are shown: with their interval, and never more than the data supports."""

from __future__ import annotations

from math import isfinite

from engine.evaluation.metrics import Rate
from engine.learning import Interval
from engine.wording import people


def acceptance(rate: Rate, *, unit: str = "genuine pairs", wrong: str = "false match rate") -> Interval:
    """An acceptance rate.

    With too few strangers for the operating point it is the one at which no stranger matched: at a false match rate
    that is only known to be at most 3 / n (the rule of three). All or none accepted is told with the bound that so
    many people give.

    Args:
        rate: with what was counted; `total` strangers.
        unit: what is accepted.
        wrong: the rate at which strangers are.
    """
    text = _interval(rate, unit)
    if rate.bounded:
        bound = 3 / max(rate.total, 3)
        text += f", none of {rate.total:,} strangers matched: a {wrong} of at most {bound:.1g}"
    return Interval(rate.value, rate.low, rate.high, text, supported=not rate.bounded)


def plain(rate: Rate, unit: str = "pairs") -> Interval:
    """A rate that needs no operating point."""
    return Interval(rate.value, rate.low, rate.high, _interval(rate, unit))


def error(rate: Rate) -> Interval:
    """An error rate."""
    if not isfinite(rate.value):
        text = "unknown"
    elif rate.value == 0:
        text = f"at most {rate.high:.2%} (none was seen, {people(rate.people)})"
    else:
        text = f"{rate.value:.2%} ({rate.low:.2%} to {rate.high:.2%})"
    return Interval(rate.value, rate.low, rate.high, text)


def change(rate: Rate, *, enough_people: bool) -> Interval:
    """A difference of two rates, in points."""
    text = f"{100 * rate.value:+.2f} points"
    if enough_people:
        text += f" ({100 * rate.low:+.2f} to {100 * rate.high:+.2f})"
    else:
        text += f" (too few people to tell: {people(rate.people)})"
    return Interval(rate.value, rate.low, rate.high, text, supported=enough_people)


def _interval(rate: Rate, unit: str) -> str:
    if not isfinite(rate.value):
        return f"unknown: there are no {unit}"
    if rate.value == 1.0 and rate.high == 1.0:
        return f"all of {rate.count:,} {unit}: at least {rate.low:.2%} ({people(rate.people)})"
    if rate.value == 0.0 and rate.low == 0.0:
        return f"none of {_of(rate):,} {unit}: at most {rate.high:.2%} ({people(rate.people)})"
    return f"{rate.value:.2%} ({rate.low:.2%} to {rate.high:.2%})"


def _of(rate: Rate) -> int:
    return rate.count or rate.total
