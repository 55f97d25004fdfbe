"""What the owner of a server does once, and after each update: tables, roles, what tells others of changes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError

from engine.errors import GalleryError, shown
from engine.gallery.schema_versions import Age, age, upgrade
from engine.gallery.server_connection import NOT_OWNER, SCHEMA, connect, make_engine, translated_errors
from engine.gallery.server_listener import CHANNEL
from engine.server_address import ServerAddress

ROLES = "visavis"
_EXTENSION = "vector"
_KEPT_CHANGES = 10_000
"""How many commits a client can miss before it reads everything again."""
_TABLES = f"""
CREATE TABLE IF NOT EXISTS gallery_state (
    id integer PRIMARY KEY CHECK (id = 1),
    version bigint NOT NULL
) WITH (fillfactor = 50);
INSERT INTO gallery_state VALUES (1, 0) ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS gallery_changes (
    version bigint PRIMARY KEY,
    origin text NOT NULL,
    people integer[]
);
CREATE OR REPLACE FUNCTION tell_of_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM gallery_changes WHERE version <= NEW.version - {_KEPT_CHANGES};
    PERFORM pg_notify('{CHANNEL}', '');
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER tell_of_change AFTER UPDATE ON gallery_state
    FOR EACH ROW EXECUTE FUNCTION tell_of_change();
"""  # noqa: S608 - names and numbers from this program
_GRANTS = """
GRANT USAGE ON SCHEMA {schema} TO {reader}, {writer};
GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {reader}, {writer};
GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {writer};
REVOKE INSERT, UPDATE, DELETE ON {schema}.alembic_version FROM {writer};
REVOKE INSERT, DELETE ON {schema}.gallery_state FROM {writer};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {writer};
"""
_MAY_VACUUM = "GRANT MAINTAIN ON ALL TABLES IN SCHEMA {schema} TO {writer}"
_MAINTAIN_SINCE = 170_000
"""The server's version from which others than the owner can be allowed to clean up."""


def set_up(address: ServerAddress, roles: str = ROLES) -> tuple[str, str]:
    """Make a gallery in a database, or bring an older one up to date; done twice it changes nothing.

    Args:
        address: connects as the owner of the database.
        roles: what the two roles' names start with; another word for each gallery of one server keeps its readers out
            of the others.

    Returns:
        The names of the roles that readers and writers are to be given.

    Raises:
        GalleryError: the user may not do this, there is no pgvector, or the gallery is of a newer Visavis.
    """
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,40}", roles):
        raise GalleryError(f"“{shown(roles)}” cannot start a role's name. Use small letters, digits and underscores.")
    reader, writer = f"{roles}_reader", f"{roles}_writer"
    with owners_engine(address) as engine, translated_errors(address, NOT_OWNER):
        with engine.begin() as connection:
            _make_schema(connection, address)
        # The type that embeddings have is known to connections that come after it.
        engine.dispose()
        with engine.connect() as connection:
            upgrade(connection)
        with connect(address) as direct, direct.transaction():
            direct.execute(_TABLES)
            for role in (reader, writer):
                _make_role(direct, role)
            direct.execute(_GRANTS.format(schema=SCHEMA, reader=reader, writer=writer))
            if direct.info.server_version >= _MAINTAIN_SINCE:
                direct.execute(_MAY_VACUUM.format(schema=SCHEMA, writer=writer))
    return reader, writer


@contextmanager
def owners_engine(address: ServerAddress) -> Iterator[Engine]:
    """Connect as the owner."""
    engine = make_engine(address)
    try:
        yield engine
    finally:
        engine.dispose()


def _make_schema(connection: Connection, address: ServerAddress) -> None:
    name = shown(str(address))
    if connection.exec_driver_sql(f"SELECT to_regclass('{SCHEMA}.alembic_version')").scalar() is not None:
        if age(connection) is Age.NEWER:
            raise GalleryError(f"The gallery “{name}” was made by a newer Visavis. Update Visavis to change it.")
        return
    available = text("SELECT 1 FROM pg_available_extensions WHERE name = :name")
    if not connection.execute(available, {"name": _EXTENSION}).scalar():
        raise GalleryError(f"The server of “{name}” has no pgvector. Its administrator has to install it first.")
    with _refused(f"You may not make a gallery in “{name}”. Connect as the owner of the database."):
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    with _refused(
        f"There is no pgvector in “{name}” yet, and only an administrator may add it there. Have one run “CREATE "
        f"EXTENSION {_EXTENSION}” in this database, then try again."
    ):
        connection.exec_driver_sql(f"CREATE EXTENSION IF NOT EXISTS {_EXTENSION} SCHEMA {SCHEMA}")


@contextmanager
def _refused(sentence: str) -> Iterator[None]:
    """Say something where a right is lacking."""
    try:
        yield
    except ProgrammingError as error:
        if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise GalleryError(sentence) from error
        raise


def _make_role(connection: psycopg.Connection[Any], role: str) -> None:
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
        return
    try:
        connection.execute(f"CREATE ROLE {role} NOLOGIN")
    except psycopg.errors.InsufficientPrivilege as error:
        raise GalleryError(
            f"You may not make roles. Have an administrator run “CREATE ROLE {role} NOLOGIN”, then try again."
        ) from error
