"""pgvector's graph over a gallery's embeddings (HNSW), one for each pack, and searching with it."""

from __future__ import annotations

import hashlib

import psycopg
from psycopg import sql

from engine.gallery.server_connection import NOT_OWNER, connect, translated_errors
from engine.server_address import ServerAddress

INDEX_FROM = 10_000
"""Below so many templates of a pack, comparing with all of them is quick enough."""
LINKS, BUILD_EFFORT = 24, 128


def make_indexes(address: ServerAddress, memory_mb: int = 1024) -> dict[str, int]:
    """Index every pack that has many templates, while others go on reading and writing; connect as the owner.

    Args:
        address: the gallery.
        memory_mb: what the server may use for building; a graph that does not fit takes many times as long.

    Returns:
        How many templates each pack has that is indexed.

    Raises:
        GalleryError: the server cannot be reached, or the user is not the gallery's owner.
    """
    with translated_errors(address, NOT_OWNER), connect(address) as connection:
        counted = connection.execute(
            "SELECT pack_id, min(vector_dims(embedding)), count(*) FROM embeddings GROUP BY pack_id"
            " HAVING count(*) >= %s",
            (INDEX_FROM,),
        ).fetchall()
        connection.execute(f"SET maintenance_work_mem = '{memory_mb}MB'")
        for pack_id, dimension, _ in counted:
            _make_index(connection, pack_id, dimension)
        return {pack_id: count for pack_id, _, count in counted}


def _make_index(connection: psycopg.Connection[tuple[object, ...]], pack_id: str, dimension: int) -> None:
    statement = sql.SQL(
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON embeddings"
        " USING hnsw ((embedding::vector({dimension})) vector_ip_ops)"
        " WITH (m = {links}, ef_construction = {effort}) WHERE pack_id = {pack}"
    )
    connection.execute(
        statement.format(
            name=sql.Identifier(f"near_{hashlib.sha256(pack_id.encode()).hexdigest()[:16]}"),
            dimension=sql.Literal(int(dimension)),
            links=sql.Literal(LINKS),
            effort=sql.Literal(BUILD_EFFORT),
            pack=sql.Literal(pack_id),
        )
    )
