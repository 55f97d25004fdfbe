"""What the window and the command line ask about protecting the gallery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from engine.gallery import vault
from engine.gallery.backups import Backup, list_backups
from engine.gallery.compacting import Compacted, Room
from engine.gallery.journal import Note
from engine.gallery.soundness import CheckUp
from engine.gallery.store import Gallery
from engine.gallery.system_keyring import keyring_name
from engine.gallery.vault import Protection
from engine.types import CancelToken, Report, silent


class VaultDesk:
    """Encryption and what opens the gallery. Synchronous, as the service."""

    def __init__(
        self,
        gallery: Callable[[], Gallery],
        embed_missing: Callable[[], None],
        finish_backup: Callable[[], None] = lambda: None,
    ) -> None:
        """Look after a gallery.

        Args:
            gallery: returns the one that is open; raises GalleryLockedError while it is locked.
            embed_missing: makes the embeddings that its pictures lack.
            finish_backup: waits for a backup that is being made by itself.
        """
        self._gallery, self._embed_missing, self._finish_backup = gallery, embed_missing, finish_backup

    def protection(self) -> Protection:
        """What protects the gallery now."""
        return self._gallery().protection

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
        self._settled().protect(partial(vault.set_passphrase, passphrase=passphrase, ask_at_start=ask_at_start))
        self._note("protect", "A passphrase was set." if ask_at_start else "A passphrase was set beside the keyring.")
        return self.protection()

    def use_keyring(self) -> Protection:
        """Let the system's keyring open the gallery by itself; a plain gallery is encrypted.

        Raises:
            GalleryLockedError: there is no keyring, or it is locked.
            GalleryError: the gallery is in use elsewhere, or cannot be written; nothing was changed.
        """
        self._settled().protect(vault.use_keyring)
        self._note("protect", "The system's keyring opens the gallery.")
        return self.protection()

    def forget_passphrase(self) -> Protection:
        """Take the passphrase away.

        Raises:
            GalleryError: nothing else would open the gallery.
        """
        vault.forget_passphrase(self._settled().path)
        self._note("protect", "The passphrase was taken away.")
        return self.protection()

    # --- backups and soundness ----------------------------------------------------------------------------------

    def backups(self) -> list[Backup]:
        """All backups, newest first."""
        return list_backups(self._gallery().path)

    def back_up(self) -> Backup:
        """Make a backup now.

        Raises:
            GalleryError: the gallery is damaged, or there is no room.
        """
        made = self._gallery().back_up()
        self._note("backup", "A backup was made.")
        return made

    def restore(self, backup: Path) -> None:
        """Go back to a backup; what is there now becomes one.

        Raises:
            GalleryError: the backup is damaged, or another window has the gallery open; nothing was changed.
        """
        self._settled().restore(backup)
        self._embed_missing()

    def check(self, report: Report = silent, token: CancelToken | None = None, *, repair: bool = False) -> CheckUp:
        """Check every page, picture, embedding and link; with `repair` put right what can be.

        Raises:
            OperationCancelledError: the token was turned.
            GalleryError: the gallery cannot be read or written.
        """
        gallery = self._gallery()
        found = gallery.check(report, token)
        if not repair or found.sound:
            return found
        done = gallery.repair(found)
        self._embed_missing()
        return replace(gallery.check(report, token), repaired=done)

    def room(self) -> Room:
        """How large the gallery's file is, and how much of that writing it anew would free at least.

        Raises:
            GalleryError: the gallery is on a server, or cannot be read.
        """
        return self._gallery().room()

    def compact(self, token: CancelToken | None = None) -> Compacted:
        """Write the gallery's file anew, however large it is: as small as it can be, without what was deleted.

        Raises:
            OperationCancelledError: the token was turned; nothing was changed.
            GalleryError: the gallery cannot be reached.
        """
        return self._settled().compact(token=token)

    # --- what opens it ------------------------------------------------------------------------------------------

    def make_recovery_code(self) -> str:
        """Make a new recovery code, which is kept nowhere, and return it.

        Raises:
            GalleryError: the gallery is not encrypted.
        """
        code = self._settled().recovery_code()
        self._note("protect", "A recovery code was made.")
        return code

    def _settled(self) -> Gallery:
        """The gallery, with nobody copying it: a copy must not be of two states, or stand in the way."""
        gallery = self._gallery()
        self._finish_backup()
        return gallery

    def _note(self, kind: str, what: str) -> None:
        self._gallery().journal.note(Note(kind, {"what": what}))
