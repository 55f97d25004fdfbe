"""Numbers with their nouns, as people say them."""

from __future__ import annotations


def counted(number: int, one: str, several: str = "") -> str:
    """A number with its noun: "1 entry", "2,345 entries"; the verb may come along: "1 face is", "2 faces are".

    Args:
        several: the noun for any other number than one; by default with an s.
    """
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def people(number: int) -> str:
    """So many people."""
    return counted(number, "person", "people")


def pictures(number: int) -> str:
    """So many pictures."""
    return counted(number, "picture")
