"""Galleries to move about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from engine.gallery.store import Gallery
from engine.transfer.sealed import Cost
from engine.types import NewTemplate

CHEAP = Cost(memory_kib=32, passes=1, lanes=4)
"""So that tests may try many files."""
PASSPHRASE = "correct horse"  # noqa: S105 - of the tests' own files
PACK, OTHER_PACK = "test-pack", "other-pack"


def template(seed: int, *, pack_id: str = PACK, dimension: int = 128) -> NewTemplate:
    """A template whose embedding and crop follow from a number."""
    rng = np.random.default_rng(seed)
    embedding = rng.normal(size=dimension).astype(np.float32)
    embedding /= np.linalg.norm(embedding)
    return NewTemplate(embedding, pack_id, rng.bytes(5000), f"picture{seed}.jpg", {"sharpness": 0.1 + seed})


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Gallery]:
    """A gallery of two people with everything that can be said of them, embedded by two packs."""
    gallery = Gallery.open(tmp_path / "full.db")
    ada = gallery.enroll("Ada Lovelace", [template(1), template(2), template(3)], consent_date=date(2026, 1, 2))
    gallery.describe(ada.id, notes="Wrote\nthe first “program”.", tags=["maths", "émigré", "🦆"])
    gallery.enroll("=HYPERLINK(1)", [template(4)])
    ids = [one.id for person in gallery.people() for one in gallery.templates(person.id)]
    gallery.add_embeddings(OTHER_PACK, {id_: template(100 + id_, dimension=64).embedding for id_ in ids})
    yield gallery
    gallery.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Gallery]:
    """A gallery of nobody."""
    gallery = Gallery.open(tmp_path / "empty.db")
    yield gallery
    gallery.close()


def everything(gallery: Gallery) -> list[object]:
    """All that is kept of everyone, to the byte, without the numbers that a gallery gives itself."""
    return [
        (
            (person.name, person.notes, person.tags, person.consent_date, person.created_at),
            [
                (
                    one.crop_jpeg, one.source, one.quality, one.created_at,
                    sorted((pack, vector.tobytes()) for pack, vector in one.embeddings.items()),
                )
                for one in gallery.templates(person.id)
            ],
        )
        for person in gallery.people()
    ]  # fmt: skip
