"""What can be done about a gallery that does not open: going back to one of its backups."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.errors import GalleryError
from engine.gallery import vault
from engine.gallery.backups import Backup, list_backups, restore
from engine.gallery.keys import Way
from engine.gallery.vault import Typed
from engine.server_address import Place


class RescueDesk:
    """Backups of a closed gallery. Synchronous, as the service.

    Attributes:
        needed: whether the gallery was found damaged, or gone, when it was last to be opened.
    """

    def __init__(self, place: Place, reopen: Callable[[Typed | None], None]) -> None:
        """Look after a gallery.

        Args:
            place: its file, which may be damaged or gone; a server's backups are its owner's.
            reopen: opens it with what was typed.
        """
        self._place, self._reopen = place, reopen
        self.needed = False

    def backups(self) -> list[Backup]:
        """What it can go back to, newest first; nothing where nothing is wrong with the gallery."""
        return list_backups(self._place) if self.needed and isinstance(self._place, Path) else []

    def restore(self, backup: Path, secret: str = "", way: str = "passphrase") -> None:
        """Put a backup in the gallery's place, and open it; a damaged file is kept beside it.

        Args:
            backup: one of its backups.
            secret: what was typed; without it the keyring opens the backup.
            way: "passphrase" or "recovery": which of them it is.

        Raises:
            GalleryLockedError: something must be typed.
            WrongSecretError: what was typed does not open it.
            GalleryError: the backup is damaged, or the gallery is open elsewhere; nothing was changed.
        """
        if not isinstance(self._place, Path):
            raise GalleryError("The gallery is on a server. Its backups are made and put back there, by its owner.")
        typed = Typed(secret, Way(way)) if secret else None
        with vault.alone(self._place):
            restore(self._place, backup, vault.key_of_backup(self._place, backup, typed))
        self._reopen(typed)
