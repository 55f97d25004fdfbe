"""The two passive networks and where they come from: an optional pack; their files are told by SHA-256."""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from engine.errors import PackError, shown
from engine.networks.minifasnet import V1SE, V2, MiniFASNet, Widths
from engine.packs.catalogue import CATALOGUE, MINIFASNET, MINIFASNET_V1SE, MINIFASNET_V2

_ADVICE = "Install the pack “minifasnet” again."


@dataclass(frozen=True, slots=True)
class PassiveFile:
    """One network's published file.

    Attributes:
        scale: how much larger than the face's box the crop is that it sees.
    """

    name: str
    sha256: str
    widths: Widths
    scale: float


_SEEN = {MINIFASNET_V2: (V2, 2.7), MINIFASNET_V1SE: (V1SE, 4.0)}
FILES = tuple(PassiveFile(file.name, file.sha256, *_SEEN[file.name]) for file in CATALOGUE[MINIFASNET].files)


@dataclass(frozen=True, slots=True)
class PassiveNetworks:
    """Networks in evaluation mode, each with the scale of its crop.

    Attributes:
        model: SHA-256 of their files, shortened, for the record.
    """

    networks: tuple[tuple[float, nn.Module], ...]
    model: str


def load_passive(folder: Path) -> PassiveNetworks:
    """Load both networks from a folder.

    Raises:
        PackError: a file is missing, altered, or not what it should be.
    """
    loaded = []
    for known in FILES:
        try:
            content = (folder / known.name).read_bytes()
        except OSError as error:
            raise PackError(
                f"The liveness network “{known.name}” cannot be read: {error.strerror}. {_ADVICE}"
            ) from error
        if hashlib.sha256(content).hexdigest() != known.sha256:
            raise PackError(f"The liveness network “{known.name}” is damaged or was altered. {_ADVICE}")
        loaded.append((known.scale, filled(known, content)))
    return PassiveNetworks(tuple(loaded), "+".join(known.sha256[:8] for known in FILES))


def filled(known: PassiveFile, content: bytes) -> nn.Module:
    """Build a network with the weights of a state dict, which is never unpickled freely.

    Raises:
        PackError: it holds anything else.
    """
    try:
        stored = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (
        pickle.UnpicklingError,
        RuntimeError,
        EOFError,
        ValueError,
        AttributeError,
        LookupError,
        TypeError,
    ) as error:
        raise PackError(f"“{shown(known.name)}” holds more than tensors, or is damaged. {_ADVICE}") from error
    network = MiniFASNet(known.widths)
    try:
        if not isinstance(stored, Mapping) or not all(isinstance(tensor, Tensor) for tensor in stored.values()):
            raise TypeError
        # The names were stored by a wrapper for several devices.
        network.load_state_dict({name.removeprefix("module."): tensor for name, tensor in stored.items()})
    except (RuntimeError, TypeError, AttributeError) as error:
        raise PackError(f"“{shown(known.name)}” holds the weights of another network. {_ADVICE}") from error
    return network.eval().requires_grad_(requires_grad=False)
