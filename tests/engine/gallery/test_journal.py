"""The history log: what is in it, and that nothing in it can be altered unnoticed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from engine.errors import GalleryError
from engine.gallery import chain
from engine.gallery import journal as module
from engine.gallery.chain import About, Ends
from engine.gallery.journal import Note
from engine.gallery.journal_schema import JournalRow
from engine.gallery.journal_wiping import mentions
from engine.gallery.store import Gallery
from engine.journal import KINDS, LogPolicy, LogQuery
from tests.engine.gallery.conftest import template

WHEN = datetime(2026, 11, 24, 12, 0, 0, 250)


@pytest.fixture
def ada(gallery: Gallery) -> int:
    return gallery.enroll("Ada Lovelace", [template(1), template(2)]).id


@pytest.fixture
def grace(gallery: Gallery) -> int:
    return gallery.enroll("Grace Hopper", [template(3)]).id


def sentences(gallery: Gallery, query: LogQuery | None = None) -> list[str]:
    """What the log says, oldest first."""
    journal = gallery.journal
    return [one.sentence for one in journal.entries(journal.numbers(query or LogQuery()))][::-1]


def made(count: int) -> tuple[list[JournalRow], Ends]:
    """A log of so many entries."""
    rows: list[JournalRow] = []
    before = chain.START
    for number in range(1, count + 1):
        about = About(number, WHEN + timedelta(seconds=number), number, "enroll")
        seal = chain.sealed(before, about, {"about": [number], "pictures": number})
        rows.append(
            JournalRow(
                number=number, at=about.at, writes=number, kind=about.kind, content=seal.content, salt=seal.salt,
                digest=seal.digest, previous=before, chain=seal.chain,
            )
        )  # fmt: skip
        before = seal.chain
    return rows, Ends(0, chain.START, count, before)


ALTERATIONS: dict[str, Callable[[JournalRow], None]] = {
    "content": lambda row: setattr(row, "content", (row.content or "").replace("pictures", "picturez")),
    "wiped": lambda row: (setattr(row, "content", None), setattr(row, "salt", None))[0],
    "salt": lambda row: setattr(row, "salt", bytes(32)),
    "time": lambda row: setattr(row, "at", row.at + timedelta(microseconds=1)),
    "counter": lambda row: setattr(row, "writes", row.writes + 1),
    "kind": lambda row: setattr(row, "kind", "merge"),
    "digest": lambda row: setattr(row, "digest", bytes(32)),
    "chain": lambda row: setattr(row, "chain", bytes(32)),
    "previous": lambda row: setattr(row, "previous", bytes(range(32))),
}


@given(count=st.integers(1, 12), place=st.integers(0, 11), what=st.sampled_from(sorted(ALTERATIONS)))
def test_that_an_alteration_of_any_entry_is_found_and_named(count: int, place: int, what: str) -> None:
    rows, ends = made(count)
    assert chain.first_fault(rows, ends) is None
    altered = rows[place % count]
    ALTERATIONS[what](altered)
    fault = chain.first_fault(rows, ends)
    assert fault is not None
    assert fault.number == altered.number


@given(count=st.integers(2, 12), place=st.integers(0, 11))
def test_that_an_entry_taken_out_or_put_elsewhere_is_found(count: int, place: int) -> None:
    rows, ends = made(count)
    gone = rows.pop(place % count)
    fault = chain.first_fault(rows, ends)
    assert fault is not None
    assert fault.number == gone.number
    rows.insert((place + 1) % count, gone)
    assert chain.first_fault(rows, ends) is not None


@given(st.lists(st.integers(1, 60), unique=True))
def test_that_numbers_are_told_as_ranges_without_loss(numbers: list[int]) -> None:
    told = chain.ranges(numbers)
    assert [one for first, last in told for one in range(first, last + 1)] == sorted(numbers)


def test_that_every_edit_is_in_the_log_in_words(gallery: Gallery, ada: int, grace: int) -> None:
    gallery.rename(ada, "Ada King")
    gallery.describe(grace, notes="a note", expires_on=None)
    gallery.move_template(gallery.templates(ada)[0].id, grace)
    gallery.undo()
    gallery.redo()
    gallery.rejections.keep_apart(ada, grace)
    rejected = gallery.rejections.add(grace, template(9))
    gallery.rejections.remove(rejected)
    gallery.delete_template(gallery.templates(grace)[0].id)
    gallery.merge(ada, grace)
    gallery.delete_person(grace)
    gallery.undo()
    assert sentences(gallery) == [
        "Somebody deleted was enrolled with 2 pictures.",
        "“Grace Hopper” was enrolled with 1 picture.",
        "What this entry said was erased with the person it was about.",
        "Of “Grace Hopper” was changed: notes.",
        "1 picture moved from somebody deleted to “Grace Hopper”.",
        "Taken back: 1 picture moved from somebody deleted to “Grace Hopper”.",
        "Done again: 1 picture moved from somebody deleted to “Grace Hopper”.",
        "Somebody deleted and “Grace Hopper” were said not to be the same.",
        "A face was said not to be “Grace Hopper”.",
        "A face no longer counts as not being “Grace Hopper”.",
        "1 picture of “Grace Hopper” deleted.",
        "Somebody deleted was merged into “Grace Hopper”, with 1 picture.",
        "“Grace Hopper” was deleted, with 2 pictures.",
        "Taken back: “Grace Hopper” was deleted, with 2 pictures.",
    ]
    assert gallery.journal.verify().sound


def test_that_what_is_rolled_back_is_not_in_the_log(gallery: Gallery, ada: int, grace: int) -> None:
    before = sentences(gallery)
    with pytest.raises(Exception, match="already in the gallery"):
        gallery.rename(ada, "Grace Hopper")
    assert sentences(gallery) == before


def test_that_a_deleted_persons_name_is_gone_from_the_log_at_once(gallery: Gallery, ada: int) -> None:
    gallery.rename(ada, "Countess Ada")
    gallery.delete_person(ada)
    with gallery.reading() as session:
        contents = " ".join(filter(None, session.scalars(text("SELECT content FROM journal"))))
    assert "Ada" not in contents
    assert gallery.journal.verify().sound


def test_that_wiping_entries_keeps_the_log_valid_only_where_it_is_noted(gallery: Gallery, ada: int, grace: int) -> None:
    gallery.erase_person(ada, "abc")
    verdict = gallery.journal.verify()
    assert verdict.sound
    assert verdict.erased == 1
    with gallery.counting() as session:
        session.execute(text("UPDATE journal SET content = NULL, salt = NULL WHERE number = 2"))
    verdict = gallery.journal.verify()
    assert (verdict.number, verdict.sound) == (2, False)
    assert "entry 2" in verdict.sentence


def test_that_the_check_of_the_gallery_names_the_first_altered_entry(gallery: Gallery, ada: int, grace: int) -> None:
    gallery.rename(grace, "Amazing Grace")
    assert gallery.check().sound
    with gallery.counting() as session:
        session.execute(text("UPDATE journal SET kind = 'describe' WHERE number >= 2"))
    (problem,) = gallery.check().problems
    assert problem.kind == "log"
    assert "Entry 2 " in problem.sentence


def test_that_entries_cut_off_at_the_end_are_missed(gallery: Gallery, ada: int, grace: int) -> None:
    with gallery.counting() as session:
        session.execute(text("DELETE FROM journal WHERE number = 2"))
    assert gallery.journal.verify().number == 2


def test_that_a_log_that_is_off_says_nothing_but_that(gallery: Gallery, ada: int) -> None:
    gallery.journal.use(LogPolicy())
    gallery.journal.use(LogPolicy.of("off", 365))
    gallery.rename(ada, "Countess")
    gallery.journal.note(Note("verify", {"match": True}, [ada]))
    gallery.journal.use(LogPolicy.of("changes", 365))
    gallery.journal.note(Note("verify", {"match": True}, [ada]))
    assert sentences(gallery)[1:] == ["From here on it has nothing.", "From here on it has changes."]
    assert gallery.journal.verify().sound


def test_that_old_entries_go_and_the_rest_still_verifies(
    gallery: Gallery, ada: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery.rename(ada, "Countess")
    gallery.journal.use(LogPolicy(days=30))
    later = module.now() + timedelta(days=40)
    monkeypatch.setattr(module, "now", lambda: later)
    gallery.describe(ada, notes="new")
    assert gallery.journal.prune() == 2
    assert gallery.journal.prune() == 0
    assert sentences(gallery)[-1] == "2 entries older than 30 days dropped."
    assert gallery.journal.verify().sound
    with gallery.counting() as session:
        session.execute(text("DELETE FROM journal WHERE number = 3"))
        session.execute(
            text("UPDATE journal_head SET pruned_number = 3, pruned_chain = (SELECT previous FROM journal)")
        )
    assert "beginning" in gallery.journal.verify().fault


def test_that_order_is_by_number_though_the_clock_is_set_back(
    gallery: Gallery, ada: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = module.now() - timedelta(days=3650)
    monkeypatch.setattr(module, "now", lambda: long_ago)
    gallery.describe(ada, notes="new")
    newest = gallery.journal.entries(gallery.journal.numbers(LogQuery()))[0]
    assert newest.clock_back
    assert newest.sentence.endswith("The clock was set back before this.")
    assert gallery.journal.verify().sound


def test_that_the_log_can_be_searched(gallery: Gallery, ada: int, grace: int) -> None:
    gallery.describe(ada, notes="new")
    today = datetime.now().date()
    journal = gallery.journal
    assert journal.numbers(LogQuery(person_id=ada)) == [3, 1]
    assert journal.numbers(LogQuery(kind="enroll")) == [2, 1]
    assert journal.numbers(LogQuery(text="LOVELACE” was changed")) == [3]
    assert journal.numbers(LogQuery(since=today, until=today)) == [3, 2, 1]
    assert journal.numbers(LogQuery(since=today + timedelta(days=1))) == []
    assert journal.numbers(LogQuery(until=today - timedelta(days=1))) == []


def test_that_two_windows_write_one_log(gallery: Gallery, ada: int, another_window: Callable[[], Gallery]) -> None:
    other = another_window()
    other.describe(ada, notes="there")
    gallery.describe(ada, purpose="here")
    other.describe(ada, notes="there again")
    assert gallery.journal.numbers(LogQuery()) == [4, 3, 2, 1]
    assert gallery.journal.verify().sound


def test_that_what_is_said_of_the_merged_is_erased_with_the_other(gallery: Gallery, ada: int, grace: int) -> None:
    gallery.describe(ada, notes="new")
    gallery.merge(ada, grace)
    gallery.erase_person(grace, "abc")
    assert {one.erased for one in gallery.journal.entries([1, 2, 3])} == {True}
    assert gallery.journal.verify().sound


def test_that_what_is_said_of_the_deleted_goes_when_the_gallery_is_closed(tmp_path: Path) -> None:
    gallery = Gallery.open(tmp_path / "gallery.db")
    ada = gallery.enroll("Ada", [template(1)])
    gallery.journal.note(Note("identify", {"source": "a.jpg"}, [ada.id]))
    gallery.delete_person(ada.id)
    gallery.close()
    gallery = Gallery.open(tmp_path / "gallery.db")
    assert [one.erased for one in gallery.journal.entries([1, 2, 3])] == [True, True, True]
    assert gallery.journal.verify().sound
    gallery.close()


def test_that_a_log_that_cannot_be_written_undoes_nothing(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> None:
        raise GalleryError("full")

    monkeypatch.setattr(gallery.journal, "append", full)
    gallery.journal.note(Note("backup", {"what": "x"}))
    with pytest.raises(GalleryError, match="full"):
        gallery.enroll("Ada", [template(1)])
    assert gallery.counts() == (0, 0)


@given(st.text(st.sampled_from("ab .-_/"), max_size=12), st.text(st.sampled_from("ab "), min_size=1, max_size=4))
def test_that_a_name_is_found_where_it_stands_alone_only(content: str, name: str) -> None:
    framed = f".{content}."
    alone = [
        framed[start : start + len(name)] == name
        and framed[start - 1] not in "ab"
        and framed[start + len(name)] not in "ab"
        for start in range(1, len(framed) - len(name))
    ]
    assert mentions([{"x": content}], name) == any(alone)


def test_that_every_kind_has_a_name() -> None:
    assert all(KINDS.values())


def test_that_a_picture_put_under_somebody_else_behind_our_back_is_found(
    gallery: Gallery, ada: int, grace: int
) -> None:
    gallery.merge(ada, grace)
    gallery.undo()
    gallery.move_template(gallery.templates(ada)[0].id, grace)
    gallery.delete_template(gallery.templates(grace)[0].id)
    assert gallery.check().sound
    with gallery.counting() as session:
        session.execute(text("UPDATE templates SET person_id = :grace"), {"grace": grace})
    found = gallery.check().problems
    assert [one.kind for one in found] == ["seal", "binding", "binding"]
    assert "“Ada Lovelace”" in found[1].sentence
    assert "“Grace Hopper”" in found[2].sentence
