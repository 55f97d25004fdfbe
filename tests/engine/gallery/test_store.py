"""The gallery: every edit, and every edit taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from engine.errors import (
    GalleryError,
    InvalidNameError,
    NameTakenError,
    PackError,
    PackMismatchError,
    UnknownPersonError,
)
from engine.gallery.store import Gallery
from engine.types import FloatArray, Template

from .conftest import PACK, template


def everything(gallery: Gallery) -> list[Any]:
    """All that is stored, to compare before and after."""
    content: list[Any] = []
    for person in gallery.people():
        content.append(replace(person, cover_id=None))
        content += [(t.crop_jpeg, t.source, _bytes(t)) for t in gallery.templates(person.id)]
    return content


def _bytes(stored: Template) -> dict[str, bytes]:
    return {pack_id: embedding.tobytes() for pack_id, embedding in stored.embeddings.items()}


@pytest.fixture(params=["file", "server"])
def kind(request: pytest.FixtureRequest) -> str:
    """Every rule holds wherever the gallery is."""
    kept_in: str = request.param
    return kept_in


@pytest.fixture
def ada(gallery: Gallery) -> int:
    return gallery.enroll("Ada Lovelace", [template(1), template(2)], consent_date=date(2026, 2, 3)).id


@pytest.fixture
def grace(gallery: Gallery) -> int:
    person = gallery.enroll("Grace Hopper", [template(3)])
    gallery.describe(person.id, notes="Rear admiral", tags=["navy"])
    return person.id


def test_that_what_is_enrolled_comes_back_as_it_was(gallery: Gallery, ada: int) -> None:
    person = gallery.person(ada)
    assert (person.name, person.template_count, person.consent_date) == ("Ada Lovelace", 2, date(2026, 2, 3))
    stored = gallery.templates(ada)
    assert [one.source for one in stored] == ["picture1.jpg", "picture2.jpg"]
    np.testing.assert_array_equal(stored[0].embeddings[PACK], template(1).embedding)
    assert stored[0].crop_jpeg == template(1).crop_jpeg
    assert stored[0].quality == {"sharpness": 0.5}
    assert person.cover_id in [one.id for one in stored]


def test_that_a_second_enrollment_adds_to_the_same_person(gallery: Gallery, ada: int) -> None:
    person = gallery.enroll("  ada   LOVELACE ", [template(5)])
    assert person.id == ada
    assert person.name == "Ada Lovelace"
    assert person.template_count == 3


def test_that_it_is_all_there_after_opening_again(gallery: Gallery, ada: int, grace: int) -> None:
    before = everything(gallery)
    gallery.close()
    again = Gallery.open(gallery.place)
    assert everything(again) == before
    again.close()


@pytest.mark.parametrize("search", ["ada", "LOVE", "hopper", "rear", "NAVY", "réar"])
def test_that_search_looks_at_names_notes_and_tags(gallery: Gallery, ada: int, grace: int, search: str) -> None:
    found = [person.id for person in gallery.people(search)]
    assert found == [ada if search in ("ada", "LOVE") else grace]


@pytest.mark.parametrize("search", ["%", "_", "\\", "nobody"])
def test_that_a_search_takes_signs_as_they_are(gallery: Gallery, ada: int, search: str) -> None:
    assert gallery.people(search) == []


EDITS: dict[str, Callable[[Gallery, int, int], object]] = {
    "enroll someone": lambda g, a, b: g.enroll("Alan Turing", [template(9)]),
    "enroll more": lambda g, a, b: g.enroll("Ada Lovelace", [template(9)]),
    "rename": lambda g, a, b: g.rename(a, "Augusta Ada King"),
    "notes": lambda g, a, b: g.describe(a, notes="Countess"),
    "tags": lambda g, a, b: g.describe(a, tags=["maths", " maths ", "", "poetry"]),
    "consent": lambda g, a, b: g.describe(a, consent_date=None),
    "merge": lambda g, a, b: g.merge(a, b),
    "move": lambda g, a, b: g.move_template(g.templates(a)[0].id, b),
    "delete a template": lambda g, a, b: g.delete_template(g.templates(a)[0].id),
    "delete a person": lambda g, a, b: g.delete_person(a),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_that_every_edit_can_be_taken_back_and_done_again(
    gallery: Gallery, ada: int, grace: int, edit: Callable[[Gallery, int, int], object]
) -> None:
    before = everything(gallery)
    edit(gallery, ada, grace)
    after = everything(gallery)
    assert after != before
    text = gallery.undo_text
    assert gallery.undo() == text
    assert everything(gallery) == before
    assert gallery.redo() == text
    assert everything(gallery) == after
    assert gallery.redo_text == ""


def test_that_all_edits_of_a_session_can_be_taken_back(gallery: Gallery, ada: int, grace: int) -> None:
    for edit in ("notes", "rename", "move", "delete a template"):
        EDITS[edit](gallery, ada, grace)
    while gallery.undo_text:
        gallery.undo()
    assert gallery.people() == []
    while gallery.redo_text:
        gallery.redo()
    assert gallery.person(ada).name == "Augusta Ada King"
    assert gallery.counts() == (2, 2)


def test_that_undo_keeps_ids(gallery: Gallery, ada: int) -> None:
    ids = [one.id for one in gallery.templates(ada)]
    gallery.delete_person(ada)
    gallery.undo()
    assert [one.id for one in gallery.templates(ada)] == ids


def test_that_an_edit_after_undo_forgets_what_was_undone(gallery: Gallery, ada: int) -> None:
    gallery.rename(ada, "A")
    gallery.undo()
    gallery.rename(ada, "B")
    with pytest.raises(GalleryError, match="nothing to do again"):
        gallery.redo()


def test_that_with_no_edit_there_is_nothing_to_undo(gallery: Gallery) -> None:
    with pytest.raises(GalleryError, match="nothing to undo"):
        gallery.undo()


def test_that_undo_refuses_to_overwrite_another_windows_edit(
    gallery: Gallery, ada: int, another_window: Callable[[], Gallery]
) -> None:
    gallery.rename(ada, "Augusta")
    other = another_window()
    other.rename(ada, "Countess")
    with pytest.raises(GalleryError):
        gallery.undo()
    assert gallery.person(ada).name == "Countess"


def test_that_a_merge_keeps_everything(gallery: Gallery, ada: int, grace: int) -> None:
    gallery.describe(ada, notes="Countess", tags=["maths", "navy"])
    merged = gallery.merge(ada, grace)
    assert (merged.template_count, merged.notes, merged.tags) == (3, "Rear admiral\nCountess", ("navy", "maths"))
    with pytest.raises(UnknownPersonError):
        gallery.person(ada)


def test_that_nobody_is_merged_with_themselves(gallery: Gallery, ada: int) -> None:
    with pytest.raises(GalleryError, match="themselves"):
        gallery.merge(ada, ada)
    assert gallery.person(ada).template_count == 2


@pytest.mark.parametrize("name", ["", "   ", "\n", "x" * 5000, "\u202e", "tab\x00"])
def test_that_some_names_are_refused_and_change_nothing(gallery: Gallery, ada: int, name: str) -> None:
    before = everything(gallery)
    with pytest.raises(InvalidNameError):
        gallery.enroll(name, [template(4)])
    with pytest.raises(InvalidNameError):
        gallery.rename(ada, name)
    assert everything(gallery) == before


@pytest.mark.parametrize(
    "name", ["=HYPERLINK('x')", "<img src=x>", "Ünï çødé", "李小龙", "🙂", "O'Brien; DROP TABLE people"]
)
def test_that_odd_names_are_just_names(gallery: Gallery, name: str) -> None:
    assert gallery.enroll(name, [template(1)]).name == name
    assert gallery.find(name.upper()).name == name


def test_that_composed_and_decomposed_names_are_one_person(gallery: Gallery) -> None:
    first = gallery.enroll("Zoe\u0308", [template(1)])
    assert gallery.enroll("Zo\u00eb", [template(2)]).id == first.id


def test_that_a_name_is_not_given_twice(gallery: Gallery, ada: int, grace: int) -> None:
    with pytest.raises(NameTakenError, match="merge"):
        gallery.rename(grace, "ADA lovelace")
    assert gallery.rename(ada, "ADA LOVELACE").name == "ADA LOVELACE"


@pytest.mark.parametrize(
    "edit",
    [
        lambda g: g.person(99),
        lambda g: g.find("Nobody"),
        lambda g: g.rename(99, "X"),
        lambda g: g.describe(99, notes="x"),
        lambda g: g.delete_person(99),
        lambda g: g.merge(99, 98),
        lambda g: g.move_template(99, 98),
        lambda g: g.delete_template(99),
    ],
)
def test_that_what_is_not_there_is_a_sentence(gallery: Gallery, edit: Callable[[Gallery], object]) -> None:
    with pytest.raises((UnknownPersonError, GalleryError)) as failure:
        edit(gallery)
    assert str(failure.value).endswith(".")


def test_that_templates_of_another_length_are_refused(gallery: Gallery, ada: int) -> None:
    with pytest.raises(PackMismatchError):
        gallery.enroll("Grace", [template(3, dimension=512)])
    assert [person.name for person in gallery.people()] == ["Ada Lovelace"]


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0])
def test_that_an_embedding_that_is_none_is_refused(gallery: Gallery, value: float) -> None:
    broken = replace(template(1), embedding=np.full(128, value, np.float32))
    with pytest.raises(PackError, match="no embedding"):
        gallery.enroll("Ada", [broken])
    assert gallery.people() == []


def test_that_references_are_of_one_pack_only(gallery: Gallery, ada: int) -> None:
    gallery.enroll("Grace", [template(3, pack_id="other-pack", dimension=512)])
    own = gallery.references(PACK)
    assert own.matrix.shape == (2, 128)
    assert own.names == {ada: "Ada Lovelace"}
    assert gallery.references("other-pack").matrix.shape == (1, 512)
    assert gallery.references("no-pack").matrix.shape[0] == 0


def test_that_references_follow_every_edit(gallery: Gallery, ada: int, another_window: Callable[[], Gallery]) -> None:
    assert len(gallery.references(PACK).matrix) == 2
    gallery.enroll("Ada Lovelace", [template(7)])
    assert len(gallery.references(PACK).matrix) == 3
    another_window().rename(ada, "Augusta")
    assert gallery.references(PACK).names[ada] == "Augusta"


def test_that_another_windows_edit_is_noticed_once(
    gallery: Gallery, ada: int, another_window: Callable[[], Gallery]
) -> None:
    other = another_window()
    assert not gallery.changed_elsewhere()
    other.enroll("Grace", [template(3)])
    assert gallery.changed_elsewhere()
    assert not gallery.changed_elsewhere()
    gallery.rename(ada, "Augusta")
    assert not gallery.changed_elsewhere()
    assert other.changed_elsewhere()


def test_that_news_are_told_even_when_a_search_has_seen_them_first(
    gallery: Gallery, ada: int, another_window: Callable[[], Gallery]
) -> None:
    other = another_window()
    gallery.rename(ada, "Augusta")
    assert other.references(PACK).names[ada] == "Augusta"
    assert other.changed_elsewhere()
    assert not other.changed_elsewhere()


def test_that_stored_arrays_cannot_be_written(gallery: Gallery, ada: int) -> None:
    stored: Template = gallery.templates(ada)[0]
    with pytest.raises(ValueError, match="read-only"):
        stored.embeddings[PACK][0] = 1


def _other(*ids: int) -> dict[int, FloatArray]:
    return {id_: template(100 + id_, dimension=64).embedding for id_ in ids}


def test_that_a_pack_embeds_what_it_has_not_embedded_yet(gallery: Gallery, ada: int, grace: int) -> None:
    assert gallery.without_embedding(PACK) == []
    missing = gallery.without_embedding("other")
    assert len(missing) == 3
    gallery.add_embeddings("other", _other(*missing[:2]))
    assert gallery.without_embedding("other") == missing[2:]
    assert gallery.references("other").matrix.shape == (2, 64)
    assert gallery.references(PACK).matrix.shape == (3, 128), "the other pack's stay for going back"


def test_that_embeddings_of_templates_that_are_gone_are_passed_over(gallery: Gallery, ada: int) -> None:
    gone, kept = gallery.without_embedding("other")
    gallery.delete_template(gone)
    gallery.add_embeddings("other", _other(gone, kept))
    assert gallery.references("other").template_ids.tolist() == [kept]


def test_that_embeddings_are_stored_all_or_none(gallery: Gallery, ada: int) -> None:
    first, second = gallery.without_embedding("other")
    with pytest.raises(PackError):
        gallery.add_embeddings("other", _other(first) | {second: np.zeros(64, np.float32)})
    with pytest.raises(PackMismatchError):
        gallery.add_embeddings("other", _other(first) | {second: template(1).embedding})
    assert gallery.without_embedding("other") == [first, second]


def test_that_a_pack_is_forgotten_without_its_templates(gallery: Gallery, ada: int) -> None:
    gallery.add_embeddings("other", _other(*gallery.without_embedding("other")))
    gallery.forget_pack("other")
    assert len(gallery.without_embedding("other")) == 2
    assert len(gallery.templates(ada)) == 2


def test_that_undo_keeps_what_another_pack_made_meanwhile(gallery: Gallery, ada: int, grace: int) -> None:
    gallery.merge(grace, ada)
    gallery.add_embeddings("other", _other(*gallery.without_embedding("other")))
    gallery.undo()
    assert gallery.without_embedding("other") == []
    assert gallery.references("other").names[grace] == "Grace Hopper"


def test_that_a_deletion_taken_back_brings_every_packs_embeddings(gallery: Gallery, ada: int) -> None:
    gallery.add_embeddings("other", _other(*gallery.without_embedding("other")))
    before = everything(gallery)
    gallery.delete_person(ada)
    gallery.undo()
    assert everything(gallery) == before
    assert gallery.without_embedding("other") == []
