"""A folder of people: everything usable comes in once, everything else is listed with its reason."""

from __future__ import annotations

import os
import shutil
import unicodedata
from pathlib import Path

import pytest
from PIL import Image

from engine.errors import BadInputError
from engine.exchange import Conflict, Imported, SourceKind
from engine.gallery.store import Gallery
from engine.transfer_desk import TransferDesk
from engine.types import CancelToken, Progress


@pytest.fixture
def tree(tmp_path: Path, pictures: Path) -> Path:
    """Two people, one with a bad file and one without a face; loose files beside them."""
    tree = tmp_path / "tree"
    wanted = {
        "Eileen Collins/1.jpg": "eileen1.jpg",
        "Eileen Collins/deeper/2.png": "eileen2.png",
        "Eileen Collins/broken.jpg": "broken.jpg",
        "Grace Hopper/grace.jpg": "grace.jpg",
        "Grace Hopper/cup.png": "faceless.png",
        "loose.jpg": "grace.jpg",
        ".hidden/grace.jpg": "grace.jpg",
    }
    for place, picture in wanted.items():
        (tree / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(pictures / picture, tree / place)
    (tree / "Nobody").mkdir()
    (tree / "Grace Hopper" / "notes.txt").write_text("not a picture")
    return tree


def reasons(done: Imported) -> str:
    return "\n".join(f"{one.what}: {one.reason}" for one in done.left_out)


def test_that_every_usable_picture_comes_in_and_the_rest_is_listed(
    desk: TransferDesk, empty: Gallery, tree: Path
) -> None:
    progress: list[Progress] = []
    done = desk.import_from([tree], report=progress.append)
    assert done.kind is SourceKind.FOLDER
    assert (done.added, done.templates, done.left_out_count) == (2, 3, 4)
    assert {person.name: person.template_count for person in empty.people()} == {"Eileen Collins": 2, "Grace Hopper": 1}
    said = reasons(done)
    assert "broken.jpg" in said
    assert "No face" in said
    assert "Nobody: There is no picture" in said
    assert "outside of people's folders: 1" in said
    assert progress[-1].done == progress[-1].total == 5


def test_that_it_is_one_edit(desk: TransferDesk, empty: Gallery, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.transfer.judged.STORED_AT_ONCE", 1)
    monkeypatch.setattr("engine.transfer.judged.PICTURES_AT_ONCE", 1)
    desk.import_from([tree])
    assert empty.undo_text == "Import tree"
    empty.undo()
    assert empty.counts() == (0, 0)
    assert empty.undo_text == ""
    empty.redo()
    assert empty.counts() == (2, 3)


def test_that_a_stopped_import_keeps_what_it_has_and_goes_on_without_doubles(
    desk: TransferDesk, empty: Gallery, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.transfer.judged.PICTURES_AT_ONCE", 1)
    token = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.done == 2:
            token.cancel()

    stopped = desk.import_from([tree], report=stop, token=token)
    assert stopped.cancelled
    assert empty.counts()[1] == stopped.templates > 0
    rest = desk.import_from([tree])
    assert not rest.cancelled
    assert rest.known == stopped.templates
    assert stopped.templates + rest.templates == 3
    again = desk.import_from([tree])
    assert (again.templates, again.known) == (0, 3)


def test_that_pictures_that_vanish_meanwhile_are_listed_and_the_rest_comes_in(
    desk: TransferDesk, empty: Gallery, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.transfer.judged.PICTURES_AT_ONCE", 1)

    def pull_out(progress: Progress) -> None:
        # A stick that is pulled out takes what was not read yet.
        shutil.rmtree(tree / "Grace Hopper", ignore_errors=True)

    done = desk.import_from([tree], report=pull_out)
    assert {person.name: person.template_count for person in empty.people()} == {"Eileen Collins": 2}
    assert "is not there (any more)" in reasons(done)


def test_that_a_moved_folder_brings_no_doubles(desk: TransferDesk, empty: Gallery, tree: Path) -> None:
    desk.import_from([tree])
    again = desk.import_from([tree.rename(tree.with_name("moved"))])
    assert again.templates == 0
    assert empty.counts() == (2, 3)


def test_that_one_picture_under_two_names_is_warned_of(desk: TransferDesk, tree: Path, pictures: Path) -> None:
    (tree / "Someone").mkdir()
    shutil.copy(pictures / "grace.jpg", tree / "Someone" / "copy.jpg")
    done = desk.import_from([tree])
    assert "“Grace Hopper” and “Someone” have the same picture" in done.warnings[0]


def test_that_a_look_alike_who_was_enrolled_before_is_warned_of(
    desk: TransferDesk, tree: Path, pictures: Path, tmp_path: Path
) -> None:
    desk.import_from([tree])
    other = tmp_path / "other" / "E. C."
    other.mkdir(parents=True)
    Image.open(pictures / "eileen2.png").rotate(3).save(other / "x.png")
    assert "looks like “Eileen Collins”" in desk.import_from([other.parent]).warnings[0]


def test_that_people_who_are_there_can_be_left_alone_or_kept_apart(
    desk: TransferDesk, empty: Gallery, tree: Path
) -> None:
    desk.import_from([tree])
    skipped = desk.import_from([tree], conflict=Conflict.SKIP)
    assert (skipped.templates, sorted(skipped.skipped)) == (0, ["Eileen Collins", "Grace Hopper"])
    apart = desk.import_from([tree], conflict=Conflict.RENAME)
    assert sorted(new for _, new in apart.renamed) == ["Eileen Collins (2)", "Grace Hopper (2)"]
    assert empty.find("Eileen Collins (2)").template_count == 2


ODD = ("=HYPERLINK(1)", "<img src=x>", "🦆 ducks", "CON", "e\u0301mile", "אבג", "x" * 150, "dot.")


def test_that_odd_names_come_in_as_they_are(desk: TransferDesk, empty: Gallery, tmp_path: Path, pictures: Path) -> None:
    for name in ODD:
        place = tmp_path / "odd" / name
        place.mkdir(parents=True)
        shutil.copy(pictures / "grace.jpg", place / "a\nb.jpg")
    desk.import_from([tmp_path / "odd"])
    assert {person.name for person in empty.people()} == {unicodedata.normalize("NFC", name) for name in ODD}


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such names")
def test_that_names_that_are_no_text_come_in_readable(
    desk: TransferDesk, empty: Gallery, tmp_path: Path, pictures: Path
) -> None:
    place = os.fsencode(tmp_path) + b"/odd/M\xfcller"
    os.makedirs(place)  # noqa: PTH103 - bytes
    shutil.copy(pictures / "grace.jpg", os.fsdecode(place + b"/gr\xe4ce.jpg"))
    desk.import_from([tmp_path / "odd"])
    assert [person.name for person in empty.people()] == ["Müller"]
    assert desk.import_from([tmp_path / "odd"]).templates == 0


def test_that_a_name_nobody_can_have_is_listed(desk: TransferDesk, empty: Gallery, tree: Path, pictures: Path) -> None:
    (tree / "\u202eevil").mkdir()
    shutil.copy(pictures / "grace.jpg", tree / "\u202eevil" / "x.jpg")
    done = desk.import_from([tree])
    assert empty.counts()[0] == 2
    assert "direction-changing" in reasons(done)


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_that_links_out_of_the_folder_are_not_followed_and_loops_end(
    desk: TransferDesk, empty: Gallery, tree: Path, pictures: Path
) -> None:
    (tree / "Outside").symlink_to(pictures)
    (tree / "Grace Hopper" / "loop").symlink_to(tree)
    (tree / "Grace Hopper" / "outside.jpg").symlink_to(pictures / "eileen1.jpg")
    done = desk.import_from([tree])
    assert empty.counts() == (2, 3)
    assert "link to somewhere outside" in reasons(done)


@pytest.mark.parametrize("what", ["missing", "file", "empty"])
def test_that_what_is_no_folder_of_people_is_a_sentence(
    desk: TransferDesk, tmp_path: Path, pictures: Path, what: str
) -> None:
    places = {"missing": tmp_path / "gone", "file": pictures / "broken.jpg", "empty": tmp_path / "none"}
    (tmp_path / "none").mkdir()
    with pytest.raises(BadInputError, match="folder"):
        desk.import_from([places[what]], SourceKind.FOLDER)


def test_that_hundreds_of_files_with_some_broken_come_through(
    desk: TransferDesk, empty: Gallery, tmp_path: Path, pictures: Path
) -> None:
    """Tiny broken files: the flow is what is tested, not the network."""
    folder = tmp_path / "many" / "Ada"
    folder.mkdir(parents=True)
    for number in range(400):
        (folder / f"{number:04}.jpg").write_bytes(b"\xff\xd8 broken" if number % 4 else b"")
    shutil.copy(pictures / "grace.jpg", folder / "zz.jpg")
    done = desk.import_from([tmp_path / "many"])
    assert (done.templates, done.left_out_count) == (1, 400)
    assert empty.find("Ada").template_count == 1
