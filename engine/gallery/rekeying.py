"""Changing a gallery's data key, so that what opened it before opens its old copies only.

A new passphrase or recovery code wraps the same key anew: whoever kept an older key file, and knows what opened it
then, has the key of today's gallery too. Here the file is encrypted under a fresh key. What was copied before stays as
it is; the keys of before are kept sealed under the new one, so that older backups can still be gone back to.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import sqlcipher3.dbapi2 as sqlite

from engine.errors import GalleryError, GalleryLockedError
from engine.gallery import system_keyring, vault, witness
from engine.gallery.backups import list_backups
from engine.gallery.copies import other_copies
from engine.gallery.database import is_plain, translated_errors
from engine.gallery.encrypting import encrypt
from engine.gallery.graph_file import remove_graph
from engine.gallery.keys import Keys, Way, keys_path, new_recovery_code, read_keys, write_keys
from engine.gallery.vault import Typed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """A gallery under a new key.

    Attributes:
        key: the data key.
        recovery_code: the new one, kept nowhere; empty where there was none before, or it could not be stored.
    """

    key: bytes
    recovery_code: str


def change_key(path: Path, key: bytes | None, passphrase: str = "") -> Rekeyed:
    """Encrypt a gallery under a new data key, which the same ways open. Nobody else may have it open.

    A recovery code is made anew, since nobody can wrap the new key with the old one, and the old one is not to open it.

    Args:
        path: the gallery's file.
        key: its data key.
        passphrase: the gallery's; needed where one opens it.

    Raises:
        GalleryLockedError: the passphrase is missing, or the keyring does not answer.
        WrongSecretError: it is not the passphrase.
        TooManyAttemptsError: others were not either, too often.
        GalleryError: it is not encrypted, in use elsewhere, or cannot be written; nothing was changed.
    """
    if key is None:
        raise GalleryError(
            "The gallery is not encrypted, so there is no key to change. Set a passphrase, or let the keyring open it."
        )
    with translated_errors(path):
        keys = vault.known(path, key)
        if Way.PASSPHRASE in keys.ways:
            _check(path, keys, passphrase)
        new, new_key = Keys.new()
        new = new.with_former(new_key, [*keys.former_keys(key), key])
        if Way.PASSPHRASE in keys.ways:
            new = new.with_way(Way.PASSPHRASE, new_key, passphrase)
        if Way.KEYRING in keys.ways:
            new = vault.in_keyring(new, new_key)
        try:
            _leave_keys(path, keys)
            witness.expect(path, key, new_key)
            remove_graph(path)
            encrypt(path, key, new, new_key)
        except (GalleryError, sqlite.Error, OSError):
            if read_keys(path) == keys:
                system_keyring.forget(new.vault)
            raise
        code = _new_code(path, new, new_key) if Way.RECOVERY in keys.ways else ""
        _forget(path, keys)
        return Rekeyed(new_key, code)


def _check(path: Path, keys: Keys, passphrase: str) -> None:
    if not passphrase:
        raise GalleryLockedError("The passphrase is needed: it is to open the new key too.", (Way.PASSPHRASE,))
    vault.limited(path, Typed(passphrase), lambda: keys.open(Way.PASSPHRASE, passphrase))


def _new_code(path: Path, keys: Keys, key: bytes) -> str:
    """Store a recovery code as a step of its own: one that a crash kept from being shown would be worse than none."""
    code = new_recovery_code()
    try:
        write_keys(path, keys.with_way(Way.RECOVERY, key, code))
    except OSError as error:
        log.warning("No recovery code was made: %s", error.strerror)
        return ""
    return code


def _leave_keys(path: Path, keys: Keys) -> None:
    """Put the keys of before beside copies that had the gallery's own: they are all that will open them."""
    for copy in other_copies(path):
        if not keys_path(copy).exists() and not is_plain(copy):
            write_keys(copy, keys)


def _forget(path: Path, keys: Keys) -> None:
    """Take what the keyring held of the key of before, as far as no copy is opened with it."""
    if Way.KEYRING not in keys.ways:
        return
    system_keyring.forget(f"{keys.vault} seen")
    if not list_backups(path) and not other_copies(path):
        system_keyring.forget(keys.vault)
