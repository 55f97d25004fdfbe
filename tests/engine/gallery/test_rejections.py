"""Rejected faces, people kept apart, pictures that are right: stored, undone, erased."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import GalleryError, UnknownPersonError
from engine.gallery.store import Gallery
from engine.types import NewTemplate

from .conftest import PACK, template
from .test_database import _occurrences
from .test_store import everything


@pytest.fixture(params=["file", "server"])
def kind(request: pytest.FixtureRequest) -> str:
    kept_in: str = request.param
    return kept_in


@pytest.fixture
def ada(gallery: Gallery) -> int:
    return gallery.enroll("Ada Lovelace", [template(1), template(2)]).id


@pytest.fixture
def grace(gallery: Gallery) -> int:
    return gallery.enroll("Grace Hopper", [template(3)]).id


def between(first: int, second: int, share: float, seed: int) -> NewTemplate:
    """A template on the way from one to another."""
    made = template(first).embedding * (1 - share) + template(second).embedding * share
    return replace(template(seed), embedding=(made / np.linalg.norm(made)).astype(np.float32))


def all_of_it(gallery: Gallery) -> list[Any]:
    """All that is stored, rejections and the rest too."""
    content: list[Any] = [everything(gallery), sorted(gallery.rejections.kept_apart()), gallery.rejections.confirmed()]
    for person in gallery.people():
        kept = gallery.rejections.of_person(person.id)
        content.append((kept, gallery.rejections.crops([one.id for one in kept])))
    for pack_id in (PACK, "other"):
        rejected = gallery.rejections.of_pack(pack_id)
        content.append((rejected.faces.tobytes(), rejected.own.tobytes(), rejected.person_ids.tolist()))
    return content


def test_that_a_rejected_face_is_kept_with_its_person(gallery: Gallery, ada: int, grace: int) -> None:
    id_ = gallery.rejections.add(ada, template(7))
    (kept,) = gallery.rejections.of_person(ada)
    assert (kept.id, kept.person_id, kept.source) == (id_, ada, "picture7.jpg")
    assert gallery.rejections.crops([id_, 99]) == {id_: template(7).crop_jpeg}
    assert gallery.rejections.counts() == {ada: 1}
    rejected = gallery.rejections.of_pack(PACK)
    np.testing.assert_array_equal(rejected.faces, template(7).embedding[None])
    mean = template(1).embedding + template(2).embedding
    np.testing.assert_allclose(rejected.own[0], mean / np.linalg.norm(mean), rtol=1e-5)
    assert len(gallery.rejections.of_pack("other").faces) == 0


EDITS: dict[str, Callable[[Gallery, int, int], object]] = {
    "reject": lambda g, a, b: g.rejections.add(a, template(8)),
    "take back": lambda g, a, b: g.rejections.remove(g.rejections.of_person(a)[0].id),
    "keep apart": lambda g, a, b: g.rejections.keep_apart(b, g.find("Alan").id),
    "confirm": lambda g, a, b: g.rejections.confirm(g.templates(b)[0].id),
    "delete": lambda g, a, b: g.delete_person(a),
    "merge": lambda g, a, b: g.merge(a, b),
    "merge the other way": lambda g, a, b: g.merge(b, a),
    "move": lambda g, a, b: g.move_template(g.templates(a)[0].id, b),
    "purpose": lambda g, a, b: g.describe(a, purpose=" Door ", expires_on=date(2030, 1, 2)),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_that_every_edit_is_taken_back_with_what_was_said(
    gallery: Gallery, ada: int, grace: int, edit: Callable[[Gallery, int, int], object]
) -> None:
    alan = gallery.enroll("Alan", [template(4)]).id
    gallery.rejections.add(ada, template(7))
    gallery.rejections.add_embeddings("other", {1: template(9, dimension=64).embedding})
    gallery.add_embeddings("other", {one: template(20 + one, dimension=64).embedding for one in range(1, 5)})
    gallery.rejections.keep_apart(alan, ada)
    gallery.rejections.confirm(gallery.templates(ada)[0].id)
    before = all_of_it(gallery)
    edit(gallery, ada, grace)
    after = all_of_it(gallery)
    assert after != before
    gallery.undo()
    assert all_of_it(gallery) == before
    gallery.redo()
    assert all_of_it(gallery) == after


def test_that_a_merge_hands_over_what_was_said(gallery: Gallery, ada: int, grace: int) -> None:
    alan = gallery.enroll("Alan", [template(4)]).id
    gallery.rejections.add(grace, between(3, 7, 0.55, 7))
    gallery.rejections.keep_apart(grace, alan)
    gallery.rejections.keep_apart(grace, ada)
    gallery.describe(grace, purpose="Door", expires_on=date(2030, 1, 1))
    gallery.describe(ada, purpose="Lab", expires_on=date(2031, 1, 1))
    person = gallery.merge(grace, ada)
    assert [one.source for one in gallery.rejections.of_person(ada)] == ["picture7.jpg"]
    assert gallery.rejections.kept_apart() == {tuple(sorted((ada, alan)))}
    assert (person.purpose, person.expires_on) == ("Lab; Door", date(2030, 1, 1))


def test_that_a_face_of_the_other_is_no_impostor_once_two_people_are_one(
    gallery: Gallery, ada: int, grace: int
) -> None:
    for name, first in (("Ada Lovelace", 60), ("Grace Hopper", 64)):
        gallery.enroll(name, [between(1, 3, 0.45, seed) for seed in range(first, first + 1)])
    gallery.rejections.add(ada, between(3, 1, 0.1, 7))
    gallery.rejections.add(ada, between(1, 9, 0.5, 9))
    gallery.merge(grace, ada)
    assert [one.source for one in gallery.rejections.of_person(ada)] == ["picture9.jpg"]


def test_that_enrolling_a_rejected_face_takes_the_rejection_back(gallery: Gallery, ada: int) -> None:
    gallery.rejections.add(ada, template(7))
    gallery.rejections.add(ada, template(8))
    gallery.enroll("Ada Lovelace", [template(7)])
    assert [one.source for one in gallery.rejections.of_person(ada)] == ["picture8.jpg"]
    gallery.undo()
    assert len(gallery.rejections.of_person(ada)) == 2


def test_that_ones_own_picture_cannot_be_rejected(gallery: Gallery, ada: int) -> None:
    with pytest.raises(GalleryError, match="“Ada Lovelace”"):
        gallery.rejections.add(ada, template(1))
    assert gallery.rejections.of_person(ada) == []


@pytest.mark.parametrize(
    "edit",
    [
        lambda g: g.rejections.add(99, template(1)),
        lambda g: g.rejections.remove(99),
        lambda g: g.rejections.confirm(99),
        lambda g: g.rejections.keep_apart(99, 98),
        lambda g: g.rejections.keep_apart(99, 99),
    ],
)
def test_that_what_is_not_there_is_a_sentence(gallery: Gallery, edit: Callable[[Gallery], object]) -> None:
    with pytest.raises((GalleryError, UnknownPersonError)) as failure:
        edit(gallery)
    assert str(failure.value).endswith(".")


def test_that_a_moved_picture_is_no_longer_confirmed(gallery: Gallery, ada: int, grace: int) -> None:
    id_ = gallery.templates(ada)[0].id
    gallery.rejections.confirm(id_)
    gallery.move_template(id_, grace)
    assert gallery.rejections.confirmed() == set()


@pytest.mark.parametrize("how", ["delete person", "take back", "undo", "merge, then delete"])
def test_that_a_rejected_face_is_out_of_every_file(tmp_path: Path, how: str) -> None:
    gallery = Gallery.open(tmp_path / "gallery.db")
    ada = gallery.enroll("Ada Lovelace", [template(1)]).id
    grace = gallery.enroll("Grace", [template(3)]).id
    gallery.rejections.keep_apart(ada, grace)
    id_ = gallery.rejections.add(ada, template(7))
    assert _occurrences(tmp_path, template(7).crop_jpeg)
    if how == "delete person":
        gallery.delete_person(ada)
    elif how == "take back":
        gallery.rejections.remove(id_)
    elif how == "undo":
        gallery.undo()
    else:
        gallery.merge(ada, grace)
        gallery.delete_person(grace)
    assert not _occurrences(tmp_path, template(7).crop_jpeg)
    assert not _occurrences(tmp_path, template(7).embedding.tobytes())
    gallery.close()


def test_that_what_another_window_rejects_counts_here(
    gallery: Gallery, ada: int, another_window: Callable[[], Gallery]
) -> None:
    assert len(gallery.rejections.of_pack(PACK).faces) == 0
    another_window().rejections.add(ada, template(7))
    assert gallery.changed_elsewhere()
    assert len(gallery.rejections.of_pack(PACK).faces) == 1


def test_that_a_pack_embeds_rejected_faces_too(gallery: Gallery, ada: int) -> None:
    id_ = gallery.rejections.add(ada, template(7))
    assert gallery.rejections.without_embedding("other") == [id_]
    gallery.rejections.add_embeddings("other", {id_: template(9, dimension=64).embedding, 99: template(9).embedding})
    assert gallery.rejections.without_embedding("other") == []
    assert len(gallery.rejections.of_pack("other").faces) == 0, "their person has no template of that pack"
    gallery.forget_pack("other")
    assert gallery.rejections.without_embedding("other") == [id_]


def test_that_purpose_and_last_day_are_kept(gallery: Gallery, ada: int) -> None:
    assert (gallery.person(ada).purpose, gallery.person(ada).expires_on) == ("", None)
    gallery.describe(ada, purpose="Door", expires_on=date(2027, 1, 31))
    gallery.describe(ada, notes="x")
    assert (gallery.person(ada).purpose, gallery.person(ada).expires_on) == ("Door", date(2027, 1, 31))
    gallery.describe(ada, expires_on=None)
    assert gallery.person(ada).expires_on is None
