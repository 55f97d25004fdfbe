"""Rejected faces travel with the people whom they are not, and only with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from engine.errors import PackMismatchError
from engine.exchange import Conflict, DamagedFileError
from engine.gallery.schema import PersonRow, RejectionEmbeddingRow, RejectionRow
from engine.gallery.store import Gallery
from engine.transfer import gallery_file
from engine.transfer.gallery_file import export_gallery, import_gallery, opened
from engine.transfer.sealed import SealedReader, SealedWriter
from engine.types import NewTemplate
from tests.engine.transfer.conftest import CHEAP, OTHER_PACK, PACK, PASSPHRASE, everything, template
from tests.postgres import Server


def rejected(gallery: Gallery) -> list[tuple[object, ...]]:
    """All that is kept of every rejected face, to the byte, without the gallery's own numbers."""
    with gallery.reading() as session:
        columns = RejectionRow.id, PersonRow.name, RejectionRow.crop_jpeg, RejectionRow.crop_sha256
        more = RejectionRow.source, RejectionRow.created_at
        rows = session.execute(select(*columns, *more).join(PersonRow).order_by(PersonRow.name, RejectionRow.id)).all()
        made = session.execute(
            select(RejectionEmbeddingRow.rejection_id, RejectionEmbeddingRow.pack_id, RejectionEmbeddingRow.embedding)
        ).all()
    return [
        (*row[1:], sorted((one.pack_id, one.embedding) for one in made if one.rejection_id == row.id)) for row in rows
    ]


@pytest.fixture
def wary(full: Gallery) -> Gallery:
    """Two faces are not Ada, of which one was embedded by two packs; one is not the other person."""
    ada, other = full.find("Ada Lovelace").id, full.find("=HYPERLINK(1)").id
    first = full.rejections.add(ada, template(50))
    full.rejections.add(ada, template(51))
    full.rejections.add(other, template(52))
    full.rejections.add_embeddings(OTHER_PACK, {first: template(150, dimension=64).embedding})
    return full


