"""Identity-disjoint split: nobody's pictures are in two parts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.errors import BadInputError
from engine.evaluation.bootstrap import LEAST_PEOPLE as LEAST_TO_TELL
from engine.learning import LEAST_PEOPLE, Recipe
from engine.wording import counted


@dataclass(frozen=True, slots=True)
class Split:
    """Names of the people of each part."""

    training: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]


def split_people(pictures: Mapping[str, int] | Iterable[str], recipe: Recipe, aside: str = "") -> Split:
    """Deal people out to training, validation and test.

    Everyone's place is decided by a hash of the seed and the name, so that a person who joins the folder later moves
    nobody else from one part to another by more than the shares demand.

    Args:
        pictures: how many usable pictures each person has, or one name for each picture.
        recipe: the shares of the parts.
        aside: what could not be used, for the refusal.

    Raises:
        BadInputError: there are too few people with enough pictures.
    """
    counts = Counter(dict(pictures)) if isinstance(pictures, Mapping) else Counter(pictures)
    people = [person for person, count in counts.items() if count >= recipe.least_pictures]
    if len(people) < LEAST_PEOPLE:
        has = counted(len(people), "person has", "people have")
        raise BadInputError(
            f"{has} at least {recipe.least_pictures} usable pictures{aside and f' ({aside})'}; to train and to judge "
            f"the result, {LEAST_PEOPLE} are needed. Add people or pictures."
        )
    people.sort(key=lambda person: hashlib.sha256(f"{recipe.seed} {person}".encode()).digest())
    # With enough people, so many are held out that a verdict is possible.
    least = LEAST_TO_TELL if len(people) >= 3 * LEAST_TO_TELL else 2
    test = max(least, round(recipe.test_share * len(people)))
    validation = max(2, round(recipe.validation_share * len(people)))
    if len(people) - test - validation < 2:
        test = validation = 2
    return Split(
        training=tuple(sorted(people[test + validation :])),
        validation=tuple(sorted(people[test : test + validation])),
        test=tuple(sorted(people[:test])),
    )
