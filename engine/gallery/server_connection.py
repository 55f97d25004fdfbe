"""Connecting to a gallery's PostgreSQL server: encryption on the way, what a connection is set to, errors as sentences.

Passwords come from the URL, from PGPASSFILE or PGPASSWORD, or from the operating system, as libpq finds them; they are
in no sentence, log or text made here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from psycopg.adapt import Buffer, Dumper, Loader
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Format
from psycopg.types import TypeInfo
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from engine.errors import GalleryError, shown
from engine.gallery.vectors import VectorBytes
from engine.server_address import ServerAddress

SCHEMA = "visavis"
_DEFAULTS: dict[str, Any] = {
    "application_name": "visavis",
    "connect_timeout": 10,
    # A server that has gone is noticed within a minute, not after hours.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 45_000,
}
_FIND_TABLES = (
    "SELECT set_config('search_path', 'visavis, ' || coalesce((SELECT quote_ident(nspname) FROM pg_extension"
    " JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'vector'), 'public'), false)"
)
"""Looks for tables in the gallery's schema only, and for pgvector wherever it was put."""
_BUSY_SECONDS = 5
_IDLE_SECONDS = 600
"""A client that stands still for so long with the gallery's lock in its hands loses it."""


def parameters(address: ServerAddress) -> dict[str, Any]:
    """What libpq is told. Connections that leave this machine are encrypted and the server's name is checked, unless
    the URL itself says otherwise.

    Raises:
        GalleryError: the URL is none.
    """  # noqa: D205 - one thought
    try:
        made = _DEFAULTS | conninfo_to_dict(address.url)
    except psycopg.ProgrammingError:
        # Its message quotes the URL, and with it perhaps a password.
        raise GalleryError(
            "This is no address of a gallery on a server. Write it as postgresql://USER@HOST/DATABASE."
        ) from None
    if not address.here and not address.says_tls:
        made["sslmode"] = "verify-full"
        own = Path.home() / ".postgresql" / "root.crt"
        if "sslrootcert" not in made and "PGSSLROOTCERT" not in os.environ and not own.exists():
            made["sslrootcert"] = "system"
    return made


def make_engine(address: ServerAddress) -> Engine:
    """Make an engine that connects when it is first used; a connection that was lost is replaced at the next use."""
    engine = create_engine(
        "postgresql+psycopg://",
        connect_args=parameters(address),
        pool_size=2,
        pool_pre_ping=True,
        use_native_hstore=False,
        # An error would quote the embeddings and crops of its statement, and so would the log.
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare)
    return engine


def connect(address: ServerAddress) -> psycopg.Connection[Any]:
    """Connect past SQLAlchemy, each statement by itself; errors are psycopg's."""
    connection = psycopg.connect(**parameters(address), autocommit=True)
    connection.execute(_FIND_TABLES)
    return connection


class _Cursor(psycopg.Cursor[Any]):
    """Takes results in binary: an embedding in digits is three times as long."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.format = Format.BINARY


class _ServerCursor(psycopg.ServerCursor[Any]):
    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.format = Format.BINARY


class _VectorDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: bytes) -> Buffer:
        values = np.frombuffer(obj, "<f4")
        return len(values).to_bytes(2, "big") + b"\0\0" + values.astype(">f4").tobytes()


class _VectorLoader(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> bytes:
        return np.frombuffer(data, ">f4", offset=4).astype("<f4").tobytes()


def _prepare(connection: psycopg.Connection[Any], _entry: ConnectionPoolEntry) -> None:
    connection.cursor_factory, connection.server_cursor_factory = _Cursor, _ServerCursor
    wanted = {
        "lock_timeout": f"{_BUSY_SECONDS}s",
        "idle_in_transaction_session_timeout": f"{_IDLE_SECONDS}s",
        "TimeZone": "UTC",
    }
    settings = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in wanted.items())
    connection.execute(f"SELECT {settings}")
    connection.execute(_FIND_TABLES)
    known = TypeInfo.fetch(connection, "vector")
    if known is not None:
        dumper = type("_Dumper", (_VectorDumper,), {"oid": known.oid})
        connection.adapters.register_dumper(VectorBytes, dumper)
        connection.adapters.register_loader(known.oid, _VectorLoader)
    connection.commit()


@contextmanager
def translated_errors(address: ServerAddress, denied: str = "") -> Iterator[None]:
    """Turn errors of the server and of the way to it into sentences about the gallery.

    Args:
        address: which one.
        denied: what to say where somebody lacks a right, with {} for the gallery; by default that they may only look.
    """
    try:
        yield
    except (DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        sentence = denied if denied and isinstance(cause, psycopg.errors.InsufficientPrivilege) else _sentence(cause)
        raise GalleryError(sentence.format(shown(str(address)))) from error


def out_of_reach(address: ServerAddress, error: BaseException) -> str:
    """Why an open gallery's server cannot be reached any more, as a sentence; empty where it is there, only full."""
    sentence = _sentence(error)
    if sentence == _TOO_MANY:
        return ""
    if sentence in (_UNREACHABLE, _LOST, _TURNING, _UNFORESEEN):
        sentence = _AWAY
    return f"{sentence} Visavis goes on trying by itself.".format(shown(str(address)))


