"""Packs of the user's own making: an ONNX network that was brought along, two packs joined."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from engine.errors import PackError, shown
from engine.pack_values import SCALING_WORDS
from engine.packs.files import StoredFile
from engine.packs.installed import ONNX, find_pack, packs_folder, store
from engine.packs.joined import weights_of
from engine.packs.onnx_network import SCALINGS, OnnxShape, described_shape, onnx_pack
from engine.packs.pack import Pack


def brought_onnx(path: Path, shape: OnnxShape, scaling: str) -> Pack:
    """Describe a pack of an ONNX file that is not stored yet.

    Raises:
        PackError: it cannot be read, or there is no such scaling.
    """
    if scaling not in SCALINGS:
        raise PackError(f"“{shown(scaling)}” is no way to scale pixels. Choose one of: {', '.join(SCALINGS)}.")
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise PackError(f"“{shown(path)}” cannot be read: {error.strerror}. Choose another file.") from error
    title = f"{path.stem} (ONNX, {SCALING_WORDS[scaling]})"
    file = StoredFile(path, digest)
    return onnx_pack(f"onnx-{digest[:12]}", title, "Unknown: your own file", file, described_shape(shape, scaling))


def store_onnx(
    pack: Pack, path: Path, shape: OnnxShape, scaling: str, *, title: str, licence: str, calibration: str
) -> Pack:
    """Store an ONNX network as a pack.

    Raises:
        PackError: it has changed since it was looked at, is there already, or cannot be stored.
    """
    content = pack.file.read()
    about = {
        "title": title or pack.title, "licence": licence, "calibration": calibration, "from": path.name,
        "onnx": described_shape(shape, scaling), "sha256": hashlib.sha256(content).hexdigest(),
    }  # fmt: skip
    return store(packs_folder(), pack.id, {ONNX: content}, about)


def joined_id(pack_ids: Sequence[str]) -> str:
    """What the pack is called that joins two."""
    return "+".join(pack_ids)


def store_joined(pack_ids: Sequence[str], limits: Sequence[float], calibration: str | None) -> Pack:
    """Store a pack that joins two others.

    Args:
        pack_ids: of both.
        limits: their cosine distances at one false match rate.
        calibration: of the joined distances; None where it ships.

    Raises:
        PackError: one of them is not there or is itself joined, or it cannot be stored.
    """
    packs = [find_pack(pack_id) for pack_id in pack_ids]
    if len(set(pack_ids)) != 2 or any("+" in pack_id for pack_id in pack_ids):
        raise PackError("Two different networks are joined, neither of which is joined already. Choose two others.")
    about = {
        "title": " and ".join(pack.title for pack in packs), "joins": list(pack_ids),
        "licence": " ".join(f"{pack.title}: {pack.licence}." for pack in packs), "weights": weights_of(limits),
    }  # fmt: skip
    known = {} if calibration is None else {"calibration": calibration}
    return store(packs_folder(), joined_id(pack_ids), {}, about | known)
