"""Model files: inside installed packages, found without importing them, or in a folder of the user's; all checked."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from engine.errors import PackError, shown


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


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the user's own, with the digest it must have.

    Attributes:
        advice: what to do when it is gone or altered, as a sentence.
    """

    path: Path
    sha256: str
    advice: str = "Choose another pack, or train it again."

    def read(self) -> bytes:
        """Return the file's bytes, checked.

        Raises:
            PackError: it is missing, cannot be read, or has changed.
        """
        name = f"“{shown(self.path)}” of the pack “{shown(self.path.parent)}”"
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise PackError(f"The file {name} cannot be read: {error.strerror}. {self.advice}") from error
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise PackError(f"The file {name} is damaged or was altered. {self.advice}")
        return content
