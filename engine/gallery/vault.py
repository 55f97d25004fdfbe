"""What protects a gallery's file, and who may open it: a keyring, a passphrase, a recovery code, or anybody."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from glob import escape
from pathlib import Path

import sqlcipher3.dbapi2 as sqlite
from filelock import FileLock, Timeout

from engine.errors import GalleryError, GalleryLockedError, WrongSecretError, shown
from engine.files import cut, private_folder
from engine.gallery import system_keyring
from engine.gallery.attempts import Attempts, Moment, read_tries, refuse_during_pause, write_tries
from engine.gallery.database import check_file, connect, is_plain, remove_with_logs, translated_errors
from engine.gallery.encrypting import encrypt, restore_keys
from engine.gallery.keys import Keys, Way, check_passphrase, keys_path, new_recovery_code, read_keys, write_keys
from engine.journal_words import pause_in_words

log = logging.getLogger(__name__)

_LEFTOVER_AFTER_S = 3600
_ALONE_WITHIN_S = 10


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed to open a gallery."""

    secret: str
    way: Way = Way.PASSPHRASE


@dataclass(frozen=True, slots=True)
class Protection:
    """What protects a gallery's file.

    Attributes:
        keyring: which keyring opens it by itself; empty where none does.
        passphrase: whether a passphrase opens it.
        recovery: whether there is a recovery code.
        server: what is to be said of a gallery on a server instead, as sentences; empty for a file.
    """

    encrypted: bool
    keyring: str = ""
    passphrase: bool = False
    recovery: bool = False
    server: str = ""

    @property
    def sentence(self) -> str:
        """All of it in words."""
        if self.server:
            return self.server
        if not self.encrypted:
            name = system_keyring.keyring_name()
            advice = (
                f"Set a passphrase, or encrypt it with a key in {name}."
                if name
                else "Set a passphrase to encrypt it; this system has no keyring that could keep a key."
            )
            return f"Not encrypted: only the permissions of its file protect it. {advice}"
        ways = [f"opened by {self.keyring}"] if self.keyring else []
        ways += ["opened by a passphrase"] if self.passphrase else []
        spare = "" if self.recovery else " There is no recovery code: make one, in case the way in is lost."
        return f"Encrypted (AES-256), {' or '.join(ways)}.{spare}"


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep other windows from opening, making or re-encrypting the same gallery meanwhile.

    Raises:
        GalleryError: another one takes too long about it, or the folder cannot be written.
    """
    lock = FileLock(path.with_name(f"{cut(path.name)}.lock"), timeout=_ALONE_WITHIN_S, mode=0o600)
    with translated_errors(path):
        private_folder(path.parent)
        try:
            lock.acquire()
        except Timeout as error:
            raise GalleryError(
                f"Another window is busy with the gallery “{shown(path)}”. Try again in a moment."
            ) from error
    try:
        yield
    finally:
        lock.release()


def unlock(path: Path, typed: Typed | None = None) -> bytes | None:
    """Return the data key of a gallery, None where it is not encrypted; makes keys for a gallery that is to be made.

    A plain gallery is encrypted first where a keyring can keep the key and no other window has it open.

    Args:
        path: the gallery's file.
        typed: a passphrase or recovery code; without one only the keyring opens it.

    Raises:
        GalleryLockedError: something must be typed, or the keyring does not answer.
        WrongSecretError: what was typed does not open it.
        TooManyAttemptsError: what was typed before did not either, too often; it was not looked at.
        GalleryError: the gallery has gone while its keys are there, or its key file is damaged.
    """
    with translated_errors(path):
        _sweep(path)
        keys = _settled(path, read_keys(path))
        if keys is not None:
            if not path.exists():
                raise GalleryError(
                    f"The gallery “{shown(path)}” was moved or deleted: its key file is there, it is not. Put it back, "
                    "or restore a backup."
                )
            return limited(path, typed, lambda: _open(path, keys, typed))
        if path.exists() and not path.is_file():
            return None
        return _first_key(path)


def protection(path: Path) -> Protection:
    """What protects a gallery now.

    Raises:
        GalleryError: its key file is damaged.
    """
    keys = read_keys(path)
    if keys is None or not keys.ways:
        return Protection(encrypted=False)
    ways = keys.ways
    return Protection(True, keys.keyring if Way.KEYRING in ways else "", Way.PASSPHRASE in ways, Way.RECOVERY in ways)


# --- changing what opens it ---------------------------------------------------------------------------------------


def set_passphrase(path: Path, key: bytes | None, passphrase: str, *, ask_at_start: bool) -> bytes:
    """Let a passphrase open the gallery; a plain gallery is encrypted first. Nothing may have it open meanwhile.

    Args:
        path: the gallery's file.
        key: its data key; None where it is plain.
        passphrase: the new one.
        ask_at_start: whether the keyring no longer opens it.

    Returns:
        The data key.

    Raises:
        WrongSecretError: this cannot be a passphrase.
        GalleryError: the gallery is in use elsewhere, or cannot be written; nothing was changed.
    """
    check_passphrase(passphrase)
    with translated_errors(path):
        if key is None:
            keys, key = Keys.new()
            encrypt(path, None, keys.with_way(Way.PASSPHRASE, key, passphrase), key)
        else:
            keys = known(path, key).with_way(Way.PASSPHRASE, key, passphrase)
            write_keys(path, keys.without_way(Way.KEYRING) if ask_at_start else keys)
            if ask_at_start:
                system_keyring.forget(keys.vault)
        return key


def use_keyring(path: Path, key: bytes | None) -> bytes:
    """Let the system's keyring open the gallery by itself; a plain gallery is encrypted first.

    Raises:
        GalleryLockedError: there is no keyring, or it is locked.
        GalleryError: the gallery is in use elsewhere, or cannot be written; nothing was changed.
    """
    with translated_errors(path):
        if key is None:
            keys, key = Keys.new()
            encrypt(path, None, in_keyring(keys, key), key)
        else:
            write_keys(path, in_keyring(known(path, key), key))
        return key


def make_recovery_code(path: Path, key: bytes) -> str:
    """Make a new recovery code, which replaces one of before, and return it; it is kept nowhere.

    Raises:
        GalleryError: the key file cannot be written.
    """
    code = new_recovery_code()
    with translated_errors(path):
        write_keys(path, known(path, key).with_way(Way.RECOVERY, key, code))
    return code


def forget_passphrase(path: Path) -> None:
    """Take the passphrase away; the keyring opens the gallery.

    Raises:
        GalleryError: nothing else would open it.
    """
    keys = known(path)
    if Way.KEYRING not in keys.ways:
        raise GalleryError("Without the passphrase nothing would open the gallery. Let the keyring open it first.")
    with translated_errors(path):
        write_keys(path, keys.without_way(Way.PASSPHRASE))


# --- opening ------------------------------------------------------------------------------------------------------


def _first_key(path: Path) -> bytes | None:
    """Make keys for a gallery that is new or plain, where a keyring can keep them."""
    if not system_keyring.keyring_name():
        return None
    keys, key = Keys.new()
    try:
        keys = in_keyring(keys, key)
    except GalleryLockedError as error:
        log.warning("The gallery is not encrypted: %s", error)
        return None
    if not path.exists():
        write_keys(path, replace(keys, ways={}, coming=keys))
        return key
    try:
        check_file(path, encrypted=False)
        encrypt(path, None, keys, key)
    except GalleryError as error:
        system_keyring.forget(keys.vault)
        log.warning("The gallery was not encrypted: %s", error)
        return None
    return key


def created(path: Path) -> None:
    """Note that a gallery for which `unlock` made keys now exists."""
    keys = read_keys(path)
    if keys is not None and keys.coming is not None:
        with translated_errors(path):
            write_keys(path, keys.coming)


def _settled(path: Path, keys: Keys | None) -> Keys | None:
    """Finish, or forget, a change of keys that was cut off, as far as that can be told without a key."""
    if keys is None or keys.coming is None:
        return keys
    if not path.exists():
        if keys.ways:
            return keys
        keys_path(path).unlink(missing_ok=True)
        return None
    if is_plain(path):
        restore_keys(path, replace(keys, coming=None))
        return None if not keys.ways else replace(keys, coming=None)
    if not keys.ways:
        write_keys(path, keys.coming)
        return keys.coming
    return keys


def limited(path: Path, typed: Typed | None, open_it: Callable[[], bytes]) -> bytes:
    """Open with what was typed, if anything; after too many wrong ones nothing is looked at for a while."""
    if typed is None:
        return open_it()
    now = Moment.now()
    tries = read_tries(path)
    if tries != (seen := tries.seen(now)):
        write_tries(path, seen)
    refuse_during_pause(seen, "passphrases or recovery codes", now)
    # Counted before it is looked at: whoever ends the program meanwhile has tried all the same.
    failed = seen.failed(Moment.now())
    write_tries(path, failed)
    try:
        key = open_it()
    except WrongSecretError as error:
        pause = f" Too many failed: the next try is in {pause_in_words(failed.pause_s)}." if failed.pause_s else ""
        raise WrongSecretError(f"{error}{pause}") from error
    except GalleryError:
        # That the file cannot be read says nothing about what was typed.
        write_tries(path, seen)
        raise
    write_tries(path, Attempts())
    return key


def unlock_pause_s(path: Path) -> float:
    """How long no passphrase is looked at yet, in seconds."""
    now = Moment.now()
    return read_tries(path).seen(now).left_s(now)


def _open(path: Path, keys: Keys, typed: Typed | None) -> bytes:
    if keys.coming is None:
        return _key(keys, typed)
    # A re-encryption was cut off, before or after the new gallery took the old one's place.
    for these in (replace(keys, coming=None), keys.coming):
        key = _key(these, typed)
        if opens(path, key):
            write_keys(path, these)
            return key
    raise GalleryError(f"The gallery “{shown(path)}” is damaged. Nothing was changed; restore it from a backup.")


def key_of_backup(path: Path, backup: Path, typed: Typed | None = None) -> bytes | None:
    """The key of a gallery that may be damaged or gone, by its own key file or else the backup's; None for a plain one.

    Raises:
        GalleryLockedError: something must be typed, or the keyring does not answer.
        WrongSecretError: what was typed does not open it.
        TooManyAttemptsError: what was typed before did not either, too often; it was not looked at.
        GalleryError: the backup's key file is damaged too.
    """
    try:
        keys = read_keys(path)
    except GalleryError:
        keys = None
    if keys is None or not keys.ways:
        keys = read_keys(backup)
    if keys is None or not keys.ways:
        return None
    found = keys
    return limited(path, typed, lambda: _key(found, typed))


def opens(path: Path, key: bytes) -> bool:
    """Whether a key opens a gallery's file.

    Raises:
        sqlite.Error: that cannot be told now: it cannot be read.
    """
    try:
        with closing(connect(path, key)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite.DatabaseError as error:
        if getattr(error, "sqlite_errorname", "") != "SQLITE_NOTADB":
            raise
        return False
    return True


def _key(keys: Keys, typed: Typed | None) -> bytes:
    if typed is not None:
        return keys.open(typed.way, typed.secret)
    if Way.KEYRING not in keys.ways:
        raise GalleryLockedError("The gallery is encrypted. Type its passphrase to open it.", keys.asks)
    try:
        return keys.open(Way.KEYRING, system_keyring.recall(keys.vault))
    except (GalleryLockedError, WrongSecretError) as error:
        others = " or ".join(
            {Way.PASSPHRASE: "passphrase", Way.RECOVERY: "recovery code"}[Way(way)] for way in keys.asks
        )
        advice = f" Or type the gallery's {others}." if others else f" The gallery is opened by {keys.keyring} alone."
        raise GalleryLockedError(f"{error}{advice}", keys.asks) from error


def in_keyring(keys: Keys, key: bytes) -> Keys:
    """Let the keyring open a gallery, with a secret made for it.

    Raises:
        GalleryLockedError: there is no keyring, or it is locked.
    """
    secret = secrets.token_urlsafe(32)
    system_keyring.remember(keys.vault, secret)
    return keys.with_way(Way.KEYRING, key, secret, system_keyring.keyring_name())


def known(path: Path, key: bytes | None = None) -> Keys:
    """The keys of a gallery that is open: those that its data key fits, where a change is not written down yet.

    Raises:
        GalleryError: the key file is missing or damaged.
    """
    keys = read_keys(path)
    if keys and keys.coming and key is not None and keys.coming.fits(key):
        return keys.coming
    if keys is None:
        raise GalleryError(f"The key file “{shown(keys_path(path))}” is missing. Put it back from a backup.")
    return keys


def _sweep(path: Path) -> None:
    """Remove what a killed process was building, once it is certain that nobody builds any more."""
    for leftover in path.parent.glob(f".{escape(cut(path.name))}.*.new"):
        try:
            if time.time() - leftover.stat().st_mtime > _LEFTOVER_AFTER_S:
                remove_with_logs(leftover)
        except OSError:
            log.info("A leftover could not be removed.")
