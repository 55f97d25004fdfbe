"""Embeddings are bound to their picture, person and pack; those that are there are taken as they are, once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

from engine.gallery.bindings import rebind
from engine.gallery.seals import Seals

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("embeddings", sa.Column("seal", sa.LargeBinary))
    rebind(op.get_bind(), None, Seals(context.config.attributes.get("key")))
