"""What the window and the command line ask about protecting the gallery."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from engine.gallery import vault
from engine.gallery.store import Gallery
from engine.gallery.system_keyring import keyring_name
from engine.gallery.vault import Protection


class VaultDesk:
    """Encryption and what opens the gallery. Synchronous, as the service."""

    def __init__(self, gallery: Callable[[], Gallery]) -> None:
        """Use whichever gallery is open; while it is locked, everything raises GalleryLockedError."""
        self._gallery = gallery

    def protection(self) -> Protection:
        """What protects the gallery now."""
        return vault.protection(self._gallery().path)

    def keyring(self) -> str:
        """What the system's keyring is called; empty where there is none."""
        return keyring_name()

    def set_passphrase(self, passphrase: str, *, ask_at_start: bool) -> Protection:
        """Let a passphrase open the gallery, in place of one of before; a plain gallery is encrypted.

        Args:
            passphrase: the new one.
            ask_at_start: whether the keyring no longer opens it.

        Raises:
            WrongSecretError: this cannot be a passphrase.
            GalleryError: the gallery is in use elsewhere, or cannot be written; nothing was changed.
        """
        self._gallery().protect(partial(vault.set_passphrase, passphrase=passphrase, ask_at_start=ask_at_start))
        return self.protection()

    def use_keyring(self) -> Protection:
        """Let the system's keyring open the gallery by itself; a plain gallery is encrypted.

        Raises:
            GalleryLockedError: there is no keyring, or it is locked.
            GalleryError: the gallery is in use elsewhere, or cannot be written; nothing was changed.
        """
        self._gallery().protect(vault.use_keyring)
        return self.protection()

    def forget_passphrase(self) -> Protection:
        """Take the passphrase away.

        Raises:
            GalleryError: nothing else would open the gallery.
        """
        vault.forget_passphrase(self._gallery().path)
        return self.protection()

    def make_recovery_code(self) -> str:
        """Make a new recovery code, which is kept nowhere, and return it.

        Raises:
            GalleryError: the gallery is not encrypted.
        """
        return self._gallery().recovery_code()
