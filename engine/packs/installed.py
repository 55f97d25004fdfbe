"""Packs that a user has: published ones, trained ones, weights or networks brought along, two joined. One folder each.

A folder holds `pack.json`, which says what it is, with the SHA-256 of each file, checked before every use, and
`calibration.json`. What was trained or brought as weights lies in `network.safetensors`; nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import platformdirs
from safetensors.torch import save
from torch import nn

from engine.errors import PackError, shown
from engine.files import write_whole
from engine.networks.architectures import ARCHITECTURES, Architecture
from engine.pack_values import SHIPPED_CALIBRATIONS, PackKind
from engine.packs.catalogue import CATALOGUE
from engine.packs.files import StoredFile
from engine.packs.joined import joined
from engine.packs.onnx_network import onnx_pack
from engine.packs.pack import PACKS, Pack, WeightsFile
from engine.packs.published import embedder, stored_files
from engine.packs.weights import load_state_dict, load_weights

FORMAT = 1
_NETWORK, ONNX, _DESCRIPTION = "network.safetensors", "network.onnx", "pack.json"
CALIBRATION = "calibration.json"
_NO_EMBEDDER = {
    PackKind.DETECTOR: "“{}” finds faces and embeds none. Choose an embedding network.",
    PackKind.PAD: "“{}” embeds no faces; it looks at them where liveness is required. Choose an embedding network.",
}


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
    described = {**about, "architecture": key, "sha256": hashlib.sha256(content).hexdigest()}
    return store(folder, pack_id, {_NETWORK: content}, described)


def store(folder: Path, pack_id: str, files: Mapping[str, bytes], about: Mapping[str, Any]) -> Pack:
    """Store a pack of the user's own, whole or not at all.

    Args:
        folder: of all packs.
        pack_id: its name in there, and in the gallery.
        files: what it holds, by name.
        about: "title", "licence", and what `find_pack` goes by; "calibration" as JSON, where it is not shipped.

    Raises:
        PackError: there is one of this name, or the folder cannot be written.
    """
    described = {**about, "format": FORMAT}
    calibration = described.pop("calibration", None)
    if (folder / pack_id).exists():
        raise PackError(f"There is a pack “{shown(pack_id)}” already. Use it, or remove it first.")
    unfinished = folder / f".{pack_id}.{os.getpid()}"
    try:
        unfinished.mkdir(mode=0o700, parents=True)
        for name, content in files.items():
            (unfinished / name).write_bytes(content)
        if calibration is not None:
            (unfinished / CALIBRATION).write_text(calibration, "utf-8")
        (unfinished / _DESCRIPTION).write_text(json.dumps(described, indent=1), "utf-8")
        for file in unfinished.iterdir():
            file.chmod(0o600)
        unfinished.rename(folder / pack_id)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise PackError(f"The pack “{shown(pack_id)}” could not be stored: {error.strerror}. Make room.") from error
    return find_pack(pack_id, folder)


def keep_calibration(pack_id: str, calibration: str, folder: Path | None = None) -> None:
    """Store what the distances of one of the user's packs mean.

    Raises:
        PackError: it cannot be stored.
    """
    try:
        write_whole((folder or packs_folder()) / Path(pack_id).name / CALIBRATION, calibration.encode())
    except OSError as error:
        raise PackError(
            f"The calibration of “{shown(pack_id)}” could not be stored: {error.strerror}. Make room."
        ) from error


def find_pack(pack_id: str, folder: Path | None = None) -> Pack:
    """Return a pack by its id: one that ships, or one of the user's.

    Raises:
        PackError: there is none of this id, it embeds no faces, or its description cannot be read.
    """
    if pack_id in PACKS:
        return PACKS[pack_id]
    if pack_id in CATALOGUE and CATALOGUE[pack_id].kind is not PackKind.EMBEDDER:
        raise PackError(_NO_EMBEDDER[CATALOGUE[pack_id].kind].format(CATALOGUE[pack_id].title))
    place = (folder or packs_folder()) / Path(pack_id).name
    try:
        stored = json.loads((place / _DESCRIPTION).read_text("utf-8"))
        if stored["format"] != FORMAT:
            raise PackError(f"The pack “{shown(pack_id)}” was made by another version of Visavis. Train it again.")
        if "published" in stored:
            return embedder(stored["published"], place, stored)
        if "joins" in stored:
            parts = [find_pack(str(part), place.parent) for part in stored["joins"]]
            return joined(pack_id, stored["title"], parts, [float(weight) for weight in stored["weights"]])
        if "onnx" in stored:
            file = StoredFile(place / ONNX, stored["sha256"])
            return onnx_pack(pack_id, stored["title"], stored["licence"], file, stored["onnx"])
        key = stored["architecture"]
        return pack_of(
            ARCHITECTURES[key], key, StoredFile(place / _NETWORK, stored["sha256"]),
            pack_id=pack_id, title=stored["title"], licence=stored["licence"],
        )  # fmt: skip
    except FileNotFoundError as error:
        if pack_id in CATALOGUE:
            raise PackError(not_installed(pack_id)) from error
        raise PackError(f"There is no pack “{shown(pack_id)}”. Choose another one.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PackError(f"The pack “{shown(pack_id)}” cannot be read. Choose another one.") from error


def installed_files(pack_id: str, folder: Path | None = None) -> Mapping[str, WeightsFile]:
    """The files of a published pack by name, each checked whenever it is read.

    Raises:
        PackError: it is not installed, or its folder is damaged.
    """
    published = CATALOGUE[pack_id]
    if published.bundled:
        return dict(zip((file.name for file in published.files), published.bundled, strict=True))
    place = (folder or packs_folder()) / pack_id
    try:
        stored = json.loads((place / _DESCRIPTION).read_text("utf-8"))
        return stored_files(published, place, stored)
    except FileNotFoundError as error:
        raise PackError(not_installed(pack_id)) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PackError(f"The pack “{published.title}” is damaged. Remove it, and install it again.") from error


def not_installed(pack_id: str) -> str:
    """What to do about a published pack that is not there, as a sentence."""
    title = CATALOGUE[pack_id].title
    return f"“{title}” is not installed. Install it on the Models page, or with: visavis packs install {pack_id}."


def is_installed(pack_id: str, folder: Path | None = None) -> bool:
    """Whether all files of a published pack are there; what they hold is checked when they are read."""
    published = CATALOGUE[pack_id]
    place = (folder or packs_folder()) / pack_id
    return bool(published.bundled) or all((place / file.name).is_file() for file in published.files)


def calibration_text(pack_id: str, folder: Path | None = None) -> str | None:
    """Return the calibration of one of the user's packs as JSON; None where the program ships one.

    Raises:
        PackError: it cannot be read, or nobody has measured it yet.
    """
    if pack_id in SHIPPED_CALIBRATIONS:
        return None
    try:
        return ((folder or packs_folder()) / Path(pack_id).name / CALIBRATION).read_text("utf-8")
    except FileNotFoundError as error:
        raise PackError(
            f"What the distances of “{shown(pack_id)}” mean has not been measured yet. Calibrate it on a folder of "
            "people first, on the Models page or with: visavis packs calibrate."
        ) from error
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
