"""A template's embeddings by pack, so that a gallery can change packs and change back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.gallery.vectors import Embedding

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "embeddings",
        sa.Column("template_id", sa.Integer, sa.ForeignKey("templates.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("pack_id", sa.String, primary_key=True),
        sa.Column("embedding", Embedding, nullable=False),
    )
    # No gallery on a server is as old as this, so none has anything to carry over.
    if op.get_bind().dialect.name != "postgresql":
        op.execute("INSERT INTO embeddings SELECT id, pack_id, embedding FROM templates")
    op.create_index("ix_embeddings_pack", "embeddings", ["pack_id", "template_id"])
    op.drop_index("ix_templates_pack", "templates")
    op.execute("ALTER TABLE templates DROP COLUMN pack_id")
    op.execute("ALTER TABLE templates DROP COLUMN embedding")
