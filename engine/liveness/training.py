"""Training a temporal network on clips, epoch by epoch, with checkpoints from which it goes on exactly."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as nnf

from engine.errors import BadInputError, OperationCancelledError, TrainingError
from engine.liveness.clips import Clip
from engine.networks.temporal import NETWORKS
from engine.training.checkpoint import (
    Checkpoint,
    fill,
    optimiser_tensors,
    read_checkpoint,
    restore_optimiser,
    write_checkpoint,
)
from engine.training.state import LAST

BATCH, RATE, MOST_EPOCHS, PATIENCE = 16, 2e-3, 60, 10
SAVE_EVERY_S = 60.0
"""Within an epoch; after each one it is saved anyway."""


@dataclass(frozen=True, slots=True)
class Split:
    """Clips to learn from, to stop by, and to test on; no group is in two of them."""

    train: list[Clip]
    validation: list[Clip]
    test: list[Clip]


@dataclass(slots=True)
class Reached:
    """How far training is.

    Attributes:
        epoch: the one under way, from 1.
        start: how many of its clips are learned from.
        order: of the epoch's clips.
        best_loss: on the validation clips; of the epoch `best_epoch`.
    """

    epoch: int = 1
    start: int = 0
    order: tuple[int, ...] = ()
    best_loss: float = float("inf")
    best_epoch: int = 0


def tensors_of(clips: Sequence[Clip], kind: str) -> Tensor:
    """What a network of that kind sees of clips: (N, 3, 16, 64, 64) or (N, 16, 16) float32."""
    if kind == "clip":
        return torch.from_numpy(np.stack([clip.pixels for clip in clips])).permute(0, 4, 1, 2, 3).float()
    return torch.from_numpy(np.stack([clip.series.T for clip in clips])).float()


def train(
    parts: Split, kind: str, *, seed: int = 0, most_epochs: int = MOST_EPOCHS, place: Path | None = None,
    check: Callable[[], None] = lambda: None, report: Callable[[int, float], None] = lambda _epoch, _loss: None,
) -> tuple[nn.Module, int]:  # fmt: skip
    """Train until the validation loss no longer falls, and return the best network and the epochs it took.

    Args:
        parts: the clips.
        kind: a key of `NETWORKS`.
        seed: of weights and order.
        most_epochs: to stop at.
        place: folder in which checkpoints are kept, and from whose latest one training goes on; none without.
        check: raises where the work should stop.
        report: is told every epoch's validation loss.

    Raises:
        TrainingError: the loss is no number any more, or the checkpoint cannot be written.
        BadInputError: the checkpoint is damaged, or of another network.
        OperationCancelledError: `check` has raised it; the latest checkpoint is written.
    """
    return Temporal(parts, kind, seed, place).train(most_epochs, check, report)


class Temporal:
    """One training, from its latest checkpoint if there is one."""

    def __init__(self, parts: Split, kind: str, seed: int, place: Path | None) -> None:
        torch.manual_seed(seed)
        self._kind, self._place = kind, place
        self._draw = np.random.default_rng(seed)
        self._network: nn.Module = NETWORKS[kind]()
        self._best: nn.Module = copy.deepcopy(self._network)
        self._x, self._y = tensors_of(parts.train, kind), _labels(parts.train)
        self._held = tensors_of(parts.validation, kind), _labels(parts.validation)
        # However many there are of each, they weigh the same.
        self._balance = (1 - self._y).sum().clamp(min=1) / self._y.sum().clamp(min=1)
        self._optimiser = torch.optim.AdamW(self._network.parameters(), RATE, weight_decay=1e-2)
        self.reached = Reached()
        self._saved_at = perf_counter()
        self._take_up()

    def train(
        self, most_epochs: int, check: Callable[[], None], report: Callable[[int, float], None]
    ) -> tuple[nn.Module, int]:
        """See `train` above."""
        reached = self.reached
        while reached.epoch <= most_epochs and reached.epoch - 1 - reached.best_epoch < PATIENCE:
            try:
                self._epoch(check)
            except OperationCancelledError:
                self._save()
                raise
            held = self._judged()
            report(reached.epoch, held)
            if held < reached.best_loss:
                self._best = copy.deepcopy(self._network)
                reached.best_loss, reached.best_epoch = held, reached.epoch
            reached.epoch, reached.start, reached.order = reached.epoch + 1, 0, ()
            self._save()
        return self._best.eval(), reached.best_epoch

    def _epoch(self, check: Callable[[], None]) -> None:
        self._network.train()
        reached = self.reached
        if not reached.order:
            reached.order = tuple(self._draw.permutation(len(self._x)).tolist())
        while reached.start < len(reached.order):
            check()
            rows = torch.tensor(reached.order[reached.start : reached.start + BATCH])
            if len(rows) > 1:
                self._step(_varied(self._x[rows], self._kind, self._draw), self._y[rows])
            reached.start += BATCH
            if perf_counter() - self._saved_at > SAVE_EVERY_S:
                self._save()

    def _step(self, batch: Tensor, truth: Tensor) -> None:
        loss = nnf.binary_cross_entropy_with_logits(self._network(batch), truth, pos_weight=self._balance)
        if not torch.isfinite(loss):
            raise TrainingError("The loss is no number any more. Train again; nothing was put to use.")
        self._optimiser.zero_grad()
        torch.autograd.backward(loss)
        self._optimiser.step()

    def _judged(self) -> float:
        """The loss on the validation clips."""
        x, y = self._held
        self._network.eval()
        with torch.inference_mode():
            return float(nnf.binary_cross_entropy_with_logits(self._network(x), y, pos_weight=self._balance))

    # --- checkpoints --------------------------------------------------------------------------------------------

    def _save(self) -> None:
        self._saved_at = perf_counter()
        if self._place is None:
            return
        tensors, rest = optimiser_tensors(self._optimiser)
        everything = {f"network.{name}": tensor for name, tensor in self._network.state_dict().items()}
        everything |= {f"best.{name}": tensor for name, tensor in self._best.state_dict().items()}
        everything |= {f"optimiser.{name}": tensor for name, tensor in tensors.items()}
        everything["random"] = torch.get_rng_state()
        state = {
            "kind": self._kind,
            "clips": len(self._x),
            "reached": asdict(self.reached),
            "optimiser": rest,
            "draw": self._draw.bit_generator.state,
        }
        write_checkpoint(self._place, LAST, Checkpoint(everything, state))

    def _take_up(self) -> None:
        checkpoint = None if self._place is None else read_checkpoint(self._place, LAST)
        if checkpoint is None or self._place is None:
            return
        parts: dict[str, dict[str, Tensor]] = {"network": {}, "best": {}, "optimiser": {}}
        for name, tensor in checkpoint.tensors.items():
            kind, _, rest = name.partition(".")
            if kind in parts:
                parts[kind][rest] = tensor
        fill(self._network, parts["network"], self._place.name)
        fill(self._best, parts["best"], self._place.name)
        try:
            if (checkpoint.state["kind"], checkpoint.state["clips"]) != (self._kind, len(self._x)):
                raise ValueError
            restore_optimiser(self._optimiser, parts["optimiser"], checkpoint.state["optimiser"])
            reached = checkpoint.state["reached"]
            self.reached = Reached(**reached | {"order": tuple(reached["order"])})
            self._draw.bit_generator.state = checkpoint.state["draw"]
            torch.set_rng_state(checkpoint.tensors["random"])
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            raise BadInputError(
                f"The checkpoint of “{self._place.name}” is of another training, or was made by another version. "
                "Train anew, or put a copy back."
            ) from error


def _labels(clips: Sequence[Clip]) -> Tensor:
    return torch.tensor([float(clip.live) for clip in clips])


def _varied(batch: Tensor, kind: str, draw: np.random.Generator) -> Tensor:
    """Mirror, run backwards, brighten: what says nothing of whether a face lives."""
    if draw.random() < 0.5:
        batch = batch.flip(2)
    if kind == "clip":
        if draw.random() < 0.5:
            batch = batch.flip(4)
        return (batch * float(draw.uniform(0.8, 1.2))).clamp(0, 255)
    return batch
