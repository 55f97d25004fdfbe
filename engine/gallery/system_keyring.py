"""The operating system's keyring (macOS Keychain, Windows Credential Locker, Secret Service, KWallet), by `keyring`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from engine.errors import GalleryLockedError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

log = logging.getLogger(__name__)

SERVICE = "Visavis"
_NOT_TRUSTED = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")
"""Backends that keep nothing, or keep it in a plain file."""


def keyring_name() -> str:
    """What the keyring in use is called; empty where there is none worth the name."""
    backend = _backend()
    return backend.name if backend else ""


def remember(vault: str, secret: str) -> None:
    """Keep a gallery's secret, in place of one of before.

    Raises:
        GalleryLockedError: there is no keyring, or it is locked.
    """
    from keyring.errors import KeyringError  # noqa: PLC0415 - looks for backends when it is loaded

    try:
        _needed().set_password(SERVICE, vault, secret)
    except (KeyringError, RuntimeError, OSError) as error:
        raise _silent(error) from error


def recall(vault: str) -> str:
    """Return a gallery's secret.

    Raises:
        GalleryLockedError: there is no keyring, it is locked, or it does not have the secret any more.
    """
    from keyring.errors import KeyringError  # noqa: PLC0415 - as above

    try:
        backend = _needed()
        secret = backend.get_password(SERVICE, vault)
    except (KeyringError, RuntimeError, OSError) as error:
        raise _silent(error) from error
    if secret is None:
        raise GalleryLockedError(f"The keyring “{backend.name}” has no secret for this gallery (any more).", ())
    return secret


def forget(vault: str) -> None:
    """Take a gallery's secret out of the keyring, where it is."""
    from keyring.errors import KeyringError  # noqa: PLC0415 - as above

    try:
        _needed().delete_password(SERVICE, vault)
    except (KeyringError, GalleryLockedError, RuntimeError, OSError) as error:
        log.info("A secret was not taken out of the keyring: %s", type(error).__name__)


def _backend() -> KeyringBackend | None:
    import keyring  # noqa: PLC0415 - looks for backends when it is loaded
    from keyring.backends.chainer import ChainerBackend  # noqa: PLC0415 - as above

    backend = keyring.get_keyring()
    if isinstance(backend, ChainerBackend):
        backend = next((one for one in backend.backends if _trusted(one)), backend)
    return backend if _trusted(backend) else None


def _trusted(backend: KeyringBackend) -> bool:
    return not type(backend).__module__.startswith((*_NOT_TRUSTED, "keyring.backends.chainer"))


def _needed() -> KeyringBackend:
    backend = _backend()
    if backend is None:
        raise GalleryLockedError("This system has no keyring (any more), which held the gallery's key.", ())
    return backend


def _silent(error: Exception) -> GalleryLockedError:
    log.warning("The keyring failed: %s", type(error).__name__)
    return GalleryLockedError("The system's keyring is locked or does not answer. Unlock it and try again.", ())
