"""Embeddings that are replaced under templates that stay, and the other windows, which see no new number."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from engine.gallery.database import connect
from engine.gallery.references import References
from engine.gallery.store import Gallery
from engine.matching.people_index import PeopleIndex
from engine.types import FloatArray, Metric

from .conftest import PACK, template


@pytest.fixture(params=["file", "server"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ada(gallery: Gallery) -> int:
    """Her template's number."""
    person = gallery.enroll("Ada Lovelace", [template(1)])
    gallery.enroll("Grace Hopper", [template(2)])
    return gallery.templates(person.id)[0].id


def nearest(index: PeopleIndex, gallery: Gallery, probe: FloatArray) -> str:
    references = gallery.references(PACK)
    index.follow(references)
    return references.names[int(index.search(probe[None], 1, Metric.COSINE)[0].ids[0])]


def test_that_what_another_window_replaced_is_what_is_searched(
    gallery: Gallery, ada: int, another_window: Callable[[], Gallery]
) -> None:
    here, index, probe = another_window(), PeopleIndex(), template(7).embedding
    nearest(index, here, probe)
    for seed, found in ((7, "Ada Lovelace"), (-1, "Grace Hopper")):
        made = probe if seed > 0 else -probe
        gallery.add_embeddings(PACK, {ada: made})
        assert nearest(index, here, probe) == found
        np.testing.assert_array_equal(here.references(PACK).matrix[0], made)


def test_that_a_repair_elsewhere_is_followed(gallery: Gallery, ada: int, another_window: Callable[[], Gallery]) -> None:
    here, index = another_window(), PeopleIndex()
    nearest(index, here, template(1).embedding)
    spoil(gallery, ada)
    found = gallery.check()
    assert [problem.kind for problem in found.problems] == ["embedding"]
    gallery.repair(found)
    gallery.add_embeddings(PACK, {ada: template(7).embedding})
    assert gallery.check().sound
    assert nearest(index, here, template(7).embedding) == "Ada Lovelace"
    np.testing.assert_array_equal(here.references(PACK).matrix[0], template(7).embedding)


def spoil(gallery: Gallery, template_id: int) -> None:
    """Store values that are no embedding, behind the program's back."""
    with gallery.counting() as session:
        on_server = session.connection().dialect.name == "postgresql"
        spoilt = "embedding + embedding" if on_server else "zeroblob(length(embedding))"
        change = text(f"UPDATE embeddings SET embedding = {spoilt} WHERE template_id = :id")
        session.execute(change, {"id": template_id})


def test_that_what_another_pack_makes_is_no_reason_to_read_everything(
    gallery: Gallery, ada: int, another_window: Callable[[], Gallery], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = another_window()
    before = here.references(PACK)
    monkeypatch.setattr(References, "load", None)
    gallery.add_embeddings("other", {ada: template(3, dimension=64).embedding})
    gallery.rejections.add_embeddings("other", {})
    assert here.changed_elsewhere()
    assert here.references(PACK).lineage is before.lineage


def test_that_undoing_and_redoing_keep_what_was_made_of_a_picture_last(
    gallery: Gallery, ada: int, another_window: Callable[[], Gallery]
) -> None:
    person = gallery.find("Ada Lovelace").id
    gallery.rename(person, "Countess Lovelace")
    other = another_window()
    other.references(PACK)
    other.add_embeddings(PACK, {ada: template(7).embedding})
    for step, there in (("undo", 2), ("undo", 1), ("undo", 0), ("redo", 1), ("redo", 2)):
        getattr(gallery, step)()
        for window in (gallery, other):
            matrix = window.references(PACK).matrix
            assert len(matrix) == there
            assert not there or (matrix[0] == template(7).embedding).all()


def test_that_a_gallery_of_the_version_before_is_followed_too(tmp_path: Path) -> None:
    path = tmp_path / "gallery.db"
    with closing(Gallery.open(path)) as made:
        ada = made.templates(made.enroll("Ada Lovelace", [template(1)]).id)[0].id
        key = made.key
    with closing(connect(path, key)) as file:
        file.executescript("ALTER TABLE embeddings DROP COLUMN seal; DROP TABLE kept_edits")
        file.executescript("UPDATE alembic_version SET version_num = '0006'")
    with closing(Gallery.open(path)) as here, closing(Gallery.open(path)) as other:
        here.references(PACK)
        other.add_embeddings(PACK, {ada: template(7).embedding})
        np.testing.assert_array_equal(here.references(PACK).matrix[0], template(7).embedding)
