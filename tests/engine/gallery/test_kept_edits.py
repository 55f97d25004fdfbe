"""Undo after a restart, and that nothing which was deleted stays behind for its sake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.errors import GalleryError, InvalidNameError, NameTakenError, UnknownPersonError
from engine.gallery import kept_edits
from engine.gallery.database import connect
from engine.gallery.store import Gallery

from .conftest import template
from .test_store import everything

EDITS: dict[str, Callable[[Gallery, int, int], object]] = {
    "enroll someone": lambda g, a, b: g.enroll("Alan Turing", [template(9)]),
    "enroll more": lambda g, a, b: g.enroll("Ada Lovelace", [template(9)]),
    "rename": lambda g, a, b: g.rename(a, "Augusta Ada King"),
    "notes and days": lambda g, a, b: g.describe(
        a, notes="Countess", tags=["maths"], consent_date=date(2026, 3, 4), expires_on=date(2027, 1, 31)
    ),
    "merge": lambda g, a, b: g.merge(a, b),
    "move": lambda g, a, b: g.move_template(g.templates(a)[0].id, b),
    "split": lambda g, a, b: g.split(a, [g.templates(a)[0].id], "Byron"),
    "reject": lambda g, a, b: g.rejections.add(a, template(40)),
    "keep apart": lambda g, a, b: g.rejections.keep_apart(a, b),
    "confirm": lambda g, a, b: g.rejections.confirm(g.templates(a)[0].id),
}


class Restarts:
    """A gallery that is closed and opened again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.gallery = Gallery.open(path)

    def __call__(self) -> Gallery:
        self.gallery.close()
        self.gallery = Gallery.open(self.path)
        return self.gallery


@pytest.fixture
def restarted(tmp_path: Path) -> Iterator[Restarts]:
    """Ada with two pictures and Grace with one; a call closes the gallery and opens it again."""
    made = Restarts(tmp_path / "own" / "gallery.db")
    made.gallery.enroll("Ada Lovelace", [template(1), template(2)], consent_date=date(2026, 2, 3))
    grace = made.gallery.enroll("Grace Hopper", [template(3)])
    made.gallery.describe(grace.id, notes="Rear admiral", tags=["navy"])
    yield made
    made.gallery.close()


def ids(gallery: Gallery) -> tuple[int, int]:
    return gallery.find("Ada Lovelace").id, gallery.find("Grace Hopper").id


def all_of(gallery: Gallery) -> list[Any]:
    said = [gallery.rejections.of_person(person.id) for person in gallery.people()]
    return [*everything(gallery), said, gallery.rejections.kept_apart(), gallery.rejections.confirmed()]


def kept_texts(path: Path) -> list[str]:
    with closing(connect(path, None)) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM kept_edits ORDER BY id")]


def occurrences(folder: Path, needle: bytes) -> list[str]:
    return [file.name for file in folder.rglob("*") if file.is_file() and needle in file.read_bytes()]


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_that_an_edit_is_taken_back_after_a_restart_and_done_again(
    restarted: Restarts, edit: Callable[[Gallery, int, int], object]
) -> None:
    gallery = restarted.gallery
    before = all_of(gallery)
    edit(gallery, *ids(gallery))
    after, text = all_of(gallery), gallery.undo_text
    assert after != before
    gallery = restarted()
    assert gallery.undo_text.startswith(f"{text} (")
    assert f"{date.today():%d %B %Y}" in gallery.undo_text
    assert gallery.undo().startswith(text)
    assert all_of(gallery) == before
    assert gallery.redo() == text
    assert all_of(gallery) == after
    gallery = restarted()
    gallery.undo()
    assert all_of(gallery) == before, "what is done again is kept again"


def test_that_all_edits_of_earlier_sessions_are_taken_back_in_turn(restarted: Restarts) -> None:
    for name in ("notes and days", "move", "reject", "rename"):
        EDITS[name](restarted.gallery, *ids(restarted.gallery))
        restarted()
    gallery = restarted.gallery
    while gallery.undo_text:
        gallery.undo()
    assert gallery.people() == []
    while gallery.redo_text:
        gallery.redo()
    assert gallery.find("Augusta Ada King").notes == "Countess"


def test_that_a_merge_is_undone_after_a_restart_even_when_a_pack_was_added(restarted: Restarts) -> None:
    gallery = restarted.gallery
    ada, grace = ids(gallery)
    gallery.merge(grace, ada)
    gallery.add_embeddings("other", {id_: template(id_).embedding for id_ in gallery.without_embedding("other")})
    gallery = restarted()
    gallery.undo()
    assert (gallery.person(grace).notes, gallery.person(grace).tags) == ("Rear admiral", ("navy",))
    assert gallery.without_embedding("other") == []


