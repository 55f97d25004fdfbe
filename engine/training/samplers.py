"""Batches of P people by K pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler


class PeopleSampler(Sampler[list[int]]):
    """Every epoch visits every person in turn, in batches of P people, with K pictures each.

    It goes round as often as it takes to show about as many pictures as there are. The order follows from the seed and
    the epoch alone. Several processes take equal, disjoint parts of each batch: whole people, so that a process's part
    is again people by pictures.
    """

    def __init__(self, labels: Sequence[int], people: int, pictures: int, seed: int) -> None:
        """Prepare the sampler.

        Args:
            labels: whose each picture is.
            people: P; fewer where there are not so many.
            pictures: K; a person with fewer shows some more than once.
            seed: decides all orders.
        """
        self._places = _by_person(np.asarray(labels))
        self.people, self.pictures, self._seed = min(people, len(self._places)), pictures, seed
        self._rounds = max(1, round(len(labels) / (len(self._places) * pictures)))
        self.epoch = self.start = 0

    def __len__(self) -> int:
        """Batches of an epoch."""
        return self._rounds * ceil(len(self._places) / self.people)

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the epoch's batches from `start` on, as places of pictures."""
        random = np.random.default_rng((self._seed, self.epoch))
        everyone = len(self._places)
        # A round's last batch is filled with people from its start, so that all are of one size.
        missing = -everyone % self.people
        rounds = [random.permutation(everyone) for _ in range(self._rounds)]
        order = np.concatenate([part for one in rounds for part in (one, one[:missing])])
        for number, chosen in enumerate(order.reshape(len(self), self.people)):
            batch = [int(place) for person in chosen for place in self._pick(random, self._places[person])]
            if number >= self.start:
                yield batch

    def _pick(self, random: np.random.Generator, places: NDArray[np.int64]) -> NDArray[np.int64]:
        rounds = ceil(self.pictures / len(places))
        return np.concatenate([random.permutation(places) for _ in range(rounds)])[: self.pictures]


def share(batch: Sequence[int], pictures: int, process: int, processes: int) -> list[int]:
    """One process's part of a batch of people by K pictures: whole people, as many for each process.

    Raises:
        ValueError: the people cannot be shared out evenly.
    """
    people = len(batch) // pictures
    if people % processes:
        raise ValueError(f"{people} people cannot be shared out to {processes} processes")
    each = people // processes * pictures
    return list(batch[process * each : (process + 1) * each])


def _by_person(labels: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    order = np.argsort(labels, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
