"""The gallery's tables."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from engine.gallery.vectors import Embedding

NO_PICTURE = "no_picture"
"""Marks, among a template's quality measures, one that came without a picture: its crop is a drawing."""


class Base(DeclarativeBase):
    """All tables."""


class PersonRow(Base):
    """Someone enrolled.

    `name_key` is the name as names are compared; `search_text` is what a search looks through.
    """

    __tablename__ = "people"
    # Numbers are never given twice, so that an undo cannot hit somebody else.
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(unique=True)
    search_text: Mapped[str]
    notes: Mapped[str] = mapped_column(default="")
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    consent_date: Mapped[date | None]
    purpose: Mapped[str] = mapped_column(default="")
    expires_on: Mapped[date | None] = mapped_column(default=None)
    created_at: Mapped[datetime]


class TemplateRow(Base):
    """One enrolled reference; times are UTC. `confirmed`: right, said the user, though it looks unlike the others."""

    __tablename__ = "templates"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    crop_jpeg: Mapped[bytes] = mapped_column(LargeBinary)
    crop_sha256: Mapped[str]
    source: Mapped[str]
    quality: Mapped[dict[str, float]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime]
    confirmed: Mapped[bool] = mapped_column(default=False)
    embeddings: Mapped[list[EmbeddingRow]] = relationship(lazy="selectin", passive_deletes=True)


class EmbeddingRow(Base):
    """A template as one pack's network embeds it: little-endian float32, and what binds it to the template's person.

    Within an edit a new one has no seal yet; `engine.gallery.bindings` gives it one before the edit ends.
    """

    __tablename__ = "embeddings"
    __table_args__ = (Index("ix_embeddings_pack", "pack_id", "template_id"),)

    template_id: Mapped[int] = mapped_column(ForeignKey("templates.id", ondelete="CASCADE"), primary_key=True)
    pack_id: Mapped[str] = mapped_column(primary_key=True)
    embedding: Mapped[bytes] = mapped_column(Embedding)
    seal: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)


class RejectionRow(Base):
    """A face that the user said is not this person; times are UTC."""

    __tablename__ = "rejections"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    crop_jpeg: Mapped[bytes] = mapped_column(LargeBinary)
    crop_sha256: Mapped[str]
    source: Mapped[str]
    created_at: Mapped[datetime]


class RejectionEmbeddingRow(Base):
    """A rejected face as one pack's network embeds it: little-endian float32."""

    __tablename__ = "rejection_embeddings"
    __table_args__ = (Index("ix_rejection_embeddings_pack", "pack_id", "rejection_id"),)

    rejection_id: Mapped[int] = mapped_column(ForeignKey("rejections.id", ondelete="CASCADE"), primary_key=True)
    pack_id: Mapped[str] = mapped_column(primary_key=True)
    embedding: Mapped[bytes] = mapped_column(LargeBinary)


class KeptApartRow(Base):
    """Two people who are not the same, said the user; the smaller id first."""

    __tablename__ = "kept_apart"

    first_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    second_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True)


class KeptEditRow(Base):
    """An edit that can be undone after a restart: `engine.gallery.kept_edits` says what it keeps, and what never."""

    __tablename__ = "kept_edits"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    made_at: Mapped[datetime]
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
