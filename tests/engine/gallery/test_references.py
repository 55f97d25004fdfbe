"""References that follow the gallery edit by edit, against reading everything anew; and the index that follows them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import UnknownPersonError, VisavisError
from engine.gallery import references as module
from engine.gallery.references import References
from engine.gallery.store import Gallery
from engine.matching import index as index_module
from engine.matching.distances import distances
from engine.matching.fusion import fuse
from engine.matching.people_index import PeopleIndex
from engine.server_address import Place
from engine.types import Metric
from tests.postgres import Server

from .conftest import PACK, template


def check(references: References, gallery: Gallery, index: PeopleIndex) -> None:
    """They are what another program reads from the file, and the index finds what comparing with everyone finds."""
    fresh_gallery = Gallery.open(gallery.place)
    fresh = fresh_gallery.references(PACK)
    np.testing.assert_array_equal(references.template_ids, fresh.template_ids)
    np.testing.assert_array_equal(references.person_ids, fresh.person_ids)
    np.testing.assert_array_equal(references.matrix.ravel(), fresh.matrix.ravel())
    assert dict(references.names) == dict(fresh.names)
    fresh_gallery.close()
    index.follow(references)
    assert len(index) == len(references.names)
    if not len(references.names):
        return
    fused, people = fuse(references.matrix, references.person_ids)
    probe = template(999).embedding[None]
    for metric in Metric:
        apart = distances(probe, fused, metric)[0]
        order = np.argsort(apart, kind="stable")[:5]
        found = index.search(probe, 5, metric)[0]
        assert found.ids.tolist() == people[order].tolist()
        np.testing.assert_allclose(found.distances, apart[order], atol=2e-6)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["enroll", "enroll", "enroll many", "delete", "drop", "merge", "move", "split", "rename", "undo", "redo",
             "erase", "embed anew", "look"]
        ),
        st.integers(0, 5),
        st.integers(0, 5),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_that_references_stay_those_of_the_file_whatever_is_edited_here_or_elsewhere(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, int, int, bool]]
) -> None:
    monkeypatch.setattr(index_module, "_SMALL", 0)
    follow(tmp_path_factory.mktemp("gallery") / "gallery.db", steps)


@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_that_references_stay_those_of_the_server_whatever_is_edited_here_or_elsewhere(
    postgres: Server, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, int, int, bool]]
) -> None:
    monkeypatch.setattr(index_module, "_SMALL", 0)
    follow(postgres.new_gallery(), steps)


def follow(place: Place, steps: list[tuple[str, int, int, bool]]) -> None:
    """Make edits here and elsewhere, and compare after each look."""
    here, elsewhere = Gallery.open(place), Gallery.open(place)
    here.enroll("Person 0", [template(500)])
    index = PeopleIndex()
    check(here.references(PACK), here, index)
    for number, (what, one, other, away) in enumerate(steps):
        try:
            edit(elsewhere if away else here, what, f"Person {one}", f"Person {other}", number)
        except VisavisError:
            continue
        if what == "look":
            check(here.references(PACK), here, index)
    check(here.references(PACK), here, index)
    here.close()
    elsewhere.close()


def edit(gallery: Gallery, what: str, one: str, other: str, number: int) -> None:
    match what:
        case "enroll":
            gallery.enroll(one, [template(number)])
        case "enroll many":
            gallery.enroll(one, [template(1000 * number + extra) for extra in range(1, 90)])
        case "delete":
            gallery.delete_person(gallery.find(one).id)
        case "drop":
            for stored in gallery.templates(gallery.find(one).id)[:1]:
                gallery.delete_template(stored.id)
        case "merge":
            gallery.merge(gallery.find(one).id, gallery.find(other).id)
        case "move":
            for stored in gallery.templates(gallery.find(one).id)[-1:]:
                gallery.move_template(stored.id, gallery.find(other).id)
        case "split":
            chosen = [stored.id for stored in gallery.templates(gallery.find(one).id)[1:2]]
            gallery.split(gallery.find(one).id, chosen, f"Person {number + 6}")
        case "erase":
            gallery.erase_person(gallery.find(one).id, "0" * 12)
        case "embed anew":
            embed_anew(gallery, number)
        case _:
            do_otherwise(gallery, what, one, number)


def do_otherwise(gallery: Gallery, what: str, one: str, number: int) -> None:
    match what:
        case "rename":
            gallery.rename(gallery.find(one).id, f"Person {number + 6}")
        case "undo" | "redo":
            getattr(gallery, what)()


def embed_anew(gallery: Gallery, number: int) -> None:
    """Give every template another embedding, with or without a moment in which it has none."""
    if number % 2:
        gallery.forget_pack(PACK)
    ids = [stored.id for person in gallery.people() for stored in gallery.templates(person.id)]
    gallery.add_embeddings(PACK, {id_: template(5000 * number + id_).embedding for id_ in ids})


def test_that_an_enrollment_reads_nobody_else_again(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery.enroll("Ada Lovelace", [template(1)])
    before = gallery.references(PACK)
    monkeypatch.setattr(References, "load", _refused)
    gallery.enroll("Grace Hopper", [template(2), template(3)])
    after = gallery.references(PACK)
    assert len(after.matrix) == 3
    assert np.shares_memory(after.matrix, before.matrix), "the rows there were are not copied"
    assert len(before.matrix) == 1, "what was handed out stays as it is"
    assert after.lineage is before.lineage


def test_that_a_window_reads_only_what_another_has_changed(
    gallery: Gallery, another_window: Callable[[], Gallery], monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery.enroll("Ada Lovelace", [template(1)])
    gallery.references(PACK)
    monkeypatch.setattr(References, "load", _refused)
    other = another_window()
    other.enroll("Grace Hopper", [template(2)])
    other.delete_person(other.find("Ada Lovelace").id)
    assert list(gallery.references(PACK).names.values()) == ["Grace Hopper"]


def test_that_an_embedding_that_was_replaced_in_place_is_not_overlooked(gallery: Gallery) -> None:
    person = gallery.enroll("Ada Lovelace", [template(1)])
    before = gallery.references(PACK)
    gallery.add_embeddings(PACK, {gallery.templates(person.id)[0].id: template(7).embedding})
    after = gallery.references(PACK)
    np.testing.assert_array_equal(after.matrix[0], template(7).embedding)
    assert after.lineage is not before.lineage


def test_that_nobody_deleted_is_found_by_an_index_that_was_there_before(gallery: Gallery) -> None:
    ada = gallery.enroll("Ada Lovelace", [template(1)]).id
    gallery.enroll("Grace Hopper", [template(2)])
    index = PeopleIndex()
    index.follow(gallery.references(PACK))
    assert index.search(template(1).embedding[None], 1, Metric.COSINE)[0].ids.tolist() == [ada]
    gallery.delete_person(ada)
    index.follow(gallery.references(PACK))
    assert ada not in index.search(template(1).embedding[None], 5, Metric.COSINE, 2.0)[0].ids


def test_that_many_changes_are_read_as_a_whole(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_UPDATED", 1)
    gallery.enroll("Ada Lovelace", [template(1)])
    before = gallery.references(PACK)
    gallery.enroll("Grace Hopper", [template(2)])
    gallery.enroll("Mary Shelley", [template(3)])
    assert gallery.references(PACK).lineage is not before.lineage
    assert len(gallery.references(PACK).matrix) == 3


def test_that_a_name_is_that_of_someone_who_is_there(gallery: Gallery) -> None:
    ada = gallery.enroll("Ada Lovelace", [template(1)]).id
    names = gallery.references(PACK).names
    assert names[ada] == "Ada Lovelace"
    assert ada in names
    assert "Ada" not in names
    with pytest.raises(KeyError):
        names[ada + 1]
    names = gallery.references(PACK).names
    gallery.enroll("Grace Hopper", [template(2)])
    late = gallery.references(PACK).names
    grace = gallery.find("Grace Hopper").id
    gallery.delete_person(grace)
    with pytest.raises(UnknownPersonError):
        late[grace]


def test_that_an_index_whose_references_were_refused_starts_anew(gallery: Gallery, tmp_path: Path) -> None:
    gallery.enroll("Ada Lovelace", [template(1)])
    good = gallery.references(PACK)
    bad_rows = np.full((1, 128), np.nan, np.float32)
    bad = References(PACK, bad_rows, np.array([1]), np.array([1]), good.names)
    index = PeopleIndex()
    for _ in range(2):
        with pytest.raises(VisavisError):
            index.follow(bad)
    index.follow(good)
    assert len(index) == 1


def _refused(*_arguments: object) -> None:
    raise AssertionError("everything was read again")
