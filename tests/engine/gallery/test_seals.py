"""Embeddings that something else has changed or misplaced: they are found, left out of matching, and made again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from engine.gallery import references as references_module
from engine.gallery import vault
from engine.gallery.database import connect
from engine.gallery.schema import NO_PICTURE
from engine.gallery.seals import Seals
from engine.gallery.store import Gallery
from engine.gallery.vault import Typed
from engine.server_address import Place, ServerAddress

from .conftest import PACK, template

PASSPHRASE = "correct horse battery staple"


@pytest.fixture(params=["plain", "encrypted", "server"])
def kind(request: pytest.FixtureRequest) -> str:
    return "server" if request.param == "server" else str(request.param)


@pytest.fixture
def place(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    if kind != "server":
        yield tmp_path / "gallery.db"
        return
    server = request.getfixturevalue("postgres")
    name = server.new_database()
    yield ServerAddress(server.url(name))
    server.drop(name)


@pytest.fixture
def gallery(place: Place, kind: str) -> Iterator[Gallery]:
    """Ada has pictures 1 and 2, Grace has 3, and Joan 4, which came as a vector only."""
    made = Gallery.open(place)
    made.enroll("Ada Lovelace", [template(1), template(2)])
    made.enroll("Grace Hopper", [template(3)])
    made.enroll("Joan Clarke", [replace(template(4), quality={NO_PICTURE: 1.0})])
    if kind == "encrypted":
        made.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))
    yield made
    made.close()


def behind(gallery: Gallery, statement: str, **values: Any) -> None:
    """Change rows as something would that knows the key, but not Visavis."""
    with gallery.counting() as session:
        session.execute(text(statement), values)
    gallery._references.forget()


def stored(gallery: Gallery, template_id: int) -> bytes:
    with gallery.reading() as session:
        found = text("SELECT embedding FROM embeddings WHERE template_id = :id")
        return bytes(session.scalars(found, {"id": template_id}).one())


def store(gallery: Gallery, template_id: int, content: bytes) -> None:
    on_server = not isinstance(gallery.place, Path)
    value = str(np.frombuffer(content, "<f4").tolist()) if on_server else content
    column = "CAST(:new AS vector)" if on_server else ":new"
    behind(gallery, f"UPDATE embeddings SET embedding = {column} WHERE template_id = :id", new=value, id=template_id)


def swap(gallery: Gallery, one: int, other: int) -> None:
    """Exchange two embeddings."""
    first, second = stored(gallery, one), stored(gallery, other)
    store(gallery, one, second)
    store(gallery, other, first)


def flip(gallery: Gallery, template_id: int) -> None:
    """Change the lowest bit of an embedding's first value."""
    content = stored(gallery, template_id)
    store(gallery, template_id, bytes([content[0] ^ 1]) + content[1:])


def compared(gallery: Gallery) -> list[int]:
    return [int(id_) for id_ in gallery.references(PACK).template_ids]


def mended(gallery: Gallery) -> None:
    """Repair what can be, and embed again what then lacks an embedding."""
    gallery.repair(gallery.check())
    lacking = set(gallery.without_embedding(PACK)) - gallery.without_picture()
    gallery.add_embeddings(PACK, {id_: template(id_).embedding for id_ in lacking})


CHANGES: dict[str, tuple[Callable[[Gallery], None], list[int]]] = {
    "two pictures of one person": (lambda gallery: swap(gallery, 1, 2), [1, 2]),
    "two people": (lambda gallery: swap(gallery, 2, 3), [2, 3]),
    "one bit": (lambda gallery: flip(gallery, 3), [3]),
    "another pack": (lambda gallery: behind(gallery, "UPDATE embeddings SET pack_id = 'x' WHERE template_id = 3"), [3]),
    "no seal": (lambda gallery: behind(gallery, "UPDATE embeddings SET seal = NULL WHERE template_id = 1"), [1]),
}


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        *(("plain", change) for change in CHANGES),
        *((kind, "two people") for kind in ("encrypted", "server")),
        *((kind, "one bit") for kind in ("encrypted", "server")),
    ],
    indirect=["kind"],
)
def test_that_what_something_else_changed_is_found_left_out_and_made_again(gallery: Gallery, change: str) -> None:
    assert gallery.check().sound
    assert compared(gallery) == [1, 2, 3, 4]
    work, wrong = CHANGES[change]
    work(gallery)
    found = gallery.check().problems
    assert [(one.kind, one.template_id) for one in found] == [("seal", id_) for id_ in wrong]
    owner = "Ada Lovelace" if wrong[0] < 3 else "Grace Hopper"
    assert found[0].sentence.startswith(f"Picture {wrong[0]} of “{owner}” is left out of matching")
    assert compared(gallery) == [id_ for id_ in (1, 2, 3, 4) if id_ not in wrong]
    for person in gallery.people():
        assert not [one for one in gallery.templates(person.id) if one.id in wrong and PACK in one.embeddings]
    mended(gallery)
    assert gallery.check().sound
    assert compared(gallery) == [1, 2, 3, 4]
    assert not gallery.left_out(PACK)
    np.testing.assert_array_equal(gallery.references(PACK).matrix[0], template(1).embedding)


