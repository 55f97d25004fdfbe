"""Everyone in the gallery with what it takes to find them at once, put together away from the GUI thread."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from time import sleep
from typing import Any, overload

from typing_extensions import override

from engine.types import Person

_PEOPLE_AT_ONCE = 200
_RECORD = operator.attrgetter(*(each.name for each in fields(Person)))


class People(Sequence[Person]):
    """People that are made when they are looked at: a hundred thousand kept as objects hold up Python's collector."""

    def __init__(self, records: Sequence[tuple[Any, ...]] = ()) -> None:
        self._records = records

    @override
    def __len__(self) -> int:
        return len(self._records)

    @overload
    def __getitem__(self, place: int) -> Person: ...
    @overload
    def __getitem__(self, place: slice) -> People: ...
    @override
    def __getitem__(self, place: int | slice) -> Person | People:
        if isinstance(place, slice):
            return People(self._records[place])
        return Person(*self._records[place])

    @override
    def __iter__(self) -> Iterator[Person]:
        return (Person(*record) for record in self._records)

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Everyone:
    """People by name, and ways to them.

    Attributes:
        names: as they are shown.
        rows: where a person is, by id.
        named: where a person is, by name as it is compared while typing.
        covers: where the person is for whom a template's crop stands.
        texts: for each person what a search looks through.
    """

    people: Sequence[Person] = ()
    names: Sequence[str] = ()
    rows: Mapping[int, int] = field(default_factory=dict)
    named: Mapping[str, int] = field(default_factory=dict)
    covers: Mapping[int, int] = field(default_factory=dict)
    texts: Sequence[str] = ()

    @classmethod
    def of(cls, people: Sequence[Person]) -> Everyone:
        """Put it together. Called on the engine thread."""
        records: list[tuple[Any, ...]] = []
        rows: dict[int, int] = {}
        named: dict[str, int] = {}
        covers: dict[int, int] = {}
        texts: list[str] = []
        for row, person in enumerate(people):
            name = typed(person.name)
            records.append(_RECORD(person))
            rows[person.id] = row
            named.setdefault(name, row)
            if person.cover_id is not None:
                covers[person.cover_id] = row
            more = (*person.tags, person.notes) if person.tags or person.notes else ()
            texts.append(" ".join((name, *more)).casefold() if more else name)
            if row % _PEOPLE_AT_ONCE == 0:
                # Python's threads take turns of 5 ms: without this the window would stutter meanwhile.
                sleep(0)
        return cls(People(records), [person.name for person in people], rows, named, covers, texts)

    def containing(self, text: str) -> Sequence[int]:
        """Rows of the people whose name, tags or notes contain a text, whatever its case."""
        wanted = typed(text)
        if not wanted:
            return range(len(self.people))
        return [row for row, content in enumerate(self.texts) if wanted in content]


def typed(text: str) -> str:
    """A name or a search as it is compared while typing: single-spaced, no case."""
    return " ".join(text.split()).casefold()
