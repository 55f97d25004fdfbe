"""The training loop: the same from one CPU to several machines (`accelerate launch main.py train ...`)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from math import isfinite, nan
from time import perf_counter

import numpy as np
import torch
from accelerate import Accelerator
from torch import nn

from engine.device import Device, placed
from engine.errors import BadInputError, OperationCancelledError, TrainingError
from engine.learning import FINE_TUNE, Event, RunStarted, Said, Stepped
from engine.networks.architectures import Architecture
from engine.networks.deepface import DeepFace
from engine.training.batches import Reader
from engine.training.checkpoint import Checkpoint, write_checkpoint
from engine.training.control import Control
from engine.training.learner import Learner, fixed_norms, freeze, parameter_counts
from engine.training.losses import CLASSIFIES, loss_for
from engine.training.losses.collapse import said_of, spread
from engine.training.miners import MINERS
from engine.training.optimiser import optimiser_for, schedule
from engine.training.passes import Passes
from engine.training.run import Run
from engine.training.samplers import PeopleSampler, share
from engine.training.state import BEST, State, resume_state, save_state
from engine.training.steps import Steps
from engine.training.together import Together, out_of_memory
from engine.training.validation import Judge

SAVE_EVERY_S = 60.0
TELL_EVERY_S = 0.5
CROPS_KEPT = 2000
"""Decoded crops of the training part in memory: 400 MB. Decoding them anew would slow the network by some per cent."""
LEAST_PEOPLE_EACH = 2
"""A process needs a stranger in its part of a batch."""

Tell = Callable[[Event], None]


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
            BadInputError: the checkpoint is damaged, or of another network; or there are fewer people than the
                processes need.
        """
        self.run, self.recipe, self.device, self.control = run, run.recipe, device, control
        recipe = run.recipe
        self.accelerator = Accelerator(
            cpu=device.torch_device.type == "cpu", mixed_precision="bf16" if device.bf16 else "no"
        )
        self._together = Together(self.accelerator)
        self._tell = tell
        torch.manual_seed(recipe.seed)
        training = run.part(run.split.training)
        self._reader = Reader(training, architecture.frame, recipe.augment, recipe.seed, CROPS_KEPT)
        self._judge = Judge.over(run.part(run.split.validation), architecture.frame, recipe.seed)
        self._passes = Passes(training, architecture.frame, device, control.check)
        self.state = State(people_per_batch=self._evenly(recipe.people_per_batch))
        network.requires_grad_(requires_grad=True)
        # Fresh weights that never learn would be noise between the layers that do.
        freeze(network, recipe.freeze if recipe.start == FINE_TUNE else "none")
        if not self._together.alone and device.torch_device.type == "cuda":
            # Each process alone would normalise by the statistics of its own part of the batch.
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]  # torch declares no types
        self.network = network
        self._counts = parameter_counts(network)
        self._learner = self._ready(architecture.dimension)
        self._meter = _Meter()
        self._saved_at = self._clock = perf_counter()

    def _ready(self, dimension: int) -> Learner:
        """Build what learns, its optimiser and its steps, as the latest checkpoint has them."""
        recipe, run = self.recipe, self.run
        loss = loss_for(recipe, dimension, len(self._reader.crops.people))
        miner = MINERS[recipe.miner] if loss.takes_triplets else None
        learner = placed(Learner(self.network, loss, miner), self.device)
        optimiser = optimiser_for(learner, recipe)
        resumed = resume_state(run.place, run.name, learner, optimiser)
        if resumed is not None:
            self.state = resumed
        elif recipe.start == FINE_TUNE and recipe.loss in CLASSIFIES:
            loss.start_from(self._passes.means(self.network))
        self._optimiser = self.accelerator.prepare(optimiser)
        self._steps = Steps(
            self.accelerator, self._together, learner, self._optimiser, self.device, recipe.clip,
            shared=not self._together.alone and recipe.loss not in CLASSIFIES,
        )  # fmt: skip
        return learner

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
            reason = self._validate() if self.state.best_tar < 0 else ""
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
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            self._halve()
            return ""
        except OperationCancelledError:
            self._save()
            raise
        if reason:
            return reason
        self.state.epoch, self.state.batch = self.state.epoch + 1, 0
        if reason := self._validate():
            return reason
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
                rate = self.recipe.learning_rate * schedule(self._progress(sampler), self.recipe.warm_up)
                loss = self._steps.take(batch, rate)
                if not isfinite(loss):
                    return self._no_number("loss is")
                self.state.step, self.state.batch = self.state.step + 1, self.state.batch + 1
                self._tick()
                self._count(loss, len(batch.labels) * processes, sampler)
                if perf_counter() - self._saved_at > SAVE_EVERY_S:
                    self._save()
                if self._progress(sampler) >= 1:
                    break
        return ""

    def _no_number(self, what: str) -> str:
        return (
            f"The {what} no number any more after step {self.state.step:,}: the learning rate is probably too high. "
            "The best network so far was kept."
        )

    def _wait(self) -> None:
        paused_at = perf_counter()
        self.control.wait()
        paused_s = perf_counter() - paused_at
        self._meter.since += paused_s
        self._clock += paused_s
        # All processes stop at the same step, or those left would wait for ever for the others.
        if self._together.any(self.control.cancelled):
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
        """Round down to what the processes can share, at least two people each.

        Raises:
            BadInputError: there are not so many people.
        """
        everyone, processes = len(self._reader.crops.people), self._together.processes
        if everyone < LEAST_PEOPLE_EACH * processes:
            raise BadInputError(
                f"{everyone} people to learn from are too few for {processes} processes, which take at least "
                f"{LEAST_PEOPLE_EACH} each. Start fewer processes, or add people."
            )
        return max(min(people, everyone) // processes, LEAST_PEOPLE_EACH) * processes

    def _halve(self) -> None:
        """Go on with half the people per batch from the start of the epoch."""
        self._steps.forget()
        if self.state.people_per_batch <= LEAST_PEOPLE_EACH * self._together.processes:
            raise TrainingError(
                "There is not enough memory for the smallest batch. Choose a smaller network, or fewer pictures of "
                "each person; the best network so far was kept."
            )
        torch.cuda.empty_cache()
        smaller = self._evenly(self.state.people_per_batch // 2)
        self.state.people_per_batch, self.state.batch = smaller, 0
        self._say(Said(f"Memory ran out, so batches now hold {smaller} people. Training goes on."))

    # --- looking back -------------------------------------------------------------------------------------------

    def _validate(self) -> str:
        """Judge the network on the validation people; returns why training ends, or nothing."""
        if isinstance(self.network, DeepFace):
            self._passes.fit_normalisation(self.network)
        tar = self._together.sum(self._judged() if self.accelerator.is_main_process else 0.0)
        if not isfinite(tar):
            return self._no_number("network's embeddings are")
        if tar > self.state.best_tar:
            self.state.best_tar, self.state.best_epoch, self.state.stale = tar, self.state.epoch, 0
        else:
            self.state.stale += 1
        return ""

    def _judged(self) -> float:
        """True acceptance rate on the validation people, told and kept if it is the best; NaN without numbers."""
        # Whoever stops alone would leave the other processes waiting.
        check = self.control.check if self._together.alone else _go_on
        embeddings = self._judge.embed(self.network, self.device, check)
        if not np.isfinite(embeddings).all():
            return nan
        rate, epoch = self.recipe.false_match_rate, self.state.epoch
        tar = self._judge.tar(embeddings, rate)
        best = tar > self.state.best_tar
        self._say(self._judge.event(embeddings, rate, epoch, self.state.step, best=best))
        self._say(self._judge.hardest(embeddings, epoch))
        if sentence := said_of(spread(torch.from_numpy(embeddings))):
            self._say(Said(sentence))
        if best:
            head = self._learner.loss.verifier()
            state = {"epoch": epoch, "tar": tar, "head": head and head._asdict()}
            write_checkpoint(self.run.place, BEST, Checkpoint(dict(self.network.state_dict()), state))
        return tar

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

    def _save(self) -> None:
        self._saved_at = perf_counter()
        if self.accelerator.is_main_process:
            save_state(self.run.place, self._learner, self._optimiser, self.state)


def _go_on() -> None:
    """Nothing stops here."""
