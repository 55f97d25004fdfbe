"""Galleries and templates to put into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.gallery.store import Gallery
from engine.types import NewTemplate

PACK = "test-pack"


def template(seed: int, *, pack_id: str = PACK, dimension: int = 128) -> NewTemplate:
    """A template whose embedding and crop follow from a number, and can be looked for in files."""
    embedding = np.random.default_rng(seed).normal(size=dimension).astype(np.float32)
    embedding /= np.linalg.norm(embedding)
    crop = f"crop number {seed} ".encode() * 30
    return NewTemplate(embedding, pack_id, crop, f"picture{seed}.jpg", {"sharpness": 0.5})


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    made = Gallery.open(tmp_path / "gallery.db")
    yield made
    made.close()


@pytest.fixture
def another_window(gallery: Gallery) -> Iterator[Callable[[], Gallery]]:
    """Opens the same file again."""
    made: list[Gallery] = []

    def open_it() -> Gallery:
        made.append(Gallery.open(gallery.path))
        return made[-1]

    yield open_it
    for other in made:
        other.close()
