"""Passphrases on the command line: from a file, or asked for on the terminal."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from engine.errors import BadInputError, shown
from engine.transfer.files import content_of

_LONGEST_BYTES = 2**16


def read(file: Path) -> str:
    """Return what a file holds, without the end of its line, which is the editor's.

    Raises:
        BadInputError: it cannot be read, or is no text in UTF-8.
    """
    try:
        return content_of(file, _LONGEST_BYTES).decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        raise BadInputError(f"“{shown(file)}” is not a text in UTF-8. Save it as one.") from error


def ask(file: Path | None, option: str, *, twice: bool) -> str:
    """Return a passphrase from a file, or from whoever sits at the terminal.

    Args:
        file: holds it.
        option: how the file is named on the command line.
        twice: whether it is a new one.

    Raises:
        BadInputError: there is neither file nor terminal, or what was typed twice differs.
    """
    if file:
        return read(file)
    if not sys.stdin.isatty():
        raise BadInputError(f"There is no terminal to ask for the passphrase on. Name a file with {option}.")
    typed = getpass.getpass("Passphrase: ")
    if twice and getpass.getpass("Again: ") != typed:
        raise BadInputError("The two passphrases are not the same. Nothing was written; try again.")
    return typed
