"""How the history log's entries hang together, so that altering, taking out or adding one shows.

Each entry has a *digest*, SHA-256 over a random salt of its own and its content, and a *chain* value, SHA-256 over the
chain value before it, its number, time, counter and kind, and its digest. The chain runs over digests and never over
contents: what an entry says about a person who is erased is wiped, content and salt, and the chain still verifies.
Without the salt nobody can tell from the digest what the content was. Each wiping is named by a later entry, so that
wiping by anybody else shows too.

A chain without its end outside says nothing about entries cut off at the end, or about a whole log that somebody with
the gallery's key has made anew; `engine.gallery.witness` keeps the end elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

START = bytes(32)
"""The chain value before the first entry."""
_SALT_BYTES = 32


class Entry(Protocol):
    """An entry as it is stored."""

    number: int
    at: datetime
    writes: int
    kind: str
    content: str | None
    salt: bytes | None
    digest: bytes
    previous: bytes
    chain: bytes


@dataclass(frozen=True, slots=True)
class About:
    """What stays known of an entry even when its content is wiped."""

    number: int
    at: datetime
    writes: int
    kind: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is stored of an entry besides what it is about."""

    content: str
    salt: bytes
    digest: bytes
    chain: bytes


@dataclass(frozen=True, slots=True)
class Ends:
    """Where a log begins and ends: numbers and chain values of what was pruned last, and of the newest entry."""

    pruned_number: int
    pruned_chain: bytes
    number: int
    chain: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """The first place at which a log is not as it was written."""

    number: int
    sentence: str


def sealed(previous: bytes, about: About, content: Mapping[str, Any]) -> Sealed:
    """Make an entry that follows another one."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = _digest(salt, text)
    return Sealed(text, salt, digest, _chained(previous, about, digest))


def first_fault(entries: Iterable[Entry], ends: Ends) -> Fault | None:
    """Check a log from its beginning to its end.

    Args:
        entries: all of them, by number.
        ends: what the gallery keeps of where the log begins and ends.
    """
    number, chain = ends.pruned_number, ends.pruned_chain
    wiped: dict[int, str] = {}
    pruned = (0, START)
    for entry in entries:
        number += 1
        if entry.number != number:
            return Fault(number, f"Entry {number:,} of the history log was taken out.")
        if not _is_as_written(entry, chain):
            return Fault(number, f"Entry {number:,} of the history log ({_when(entry)}) was altered.")
        chain = entry.chain
        if entry.content is None:
            wiped[number] = _when(entry)
        else:
            said = json.loads(entry.content)
            for one in _named(said):
                wiped.pop(one, None)
            if entry.kind == "prune":
                pruned = (int(said["up_to"]), bytes.fromhex(said["chain"]))
    if wiped:
        first = min(wiped)
        return Fault(first, f"What entry {first:,} of the history log said ({wiped[first]}) was taken out.")
    if pruned != (ends.pruned_number, ends.pruned_chain):
        return Fault(1, "The beginning of the history log was taken out.")
    if (number, chain) != (ends.number, ends.chain):
        return Fault(number + 1, f"Entries after number {number:,} of the history log were taken out.")
    return None


def _named(content: Mapping[str, Any]) -> Iterator[int]:
    """Which entries were wiped, by an entry that says so: ranges, both ends included."""
    for first, last in content.get("wiped", ()):
        yield from range(first, last + 1)


def ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers as ranges, both ends included."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _is_as_written(entry: Entry, previous: bytes) -> bool:
    if entry.previous != previous or (entry.content is None) != (entry.salt is None):
        return False
    if entry.content is not None and entry.salt is not None and _digest(entry.salt, entry.content) != entry.digest:
        return False
    about = About(entry.number, entry.at, entry.writes, entry.kind)
    return _chained(previous, about, entry.digest) == entry.chain


def _digest(salt: bytes, content: str) -> bytes:
    return hashlib.sha256(salt + content.encode()).digest()


def _chained(previous: bytes, about: About, digest: bytes) -> bytes:
    told = json.dumps([about.number, about.at.isoformat(timespec="microseconds"), about.writes, about.kind]).encode()
    return hashlib.sha256(previous + digest + told).digest()


def _when(entry: Entry) -> str:
    return f"{entry.kind.replace('_', ' ')}, {entry.at:%Y-%m-%d %H:%M} UTC"
