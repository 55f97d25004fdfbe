"""A thread that waits for the server's word that a gallery has changed."""

from __future__ import annotations

import logging
import select
import socket
from collections.abc import Callable
from threading import Thread

import psycopg

from engine.errors import GalleryError
from engine.gallery.server_connection import connect
from engine.server_address import ServerAddress

log = logging.getLogger(__name__)

CHANNEL = "visavis_gallery"
_AGAIN_AFTER_S = 5.0
_END_WITHIN_S = 2.0


class Listener:
    """Calls back whenever somebody commits, and once after each time the connection was made anew.

    It costs nothing while nothing happens: it sleeps until the server or `stop` wakes it.
    """

    def __init__(self, address: ServerAddress, changed: Callable[[], None]) -> None:
        self._address, self._changed = address, changed
        self._woken, self._wakes = socket.socketpair()
        self._thread = Thread(target=self._run, name="gallery-listener", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop. A thread that is just waiting for a server to answer is left to end by itself."""
        self._wakes.close()
        self._thread.join(_END_WITHIN_S)

    def _run(self) -> None:
        with self._woken:
            while True:
                try:
                    self._listen()
                except (psycopg.Error, GalleryError, OSError) as error:
                    log.info("The gallery's server is out of hearing: %s", type(error).__name__)
                if self._stopped(_AGAIN_AFTER_S):
                    return

    def _listen(self) -> None:
        with connect(self._address) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            # Something may have happened while nobody listened.
            self._changed()
            while not self._stopped(None, connection.fileno()):
                if any(True for _ in connection.notifies(timeout=0)):
                    self._changed()

    def _stopped(self, timeout_s: float | None, *also: int) -> bool:
        """Sleep until woken, until there is something to read from the server, or until the time is over."""
        woken = self._woken.fileno()
        ready, _, _ = select.select([woken, *also], [], [], timeout_s)
        return woken in ready
