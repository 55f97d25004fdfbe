"""Published packs in the user's folder: their files by name, and embedders ready to load.

A folder holds the published files and `pack.json`, which says which pack it is and what each file's SHA-256 must be; it
is checked before every use. `calibration.json` is there where the program ships none and one was measured here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from engine.networks.architectures import ARCHITECTURES
from engine.packs.catalogue import CATALOGUE, Published
from engine.packs.files import StoredFile
from engine.packs.pack import Pack
from engine.packs.sface import load_sface
from engine.packs.weights import load_state_dict

SFACE_KEY = "sface"


def stored_files(published: Published, place: Path, stored: Mapping[str, Any]) -> dict[str, StoredFile]:
    """The files of an installed pack by name.

    A digest that was published counts whatever the folder's own list says.

    Raises:
        KeyError, TypeError: the list is not one.
    """
    advice = f"Install “{published.title}” again."
    digests = {file.name: file.sha256 or str(stored["files"][file.name]) for file in published.files}
    return {name: StoredFile(place / name, digest, advice) for name, digest in digests.items()}


def embedder(pack_id: str, place: Path, stored: Mapping[str, Any]) -> Pack:
    """Describe an installed embedding network.

    Raises:
        KeyError, TypeError: it is none, or the folder's list is damaged.
    """
    published = CATALOGUE[pack_id]
    # SFace was trained on the same window as MobileFaceNet.
    architecture = ARCHITECTURES["mobilefacenet" if published.network == SFACE_KEY else published.network]
    (file,) = stored_files(published, place, stored).values()
    load = load_sface if published.network == SFACE_KEY else partial(load_state_dict, published.network)
    return Pack(
        id=published.id,
        title=published.title,
        dimension=published.dimension,
        frame=architecture.frame,
        averaged_paddings=architecture.averaged_paddings or (architecture.frame.padding,),
        licence=published.licence,
        commercial_use=published.commercial_use,
        file=file,
        load=load,
    )
