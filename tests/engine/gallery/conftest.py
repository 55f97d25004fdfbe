"""Galleries and templates to put into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.gallery.store import Gallery
from engine.server_address import Place, ServerAddress
from engine.types import NewTemplate
from tests.postgres import Server

PACK = "test-pack"


def template(seed: int, *, pack_id: str = PACK, dimension: int = 128) -> NewTemplate:
    """A template whose embedding and crop follow from a number, and can be looked for in files."""
    embedding = np.random.default_rng(seed).normal(size=dimension).astype(np.float32)
    embedding /= np.linalg.norm(embedding)
    crop = f"crop number {seed} ".encode() * 30
    return NewTemplate(embedding, pack_id, crop, f"picture{seed}.jpg", {"sharpness": 0.5})


@pytest.fixture
def kind() -> str:
    """What galleries are kept in: "file" or "server"; modules whose rules hold for both say so."""
    return "file"


@pytest.fixture
def place(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    """Where a test's gallery is."""
    if kind == "file":
        yield tmp_path / "gallery.db"
        return
    server: Server = request.getfixturevalue("postgres")
    name = server.new_database()
    yield ServerAddress(server.url(name))
    server.drop(name)


@pytest.fixture
def gallery(place: Place) -> Iterator[Gallery]:
    made = Gallery.open(place)
    yield made
    made.close()


@pytest.fixture
def another_window(gallery: Gallery) -> Iterator[Callable[[], Gallery]]:
    """Opens the same gallery again."""
    made: list[Gallery] = []

    def open_it() -> Gallery:
        made.append(Gallery.open(gallery.place))
        return made[-1]

    yield open_it
    for other in made:
        other.close()


@pytest.fixture
def database(place: Place) -> str:
    """The server's database that a gallery is in."""
    assert isinstance(place, ServerAddress)
    return place.database
