"""Passes over all crops of the training part, unvaried: what some networks and losses learn from beside the steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.device import Device
from engine.errors import TrainingError
from engine.networks.deepface import DeepFace
from engine.training.batches import Batch, Crops, Reader
from engine.training.losses import unit
from engine.types import ChipFrame

_BATCH = 64


@dataclass(frozen=True, slots=True)
class Passes:
    """Reads the training part from end to end.

    Attributes:
        check: called between batches; raises to stop.
    """

    crops: Crops
    frame: ChipFrame
    device: Device
    check: Callable[[], None]

    def fit_normalisation(self, network: DeepFace) -> None:
        """DeepFace divides each feature by its largest value over the training set (Taigman 2014, section 3.3)."""
        network.maxima.zero_()
        for batch in self.batches():
            network.fit_normalisation(network.features(batch.chips))

    def means(self, network: nn.Module) -> Tensor:
        """Mean unit embedding of each person, (C, D).

        Raises:
            TrainingError: there is no picture.
        """
        network.eval()
        sums: Tensor | None = None
        for batch in self.batches():
            embeddings = unit(network(batch.chips).float())
            if sums is None:
                sums = embeddings.new_zeros(len(self.crops.people), embeddings.shape[1])
            sums.index_add_(0, batch.labels, embeddings)
        if sums is None:
            raise TrainingError("There is no picture to learn from. Check the folder's pictures.")
        return unit(sums)

    def batches(self) -> Iterator[Batch]:
        """All crops once, on the device, without gradients."""
        plain = Reader(self.crops, self.frame, augment=False, seed=0)
        count, device = len(self.crops), self.device.torch_device
        indices = [range(start, min(start + _BATCH, count)) for start in range(0, count, _BATCH)]
        with torch.no_grad(), closing(plain.batches(indices, 0)) as batches:
            for batch in batches:
                self.check()
                yield Batch(batch.chips.to(device).float(), batch.labels.to(device))
