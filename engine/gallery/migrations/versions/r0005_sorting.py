"""Sortings: the faces found in folders of photographs, until somebody has said who they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "sortings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("folder", sa.String, nullable=False, unique=True),
        sa.Column("pack_id", sa.String, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("arranged", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sorting_pictures",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sorting_id", sa.Integer, sa.ForeignKey("sortings.id", ondelete="CASCADE"), nullable=False),
        sa.Column("path", sa.String, nullable=False),
        sa.Column("size", _LONG, nullable=False),
        sa.Column("modified_ns", _LONG, nullable=False),
        sa.Column("problem", sa.String, nullable=False),
        sa.UniqueConstraint("sorting_id", "path"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sorting_groups",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sorting_id", sa.Integer, sa.ForeignKey("sortings.id", ondelete="CASCADE"), nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("person_id", sa.Integer),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sorting_groups_sorting_id", "sorting_groups", ["sorting_id"])
    op.create_table(
        "sorting_faces",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("picture_id", sa.Integer, sa.ForeignKey("sorting_pictures.id", ondelete="CASCADE"), nullable=False),
        sa.Column("group_id", sa.Integer, sa.ForeignKey("sorting_groups.id", ondelete="SET NULL")),
        sa.Column("settled", sa.Boolean, nullable=False),
        sa.Column("refused", sa.JSON, nullable=False),
        sa.Column("box", sa.JSON, nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("landmarks", sa.LargeBinary, nullable=False),
        sa.Column("quality", sa.JSON, nullable=False),
        sa.Column("views", sa.Integer, nullable=False),
        sa.Column("embedding", sa.LargeBinary, nullable=False),
        sa.Column("crop_jpeg", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sorting_faces_picture_id", "sorting_faces", ["picture_id"])
    op.create_index("ix_sorting_faces_group_id", "sorting_faces", ["group_id"])
