"""The history log and its head, failed attempts at claimed identities, and whose pictures are whose."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "journal",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("writes", sa.Integer, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("content", sa.Text),
        sa.Column("salt", sa.LargeBinary),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("previous", sa.LargeBinary, nullable=False),
        sa.Column("chain", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_journal_kind", "journal", ["kind"])
    op.create_table(
        "journal_people",
        sa.Column("number", sa.Integer, sa.ForeignKey("journal.number", ondelete="CASCADE"), primary_key=True),
        sa.Column("person_id", sa.Integer, primary_key=True, autoincrement=False),
    )
    op.create_index("ix_journal_people_person_id", "journal_people", ["person_id"])
    head = op.create_table(
        "journal_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("writes", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("chain", sa.LargeBinary, nullable=False),
        sa.Column("pruned_number", sa.Integer, nullable=False),
        sa.Column("pruned_chain", sa.LargeBinary, nullable=False),
    )
    start = bytes(32)
    op.bulk_insert(
        head, [{"id": 1, "writes": 0, "number": 0, "chain": start, "pruned_number": 0, "pruned_chain": start}]
    )
    op.create_table(
        "attempts",
        sa.Column("person_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("stamped_s", sa.Float, nullable=False),
        sa.Column("ticks_s", sa.Float, nullable=False),
        sa.Column("pause_s", sa.Float, nullable=False),
    )
    op.create_table(
        "bindings",
        sa.Column("person_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
    )
