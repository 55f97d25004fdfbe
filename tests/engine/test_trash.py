"""What was deleted can be put back until the window closes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import BadInputError
from engine.trash import Trash


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    return tmp_path


def test_that_what_is_deleted_can_be_put_back(folder: Path) -> None:
    trash = Trash(folder)
    assert trash.names == []
    trash.put("a")
    assert not (folder / "a").exists()
    assert trash.names == ["a"]
    trash.restore("a")
    assert (folder / "a" / "file").read_text() == "a"
    assert trash.names == []


def test_that_emptying_it_is_for_good(folder: Path) -> None:
    trash = Trash(folder)
    trash.put("a")
    trash.empty()
    assert sorted(place.name for place in folder.iterdir()) == ["b"]
    with pytest.raises(BadInputError, match="cannot be put back"):
        trash.restore("a")


def test_that_nothing_is_written_over_when_it_is_put_back(folder: Path) -> None:
    trash = Trash(folder)
    trash.put("a")
    (folder / "a").mkdir()
    with pytest.raises(BadInputError, match="another one of that name"):
        trash.restore("a")
    trash.put("a")
    assert trash.names == ["a"]


def test_that_what_is_not_there_is_a_sentence(folder: Path) -> None:
    with pytest.raises(BadInputError, match="cannot be deleted"):
        Trash(folder).put("c")


def test_that_what_a_killed_program_left_goes_after_a_day_and_another_windows_stays(folder: Path) -> None:
    old, fresh = folder / ".deleted-1", folder / ".deleted-2"
    for place in (old, fresh):
        (place / "run").mkdir(parents=True)
    os.utime(old, (0, 0))
    Trash(folder)
    assert not old.exists()
    assert fresh.exists()
