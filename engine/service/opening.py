"""Opening, locking and closing the gallery, and noticing what others do to it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Thread

from engine.errors import GalleryError, GalleryLockedError, WrongSecretError
from engine.gallery.backend import unheard
from engine.gallery.backups import due
from engine.gallery.database import followed
from engine.gallery.keys import Way
from engine.gallery.network_drive import network_notice
from engine.gallery.store import Gallery
from engine.gallery.vault import Typed, protection, unlock_pause_s
from engine.live_desk import LiveDesk
from engine.loaded import embed_missing
from engine.rescue_desk import RescueDesk
from engine.server_address import Place
from engine.service.in_force import InForce

log = logging.getLogger(__name__)


class Opening:
    """The part of the service that opens and closes the gallery.

    Attributes:
        rescue: what can be done about a gallery that does not open.
    """

    _now: InForce
    live: LiveDesk

    def __init__(self, place: Place) -> None:
        """Look after a gallery, which is not open yet."""
        self._place = followed(place) if isinstance(place, Path) else place
        self._changed: Callable[[], None] | None = None
        self._away: Callable[[str], None] = unheard
        self._backup: Thread | None = None
        self.rescue = RescueDesk(self._place, self._open)

    def _begin_anew(self) -> None:
        """Drop what was made for the gallery before: it is another one now, or there is none."""
        raise NotImplementedError

    @property
    def locked(self) -> GalleryLockedError | None:
        """Why there is no gallery; None while it is open."""
        return self._now.locked

    def unlock(self, secret: str = "", way: str = "passphrase") -> None:
        """Open a locked gallery.

        Args:
            secret: what was typed; without it the keyring is asked again.
            way: "passphrase" or "recovery": which of them it is.

        Raises:
            WrongSecretError: it does not open the gallery.
            TooManyAttemptsError: others did not either, too often; this one was not looked at.
            GalleryLockedError: something must be typed.
            GalleryError: the gallery cannot be opened.
        """
        if self._now.opened is None:
            self._open(Typed(secret, Way(way)) if secret else None)

    def lock(self) -> None:
        """Close the gallery, and forget its key and everything that was read from it.

        Raises:
            GalleryError: it is not encrypted, so that locking would protect nothing.
        """
        if self._now.gallery.protection.server:
            raise GalleryError("A gallery on a server is not locked from here. Close the window instead.")
        if not self._now.gallery.encrypted:
            raise GalleryError("The gallery is not encrypted, so it cannot be locked. Set a passphrase first.")
        # Who is before the camera is written down first.
        self.live.forget()
        self._close_gallery()
        self._begin_anew()
        self._now.forget_gallery()
        ways = protection(self._file)
        asks = ("passphrase",) * ways.passphrase + ("recovery",) * ways.recovery
        self._now.locked = GalleryLockedError("The gallery is locked.", asks)

    def unlock_pause_s(self) -> float:
        """How long no passphrase is looked at yet, after too many wrong ones."""
        return unlock_pause_s(self._place) if isinstance(self._place, Path) else 0.0

    @property
    def drive_notice(self) -> str:
        """What is to be said of the drive that the gallery is on, as a sentence; empty where all is well."""
        return network_notice(self._place) if isinstance(self._place, Path) else ""

    def gallery_changed(self) -> bool:
        """Whether another window or process has changed the gallery since the last look."""
        return self._now.gallery.changed_elsewhere()

    def listen(self, changed: Callable[[], None], away: Callable[[str], None] = unheard) -> None:
        """Have something called, on another thread, when others may have changed the gallery; a file cannot call.

        Args:
            changed: called when others may have changed it.
            away: called with a sentence when its server cannot be reached any more, and with none when it can again.
        """
        self._changed, self._away = changed, away
        if self._now.opened is not None:
            self._now.opened.watch(changed, away)

    def try_now(self) -> None:
        """Try at once to reach a server that has gone."""
        if self._now.opened is not None:
            self._now.opened.try_now()

    def _open_or_wait(self) -> None:
        """Open the gallery; one that asks for a passphrase, or can go back to a backup, stays closed until then.

        Raises:
            GalleryError: it cannot be opened, and there is no backup.
        """
        try:
            self._open()
        except GalleryLockedError as error:
            self._now.locked = error
        except GalleryError as error:
            if not self.rescue.backups():
                raise
            self._now.locked = GalleryLockedError(str(error), ())

    def _open(self, typed: Typed | None = None) -> None:
        gallery: Gallery | None = None
        try:
            gallery = Gallery.open(self._place, typed)
            embed_missing(gallery, self._now.networks)
        except GalleryError as error:
            self.rescue.needed = not isinstance(error, (GalleryLockedError, WrongSecretError))
            if gallery is not None:
                gallery.abandon()
            raise
        if self._changed:
            gallery.watch(self._changed, self._away)
        self._now.take(gallery)
        self._begin_anew()
        self.rescue.needed = False
        if isinstance(self._place, Path) and gallery.counts()[0] and due(self._place):
            # A large gallery takes a while to copy, and nobody should have to wait for it.
            self._backup = Thread(target=self._back_up, args=(gallery,), name="backup", daemon=True)
            self._backup.start()

    @staticmethod
    def _back_up(gallery: Gallery) -> None:
        try:
            gallery.back_up()
        except GalleryError as error:
            log.warning("No backup was made: %s", error)

    def _finish_backup(self) -> None:
        """Wait for the backup of this start: what is to be done next changes the file, its keys or its place."""
        if self._backup is not None:
            self._backup.join()
            self._backup = None

    def hurry(self) -> None:
        """Do not let closing wait for the backup of this start, which is then made at the next one."""
        self._backup = None

    def _close_gallery(self) -> None:
        try:
            self._finish_backup()
        finally:
            self._now.let_go()

    @property
    def _file(self) -> Path:
        """The gallery's file; only a file is ever locked."""
        if not isinstance(self._place, Path):
            raise GalleryError("The gallery is closed. Open the window again.")
        return self._place
