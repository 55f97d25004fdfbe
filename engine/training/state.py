"""What a checkpoint keeps so that training goes on as if it had not been stopped."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from engine.errors import BadInputError
from engine.training.checkpoint import (
    Checkpoint,
    fill,
    optimiser_tensors,
    read_checkpoint,
    restore_optimiser,
    write_checkpoint,
)

LAST, BEST = "last", "best"


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


def save_state(folder: Path, learner: nn.Module, optimiser: Optimizer, state: State) -> None:
    """Write the latest checkpoint of a run.

    Raises:
        TrainingError: the disk is full or the folder cannot be written.
    """
    tensors, rest = optimiser_tensors(optimiser)
    everything = {f"learner.{name}": tensor for name, tensor in learner.state_dict().items()}
    everything |= {f"optimiser.{name}": tensor for name, tensor in tensors.items()}
    everything["random"] = torch.get_rng_state()
    if torch.cuda.is_available():
        everything["random_cuda"] = torch.cuda.get_rng_state()
    write_checkpoint(folder, LAST, Checkpoint(everything, {"state": asdict(state), "optimiser": rest}))


def resume_state(folder: Path, called: str, learner: nn.Module, optimiser: Optimizer) -> State | None:
    """Take up the latest checkpoint of a run; None where there is none.

    Args:
        folder: of the run.
        called: the run's name.
        learner: receives its weights.
        optimiser: receives its state.

    Raises:
        BadInputError: the checkpoint is damaged, of another version, or of another network.
    """
    checkpoint = read_checkpoint(folder, LAST)
    if checkpoint is None:
        return None
    parts: dict[str, dict[str, Tensor]] = {"learner": {}, "optimiser": {}}
    for name, tensor in checkpoint.tensors.items():
        kind, _, rest = name.partition(".")
        if kind in parts:
            parts[kind][rest] = tensor
    fill(learner, parts["learner"], called)
    try:
        restore_optimiser(optimiser, parts["optimiser"], checkpoint.state["optimiser"])
        state = State(**checkpoint.state["state"])
        _restore_random(checkpoint.tensors)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise BadInputError(
            f"The checkpoint of the run “{called}” lacks what training goes on from, or was made by another version. "
            "Train anew, or put a copy back."
        ) from error
    return state


def _restore_random(tensors: dict[str, Tensor]) -> None:
    torch.set_rng_state(tensors["random"])
    if "random_cuda" in tensors and torch.cuda.is_available():
        torch.cuda.set_rng_state(tensors["random_cuda"])
