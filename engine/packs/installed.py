"""Packs that a user has: trained here, or weights of a known architecture brought along. One folder each.

A folder holds `pack.json`, `network.safetensors` and `calibration.json`. The tensors' SHA-256 is kept and checked
before every use; nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import platformdirs
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from engine.errors import PackError, shown
from engine.networks.architectures import ARCHITECTURES, Architecture
from engine.packs.pack import PACKS, Pack

FORMAT = 1
_NETWORK, _DESCRIPTION, CALIBRATION = "network.safetensors", "pack.json", "calibration.json"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the user's own, with the digest it must have."""

    path: Path
    sha256: str

    def read(self) -> bytes:
        """Return the file's bytes, checked.

        Raises:
            PackError: it is missing, cannot be read, or has changed.
        """
        advice = "Choose another pack, or train it again."
        try:
            content = self.path.read_bytes()
        except OSError as error:
            name = shown(self.path.parent)
            raise PackError(f"The network of the pack “{name}” cannot be read: {error.strerror}. {advice}") from error
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise PackError(f"The network of the pack “{shown(self.path.parent)}” is damaged or was altered. {advice}")
        return content


def packs_folder() -> Path:
    """Return where the user's packs are kept."""
    return platformdirs.user_data_path("visavis", appauthor=False) / "packs"


def pack_of(architecture: Architecture, key: str, file: StoredFile, *, pack_id: str, title: str, licence: str) -> Pack:
    """Describe a pack whose network is one of ours with weights from a file."""
    return Pack(
        id=pack_id,
        title=title,
        dimension=architecture.dimension,
        frame=architecture.frame,
        averaged_paddings=architecture.averaged_paddings or (architecture.frame.padding,),
        licence=licence,
        commercial_use=False,
        file=file,
        load=partial(load_weights, key),
    )


def load_weights(key: str, content: bytes) -> nn.Module:
    """Build an architecture with weights from safetensors.

    Raises:
        PackError: the content is none, of another network, or holds values that are no numbers.
    """
    try:
        return filled(key, load(content))
    except SafetensorError as error:
        raise PackError(
            "The file holds no safetensors. Choose a file that Visavis or another tool wrote as such."
        ) from error


def filled(key: str, tensors: Mapping[str, Tensor]) -> nn.Module:
    """Build an architecture with the given weights, in evaluation mode.

    Raises:
        PackError: they are those of another network, or hold values that are no numbers.
    """
    architecture = ARCHITECTURES[key]
    network = architecture.build()
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values() if tensor.is_floating_point()):
        raise PackError(f"The weights for {architecture.title} hold values that are no numbers. Use another file.")
    try:
        network.load_state_dict(dict(tensors))
    except RuntimeError as error:
        raise PackError(
            f"The weights are not those of {architecture.title}. Choose the network they belong to."
        ) from error
    return network.eval().requires_grad_(requires_grad=False)


def pack_from_weights(path: Path, key: str) -> Pack:
    """Describe a pack made of a file of weights: safetensors, or a PyTorch state dict, which is never unpickled freely.

    Raises:
        PackError: the file cannot be read, or holds something else than tensors.
    """
    if key not in ARCHITECTURES:
        raise PackError(f"“{shown(key)}” is no architecture. Choose one of: {', '.join(ARCHITECTURES)}.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PackError(
            f"The weights “{shown(path)}” cannot be read: {error.strerror}. Choose another file."
        ) from error
    file = StoredFile(path, hashlib.sha256(content).hexdigest())
    made = pack_of(
        ARCHITECTURES[key], key, file, pack_id=f"{key}-{file.sha256[:12]}",
        title=f"{ARCHITECTURES[key].title} ({path.name})", licence="Unknown: your own file",
    )  # fmt: skip
    return made if path.suffix == ".safetensors" else replace(made, load=partial(load_state_dict, key))


