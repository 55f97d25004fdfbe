"""Checkpoints: tensors as safetensors, everything else as JSON, each written whole or not at all.

A checkpoint is one JSON file that names a tensor file and its SHA-256. The tensor file is written first, so that a
process killed at any moment leaves the old checkpoint or the new one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.optim import Optimizer

from engine.errors import BadInputError, TrainingError, shown
from engine.files import write_whole

FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """Tensors by name, and what goes with them.

    Attributes:
        sha256: of the tensors as they were read; empty before they are written.
    """

    tensors: dict[str, Tensor]
    state: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""


def write_checkpoint(folder: Path, name: str, checkpoint: Checkpoint) -> None:
    """Write `name`.json and its tensors, and drop the tensors that it no longer names.

    Raises:
        TrainingError: the disk is full or the folder cannot be written; the checkpoint of before is still there.
    """
    content = save({key: tensor.detach().cpu().contiguous() for key, tensor in checkpoint.tensors.items()})
    digest = hashlib.sha256(content).hexdigest()
    tensors = folder / f"{name}-{digest[:16]}.safetensors"
    try:
        write_whole(tensors, content)
        stored = {"format": FORMAT, "tensors": tensors.name, "sha256": digest, "state": checkpoint.state}
        write_whole(folder / f"{name}.json", json.dumps(stored).encode())
        for old in folder.glob(f"{name}-*.safetensors"):
            if old != tensors:
                old.unlink(missing_ok=True)
    except OSError as error:
        raise TrainingError(
            f"The checkpoint “{name}” could not be written: {error.strerror}. Make room or choose another folder, "
            "and go on from the one before."
        ) from error


def read_checkpoint(folder: Path, name: str) -> Checkpoint | None:
    """Read a checkpoint; None where there is none.

    Raises:
        BadInputError: it is cut short, altered, a pickle, or of another version.
    """
    place = folder / f"{name}.json"
    try:
        stored = json.loads(place.read_text("utf-8"))
        if stored["format"] != FORMAT:
            raise BadInputError(f"The checkpoint “{shown(place)}” was made by another version of Visavis. Train anew.")
        content = (folder / Path(stored["tensors"]).name).read_bytes()
        if hashlib.sha256(content).hexdigest() != stored["sha256"]:
            raise BadInputError(f"The checkpoint “{shown(place)}” is damaged. Train anew, or put a copy back.")
        return Checkpoint(load(content), stored["state"], stored["sha256"])
    except FileNotFoundError as error:
        if Path(error.filename).name == place.name:
            return None
        raise BadInputError(f"The checkpoint “{shown(place)}” has lost its tensors. Train anew.") from error
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise BadInputError(
            f"The checkpoint “{shown(place)}” cannot be read. Train anew, or put a copy back."
        ) from error


def digest_of(folder: Path, name: str) -> str:
    """SHA-256 of a checkpoint's tensors without reading them; empty where there is none that can be read."""
    try:
        return str(json.loads((folder / f"{name}.json").read_text("utf-8"))["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def optimiser_tensors(optimiser: Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Take an optimiser's state apart into tensors and numbers."""
    stored = optimiser.state_dict()
    tensors: dict[str, Tensor] = {}
    numbers: dict[str, Any] = {}
    for place, values in stored["state"].items():
        for key, value in values.items():
            (tensors if isinstance(value, Tensor) else numbers)[f"{place}.{key}"] = value
    return tensors, {"numbers": numbers, "groups": stored["param_groups"]}


def restore_optimiser(optimiser: Optimizer, tensors: Mapping[str, Tensor], rest: Mapping[str, Any]) -> None:
    """Put an optimiser's state together again."""
    state: dict[int, dict[str, Any]] = {}
    for name, value in {**tensors, **rest["numbers"]}.items():
        place, key = name.split(".", 1)
        state.setdefault(int(place), {})[key] = value
    optimiser.load_state_dict({"state": state, "param_groups": rest["groups"]})


def fill(network: nn.Module, tensors: Mapping[str, Tensor], called: str) -> None:
    """Give a network its weights.

    Raises:
        BadInputError: they are those of another network, or hold values that are no numbers.
    """
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values() if tensor.is_floating_point()):
        raise BadInputError(f"The weights of “{called}” hold values that are no numbers. Use another checkpoint.")
    try:
        network.load_state_dict(dict(tensors))
    except RuntimeError as error:
        raise BadInputError(
            f"The weights of “{called}” are those of another network. Use the one they are for."
        ) from error
