"""The templates of one pack, laid out for matching."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.gallery.schema import EmbeddingRow, PersonRow, TemplateRow
from engine.types import FloatArray, frozen


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """N templates of one pack.

    Attributes:
        matrix: (N, D) float32 embeddings.
        person_ids: (N,) whose template each is.
        template_ids: (N,).
        names: name by person id, of everyone who has a template of this pack.
    """

    matrix: FloatArray
    person_ids: NDArray[np.int64]
    template_ids: NDArray[np.int64]
    names: dict[int, str]

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for array in (self.matrix, self.person_ids, self.template_ids):
            frozen(array)

    @classmethod
    def load(cls, session: Session, pack_id: str) -> References:
        """Read all templates of a pack."""
        columns = EmbeddingRow.embedding, TemplateRow.person_id, TemplateRow.id
        of_pack = select(*columns).join(TemplateRow).where(EmbeddingRow.pack_id == pack_id)
        rows = session.execute(of_pack.order_by(TemplateRow.id)).all()
        embeddings, person_ids, template_ids = zip(*rows, strict=True) if rows else ((), (), ())
        dimension = len(embeddings[0]) // 4 if rows else 0
        enrolled = select(TemplateRow.person_id).join(EmbeddingRow).where(EmbeddingRow.pack_id == pack_id).distinct()
        names = session.execute(select(PersonRow.id, PersonRow.name).where(PersonRow.id.in_(enrolled)))
        return cls(
            np.frombuffer(b"".join(embeddings), "<f4").reshape(len(rows), dimension).astype(np.float32),
            np.array(person_ids, np.int64),
            np.array(template_ids, np.int64),
            {row.id: row.name for row in names},
        )
