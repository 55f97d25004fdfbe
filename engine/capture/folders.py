"""Pictures in folders, one by one, however many there are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.types import CancelToken

PICTURE_SUFFIXES = frozenset(
    (".jpg", ".jpeg", ".jpe", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".heic", ".heif", ".avif")
)


def find_pictures(places: Iterable[Path], token: CancelToken) -> Iterator[Path]:
    """Yield files as they were named, and the pictures in each folder and its subfolders, sorted within a folder.

    Hidden entries are passed over. Links inside a folder are followed only to files within that folder, so that neither
    a loop nor somebody else's pictures come in. Whether a file is a picture is decided by reading it.

    Raises:
        OperationCancelledError: the token was turned.
    """
    for place in places:
        if place.is_dir():
            yield from _walk(place, token)
        else:
            yield place


def _walk(folder: Path, token: CancelToken) -> Iterator[Path]:
    root = os.path.realpath(folder)
    # os.walk does not descend into linked folders, so a link cannot lead in a circle.
    for parent, folders, names in os.walk(folder):
        token.check()
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            picture = Path(parent, name)
            if name.startswith(".") or picture.suffix.lower() not in PICTURE_SUFFIXES:
                continue
            # Not `resolve`, which raises for a link in a circle. Reading such a link will say what is wrong.
            if not picture.is_symlink() or Path(os.path.realpath(picture)).is_relative_to(root):
                yield picture
