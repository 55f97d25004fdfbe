"""A thread that waits for the server's word that a gallery has changed, and notices when the server has gone."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Callable
from contextlib import closing
from enum import Enum
from selectors import EVENT_READ
from threading import Thread
from time import monotonic
from typing import Any

import psycopg
from psycopg.pq.abc import PGconn

from engine.errors import GalleryError
from engine.gallery.server_connection import connect, out_of_reach
from engine.server_address import ServerAddress

# `select` takes no number above 1023 where systems have `poll`, and all others are made of files themselves.
if sys.platform == "win32":
    from selectors import SelectSelector as Selector
else:
    from selectors import PollSelector as Selector

log = logging.getLogger(__name__)

CHANNEL = "visavis_gallery"
_PAUSES_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
"""Between attempts to reach a server that has gone; the last one again and again."""
_ASK_EVERY_S = 10.0
_ANSWER_WITHIN_S = 5.0
"""A server that is silent for longer has gone: a cable that was pulled or a machine that sleeps says nothing."""
_END_WITHIN_S = 2.0
_NOW, _STOP = b"n", b""
"""What is read when it is to try at once, and when the other end was closed."""


class _Woken(Enum):
    TO_STOP, TO_TRY, BY_SERVER = range(3)


class Listener:
    """Calls back whenever somebody commits, once after each time the connection was made anew, and when it is lost.

    It sleeps until the server, `try_now` or `stop` wakes it; every ten seconds it asks the server whether it is there.
    """

    def __init__(self, address: ServerAddress, changed: Callable[[], None], away: Callable[[str], None]) -> None:
        """Listen to a gallery's server; `start` begins.

        Args:
            address: which one.
            changed: called on the listener's thread when somebody may have committed.
            away: called on the same thread when the server cannot be reached any more, with the reason as a sentence,
                and with an empty text when it can be again.
        """
        self._address, self._changed, self._away = address, changed, away
        self._told = ""
        self._woken, self._wakes = socket.socketpair()
        self._thread = Thread(target=self._run, name="gallery-listener", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def try_now(self) -> None:
        """Do not wait for the next attempt to reach a server that has gone."""
        self._wakes.send(_NOW)

    def stop(self) -> None:
        """Stop. A thread that is just waiting for a server to answer is left to end by itself."""
        self._wakes.close()
        self._thread.join(_END_WITHIN_S)

    def _run(self) -> None:
        with self._woken:
            attempts = 0
            while True:
                try:
                    # Its own `with` would wait for an answer to ROLLBACK.
                    with closing(connect(self._address)) as connection:
                        attempts = 0
                        self._listen(connection)
                        return
                except (psycopg.Error, GalleryError, OSError) as error:
                    log.info("The gallery's server is out of hearing: %s", type(error).__name__)
                    # A connection that was merely cut is made anew without a word.
                    if attempts:
                        self._tell(out_of_reach(self._address, error))
                if self._sleep(_PAUSES_S[min(attempts, len(_PAUSES_S) - 1)]) is _Woken.TO_STOP:
                    return
                attempts += 1

    def _listen(self, connection: psycopg.Connection[Any]) -> None:
        """Listen until told to stop."""
        connection.execute(f"LISTEN {CHANNEL}")
        self._tell("")
        # Something may have happened while nobody listened.
        self._changed()
        # Past psycopg, whose own waiting for an answer has no end.
        raw = connection.pgconn
        while (woken := self._sleep(_ASK_EVERY_S, raw.socket)) is not _Woken.TO_STOP:
            if woken is _Woken.BY_SERVER:
                raw.consume_input()
            else:
                _ask(raw)
            if _notified(raw):
                self._changed()

    def _tell(self, sentence: str) -> None:
        if sentence != self._told:
            self._told = sentence
            self._away(sentence)

    def _sleep(self, timeout_s: float, *server: int) -> _Woken:
        """Sleep until woken, until there is something to read from the server, or until the time is over."""
        ready = _readable(timeout_s, self._woken.fileno(), *server)
        if self._woken.fileno() in ready:
            return _Woken.TO_STOP if self._woken.recv(1) == _STOP else _Woken.TO_TRY
        return _Woken.BY_SERVER if ready else _Woken.TO_TRY


def _readable(timeout_s: float, *numbers: int) -> set[int]:
    """Wait until there is something to read, and return where; empty once the time is over."""
    with Selector() as selector:
        for number in numbers:
            selector.register(number, EVENT_READ)
        return {key.fd for key, _ in selector.select(timeout_s)}


def _ask(raw: PGconn) -> None:
    """Ask the server whether it is there.

    Raises:
        psycopg.OperationalError: it does not answer in time, or the connection is lost.
    """
    raw.send_query(b"SELECT 1")
    end = monotonic() + _ANSWER_WITHIN_S
    while raw.is_busy():
        if not _readable(max(0.0, end - monotonic()), raw.socket):
            raise psycopg.OperationalError("the server does not answer: the connection is lost")
        raw.consume_input()
    while raw.get_result():
        pass


def _notified(raw: PGconn) -> bool:
    """Take all of the server's words; whether there were any."""
    found = False
    while raw.notifies():
        found = True
    return found
