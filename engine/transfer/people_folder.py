"""A folder that holds one folder of pictures per person."""

from __future__ import annotations

import os
from pathlib import Path

from engine.capture.folders import PICTURE_SUFFIXES, find_pictures
from engine.exchange import Tally
from engine.transfer.judged import Offer, unusable_source
from engine.types import CancelToken


def offers_of(folder: Path, tally: Tally, token: CancelToken) -> list[Offer]:
    """List each person's pictures; the folder's name is the person's.

    Raises:
        BadInputError: it is no folder, cannot be read, or holds no folder with pictures.
        OperationCancelledError: the token was turned.
    """
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise unusable_source(folder, f"{error.strerror}. Choose a folder that holds one folder per person.") from error
    offers: list[Offer] = []
    loose = 0
    for entry in entries:
        token.check()
        if entry.name.startswith("."):
            continue
        if not entry.is_dir():
            loose += entry.suffix.lower() in PICTURE_SUFFIXES
            continue
        if entry.is_symlink() and not entry.resolve().is_relative_to(folder.resolve()):
            tally.leave_out(entry.name, "It is a link to somewhere outside the folder; it was not followed.")
            continue
        found = [Offer(picture, ((person_name(entry), None),)) for picture in find_pictures([entry], token)]
        if not found:
            tally.leave_out(entry.name, "There is no picture in this folder.")
        offers += found
    if loose:
        tally.leave_out(folder.name, f"Pictures outside of people's folders: {loose:,}. They were not used.")
    if not offers:
        raise unusable_source(folder, "there is no folder with pictures in it. Choose one with a folder per person.")
    return offers


def person_name(folder: Path) -> str:
    """Return the name that a folder gives; bytes that are no text are taken for Latin-1, as old systems wrote them."""
    name = folder.name
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        name = os.fsencode(name).decode("latin-1")
    return name
