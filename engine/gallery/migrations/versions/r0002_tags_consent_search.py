"""Tags, consent dates, and one text for the search to look through."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.gallery.names import search_text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("people", sa.Column("tags", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("people", sa.Column("consent_date", sa.Date))
    op.add_column("people", sa.Column("search_text", sa.String, nullable=False, server_default=""))
    people = sa.table("people", sa.column("id"), sa.column("name"), sa.column("notes"), sa.column("search_text"))
    connection = op.get_bind()
    for id_, name, notes in connection.execute(sa.select(people.c.id, people.c.name, people.c.notes)).all():
        connection.execute(sa.update(people).where(people.c.id == id_).values(search_text=search_text(name, notes, ())))
