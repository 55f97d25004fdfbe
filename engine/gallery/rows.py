"""Rows of the database <-> values of the engine."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import Row, Select, func, select

from engine.errors import PackError
from engine.gallery.schema import EmbeddingRow, PersonRow, TemplateRow
from engine.gallery.seals import Seals
from engine.types import FloatArray, NewTemplate, Person, Template, frozen

_UNIT_TOLERANCE = 1e-3


def now() -> datetime:
    """The time as it is stored: UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def person_query() -> Select[*tuple[Any, ...]]:
    """Select people's columns, with how many templates they have and which is their oldest, for `person_value`."""
    columns = [column for column in PersonRow.__table__.columns if column.key not in ("name_key", "search_text")]
    return (
        select(*columns, func.count(TemplateRow.id).label("template_count"), func.min(TemplateRow.id).label("cover_id"))
        .outerjoin(TemplateRow, TemplateRow.person_id == PersonRow.id)
        .group_by(PersonRow.id)
    )


def person_value(row: Row[*tuple[Any, ...]]) -> Person:
    """Turn what `person_query` selects into a person."""
    return Person(
        id=row.id,
        name=row.name,
        notes=row.notes,
        tags=tuple(row.tags),
        consent_date=row.consent_date,
        purpose=row.purpose,
        expires_on=row.expires_on,
        created_at=row.created_at.replace(tzinfo=UTC),
        template_count=row.template_count,
        cover_id=row.cover_id,
    )


def template_row(template: NewTemplate) -> TemplateRow:
    """Turn a new template into a row, without a person yet.

    Raises:
        PackError: the embedding is no unit vector of numbers.
    """
    return TemplateRow(
        embeddings=[EmbeddingRow(pack_id=template.pack_id, embedding=embedding_bytes(template.embedding))],
        crop_jpeg=template.crop_jpeg,
        crop_sha256=hashlib.sha256(template.crop_jpeg).hexdigest(),
        source=template.source.encode("utf-8", "backslashreplace").decode(),
        quality=dict(template.quality),
        created_at=now(),
    )


def embedding_bytes(embedding: FloatArray) -> bytes:
    """Turn an embedding into what is stored.

    Raises:
        PackError: it is no unit vector of numbers.
    """
    stored = np.ascontiguousarray(embedding, "<f4")
    length = float(np.linalg.norm(stored))
    if stored.ndim != 1 or not np.isfinite(length) or abs(length - 1) > _UNIT_TOLERANCE:
        raise PackError("The network gave values that are no embedding. Nothing was stored; try another picture.")
    return stored.tobytes()


def template_value(row: TemplateRow, seals: Seals) -> Template:
    """Turn a row into a template, with those embeddings that are the ones that were stored with it."""
    embeddings = {
        made.pack_id: np.frombuffer(made.embedding, "<f4").astype(np.float32)
        for made in row.embeddings
        if made.seal == seals.of_embedding(row.person_id, row.id, made.pack_id, made.embedding)
    }
    for embedding in embeddings.values():
        frozen(embedding)
    return Template(
        id=row.id,
        person_id=row.person_id,
        embeddings=embeddings,
        crop_jpeg=row.crop_jpeg,
        source=row.source,
        quality=dict(row.quality),
        created_at=row.created_at.replace(tzinfo=UTC),
    )
