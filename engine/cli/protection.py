"""Opening an encrypted gallery on the command line, and changing what opens it."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from dataclasses import asdict
from pathlib import Path

from engine.errors import BadInputError, WrongSecretError
from engine.service import FaceService

_TRIES = 3


def open_gallery(service: FaceService, request: argparse.Namespace) -> None:
    """Unlock the gallery where it is locked: by a file, or by asking on the terminal.

    Raises:
        GalleryLockedError: nobody can be asked.
        WrongSecretError: what was given does not open it.
    """
    if service.locked is None:
        return
    if request.passphrase_file:
        service.unlock(read_passphrase(request.passphrase_file))
        return
    if not service.locked.asks or not sys.stdin.isatty():
        raise service.locked
    for _ in range(_TRIES - 1):
        try:
            service.unlock(getpass.getpass("Passphrase of the gallery: "))
        except WrongSecretError as error:
            print(error, file=sys.stderr)
        else:
            return
    service.unlock(getpass.getpass("Passphrase of the gallery: "))


def protect(service: FaceService, request: argparse.Namespace) -> int:
    """Say what protects the gallery, or change what opens it."""
    code = ""
    if request.set_passphrase:
        service.vault.set_passphrase(_new_passphrase(request), ask_at_start=True)
    elif request.use_keyring:
        service.vault.use_keyring()
    elif request.recovery_code:
        code = service.vault.make_recovery_code()
    now = service.vault.protection()
    if request.json:
        print(json.dumps(asdict(now) | {"sentence": now.sentence} | ({"recovery_code": code} if code else {})))
    else:
        print(code or now.sentence)
    return 0


def read_passphrase(file: Path) -> str:
    """Read the first line of a file.

    Raises:
        BadInputError: it cannot be read.
    """
    try:
        return file.read_text("utf-8").split("\n", 1)[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"The passphrase file “{file.name}” cannot be read. Check the file.") from error


def _new_passphrase(request: argparse.Namespace) -> str:
    if request.new_passphrase_file:
        return read_passphrase(request.new_passphrase_file)
    if not sys.stdin.isatty():
        raise BadInputError("There is no terminal to ask for the passphrase. Name a file with --new-passphrase-file.")
    first = getpass.getpass("New passphrase: ")
    if getpass.getpass("The same again: ") != first:
        raise BadInputError("The two are not the same. Nothing was changed; try again.")
    return first