def load_state_dict(key: str, content: bytes) -> nn.Module:
    """Build an architecture with weights from a PyTorch file that holds nothing but tensors.

    Raises:
        PackError: it holds anything else, or the weights of another network.
    """
    try:
        stored = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, AttributeError, KeyError) as error:
        raise PackError(
            "The file holds more than tensors, or is damaged; it was not opened. Use safetensors."
        ) from error
    if isinstance(stored, Mapping) and isinstance(stored.get("state_dict"), Mapping):
        # A checkpoint of another tool: the weights are one of its parts.
        stored = stored["state_dict"]
    if not isinstance(stored, Mapping) or not all(isinstance(tensor, Tensor) for tensor in stored.values()):
        raise PackError("The file holds no weights by name, but something else. Use a file of a network's state dict.")
    return filled(key, {name: tensor for name, tensor in stored.items() if not name.startswith("logits.")})


def install(folder: Path, pack_id: str, key: str, network: nn.Module, about: Mapping[str, Any]) -> Pack:
    """Store a network as a pack, whole or not at all.

    Args:
        folder: of all packs.
        pack_id: its name in there, and in the gallery.
        key: of its architecture.
        network: with its weights.
        about: "title", "licence", "calibration" as JSON, and whatever else is to be remembered.

    Raises:
        PackError: there is one of this name, or the folder cannot be written.
    """
    content = save({name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()})
    described = {**about, "format": FORMAT, "architecture": key, "sha256": hashlib.sha256(content).hexdigest()}
    calibration = described.pop("calibration")
    if (folder / pack_id).exists():
        raise PackError(f"There is a pack “{shown(pack_id)}” already. Use it, or remove it first.")
    unfinished = folder / f".{pack_id}.{os.getpid()}"
    try:
        unfinished.mkdir(mode=0o700, parents=True)
        (unfinished / _NETWORK).write_bytes(content)
        (unfinished / CALIBRATION).write_text(calibration, "utf-8")
        (unfinished / _DESCRIPTION).write_text(json.dumps(described, indent=1), "utf-8")
        for file in unfinished.iterdir():
            file.chmod(0o600)
        unfinished.rename(folder / pack_id)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise PackError(f"The pack “{shown(pack_id)}” could not be stored: {error.strerror}. Make room.") from error
    return find_pack(pack_id, folder)


def find_pack(pack_id: str, folder: Path | None = None) -> Pack:
    """Return a pack by its id: one that ships, or one of the user's.

    Raises:
        PackError: there is none of this id, or its description cannot be read.
    """
    if pack_id in PACKS:
        return PACKS[pack_id]
    place = (folder or packs_folder()) / Path(pack_id).name
    try:
        stored = json.loads((place / _DESCRIPTION).read_text("utf-8"))
        if stored["format"] != FORMAT:
            raise PackError(f"The pack “{shown(pack_id)}” was made by another version of Visavis. Train it again.")
        key = stored["architecture"]
        return pack_of(
            ARCHITECTURES[key], key, StoredFile(place / _NETWORK, stored["sha256"]),
            pack_id=pack_id, title=stored["title"], licence=stored["licence"],
        )  # fmt: skip
    except FileNotFoundError as error:
        raise PackError(f"There is no pack “{shown(pack_id)}”. Choose another one.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PackError(f"The pack “{shown(pack_id)}” cannot be read. Choose another one.") from error


def calibration_text(pack_id: str, folder: Path | None = None) -> str | None:
    """Return the calibration of one of the user's packs as JSON; None for one that ships.

    Raises:
        PackError: it cannot be read.
    """
    if pack_id in PACKS:
        return None
    try:
        return ((folder or packs_folder()) / Path(pack_id).name / CALIBRATION).read_text("utf-8")
    except OSError as error:
        raise PackError(f"The calibration of the pack “{shown(pack_id)}” cannot be read. Train it again.") from error


def described(folder: Path | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """The user's packs by id, each with what is remembered of it; what cannot be read is passed over."""
    for place in sorted((folder or packs_folder()).glob(f"[!.]*/{_DESCRIPTION}")):
        try:
            about = json.loads(place.read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(about, dict):
            yield place.parent.name, about


def list_packs(folder: Path | None = None) -> list[Pack]:
    """All packs: those that ship, then the user's, by id; what is damaged is passed over."""
    packs = list(PACKS.values())
    for place in sorted((folder or packs_folder()).glob(f"[!.]*/{_DESCRIPTION}")):
        try:
            packs.append(find_pack(place.parent.name, folder))
        except PackError:
            continue
    return packs
