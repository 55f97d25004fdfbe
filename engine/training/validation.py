"""How a network does on people it does not learn from, and what the window shows of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from engine.device import Device
from engine.evaluation.bootstrap import Pairs, all_pairs
from engine.evaluation.metrics import cosine_distances, curve, histograms, tar_at
from engine.learning import Hardest, HardTriplet, Validated
from engine.training.batches import Crops, Reader
from engine.training.losses import unit
from engine.training.losses.collapse import spread
from engine.types import ChipFrame, FloatArray

MOST_OF_ONE = 10
"""Somebody of whom there are hundreds of pictures would decide every figure alone."""
MOST_CROPS = 1500
"""Validation is done after every epoch and must not take longer than it."""
MOST_IMPOSTORS = 300_000
_BATCH = 64
_MAPPED = 300
_HARDEST = 4


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """A fixed set of crops and their pairs.

    Attributes:
        places: (M, 2) of both crops of each pair.
    """

    reader: Reader
    labels: NDArray[np.int64]
    places: NDArray[np.int64]
    pairs: Pairs

    @classmethod
    def over(cls, crops: Crops, frame: ChipFrame, seed: int) -> Judge:
        """Take a sample of the crops, the same for the same seed."""
        kept = crops.capped(MOST_OF_ONE, MOST_CROPS, seed)
        labels = np.array(kept.labels)
        places, pairs = all_pairs(labels, MOST_IMPOSTORS, seed)
        return cls(Reader(kept, frame, augment=False, seed=seed), labels, places, pairs)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Files of the crops."""
        return self.reader.crops.paths

    def embed(self, network: nn.Module, device: Device, check: Callable[[], None]) -> FloatArray:
        """Embed every crop with a network in evaluation mode, (N, D) of unit length.

        Args:
            network: is put back into training mode afterwards where it was.
            device: where it lives.
            check: called between batches; raises to stop.
        """
        was_training = network.training
        network.eval()
        done = []
        indices = [range(start, min(start + _BATCH, len(self.paths))) for start in range(0, len(self.paths), _BATCH)]
        with torch.inference_mode(), device.autocast():
            for batch in self.reader.batches(indices, 0):
                check()
                embeddings = cast("torch.Tensor", network(batch.chips.to(device.torch_device).float()))
                done.append(unit(embeddings.float()).cpu().numpy())
        network.train(was_training)
        return np.concatenate(done)

    def distances(self, embeddings: FloatArray) -> FloatArray:
        """Cosine distance of every pair."""
        return cosine_distances(embeddings[self.places[:, 0]], embeddings[self.places[:, 1]])

    def tar(self, embeddings: FloatArray, false_match_rate: float) -> float:
        """True acceptance rate on these pairs."""
        return tar_at(self.distances(embeddings), self.pairs.genuine, false_match_rate)

    def event(self, embeddings: FloatArray, false_match_rate: float, epoch: int, step: int, *, best: bool) -> Validated:
        """Everything the window draws after an epoch."""
        apart, genuine = self.distances(embeddings), self.pairs.genuine
        counted, shown = curve(apart, genuine), histograms(apart, genuine)
        return Validated(
            epoch=epoch,
            step=step,
            tar=tar_at(apart, genuine, false_match_rate),
            eer=counted.eer,
            bins=shown.bins,
            genuine=shown.genuine,
            impostor=shown.impostor,
            det=counted.points(),
            places=self._map(embeddings),
            spread=spread(torch.from_numpy(embeddings)),
            best=best,
        )

    def hardest(self, embeddings: FloatArray, epoch: int) -> Hardest:
        """The triplets whose stranger is nearest compared with the own picture, one for each anchor's person."""
        apart = 1 - embeddings @ embeddings.T
        same = self.labels[:, None] == self.labels
        own = np.where(same, apart, -np.inf)
        np.fill_diagonal(own, -np.inf)
        others = np.where(same, np.inf, apart)
        positives, negatives = own.argmax(axis=1), others.argmin(axis=1)
        rows = np.arange(len(apart))
        violation = own[rows, positives] - others[rows, negatives]
        triplets: dict[int, HardTriplet] = {}
        for anchor in np.argsort(-violation):
            person = int(self.labels[anchor])
            if person in triplets or not np.isfinite(violation[anchor]):
                continue
            places = anchor, positives[anchor], negatives[anchor]
            first, second, stranger = (str(self.paths[place]) for place in places)
            near, far = float(own[anchor, places[1]]), float(others[anchor, places[2]])
            triplets[person] = HardTriplet(first, second, stranger, near, far)
            if len(triplets) == _HARDEST:
                break
        return Hardest(epoch, tuple(triplets.values()))

    def _map(self, embeddings: FloatArray) -> tuple[tuple[float, float, int], ...]:
        chosen = embeddings[:_MAPPED]
        return tuple(
            (float(x), float(y), int(person))
            for (x, y), person in zip(principal_plane(chosen), self.labels[: len(chosen)], strict=True)
        )


def principal_plane(embeddings: FloatArray) -> FloatArray:
    """Project (N, D) onto the two directions in which they vary most (PCA), (N, 2)."""
    centred = embeddings - embeddings.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    plane = np.zeros((len(embeddings), 2), np.float32)
    shown = centred @ directions[:2].T
    plane[:, : shown.shape[1]] = shown
    return plane
