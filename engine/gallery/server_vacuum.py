"""Cleaning up a server's tables after somebody was erased, as far as the role may."""

from __future__ import annotations

from psycopg import sql
from psycopg.errors import Diagnostic

from engine.gallery.compacting import Compacted
from engine.gallery.server_connection import SCHEMA, connect, translated_errors
from engine.server_address import ServerAddress

NOT_ALLOWED = (
    "The server's tables were not cleaned up: only their owner may. Ask for “VACUUM” there; until then bytes of what "
    "was deleted stay in the server's files."
)


def vacuum(address: ServerAddress) -> Compacted:
    """Have the server clean up all tables of a gallery, while others go on reading and writing.

    Raises:
        GalleryError: the server cannot be reached.
    """
    warnings: list[str] = []

    def noted(about: Diagnostic) -> None:
        if about.severity_nonlocalized == "WARNING":
            warnings.append(str(about.message_primary))

    with translated_errors(address), connect(address) as connection:
        connection.add_notice_handler(noted)
        tables = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r' ORDER BY relname",
            (SCHEMA,),
        ).fetchall()
        names = [sql.Identifier(SCHEMA, name) for (name,) in tables]
        connection.execute(sql.SQL("VACUUM {}").format(sql.SQL(", ").join(names)))
    return Compacted(problem=NOT_ALLOWED if warnings else "")