@pytest.fixture(params=["file", "server"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gallery]:
    """A gallery of nobody, of either kind."""
    if request.param == "file":
        made = Gallery.open(tmp_path / "target.db")
    else:
        server: Server = request.getfixturevalue("postgres")
        made = Gallery.open(server.new_gallery())
    yield made
    made.close()


def exported(gallery: Gallery, place: Path, chosen: list[int] | None = None) -> Path:
    export_gallery(gallery, place, PASSPHRASE, chosen, cost=CHEAP)
    return place


def test_that_a_round_trip_with_rejected_faces_is_exact(wary: Gallery, target: Gallery, tmp_path: Path) -> None:
    sent = export_gallery(wary, tmp_path / "all.visavis", PASSPHRASE, cost=CHEAP)
    assert sent.rejections == 3
    assert sent.strangers == "3 rejected faces went with them: faces of others, said not to be these people."
    done = import_gallery(target, tmp_path / "all.visavis", PASSPHRASE)
    assert (done.added, done.templates, done.rejections) == (2, 4, 3)
    assert rejected(target) == rejected(wary)
    assert everything(target) == everything(wary)
    place = exported(target, tmp_path / "again.visavis")
    again = import_gallery(wary, place, PASSPHRASE, Conflict.MERGE)
    assert (again.templates, again.known, again.rejections) == (0, 4, 0)
    assert target.undo() == "Import all.visavis"
    assert rejected(target) == []
    target.redo()
    assert rejected(target) == rejected(wary)


def test_that_they_count_where_they_arrive(wary: Gallery, empty: Gallery, tmp_path: Path) -> None:
    import_gallery(empty, exported(wary, tmp_path / "all.visavis"), PASSPHRASE)
    here, there = empty.rejections.of_pack(PACK), wary.rejections.of_pack(PACK)
    assert sorted(map(bytes, here.faces)) == sorted(map(bytes, there.faces))
    assert sorted(map(bytes, here.own)) == sorted(map(bytes, there.own))


def test_that_only_those_of_the_chosen_go(wary: Gallery, empty: Gallery, tmp_path: Path) -> None:
    other = wary.find("=HYPERLINK(1)").id
    import_gallery(empty, exported(wary, tmp_path / "one.visavis", [other]), PASSPHRASE)
    assert rejected(empty) == [row for row in rejected(wary) if row[0] == "=HYPERLINK(1)"]


def test_that_a_file_without_any_is_one_that_every_visavis_reads(full: Gallery, tmp_path: Path) -> None:
    with exported(full, tmp_path / "all.visavis").open("rb") as file:
        reader = SealedReader(file, PASSPHRASE)
        reader.read(8)
        assert b'"version":1,' in reader.read(60)


def test_that_a_program_of_before_refuses_them_with_a_sentence(
    wary: Gallery, empty: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = exported(wary, tmp_path / "all.visavis")
    monkeypatch.setattr(gallery_file, "CONTENT_VERSION", 1)
    with pytest.raises(DamagedFileError, match="newer Visavis"):
        import_gallery(empty, place, PASSPHRASE)


@pytest.mark.parametrize(
    "change",
    [
        (b'"version":2', b'"version":1'),
        (b'"rejections":3', b'"rejections":2'),
        (b'"rejections":2,"fields"', b'"rejections":1,"fields"'),
        (b'"kind":"rejection"', b'"kind":"rejectiom"'),
    ],
)
def test_that_one_that_does_not_add_up_is_refused_whole(
    wary: Gallery, empty: Gallery, tmp_path: Path, change: tuple[bytes, bytes]
) -> None:
    place, altered = exported(wary, tmp_path / "all.visavis"), tmp_path / "altered.visavis"
    with place.open("rb") as file:
        reader, content = SealedReader(file, PASSPHRASE), b""
        while not reader.at_end:
            content += reader.read(1)
    assert change[0] in content
    with altered.open("wb") as file:
        writer = SealedWriter(file, PASSPHRASE, CHEAP)
        writer.write(content.replace(*change, 1))
        writer.finish()
    with pytest.raises(DamagedFileError):
        import_gallery(empty, altered, PASSPHRASE)
    assert empty.counts() == (0, 0)


def test_that_whoever_is_passed_over_keeps_theirs_and_is_proved(wary: Gallery, empty: Gallery, tmp_path: Path) -> None:
    place = exported(wary, tmp_path / "all.visavis")
    ada = empty.enroll("Ada Lovelace", [template(1)])
    done = import_gallery(empty, place, PASSPHRASE, Conflict.SKIP)
    assert (done.added, done.rejections) == (1, 1)
    assert empty.rejections.of_person(ada.id) == []
    with opened(place, PASSPHRASE) as file:
        assert len(list(file.people())) == 2


def test_that_a_namesake_is_kept_with_theirs(wary: Gallery, tmp_path: Path) -> None:
    place = exported(wary, tmp_path / "all.visavis")
    assert import_gallery(wary, place, PASSPHRASE, Conflict.RENAME).rejections == 3
    counts = wary.rejections.counts()
    assert counts[wary.find("Ada Lovelace (2)").id] == counts[wary.find("Ada Lovelace").id] == 2


def test_that_merging_adds_what_is_missing_even_for_whom_only_templates_had_come(
    wary: Gallery, empty: Gallery, tmp_path: Path
) -> None:
    place = exported(wary, tmp_path / "all.visavis")
    import_gallery(empty, place, PASSPHRASE)
    for person in empty.people():
        for one in empty.rejections.of_person(person.id):
            empty.rejections.remove(one.id)
    done = import_gallery(empty, place, PASSPHRASE, Conflict.MERGE)
    assert (done.templates, done.rejections) == (0, 3)
    assert sorted(rejected(empty)) == sorted(rejected(wary))


def test_that_a_face_that_is_one_of_the_persons_own_here_does_not_come(
    wary: Gallery, empty: Gallery, tmp_path: Path
) -> None:
    ada = empty.enroll("Ada Lovelace", [template(50)])
    done = import_gallery(empty, exported(wary, tmp_path / "all.visavis"), PASSPHRASE, Conflict.MERGE)
    assert done.rejections
    assert "picture50.jpg" not in [one.source for one in empty.rejections.of_person(ada.id)]


def test_that_what_was_rejected_here_is_not_enrolled_by_an_import(
    wary: Gallery, empty: Gallery, tmp_path: Path
) -> None:
    ada = empty.enroll("Ada Lovelace", [template(1)])
    empty.rejections.add(ada.id, template(3))
    done = import_gallery(empty, exported(wary, tmp_path / "all.visavis"), PASSPHRASE, Conflict.MERGE)
    assert [one.what for one in done.left_out] == ["Ada Lovelace"]
    assert "rejected here" in done.left_out[0].reason
    assert [one.source for one in empty.templates(ada.id)] == ["picture1.jpg", "picture2.jpg"]


def test_that_vectors_that_do_not_fit_change_nothing(wary: Gallery, empty: Gallery, tmp_path: Path) -> None:
    place = exported(wary, tmp_path / "all.visavis")
    grace = empty.enroll("Grace", [NewTemplate(np.eye(1, 32, dtype=np.float32)[0], PACK, b"crop", "a.jpg", {})])
    with pytest.raises(PackMismatchError):
        import_gallery(empty, place, PASSPHRASE)
    assert [person.id for person in empty.people()] == [grace.id]


def test_that_a_rejected_face_that_does_not_fit_alone_is_refused_with_a_sentence(
    full: Gallery, empty: Gallery, tmp_path: Path
) -> None:
    full.rejections.add(full.find("Ada Lovelace").id, template(50, pack_id="third-pack", dimension=64))
    ada = empty.enroll("Ada Lovelace", [template(60, pack_id="third-pack", dimension=32)])
    with pytest.raises(PackMismatchError):
        import_gallery(empty, exported(full, tmp_path / "all.visavis"), PASSPHRASE, Conflict.MERGE)
    assert [len(empty.templates(person.id)) for person in empty.people()] == [1]
    assert empty.people()[0].id == ada.id