def test_that_no_crop_and_no_embedding_is_kept_twice(restarted: Restarts) -> None:
    gallery = restarted.gallery
    ada, grace = ids(gallery)
    for name in ("rename", "move", "merge"):
        EDITS[name](gallery, ada, grace)
    with closing(connect(restarted.path, None)) as connection:
        kept = "".join(str(row) for row in connection.execute("SELECT before, after FROM kept_edits"))
    assert "Ada Lovelace" in kept
    assert "crop number" not in kept
    assert "embedding" not in kept


@pytest.mark.parametrize("how", ["person", "picture", "merged", "undone"])
def test_that_with_what_is_deleted_go_the_edits_that_speak_of_it(restarted: Restarts, how: str) -> None:
    gallery = restarted.gallery
    ada, grace = ids(gallery)
    gallery.rename(ada, "Augusta King")
    gallery.rename(ada, "Ada L.")
    gallery.describe(grace, notes="Rear admiral. Amazing")
    if how == "person":
        gallery.delete_person(ada)
    elif how == "picture":
        gallery.delete_template(gallery.templates(ada)[0].id)
    elif how == "merged":
        gallery.merge(ada, grace)
        gallery.delete_person(grace)
    else:
        gallery = restarted()
        while gallery.undo_text:
            gallery.undo()
    folder = restarted.path.parent
    if how != "picture":
        # While the person is there, the history log says what they were called.
        assert occurrences(folder, b"Augusta King") == []
        assert occurrences(folder, b"Ada Lovelace") == []
    speak_of_others = ["Enroll Grace Hopper", "Describe Grace Hopper", "Describe Grace Hopper"]
    assert kept_texts(restarted.path) == (speak_of_others if how in ("person", "picture") else [])
    if how == "person":
        gallery.undo()
        assert gallery.person(ada).name == "Ada L."
        assert occurrences(folder, b"Augusta King") == [], "taking a deletion back brings no kept edit back"


def test_that_what_is_known_of_a_merged_person_goes_with_the_one_they_became_part_of(tmp_path: Path) -> None:
    path = tmp_path / "own" / "gallery.db"
    with closing(Gallery.open(path)) as gallery:
        nobody = gallery.enroll("Secret Name", [])
        target = gallery.enroll("Grace Hopper", [template(3)])
        gallery.rename(nobody.id, "Other Name")
        gallery.merge(nobody.id, target.id)
        gallery.delete_person(target.id)
        assert occurrences(path.parent, b"Secret Name") == []
        assert kept_texts(path) == []


def test_that_a_person_without_pictures_leaves_nothing_either(tmp_path: Path) -> None:
    path = tmp_path / "own" / "gallery.db"
    with closing(Gallery.open(path)) as gallery:
        nobody = gallery.enroll("Secret Name", [])
        gallery.delete_person(nobody.id)
        assert occurrences(path.parent, b"Secret Name") == []


def test_that_what_others_have_changed_since_is_passed_over(restarted: Restarts) -> None:
    gallery = restarted.gallery
    ada, grace = ids(gallery)
    gallery.describe(grace, notes="Rear admiral. Amazing")
    gallery.rename(ada, "Augusta")
    gallery = restarted()
    with closing(Gallery.open(restarted.path)) as other:
        other.rename(ada, "Countess")
    assert gallery.undo_text.startswith("Describe Grace Hopper"), "the newest that can be undone"
    gallery.undo()
    assert gallery.person(ada).name == "Countess"
    with closing(Gallery.open(restarted.path)) as other:
        other.undo()
    assert gallery.undo_text.startswith("Rename Ada Lovelace to Augusta"), "the other window's change is undone"


def test_that_two_windows_do_not_undo_one_edit_twice(restarted: Restarts) -> None:
    gallery = restarted.gallery
    ada, _ = ids(gallery)
    gallery.rename(ada, "Augusta")
    gallery.rename(ada, "Countess")
    gallery = restarted()
    with closing(Gallery.open(restarted.path)) as other:
        other.undo()
        assert gallery.undo_text.startswith("Rename Ada Lovelace to Augusta")
        gallery.undo()
    assert gallery.person(ada).name == "Ada Lovelace"


