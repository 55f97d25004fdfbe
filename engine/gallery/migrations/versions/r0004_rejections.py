"""Faces that are not a person, people who are not the same, pictures that are right; purpose and expiry of people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("people", sa.Column("purpose", sa.String, nullable=False, server_default=""))
    op.add_column("people", sa.Column("expires_on", sa.Date))
    op.add_column("templates", sa.Column("confirmed", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "rejections",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("person_id", sa.Integer, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("crop_jpeg", sa.LargeBinary, nullable=False),
        sa.Column("crop_sha256", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "rejection_embeddings",
        sa.Column("rejection_id", sa.Integer, sa.ForeignKey("rejections.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("pack_id", sa.String, primary_key=True),
        sa.Column("embedding", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_rejection_embeddings_pack", "rejection_embeddings", ["pack_id", "rejection_id"])
    op.create_table(
        "kept_apart",
        sa.Column("first_id", sa.Integer, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
        sa.Column(
            "second_id", sa.Integer, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True
        ),
    )
