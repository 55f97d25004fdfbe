"""Numbers as people say them."""

from __future__ import annotations

MINUS = "\N{MINUS SIGN}"
_MANY = 1000


def one_in(rate: float) -> str:
    """A small rate: "1 in 1,000"."""
    return f"1 in {round(1 / rate):,}" if 0 < rate < 1 else f"{rate:.0%}"


def points(share: float) -> str:
    """A signed difference of two shares, in percentage points, with a true minus sign."""
    rounded = round(100 * share, 1)
    sign = "+" if rounded > 0 else MINUS if rounded < 0 else ""
    return f"{sign}{abs(rounded):.1f} points"


def of_pairs(pairs: int, *shares: float) -> tuple[int, ...]:
    """How many of so many pairs a share is: of all of them where they can be grasped, else of 1,000.

    Returns:
        The number it is out of, then one number for each share.
    """
    out_of = pairs if 0 < pairs <= _MANY else _MANY
    return out_of, *(round(share * out_of) for share in shares)