def test_that_an_open_windows_edits_are_its_own(restarted: Restarts) -> None:
    gallery = restarted()
    before = gallery.undo_text
    with closing(Gallery.open(restarted.path)) as other:
        other.enroll("Alan Turing", [template(9)])
        assert gallery.undo_text == before


def test_that_a_name_taken_meanwhile_is_a_sentence(restarted: Restarts) -> None:
    gallery = restarted.gallery
    ada, _ = ids(gallery)
    gallery.rename(ada, "Augusta")
    gallery = restarted()
    with closing(Gallery.open(restarted.path)) as other:
        other.enroll("Ada Lovelace", [template(30)])
    with pytest.raises(GalleryError, match="somebody else has the name"):
        gallery.undo()
    assert gallery.person(ada).name == "Augusta"


def test_that_old_edits_go_and_large_ones_are_not_kept(restarted: Restarts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_edits, "MOST", 3)
    monkeypatch.setattr(kept_edits, "MOST_ROWS", 10)
    gallery = restarted.gallery
    ada, _ = ids(gallery)
    for number in range(5):
        gallery.rename(ada, f"Ada {number}")
    gallery.enroll("Many", [template(number) for number in range(50, 65)])
    assert kept_texts(restarted.path) == [f"Rename Ada {number - 1} to Ada {number}" for number in (2, 3, 4)]


def test_that_edits_made_together_are_one_after_a_restart(restarted: Restarts) -> None:
    gallery = restarted.gallery
    before = everything(gallery)
    with gallery.together("Import two people"):
        gallery.enroll("One", [template(20)])
        gallery.enroll("Two", [template(21)])
    gallery = restarted()
    assert gallery.undo().startswith("Import two people (")
    assert everything(gallery) == before


def test_that_the_kept_edits_of_a_backup_come_back_with_it(restarted: Restarts) -> None:
    gallery = restarted.gallery
    ada, _ = ids(gallery)
    gallery.rename(ada, "Augusta")
    made = gallery.back_up()
    gallery.delete_person(ada)
    gallery.restore(made.path)
    assert gallery.undo_text.startswith("Rename Ada Lovelace to Augusta (")
    gallery.undo()
    assert gallery.person(ada).name == "Ada Lovelace"


# --- splitting --------------------------------------------------------------------------------------------------------


def test_that_a_split_makes_somebody_new_of_some_pictures(restarted: Restarts) -> None:
    gallery = restarted.gallery
    ada, _ = ids(gallery)
    gallery.describe(ada, purpose="Door", expires_on=date(2027, 1, 31))
    first, second = (one.id for one in gallery.templates(ada))
    made = gallery.split(ada, [second], "  Lord   Byron ")
    assert (made.name, made.template_count, made.cover_id) == ("Lord Byron", 1, second)
    assert (made.purpose, made.expires_on, made.consent_date) == ("Door", date(2027, 1, 31), None)
    assert [one.id for one in gallery.templates(ada)] == [first]
    assert gallery.rejections.kept_apart() == {(ada, made.id)}, "the check-up does not propose to merge them again"
    gallery.undo()
    assert [one.id for one in gallery.templates(ada)] == [first, second]
    with pytest.raises(UnknownPersonError):
        gallery.person(made.id)


@pytest.mark.parametrize(
    ("chosen", "name", "error", "words"),
    [
        ([], "Byron", GalleryError, "No picture"),
        ([1, 2], "Byron", GalleryError, "all pictures"),
        ([1, 3], "Byron", GalleryError, "no picture of number 3"),
        ([1], "GRACE hopper", NameTakenError, "already in the gallery"),
        ([1], " ", InvalidNameError, "."),
    ],
)
def test_that_a_split_that_makes_no_sense_is_refused(
    restarted: Restarts, chosen: list[int], name: str, error: type[Exception], words: str
) -> None:
    gallery = restarted.gallery
    before = everything(gallery)
    with pytest.raises(error, match=words):
        gallery.split(ids(gallery)[0], chosen, name)
    assert everything(gallery) == before


def test_that_notes_that_are_taken_away_are_deleted(restarted: Restarts) -> None:
    gallery = restarted.gallery
    _, grace = ids(gallery)
    gallery.describe(grace, notes="Rear admiral. Met Quillfeather.")
    gallery.describe(grace, notes="")
    assert occurrences(restarted.path.parent, b"Quillfeather") == []
    gallery.undo()
    assert gallery.person(grace).notes == "Rear admiral. Met Quillfeather.", "this session knows"
