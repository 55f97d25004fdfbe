"""Batches of people by pictures."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.training.samplers import PeopleSampler, share

LABELS = [person for person, count in enumerate((1, 2, 5, 9, 3, 4, 2, 7)) for _ in range(count)]


def sampler(people: int = 3, pictures: int = 4, epoch: int = 0, seed: int = 1) -> PeopleSampler:
    made = PeopleSampler(LABELS, people, pictures, seed)
    made.epoch = epoch
    return made


def test_that_a_batch_is_people_by_pictures() -> None:
    for batch in sampler():
        counts = Counter(LABELS[place] for place in batch)
        assert len(counts) == 3
        assert set(counts.values()) == {4}


def test_that_every_epoch_visits_everyone() -> None:
    for epoch in range(3):
        assert {LABELS[place] for batch in sampler(epoch=epoch) for place in batch} == set(range(8))


def test_that_a_person_with_many_pictures_shows_none_twice() -> None:
    for batch in sampler():
        for person, count in Counter(LABELS[place] for place in batch).items():
            shown = {place for place in batch if LABELS[place] == person}
            assert len(shown) == min(count, LABELS.count(person))


def test_that_the_order_follows_from_seed_and_epoch() -> None:
    assert list(sampler()) == list(sampler())
    assert list(sampler()) != list(sampler(epoch=1))
    assert list(sampler()) != list(sampler(seed=2))


def test_that_an_epoch_can_be_taken_up_in_its_middle() -> None:
    later = sampler()
    later.start = 2
    assert list(later) == list(sampler())[2:]


def test_that_a_batch_is_no_larger_than_the_people_there_are() -> None:
    made = sampler(people=100)
    assert made.people == 8
    assert len(made) == 1


def test_that_processes_share_a_batch_by_whole_people() -> None:
    for batch in sampler(people=4):
        parts = [share(batch, 4, process, 2) for process in range(2)]
        assert parts[0] + parts[1] == batch
        assert not {LABELS[place] for place in parts[0]} & {LABELS[place] for place in parts[1]}
    with pytest.raises(ValueError, match="3 people"):
        share(next(iter(sampler(people=3))), 4, 0, 2)
