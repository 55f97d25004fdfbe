"""Folders that were deleted, kept until the window closes so that it can be undone."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from time import time

from engine.errors import BadInputError, shown

_PREFIX = ".deleted-"
_ABANDONED_S = 24 * 3600


class Trash:
    """Keeps deleted subfolders of a folder beside the others, where nobody lists them."""

    def __init__(self, folder: Path) -> None:
        """Keep what is deleted from `folder`. What a killed program left behind a day ago goes now."""
        self._folder = folder
        self._kept = folder / f"{_PREFIX}{os.getpid()}"
        for left in folder.glob(f"{_PREFIX}*"):
            with suppress(OSError):
                if left != self._kept and time() - left.stat().st_mtime > _ABANDONED_S:
                    shutil.rmtree(left)

    @property
    def names(self) -> list[str]:
        """What can be put back, by name."""
        return sorted(place.name for place in self._kept.iterdir()) if self._kept.is_dir() else []

    def put(self, name: str) -> None:
        """Delete a subfolder.

        Raises:
            BadInputError: there is none of this name, or it cannot be moved.
        """
        try:
            self._kept.mkdir(mode=0o700, parents=True, exist_ok=True)
            # One of the same name was deleted before, and its name was used again.
            shutil.rmtree(self._kept / name, ignore_errors=True)
            (self._folder / name).rename(self._kept / name)
        except OSError as error:
            raise BadInputError(f"“{shown(name)}” cannot be deleted: {error.strerror}. Check its folder.") from error

    def restore(self, name: str) -> None:
        """Put a deleted subfolder back.

        Raises:
            BadInputError: it is gone, or another one of its name has been made since.
        """
        try:
            if (self._folder / name).exists():
                raise BadInputError(f"“{shown(name)}” cannot be put back: there is another one of that name.")
            (self._kept / name).rename(self._folder / name)
        except OSError as error:
            raise BadInputError(f"“{shown(name)}” cannot be put back: {error.strerror}.") from error

    def empty(self) -> None:
        """Delete everything in it for good."""
        shutil.rmtree(self._kept, ignore_errors=True)
