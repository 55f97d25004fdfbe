"""A gallery on a PostgreSQL server: several windows share it, and each hears of what the others change."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import uuid4

import psycopg
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session

from engine.errors import GalleryError, shown
from engine.gallery.backend import Changes, unheard
from engine.gallery.compacting import Compacted
from engine.gallery.journal import Journal
from engine.gallery.schema_versions import Age, age
from engine.gallery.seals import Seals
from engine.gallery.server_connection import SCHEMA, STRANGER, make_engine, translated_errors
from engine.gallery.server_listener import Listener
from engine.gallery.server_vacuum import vacuum
from engine.gallery.vault import Protection
from engine.server_address import ServerAddress

log = logging.getLogger(__name__)

_MOST_NAMED = 5000
"""Where more people have changed, the others read everything again anyway."""
_TURN = "UPDATE gallery_state SET version = version + 1 RETURNING version"
"""Gives the version its number and lets nobody else write until the transaction ends."""
_NOTE = text("INSERT INTO gallery_changes (version, origin, people) VALUES (:version, :origin, :people)")
_SINCE = text(
    "SELECT s.version, c.version AS noted, c.origin, c.people FROM gallery_state s"
    " LEFT JOIN gallery_changes c ON c.version > :seen"
)


class ServerBackend:
    """An open gallery on a server."""

    encrypted = False
    seals = Seals(None)

    def __init__(self, address: ServerAddress, engine: Engine) -> None:
        """Wrap an engine whose database holds a gallery; use `open`."""
        self.place = self.address = address
        self._base = engine
        self.reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self.writing = engine.execution_options(isolation_level="READ COMMITTED", writes=True)
        event.listen(engine, "begin", _begin)
        self._origin = uuid4().hex
        self._unnamed = 0
        """How often others had changed more than they have named."""
        self._listener: Listener | None = None
        with self.reading.connect() as connection:
            self._seen: int = connection.exec_driver_sql("SELECT version FROM gallery_state").scalar_one()
            self.writable = bool(connection.exec_driver_sql(_MAY_WRITE).scalar_one())
            driver = connection.connection.driver_connection
            self.tls = isinstance(driver, psycopg.Connection) and driver.pgconn.ssl_in_use

    @classmethod
    def open(cls, address: ServerAddress) -> ServerBackend:
        """Open a gallery that `engine.gallery.server_setup` has made.

        Raises:
            GalleryError: the server cannot be reached, refuses, is not to be trusted, or holds no gallery of this
                version.
        """
        engine = make_engine(address)
        try:
            with translated_errors(address, STRANGER):
                with engine.connect() as connection:
                    _check(connection, address)
                return cls(address, engine)
        except BaseException:
            engine.dispose()
            raise

    @property
    def protection(self) -> Protection:
        """What protects the gallery: mostly its server's owner, and the way to it."""
        if self.tls:
            way = "The connection to it is encrypted."
        elif self.address.here:
            way = "The connection to it does not leave this computer."
        else:
            way = "The connection to it is NOT encrypted: whoever is on the way can read names and faces."
        may = "" if self.writable else " You may look at it, but not change it."
        return Protection(
            encrypted=False,
            server="On a server: its owner protects what is stored there, and makes the backups; Visavis does not "
            f"encrypt it. {way}{may}",
        )

    def errors(self) -> AbstractContextManager[None]:
        """Turn errors of the server and of the way to it into sentences."""
        return translated_errors(self.address)

    def changes(self) -> Changes | None:
        """What others have committed since the last look; None for nothing."""
        with self.reading.connect() as connection:
            rows = connection.execute(_SINCE, {"seen": self._seen}).all()
        seen, self._seen = self._seen, rows[0].version
        if self._seen == seen:
            return None
        noted = [row for row in rows if row.noted is not None]
        foreign = [row for row in noted if row.origin != self._origin]
        if len(noted) != self._seen - seen or any(row.people is None for row in foreign):
            self._unnamed += 1
            return Changes()
        return Changes(frozenset(id_ for row in foreign for id_ in row.people)) if foreign else None

    def version(self) -> int:
        """The number of the latest commit."""
        with self.reading.connect() as connection:
            return int(connection.exec_driver_sql("SELECT version FROM gallery_state").scalar_one())

    def note(self, session: Session, people: set[int] | None) -> None:
        """Tell the others, with the transaction, whose rows it changes; None where that is not known."""
        connection = session.connection()
        named = sorted(people) if people is not None and len(people) <= _MOST_NAMED else None
        values = {"version": connection.info["version"], "origin": self._origin, "people": named}
        connection.execute(_NOTE, values)

    def replaced(self, session: Session) -> None:
        """Do nothing: of whoever is named, the others read the embeddings again."""

    def generation(self, session: Session) -> int:  # noqa: ARG002 - a file needs it
        """How often others had changed more than they have named: any embedding may be among it."""
        return self._unnamed

    def watch(self, changed: Callable[[], None], away: Callable[[str], None] = unheard) -> None:
        """Have something called, on another thread, when somebody has committed, and when the server goes or is back.

        Args:
            changed: called whenever somebody has committed.
            away: called with a sentence when the server cannot be reached any more, and with none when it can again.
        """

        def on_away(sentence: str) -> None:
            if sentence:
                # Connections that are as dead would be waited for, for up to a minute each.
                self._base.dispose()
            away(sentence)

        if self._listener is not None:
            self._listener.stop()
        self._listener = Listener(self.address, changed, on_away)
        self._listener.start()

    def try_now(self) -> None:
        """Try at once to reach a server that has gone."""
        if self._listener is not None:
            self._listener.try_now()

    def erase_leftovers(self) -> bool:
        """Do nothing: the server removes deleted rows by itself, in its own time."""
        return True

    def compact(self, most: int | None = None, stop: Callable[[], None] | None = None) -> Compacted:  # noqa: ARG002
        """Have the server clean up its tables, as far as the role may."""
        return vacuum(self.address)

    def problems(self, connection: Connection) -> list[str]:  # noqa: ARG002 - a file needs it
        """Nothing: only the server's owner can look at its files."""
        return []

    def meet(self, journal: Journal) -> None:
        """Do nothing: who may exchange a server's gallery is the server's affair."""

    part = accept = meet

    def close(self) -> None:
        """Let go of the server."""
        if self._listener is not None:
            self._listener.stop()
            self._listener = None
        self._base.dispose()

    abandon = close


_MAY_WRITE = (
    "SELECT has_table_privilege('people', 'INSERT') AND has_table_privilege('gallery_state', 'UPDATE')"
    " AND NOT pg_is_in_recovery()"
)


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("writes", False):
        connection.info["version"] = connection.exec_driver_sql(_TURN).scalar_one()


def _check(connection: Connection, address: ServerAddress) -> None:
    name = shown(str(address))
    if connection.exec_driver_sql(f"SELECT to_regclass('{SCHEMA}.gallery_state')").scalar() is None:
        raise GalleryError(
            f"There is no Visavis gallery in “{name}”. Its owner makes one with: visavis server setup URL. Or check "
            "the database's name."
        )
    found = age(connection)
    if found is Age.NEWER:
        raise GalleryError(f"The gallery “{name}” was made by a newer Visavis. Update Visavis to open it.")
    if found is Age.OLDER:
        raise GalleryError(
            f"The gallery “{name}” was made by an older Visavis. Its owner brings it up to date with: visavis server "
            "setup URL."
        )