@pytest.mark.parametrize("kind", ["plain"], indirect=True)
def test_that_it_is_said_once_that_pictures_are_left_out(gallery: Gallery, caplog: pytest.LogCaptureFixture) -> None:
    swap(gallery, 1, 3)
    gallery.changed_elsewhere()
    caplog.clear()
    for _ in range(2):
        gallery.references(PACK)
    assert [record.getMessage() for record in caplog.records] == [gallery.left_out(PACK)]
    assert gallery.left_out(PACK).startswith("2 pictures are not compared")
    assert gallery.changed_elsewhere()
    assert not gallery.changed_elsewhere()


@pytest.mark.parametrize("kind", ["plain"], indirect=True)
def test_that_a_vector_without_a_picture_stays_and_stays_left_out(gallery: Gallery) -> None:
    swap(gallery, 3, 4)
    mended(gallery)
    (left,) = gallery.check().problems
    assert (left.kind, left.template_id, left.mendable) == ("seal", 4, False)
    assert "without a picture" in left.sentence
    assert compared(gallery) == [1, 2, 3]


def test_that_a_picture_put_under_somebody_else_is_left_out_and_not_embedded_as_theirs(gallery: Gallery) -> None:
    grace = gallery.find("Grace Hopper").id
    behind(gallery, "UPDATE templates SET person_id = :grace WHERE id = 2", grace=grace)
    assert compared(gallery) == [1, 3, 4]
    mended(gallery)
    assert [one.kind for one in gallery.check().problems] == ["seal", "binding", "binding"]
    assert compared(gallery) == [1, 3, 4]
    # Put back by hand it is what it was.
    gallery.move_template(2, gallery.find("Ada Lovelace").id)
    assert gallery.check().sound
    assert compared(gallery) == [1, 2, 3, 4]


def test_that_no_edit_takes_what_was_changed_for_right(gallery: Gallery) -> None:
    swap(gallery, 2, 3)
    ada, grace, joan = (gallery.find(name).id for name in ("Ada Lovelace", "Grace Hopper", "Joan Clarke"))
    gallery.rename(ada, "Countess Lovelace")
    gallery.merge(ada, grace)
    gallery.move_template(3, joan)
    gallery.enroll("Grace Hopper", [template(5)])
    assert compared(gallery) == [1, 4, 5]
    for _ in range(4):
        gallery.undo()
    assert compared(gallery) == [1, 4]
    for _ in range(4):
        gallery.redo()
    assert compared(gallery) == [1, 4, 5]
    assert {one.template_id for one in gallery.check().problems if one.kind == "seal"} == {2, 3}


def test_that_every_edit_and_every_undo_of_one_keeps_the_seals_right(gallery: Gallery) -> None:
    ada, grace = gallery.find("Ada Lovelace").id, gallery.find("Grace Hopper").id
    edits: tuple[Callable[[], object], ...] = (
        lambda: gallery.move_template(1, grace),
        lambda: gallery.split(grace, [1], "Somebody new"),
        lambda: gallery.merge(gallery.find("Somebody new").id, ada),
        lambda: gallery.add_embeddings("other", {id_: template(id_, dimension=64).embedding for id_ in (1, 2, 3)}),
        lambda: gallery.merge(grace, ada),
        lambda: gallery.delete_template(2),
        lambda: gallery.delete_person(ada),
    )
    for edit in edits:
        edit()
        assert gallery.check().sound
    for step in [gallery.undo] * 6 + [gallery.redo] * 6 + [gallery.undo] * 6:
        step()
        assert gallery.check().sound
    assert compared(gallery) == [1, 2, 3, 4]
    with closing(Gallery.open(gallery.place, _typed(gallery))) as again:
        assert again.check().sound
        again.undo()
        assert again.check().sound


