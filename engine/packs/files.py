"""Model files inside installed packages: found without importing the package, and checked before every use."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from engine.errors import PackError


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file that a Python distribution brings along.

    Attributes:
        package: the import package it lies in; never imported, since some need modules that are long gone.
        path: inside the package, with forward slashes.
        sha256: hexadecimal digest of the file as published.
        distribution: what to install again when the file is missing or altered.
    """

    package: str
    path: str
    sha256: str
    distribution: str

    def read(self) -> bytes:
        """Return the file's bytes, checked.

        Raises:
            PackError: it is missing, cannot be read, or is not the published file.
        """
        place = self.locate()
        advice = f"Reinstall it: pip install --force-reinstall {self.distribution}."
        try:
            content = place.read_bytes()
        except OSError as error:
            raise PackError(f"The model file “{place.name}” cannot be read: {error.strerror}. {advice}") from error
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise PackError(f"The model file “{place.name}” is damaged or not the published one. {advice}")
        return content

    def locate(self) -> Path:
        """Return where the file is, or would be.

        Raises:
            PackError: the package is not installed.
        """
        spec = importlib.util.find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise PackError(
                f"The package “{self.distribution}” is missing. Install it: pip install {self.distribution}."
            )
        return Path(spec.submodule_search_locations[0], *self.path.split("/"))
