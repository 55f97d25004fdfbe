"""Every pack with how it stands: those of the catalogue, then those of the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import PackError
from engine.networks.architectures import ARCHITECTURES
from engine.pack_values import SHIPPED_CALIBRATIONS, PackCard, PackFile, PackKind
from engine.packs.catalogue import CATALOGUE, MEASURED_JOINS, Published
from engine.packs.installed import (
    CALIBRATION,
    described,
    find_pack,
    is_installed,
    packs_folder,
)
from engine.packs.installing import partial_bytes
from engine.packs.pack import Pack


def cards(folder: Path | None = None) -> list[PackCard]:
    """All packs there are or could be; what is damaged beyond reading is passed over."""
    packs = folder or packs_folder()
    known = [_published_card(pack, packs) for pack in CATALOGUE.values()]
    return known + [_own_card(pack_id, about, packs) for pack_id, about in described(packs) if "published" not in about]


def _calibrated(pack_id: str, packs: Path) -> bool:
    return pack_id in SHIPPED_CALIBRATIONS or (packs / pack_id / CALIBRATION).is_file()


def _published_card(pack: Published, packs: Path) -> PackCard:
    return PackCard(
        id=pack.id,
        kind=pack.kind,
        title=pack.title,
        architecture=pack.architecture,
        dimension=pack.dimension,
        licence=pack.licence,
        commercial_use=pack.commercial_use,
        source=pack.source,
        files=pack.files,
        accuracy=pack.accuracy,
        installed=is_installed(pack.id, packs),
        bundled=bool(pack.bundled),
        downloadable=pack.downloadable and not pack.bundled,
        calibrated=pack.kind is not PackKind.EMBEDDER or _calibrated(pack.id, packs),
        partial=0 if pack.bundled else partial_bytes(pack, packs),
    )


def _own_card(pack_id: str, about: Mapping[str, Any], packs: Path) -> PackCard:
    place, pack = packs / pack_id, _found(pack_id, packs)
    return PackCard(
        id=pack_id,
        kind=PackKind.EMBEDDER,
        title=str(about.get("title", pack_id)),
        architecture=_architecture(about),
        dimension=pack.dimension if pack else 0,
        licence=str(about.get("licence", "unknown")),
        commercial_use=pack is not None and pack.commercial_use,
        source=_source(about),
        files=tuple(
            PackFile(file.name, str(about.get("sha256", "")), file.stat().st_size)
            for file in sorted(place.iterdir())
            if file.suffix in (".safetensors", ".onnx")
        ),
        accuracy=MEASURED_JOINS.get(pack_id),
        installed=True,
        own=True,
        calibrated=_calibrated(pack_id, packs),
        made_of=tuple(str(part) for part in about.get("joins", ())),
    )


def _found(pack_id: str, packs: Path) -> Pack | None:
    try:
        return find_pack(pack_id, packs)
    except PackError:
        return None


def _architecture(about: Mapping[str, Any]) -> str:
    if "joins" in about:
        return "Two networks, their embeddings side by side"
    if "onnx" in about:
        return "ONNX network, run by onnxruntime"
    known = ARCHITECTURES.get(str(about.get("architecture")))
    return f"{known.title} ({known.paper})" if known else "unknown"


def _source(about: Mapping[str, Any]) -> str:
    if "run" in about:
        return f"Trained here, run “{about['run']}”"
    if "joins" in about:
        return "Joined here"
    return f"Your own file “{about['from']}”" if "from" in about else "Your own"
