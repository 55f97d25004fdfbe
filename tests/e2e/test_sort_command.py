"""`visavis sort`, end to end."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from engine.settings import Settings, default_path, save
from engine.sorting_desk import SortingDesk
from engine.sorting_values import SortStep
from engine.types import CancelToken

from .conftest import Run


@pytest.fixture
def album(tmp_path: Path, pictures: Path) -> Path:
    """A folder of photographs of the test's own."""
    return Path(shutil.copytree(pictures, tmp_path / "album"))


@pytest.fixture(autouse=True)
def _quick(_own_user_folders: None) -> None:
    save(Settings(file_detector="mtcnn", averaging="never"), default_path())


def test_that_a_folder_is_sorted_into_people(run: Run, album: Path) -> None:
    assert run("enroll", "Grace Hopper", album / "grace.jpg").code == 0
    outcome = run("sort", album, "--json")
    assert outcome.code == 0
    assert (outcome.json["pictures"], outcome.json["faces"]) == (6, 5)
    grace, eileen = outcome.json["groups"]
    assert (grace["name"], grace["kind"], len(grace["faces"])) == ("Grace Hopper", "known", 2)
    assert (eileen["name"], eileen["called"], len(eileen["faces"])) == (None, "Person 1", 3)
    assert {face["image"] for face in eileen["faces"]} == {"eileen1.jpg", "eileen2.png", "both.jpg"}
    assert all(len(face["box"]) == 4 for face in eileen["faces"])
    assert [one["image"] for one in outcome.json["unreadable"]] == ["broken.jpg"]
    assert "broken.jpg" in outcome.err


def test_that_a_folder_sorted_before_is_gone_on_with_or_begun_anew_as_told(run: Run, album: Path) -> None:
    refused = run("sort", album, "--resume")
    assert refused.code == 3
    assert "not sorted before" in refused.err
    first = run("sort", album)
    assert first.out.splitlines()[:2] == ["5 faces in 6 pictures.", "Person 1: 3 faces"]
    again = run("sort", album)
    assert again.code == 3
    assert "--resume" in again.err
    shutil.copy(album / "grace.jpg", album / "late.jpg")
    assert run("sort", album, "--resume").out.startswith("6 faces in 7 pictures.")
    assert run("sort", album, "--anew").out.startswith("6 faces in 7 pictures.")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_that_a_sort_that_is_asked_to_end_says_how_to_go_on(
    run: Run, album: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = SortingDesk.go_on

    def ended(desk: SortingDesk, sorting_id: int, for_s: float, token: CancelToken) -> SortStep:
        os.kill(os.getpid(), signal.SIGTERM)
        return go_on(desk, sorting_id, for_s, token)

    monkeypatch.setattr(SortingDesk, "go_on", ended)
    outcome = run("sort", album)
    assert outcome.code == 128 + signal.SIGTERM
    assert outcome.err == "Stopped. What was found is kept; go on with --resume.\n"
    monkeypatch.undo()
    assert run("sort", album, "--resume").out.startswith("5 faces in 6 pictures.")


def test_that_a_link_in_a_circle_is_listed_and_the_others_are_sorted(run: Run, album: Path) -> None:
    (album / "circle.jpg").symlink_to("circle.jpg")
    outcome = run("sort", album, "--json")
    assert outcome.code == 0
    assert (outcome.json["pictures"], outcome.json["faces"]) == (7, 5)
    assert [one["image"] for one in outcome.json["unreadable"]] == ["broken.jpg", "circle.jpg"]


def test_that_what_was_found_can_be_deleted(run: Run, album: Path) -> None:
    run("sort", album)
    assert run("sort", album, "--forget").out == "5 faces found in 6 pictures are deleted.\n"
    outcome = run("sort", album, "--forget")
    assert outcome.code == 3
    assert "nothing to delete" in outcome.err


def test_that_a_folder_that_is_not_there_is_said(run: Run, tmp_path: Path) -> None:
    outcome = run("sort", tmp_path / "nowhere", "--json")
    assert outcome.code == 3
    assert "nowhere" in outcome.json["error"]
