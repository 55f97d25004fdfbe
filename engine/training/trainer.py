"""The training loop: the same from one CPU to several machines (`accelerate launch main.py train ...`)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from math import cos, isfinite, pi
from time import perf_counter
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.optim import AdamW

from engine.device import Device, placed
from engine.errors import OperationCancelledError, TrainingError
from engine.learning import FINE_TUNE, Event, RunStarted, Said, Stepped
from engine.networks.architectures import Architecture
from engine.networks.deepface import DeepFace
from engine.training.batches import Batch, Reader
from engine.training.checkpoint import (
    Checkpoint,
    fill,
    optimiser_tensors,
    read_checkpoint,
    restore_optimiser,
    write_checkpoint,
)
from engine.training.control import Control
from engine.training.learner import Gather, Learner, fixed_norms, freeze, parameter_counts
from engine.training.losses import CLASSIFIES, LOSSES, unit
from engine.training.losses.collapse import said_of, spread
from engine.training.miners import MINERS
from engine.training.run import Run
from engine.training.samplers import PeopleSampler, share
from engine.training.validation import Judge

log = logging.getLogger(__name__)

SAVE_EVERY_S = 60.0
TELL_EVERY_S = 0.5
LAST, BEST = "last", "best"

Tell = Callable[[Event], None]


@dataclass(slots=True)
class State:
    """What a checkpoint keeps besides tensors.

    Attributes:
        epoch, batch: where to go on: batches of this epoch that are done.
        people_per_batch: smaller than the recipe's where memory ran out.
        best_tar: on the validation people; of the network before training at first.
        best_epoch: when it was reached; 0 before training.
        stale: epochs since.
        seconds: of training so far.
    """

    step: int = 0
    epoch: int = 0
    batch: int = 0
    people_per_batch: int = 0
    best_tar: float = -1.0
    best_epoch: int = 0
    stale: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class _Meter:
    """Means since the last event."""

    since: float = field(default_factory=perf_counter)
    pictures: int = 0
    losses: list[float] = field(default_factory=list)


class Trainer:
    """Trains one run to its end, from its latest checkpoint if there is one."""

    def __init__(
        self, run: Run, network: nn.Module, architecture: Architecture, device: Device, *, tell: Tell, control: Control
    ) -> None:
        """Build the learner and take up the latest checkpoint.

        Args:
            run: what to do.
            network: with the weights to start from.
            architecture: its shape.
            device: where to train.
            tell: receives every event, on the first process only.
            control: pauses and stops.

        Raises:
            BadInputError: the checkpoint is damaged, or of another network.
        """
        self.run, self.recipe, self.device, self.control = run, run.recipe, device, control
        recipe = run.recipe
        self.accelerator = Accelerator(
            cpu=device.torch_device.type == "cpu", mixed_precision="bf16" if device.bf16 else "no"
        )
        self._tell = tell
        torch.manual_seed(recipe.seed)
        training = run.part(run.split.training)
        self._reader = Reader(training, architecture.frame, recipe.augment, recipe.seed)
        self._judge = Judge.over(run.part(run.split.validation), architecture.frame, recipe.seed)
        network.requires_grad_(requires_grad=True)
        # Fresh weights that never learn would be noise between the layers that do.
        freeze(network, recipe.freeze if recipe.start == FINE_TUNE else "none")
        loss = LOSSES[recipe.loss](architecture.dimension, len(training.people))
        miner = MINERS[recipe.miner] if loss.takes_triplets else None
        if self.accelerator.num_processes > 1 and device.torch_device.type == "cuda":
            # Each process alone would normalise by the statistics of its own part of the batch.
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]  # torch declares no types
        self.network = network
        self._counts = parameter_counts(network)
        bare = placed(Learner(network, loss, miner), device)
        optimiser = AdamW(_groups(bare, recipe.weight_decay), lr=recipe.learning_rate)
        self.state = State(people_per_batch=self._evenly(recipe.people_per_batch))
        self._resume(bare, optimiser)
        if self.state.step == 0 and recipe.start == FINE_TUNE and recipe.loss in CLASSIFIES:
            loss.start_from(self._means())
        self._learner, self._optimiser = self.accelerator.prepare(bare, optimiser)
        self._bare = bare
        self._meter = _Meter()
        self._saved_at = self._clock = perf_counter()

    # --- the loop -----------------------------------------------------------------------------------------------

    def train(self) -> str:
        """Train until the recipe's end, and say why it ended.

        Raises:
            OperationCancelledError: stopped from outside; the latest checkpoint is written.
            TrainingError: the disk is full, or memory does not suffice for the smallest batch.
            BadInputError: the pictures have vanished.
        """
        self._clock = perf_counter()
        try:
            self._say(self._started(self.recipe.epochs * len(self._sampler())))
            if self.state.best_tar < 0:
                self._validate()
            reason = ""
            while not reason:
                reason = self._epoch()
            self.accelerator.wait_for_everyone()
        finally:
            # A process that ends with its connections to the others still open is aborted.
            self.accelerator.end_training()
        return reason

    def _started(self, steps: int) -> RunStarted:
        split, part = self.run.split, self.run.part
        return RunStarted(
            run=str(self.run.place),
            device=self.device.label,
            processes=self.accelerator.num_processes,
            parameters=self._counts[0],
            trained_parameters=self._counts[1],
            people=(len(split.training), len(split.validation), len(split.test)),
            pictures=(len(part(split.training)), len(part(split.validation)), len(part(split.test))),
            steps=steps,
            resumed_at=self.state.step,
            false_match_rate=self.recipe.false_match_rate,
        )

    def _epoch(self) -> str:
        """Train one epoch, validate and save; returns why training ends, or nothing."""
        self._learner.train()
        fixed_norms(self.network)
        sampler = self._sampler()
        try:
            reason = self._batches(sampler)
        except torch.OutOfMemoryError:
            self._halve()
            return ""
        except OperationCancelledError:
            self._save()
            raise
        if reason:
            return reason
        self.state.epoch, self.state.batch = self.state.epoch + 1, 0
        self._validate()
        self._tick()
        self._save()
        if self.state.epoch >= self.recipe.epochs:
            return f"All {self.recipe.epochs} epochs are done."
        if self.state.stale >= self.recipe.patience:
            return f"Validation has not become better for {self.state.stale} epochs."
        return "The time is up." if self._progress(sampler) >= 1 else ""

    def _batches(self, sampler: PeopleSampler) -> str:
        process, processes = self.accelerator.process_index, self.accelerator.num_processes
        shares = (share(batch, sampler.pictures, process, processes) for batch in sampler)
        with closing(self._reader.batches(shares, self.state.epoch)) as batches:
            for batch in batches:
                self._wait()
                loss = self._step(batch, self._progress(sampler))
                if not isfinite(loss):
                    return (
                        f"The loss is no number any more after step {self.state.step:,}: the learning rate is probably "
                        "too high. The best network so far was kept."
                    )
                self.state.step, self.state.batch = self.state.step + 1, self.state.batch + 1
                self._tick()
                self._count(loss, len(batch.labels) * processes, sampler)
                if perf_counter() - self._saved_at > SAVE_EVERY_S:
                    self._save()
                if self._progress(sampler) >= 1:
                    break
        return ""

    def _step(self, batch: Batch, progress: float) -> float:
        for group in self._optimiser.param_groups:
            group["lr"] = self.recipe.learning_rate * schedule(progress, self.recipe.warm_up)
        chips = batch.chips.to(self.device.torch_device, non_blocking=True).float()
        labels = batch.labels.to(self.device.torch_device)
        shared = self.accelerator.num_processes > 1 and self.recipe.loss not in CLASSIFIES
        with self.accelerator.autocast():
            loss: Tensor = self._learner(chips, labels, self._gather() if shared else None)
        # A loss over the joined batch gives each process the gradient of its own part, and those are averaged.
        self.accelerator.backward(loss * (self.accelerator.num_processes if shared else 1))
        self.accelerator.clip_grad_norm_(self._learner.parameters(), self.recipe.clip)
        value = self.accelerator.reduce(loss.detach().float(), "mean").item()
        if isfinite(value):
            self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        return float(value)

    def _gather(self) -> Gather:
        process = self.accelerator.process_index

        def gather(own: Tensor) -> Tensor:
            parts = list(self.accelerator.gather(own.detach()).split(len(own)))
            parts[process] = own
            return torch.cat(parts)

        return gather

    def _wait(self) -> None:
        paused_at = perf_counter()
        self.control.wait()
        paused_s = perf_counter() - paused_at
        self._meter.since += paused_s
        self._clock += paused_s
        # All processes stop at the same step, or those left would wait for ever for the others.
        stops = torch.tensor(float(self.control.cancelled), device=self.device.torch_device)
        if self.accelerator.num_processes > 1:
            stops = self.accelerator.reduce(stops, "sum")
        if stops > 0:
            raise OperationCancelledError

    def _tick(self) -> None:
        """Count the time since the last step, reading and validating included, pauses not."""
        now = perf_counter()
        self.state.seconds, self._clock = self.state.seconds + now - self._clock, now

    def _progress(self, sampler: PeopleSampler) -> float:
        """Share of the training that is done, 0 .. 1: by epochs, or by time where that is shorter."""
        by_epochs = (self.state.epoch + self.state.batch / len(sampler)) / self.recipe.epochs
        by_time = self.state.seconds / (60 * self.recipe.minutes) if self.recipe.minutes else 0.0
        return min(1.0, max(by_epochs, by_time))

    # --- batches ------------------------------------------------------------------------------------------------

    def _sampler(self) -> PeopleSampler:
        labels = self._reader.crops.labels
        sampler = PeopleSampler(labels, self.state.people_per_batch, self.recipe.pictures_per_person, self.recipe.seed)
        sampler.epoch, sampler.start = self.state.epoch, self.state.batch
        return sampler

    def _evenly(self, people: int) -> int:
        """Round down to what the processes can share, at least two people each."""
        people = min(people, len(self._reader.crops.people))
        processes: int = self.accelerator.num_processes
        return max(people // processes, 1) * processes

    def _halve(self) -> None:
        """Go on with half the people per batch from the start of the epoch."""
        smaller = self._evenly(self.state.people_per_batch // 2)
        if self.state.people_per_batch <= 2 * self.accelerator.num_processes:
            raise TrainingError(
                "There is not enough memory for the smallest batch. Choose a smaller network, or fewer pictures of "
                "each person; the best network so far was kept."
            )
        self._optimiser.zero_grad(set_to_none=True)
        torch.cuda.empty_cache()
        self.state.people_per_batch, self.state.batch = smaller, 0
        self._say(Said(f"Memory ran out, so batches now hold {smaller} people. Training goes on."))

    # --- looking back -------------------------------------------------------------------------------------------

    def _validate(self) -> None:
        network = self.network
        if isinstance(network, DeepFace):
            self._fit_normalisation(network)
        if not self.accelerator.is_main_process:
            self._agree(0.0)
            return
        embeddings = self._judge.embed(network, self.device, self.control.check)
        tar = self._judge.tar(embeddings, self.recipe.false_match_rate)
        best = tar > self.state.best_tar
        self._agree(tar)
        event = self._judge.event(
            embeddings, self.recipe.false_match_rate, self.state.epoch, self.state.step, best=best
        )
        self._say(event)
        self._say(self._judge.hardest(embeddings, self.state.epoch))
        if sentence := said_of(spread(torch.from_numpy(embeddings))):
            self._say(Said(sentence))
        if best:
            write_checkpoint(
                self.run.place, BEST, Checkpoint(dict(network.state_dict()), {"epoch": self.state.epoch, "tar": tar})
            )

    def _agree(self, tar: float) -> None:
        """Take note of a validation, alike on every process."""
        value = torch.tensor(tar, device=self.device.torch_device)
        if self.accelerator.num_processes > 1:
            value = self.accelerator.reduce(value, "sum")
        if float(value) > self.state.best_tar:
            self.state.best_tar, self.state.best_epoch, self.state.stale = float(value), self.state.epoch, 0
        else:
            self.state.stale += 1

    def _fit_normalisation(self, network: DeepFace) -> None:
        """DeepFace divides each feature by its largest value over the training set (Taigman 2014, section 3.3)."""
        network.maxima.zero_()
        for batch in self._plain_batches():
            network.fit_normalisation(network.features(batch.chips))

    def _means(self) -> Tensor:
        """Mean unit embedding of each person of the training part, (C, D)."""
        self.network.eval()
        sums: Tensor | None = None
        for batch in self._plain_batches():
            embeddings = unit(self.network(batch.chips).float())
            if sums is None:
                sums = embeddings.new_zeros(len(self._reader.crops.people), embeddings.shape[1])
            sums.index_add_(0, batch.labels, embeddings)
        if sums is None:
            raise TrainingError("There is no picture to learn from. Check the folder's pictures.")
        return unit(sums)

    def _plain_batches(self) -> Iterator[Batch]:
        """All training crops once, unvaried, on the device."""
        plain = Reader(self._reader.crops, self._reader.frame, augment=False, seed=0)
        indices = [range(start, min(start + 64, len(plain.crops))) for start in range(0, len(plain.crops), 64)]
        with torch.no_grad(), closing(plain.batches(indices, 0)) as batches:
            for batch in batches:
                self.control.check()
                yield Batch(batch.chips.to(self.device.torch_device).float(), batch.labels.to(self.device.torch_device))

    def _count(self, loss: float, pictures: int, sampler: PeopleSampler) -> None:
        meter = self._meter
        meter.losses.append(loss)
        meter.pictures += pictures
        elapsed = perf_counter() - meter.since
        if elapsed < TELL_EVERY_S:
            return
        progress = max(self._progress(sampler), 1e-9)
        self._say(
            Stepped(
                self.state.step, self.recipe.epochs * len(sampler), self.state.epoch + 1,
                sum(meter.losses) / len(meter.losses),
                self._optimiser.param_groups[0]["lr"], meter.pictures / elapsed,
                self.state.seconds, self.state.seconds * (1 - progress) / progress,
            )
        )  # fmt: skip
        self._meter = _Meter()

    def _say(self, event: Event) -> None:
        if self.accelerator.is_main_process:
            self.run.note(event)
            self._tell(event)

    # --- checkpoints --------------------------------------------------------------------------------------------

    def _save(self) -> None:
        self._saved_at = perf_counter()
        if not self.accelerator.is_main_process:
            return
        tensors, rest = optimiser_tensors(self._optimiser)
        state = {name: getattr(self.state, name) for name in State.__slots__}
        everything = {f"learner.{name}": tensor for name, tensor in self._bare.state_dict().items()}
        everything |= {f"optimiser.{name}": tensor for name, tensor in tensors.items()}
        everything["random"] = torch.get_rng_state()
        write_checkpoint(self.run.place, LAST, Checkpoint(everything, {"state": state, "optimiser": rest}))

    def _resume(self, learner: nn.Module, optimiser: AdamW) -> None:
        checkpoint = read_checkpoint(self.run.place, LAST)
        if checkpoint is None:
            return
        parts: dict[str, dict[str, Tensor]] = {"learner": {}, "optimiser": {}}
        for name, tensor in checkpoint.tensors.items():
            kind, _, rest = name.partition(".")
            if kind in parts:
                parts[kind][rest] = tensor
        fill(learner, parts["learner"], self.run.name)
        restore_optimiser(optimiser, parts["optimiser"], checkpoint.state["optimiser"])
        torch.set_rng_state(checkpoint.tensors["random"])
        self.state = State(**checkpoint.state["state"])


def schedule(progress: float, warm_up: float) -> float:
    """Share of the learning rate: a straight rise, then half a cosine down to 0 (Loshchilov and Hutter, 2017).

    Args:
        progress: share of the training that is done.
        warm_up: share of the training that the rise takes.
    """
    if progress < warm_up:
        return max(progress / warm_up, 0.01)
    return 0.5 * (1 + cos(pi * (progress - warm_up) / (1 - warm_up)))


def _groups(learner: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Biases, norms and affines are not decayed."""
    learning = [parameter for parameter in learner.parameters() if parameter.requires_grad]
    return [
        {"params": [p for p in learning if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in learning if p.ndim <= 1], "weight_decay": 0.0},
    ]