@pytest.mark.parametrize("kind", ["plain", "encrypted"], indirect=True)
def test_that_of_many_templates_the_wrong_ones_are_left_out_soon_afterwards(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(references_module, "PROVED_AT_ONCE", 0)
    swap(gallery, 2, 3)
    assert len(compared(gallery)) in (4, 2)
    gallery._references.settle(PACK)
    assert compared(gallery) == [1, 4]
    gallery.enroll("Grace Hopper", [template(5)])
    assert compared(gallery) == [1, 4, 5]
    monkeypatch.setattr("engine.gallery.kept.MOST_UPDATED", 1)
    gallery._references.forget()
    gallery.references(PACK)
    gallery._references.settle(PACK)
    assert compared(gallery) == [1, 4, 5]


@pytest.mark.parametrize("kind", ["plain", "server"], indirect=True)
def test_that_what_another_window_mends_is_compared_again(gallery: Gallery) -> None:
    with closing(Gallery.open(gallery.place, _typed(gallery))) as other:
        swap(gallery, 2, 3)
        assert compared(other) == compared(gallery) == [1, 4]
        mended(gallery)
        assert compared(other) == [1, 2, 3, 4]


def _typed(gallery: Gallery) -> Typed | None:
    return Typed(PASSPHRASE) if gallery.encrypted else None


# --- files of before ------------------------------------------------------------------------------------------------


def of_version_before(gallery: Gallery) -> None:
    """Make a closed gallery's file one of before seals, with the digests of people that it had then."""
    key = gallery.key
    with closing(connect(gallery.path, key)) as file:
        plain, keyed = Seals(None), Seals(key)
        for person_id, digest in file.execute("SELECT person_id, digest FROM bindings").fetchall():
            rows = file.execute("SELECT id, crop_sha256 FROM templates WHERE person_id = ? ORDER BY id", (person_id,))
            told = f"{person_id}\n" + "\n".join(f"{id_} {sha256}" for id_, sha256 in rows)
            assert digest == keyed.digest(told.encode())
            file.execute("UPDATE bindings SET digest = ? WHERE person_id = ?", (plain.digest(told.encode()), person_id))
        file.executescript("ALTER TABLE embeddings DROP COLUMN seal; UPDATE alembic_version SET version_num = '0007'")


@pytest.mark.parametrize("kind", ["plain", "encrypted"], indirect=True)
def test_that_a_gallery_of_before_is_sealed_as_it_is(gallery: Gallery) -> None:
    gallery.close()
    of_version_before(gallery)
    with closing(Gallery.open(gallery.path, _typed(gallery))) as again:
        assert again.check().sound
        assert compared(again) == [1, 2, 3, 4]
        swap(again, 1, 3)
        assert compared(again) == [2, 4]
    assert gallery.path.with_name("gallery.db.before-0008").exists()


@pytest.mark.parametrize("kind", ["plain"], indirect=True)
def test_that_encrypting_a_gallery_does_not_take_what_was_changed_for_right(gallery: Gallery) -> None:
    backup = gallery.back_up()
    swap(gallery, 1, 3)
    gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))
    assert compared(gallery) == [2, 4]
    assert [one.template_id for one in gallery.check().problems] == [1, 3]
    gallery.restore(backup.path)
    assert gallery.check().sound
    assert compared(gallery) == [1, 2, 3, 4]


def test_that_a_seal_is_of_one_key_person_template_pack_and_embedding() -> None:
    key, other = bytes(32), bytes([1] * 32)
    embedding = template(1).embedding.tobytes()
    changed = bytes([embedding[0] ^ 1]) + embedding[1:]
    made = {
        Seals(seal_key).of_embedding(person, number, pack, content)
        for seal_key in (None, key, other)
        for person in (1, 2)
        for number in (1, 2)
        for pack in ("a", "ab")
        for content in (embedding, changed)
    }
    assert len(made) == 48
    assert {len(seal) for seal in made} == {16}
