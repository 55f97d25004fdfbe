"""One step of training: batch, loss, gradient, weights."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from accelerate import Accelerator
from accelerate.optimizer import AcceleratedOptimizer
from torch import Tensor

from engine.device import Device
from engine.training.batches import Batch
from engine.training.learner import Learner
from engine.training.together import Together


@dataclass(frozen=True, slots=True)
class Steps:
    """Moves the weights of a learner.

    A loss with class weights is the mean over a process's own pictures, and averaging the processes' gradients makes
    it the whole batch's. One over pairs or triplets is taken over the pictures of all processes together, so that
    several processes mine what one would.

    Attributes:
        clip: longest gradient.
        shared: whether the loss is taken over all processes' pictures.
    """

    accelerator: Accelerator
    together: Together
    learner: Learner
    optimiser: AcceleratedOptimizer
    device: Device
    clip: float
    shared: bool

    def take(self, batch: Batch, rate: float) -> float:
        """Learn from one batch, and return its loss; a loss that is no number changes nothing.

        Raises:
            torch.OutOfMemoryError: memory ran out, on this process or another.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        loss = self._loss(batch)
        # A loss over the joined batch gives each process the gradient of its own part, and those are averaged.
        scale = self.together.processes if self.shared else 1
        self.together.all_or_none(lambda: self.accelerator.backward(loss * scale))
        self.together.average_gradients(self.learner.parameters())
        if self.shared:
            # Every process has the whole gradient of what the loss itself learns.
            for parameter in self.learner.loss.parameters():
                if parameter.grad is not None:
                    parameter.grad /= scale
        self.accelerator.clip_grad_norm_(self.learner.parameters(), self.clip)
        value = self.together.sum(float(loss.detach())) / self.together.processes
        if isfinite(value):
            self.optimiser.step()
        self.forget()
        return value

    def forget(self) -> None:
        """Drop the gradients."""
        self.optimiser.zero_grad(set_to_none=True)

    def _loss(self, batch: Batch) -> Tensor:
        embeddings = self.together.all_or_none(lambda: self._embeddings(batch))
        labels = batch.labels.to(self.device.torch_device)
        if self.shared:
            embeddings, labels = self.together.joined(embeddings), self.together.joined(labels)
        return self.together.all_or_none(lambda: self.learner.loss_of(embeddings, labels))

    def _embeddings(self, batch: Batch) -> Tensor:
        chips = batch.chips.to(self.device.torch_device, non_blocking=True).float()
        with self.accelerator.autocast():
            made: Tensor = self.learner.network(chips)
        return made.float()
