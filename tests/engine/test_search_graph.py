"""The search graph of the open gallery: stored, forgotten when it is locked, and gone with whoever is erased."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from engine.gallery.graph_file import graph_path
from engine.gallery.store import Gallery
from engine.gallery.vault import Typed
from engine.matching import index, people_index
from engine.matching.graph import Graph
from engine.matching.graph_keeper import Plan
from engine.matching.strangers import made_up_strangers
from engine.packs.pack import DEFAULT_PACK
from engine.service import FaceService
from engine.settings import Settings
from engine.types import NewTemplate

PASSPHRASE = "correct horse"
LONG_S = 60


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaceService]:
    """With an encrypted gallery of 30 made-up people, which is taken for a large one."""
    monkeypatch.setattr(index, "_SMALL", 0)
    monkeypatch.setattr(people_index, "PLAN", Plan(from_people=10, first_wait_s=0, quiet_s=0))
    made = FaceService(Settings(precision="fp32"), tmp_path / "gallery.db")
    made.vault.set_passphrase(PASSPHRASE, ask_at_start=True)
    for number, embedding in enumerate(made_up_strangers(DEFAULT_PACK.id)[:30]):
        crop = f"crop number {number} ".encode() * 30
        new = NewTemplate(embedding, DEFAULT_PACK.id, crop, f"{number}.jpg", {"sharpness": 0.5})
        made._now.gallery.enroll(f"Person {number}", [new])
    made.lock()
    made.unlock(PASSPHRASE)
    yield made
    made.close()


def nearest(service: FaceService, number: int) -> str:
    """Who is nearest to one of the made-up people."""
    decider, probe = service._now.decider, made_up_strangers(DEFAULT_PACK.id)[number][None]
    references = service._now.gallery.references(decider.pack_id)
    decider.index.follow(references)
    found = decider.index.search(probe, 3, decider.metric)[0].ids
    assert decider.index.settle(LONG_S)
    np.testing.assert_array_equal(decider.index.search(probe, 3, decider.metric)[0].ids, found)
    return references.names[int(found[0])]


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "graph"]


def test_that_it_is_kept_beside_the_gallery_until_somebody_is_deleted(service: FaceService, tmp_path: Path) -> None:
    place = graph_path(tmp_path / "gallery.db")
    assert nearest(service, 7) == "Person 7"
    assert service._now.decider.index.by_graph
    assert place.is_file()
    seventh = service.person_named("Person 7")
    service.delete_person(seventh.id)
    assert not place.exists()
    assert nearest(service, 7) != "Person 7"
    assert place.is_file()
    service.undo()
    assert nearest(service, 7) == "Person 7"
    assert place.is_file()
    service.rename(service.person_named("Person 7").id, "Somebody")
    service.undo()
    assert not place.exists()
    assert nearest(service, 7) == "Person 7"
    assert place.is_file()


def test_that_locking_ends_it_and_unlocking_reads_it(
    service: FaceService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nearest(service, 7)
    assert threads() == ["graph"]
    service.lock()
    assert threads() == []
    before = graph_path(tmp_path / "gallery.db").read_bytes()
    service.unlock(PASSPHRASE)
    monkeypatch.setattr(Graph, "put", None)
    assert nearest(service, 7) == "Person 7"
    assert service._now.decider.index.by_graph
    assert graph_path(tmp_path / "gallery.db").read_bytes() == before
    service.close()
    assert threads() == []


def test_that_a_damaged_file_is_passed_over_and_written_anew(service: FaceService, tmp_path: Path) -> None:
    nearest(service, 7)
    service.lock()
    place = graph_path(tmp_path / "gallery.db")
    good = place.read_bytes()
    place.write_bytes(good[: len(good) // 2])
    service.unlock(PASSPHRASE)
    assert nearest(service, 7) == "Person 7"
    assert len(place.read_bytes()) > len(good) // 2


def test_that_an_old_file_finds_nobody_who_was_deleted_since(service: FaceService, tmp_path: Path) -> None:
    nearest(service, 7)
    place = graph_path(tmp_path / "gallery.db")
    old = place.read_bytes()
    service.delete_person(service.person_named("Person 7").id)
    service.lock()
    place.write_bytes(old)
    service.unlock(PASSPHRASE)
    assert nearest(service, 7) != "Person 7"
    assert place.read_bytes() != old


def test_that_it_follows_what_another_window_embeds_anew(service: FaceService, tmp_path: Path) -> None:
    assert nearest(service, 7) == "Person 7"
    made = made_up_strangers(DEFAULT_PACK.id)
    with closing(Gallery.open(tmp_path / "gallery.db", Typed(PASSPHRASE))) as other:
        seventh, eighth = (other.templates(other.find(f"Person {number}").id)[0].id for number in (7, 8))
        other.add_embeddings(DEFAULT_PACK.id, {seventh: made[8], eighth: made[7]})
        assert nearest(service, 7) == "Person 8"
        assert nearest(service, 8) == "Person 7"
    assert service._now.decider.index.by_graph


def test_that_erasing_somebody_removes_it_and_says_so(service: FaceService, tmp_path: Path) -> None:
    nearest(service, 7)
    seventh = service.person_named("Person 7")
    assert any("search graph" in what for what in service.erasure.holding(seventh.id).counts)
    receipt = service.erasure.erase(seventh.id)
    assert receipt.removed["search graphs, which are made again without them"] == 1
    assert threads() == []
    assert not graph_path(tmp_path / "gallery.db").exists()
    assert nearest(service, 7) != "Person 7"
    eighth = service.person_named("Person 8")
    service._now.gallery.forget_graph()
    assert not any("search graph" in what for what in service.erasure.holding(eighth.id).counts)


def test_that_a_plain_gallery_keeps_it_in_memory_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "_SMALL", 0)
    monkeypatch.setattr(people_index, "PLAN", Plan(from_people=8, first_wait_s=0, quiet_s=0))
    service = FaceService(Settings(precision="fp32"), tmp_path / "gallery.db")
    for number, embedding in enumerate(made_up_strangers(DEFAULT_PACK.id)[:20]):
        new = NewTemplate(embedding, DEFAULT_PACK.id, f"crop {number}".encode(), f"{number}.jpg", {})
        service._now.gallery.enroll(f"Person {number}", [new])
    assert nearest(service, 7) == "Person 7"
    assert service._now.decider.index.by_graph
    assert not list(tmp_path.glob("*graph*"))
    service.close()
    assert threads() == []
