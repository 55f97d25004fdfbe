"""Folders of pictures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.capture.folders import find_pictures
from engine.errors import OperationCancelledError
from engine.types import CancelToken


def names(*places: Path) -> list[str]:
    return [path.name for path in find_pictures(places, CancelToken())]


def test_that_pictures_are_found_in_order_and_in_subfolders(tmp_path: Path) -> None:
    for name in ("b.jpg", "a.PNG", "notes.txt", ".hidden.jpg", "sub/c.webp", ".git/d.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert names(tmp_path) == ["a.PNG", "b.jpg", "c.webp"]


def test_that_a_named_file_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    assert names(tmp_path / "face") == ["face"]


def test_that_links_lead_neither_round_nor_out(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    (outside / "other.jpg").touch()
    (inside / "own.jpg").touch()
    (inside / "link.jpg").symlink_to(inside / "own.jpg")
    (inside / "stolen.jpg").symlink_to(outside / "other.jpg")
    (inside / "round").symlink_to(inside, target_is_directory=True)
    assert names(inside) == ["link.jpg", "own.jpg"]


def test_that_a_link_to_itself_or_to_nothing_stops_no_walk(tmp_path: Path) -> None:
    for name, target in (("a.jpg", "a.jpg"), ("b.jpg", "c.jpg"), ("c.jpg", "b.jpg"), ("d.jpg", "gone.jpg")):
        (tmp_path / name).symlink_to(target)
    assert names(tmp_path) == ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]


def test_that_a_large_folder_streams_and_can_be_left(tmp_path: Path) -> None:
    for part in range(20):
        (tmp_path / f"{part:02}").mkdir()
        for number in range(100):
            os.close(os.open(tmp_path / f"{part:02}" / f"{number}.jpg", os.O_CREAT))
    token = CancelToken()
    found = find_pictures([tmp_path], token)
    next(found)
    token.cancel()
    with pytest.raises(OperationCancelledError):
        list(found)
