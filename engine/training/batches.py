"""Crops on disk -> batches of chips, read ahead by threads."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.alignment.chips import chip_of_crop
from engine.capture.images import decode_jpeg
from engine.errors import BadInputError, ImageError, shown
from engine.training.augment import vary
from engine.types import ChipFrame, PixelArray

READ_AHEAD = 3
"""How many batches wait; reading is done before they are needed where the network is the slower part."""
_THREADS = 2


@dataclass(frozen=True, slots=True)
class Crops:
    """The crops of one part of the split.

    Attributes:
        paths: JPEG files, (256, 256) each.
        labels: whose each is, 0 .. people - 1.
        people: their names.
    """

    paths: tuple[Path, ...]
    labels: tuple[int, ...]
    people: tuple[str, ...]

    def __len__(self) -> int:
        """How many crops there are."""
        return len(self.paths)

    def capped(self, most_of_one: int, most: int, seed: int) -> Crops:
        """Draw a sample in which nobody has more than some crops, so that no person decides a figure alone."""
        order = np.random.default_rng(seed).permutation(len(self))
        taken: Counter[int] = Counter()
        chosen: list[int] = []
        for place in order:
            label = self.labels[place]
            if taken[label] < most_of_one and len(chosen) < most:
                taken[label] += 1
                chosen.append(int(place))
        chosen.sort()
        paths = tuple(self.paths[place] for place in chosen)
        return Crops(paths, tuple(self.labels[place] for place in chosen), self.people)


@dataclass(frozen=True, slots=True)
class Batch:
    """Chips (B, 3, S, S) uint8 RGB, channels last in memory, and labels (B,) int64."""

    chips: Tensor
    labels: Tensor


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads chips as a network sees them.

    Attributes:
        augment: vary them; by seed, epoch and place alone, so that a resumed run sees the same.
        keep: how many decoded crops stay in memory, 200 KB each; for crops that are read in every epoch.
    """

    crops: Crops
    frame: ChipFrame
    augment: bool
    seed: int
    keep: int = 0
    _kept: dict[int, PixelArray] = field(default_factory=dict, compare=False, repr=False)

    def batches(self, indices: Iterable[Sequence[int]], epoch: int) -> Generator[Batch]:
        """Read batches ahead of their use.

        Raises:
            BadInputError: a crop has vanished.
        """
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="reader") as threads:
            ahead: deque[Future[Batch]] = deque()
            try:
                for batch in indices:
                    ahead.append(threads.submit(self.read, batch, epoch))
                    if len(ahead) > READ_AHEAD:
                        yield ahead.popleft().result()
                while ahead:
                    yield ahead.popleft().result()
            finally:
                for waiting in ahead:
                    waiting.cancel()

    def read(self, indices: Sequence[int], epoch: int = 0) -> Batch:
        """Read one batch.

        Raises:
            BadInputError: a crop has vanished.
        """
        chips = np.stack([self._chip(index, place, epoch) for place, index in enumerate(indices)])
        labels = torch.tensor([self.crops.labels[index] for index in indices], dtype=torch.int64)
        return Batch(torch.from_numpy(chips).permute(0, 3, 1, 2), labels)

    def _chip(self, index: int, place: int, epoch: int) -> PixelArray:
        crop = self._crop(index)
        if not self.augment:
            return chip_of_crop(crop, self.frame)
        return vary(crop, self.frame, np.random.default_rng((self.seed, epoch, index, place)))

    def _crop(self, index: int) -> PixelArray:
        crop = self._kept.get(index)
        if crop is None:
            crop = read_crop(self.crops.paths[index])
            if len(self._kept) < self.keep:
                self._kept[index] = crop
        return crop


def read_crop(path: Path) -> PixelArray:
    """Read a cached crop, (256, 256, 3) uint8 RGB.

    Raises:
        BadInputError: it has vanished or is damaged.
    """
    try:
        return decode_jpeg(path.read_bytes())
    except (OSError, ImageError) as error:
        raise BadInputError(
            f"The aligned picture “{shown(path)}” has vanished or is damaged. Check the folder's pictures again."
        ) from error
