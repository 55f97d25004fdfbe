"""People's names: which can be given, when two are the same, and what a search finds."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from engine.errors import InvalidNameError

LONGEST_NAME = 200
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_JOINERS = "\u200c\u200d"
"""Invisible, but part of how some scripts and emoji are written."""


def clean_name(name: str) -> str:
    """Return the name as it is stored: trimmed, single-spaced, in composed form (Unicode NFC).

    Raises:
        InvalidNameError: it is empty, too long, or holds characters that cannot be seen.
    """
    cleaned = " ".join(unicodedata.normalize("NFC", name).split())
    if not cleaned.strip(_JOINERS):
        raise InvalidNameError("A person needs a name. Type one.")
    if len(cleaned) > LONGEST_NAME:
        raise InvalidNameError(
            f"A name has at most {LONGEST_NAME} characters; this one has {len(cleaned):,}. Shorten it."
        )
    if any(unicodedata.category(character) in _HIDDEN and character not in _JOINERS for character in cleaned):
        raise InvalidNameError("The name holds invisible or direction-changing characters. Type it again by hand.")
    return cleaned


def name_key(name: str) -> str:
    """Return what two spellings of one name have in common: no case, no compatibility forms."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", " ".join(name.split())).casefold())


def folded(text: str) -> str:
    """Return text as a search compares it: no case, no accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in apart if not unicodedata.combining(character))


def search_text(name: str, notes: str, tags: Sequence[str]) -> str:
    """Return everything about a person that a search looks through."""
    return folded("\n".join((name, *tags, notes)))