def _sentence(cause: BaseException | None) -> str:
    state = getattr(cause, "sqlstate", None) or ""
    for start, sentence in _BY_STATE.items():
        if state.startswith(start):
            return sentence
    text = str(cause).lower()
    for words, sentence in _BY_WORDS.items():
        if any(word in text for word in words):
            return sentence
    connection = getattr(cause, "pgconn", None)
    if connection is not None and (connection.needs_password or connection.used_password):
        return _NOT_LET_IN
    # Without a code the server did not answer a statement: the connection has gone, or never came to be.
    return _UNREACHABLE if not state and isinstance(cause, psycopg.OperationalError) else _UNFORESEEN


STRANGER = (
    "You may not look at the gallery “{}”. Ask its owner for the role of a reader or a writer (the owner's command is "
    "“GRANT visavis_reader TO you”)."
)
NOT_OWNER = "Only the owner may do this to the gallery “{}”. Connect as the user to whom the database belongs."
_UNREACHABLE = (
    "The server of the gallery “{}” cannot be reached. Check the address, the network and whether the server is "
    "running, then try again."
)
_AWAY = "The server of the gallery “{}” cannot be reached. Until it is back, nothing is read or changed."
_LOST = (
    "The connection to the gallery “{}” was lost. Try again in a moment; if you were changing something, look first "
    "whether it was done."
)
_PERMISSION = (
    "You may look at the gallery “{}”, but not do this. Ask its owner for the role of a writer (the owner's command is "
    "“GRANT visavis_writer TO you”)."
)
_BUSY = "Somebody else is changing the gallery “{}”. Nothing was changed; try again in a moment."
_NO_GALLERY = (
    "There is no Visavis gallery in “{}”. Its owner makes one with: visavis server setup URL. Or check the database's "
    "name."
)
_FULL = "The server of the gallery “{}” is out of room. Nothing was changed; its owner has to make some."
_UNFORESEEN = "The gallery “{}” could not be used. Nothing was changed; the log says more."
_NOT_LET_IN = (
    "The server of the gallery “{}” did not accept the user or the password. Check both; a password can stand in the "
    "URL or in the file that PGPASSFILE names."
)
_NO_PERMISSION_TO_CONNECT = (
    "The server of the gallery “{}” does not let this user in from this computer. Ask its owner to allow it."
)
_TURNING = "The server of the gallery “{}” is just starting or stopping. Try again in a moment."
_TOO_MANY = "The server of the gallery “{}” has too many users at the moment. Try again later."
_BY_STATE = {
    "42501": _PERMISSION,
    "25006": _PERMISSION,
    "55P03": _BUSY,
    "40": _BUSY,
    "3D000": _NO_GALLERY,
    "42P01": _NO_GALLERY,
    "3F000": _NO_GALLERY,
    "53300": _TOO_MANY,
    "53": _FULL,
    "57P03": _TURNING,
    "57": _LOST,
    "08": _LOST,
    "25P03": _LOST,
    "28P01": _NOT_LET_IN,
    "28": _NO_PERMISSION_TO_CONNECT,
    "22021": "A name or note holds a character that the gallery “{}” cannot keep. Nothing was changed; remove it.",
    "22P05": "A name or note holds a character that the gallery “{}” cannot keep. Nothing was changed; remove it.",
}
_BY_WORDS = {
    ("does not support ssl", "server does not support tls"): (
        "The server of the gallery “{}” does not encrypt its connections, so nothing was sent to it. Ask its owner to "
        "switch TLS on. Only where you trust everybody on the way, add ?sslmode=disable to the URL."
    ),
    ("certificate", "ssl error", "tls", "ssl connection"): (
        "The server of the gallery “{}” could not prove who it is, so nothing was sent to it. Ask its owner for the "
        "certificate of their authority and name its file in the URL: ?sslrootcert=FILE."
    ),
    ("password authentication failed", "no password supplied", "password"): _NOT_LET_IN,
    ("pg_hba.conf", "authentication failed", "not permitted to log in"): _NO_PERMISSION_TO_CONNECT,
    ("does not exist",): _NO_GALLERY,
    ("too many connections", "too many clients", "remaining connection slots"): _TOO_MANY,
    ("starting up", "shutting down"): _TURNING,
    ("server closed the connection", "connection is closed", "connection is lost", "the connection"): _LOST,
    ("nul (0x00)",): _BY_STATE["22021"],
}
