"""The history log, pauses and erasing on the command line."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from main import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> tuple[int, str, str]:
        code = main(["--gallery", str(tmp_path / "gallery.db"), *map(str, arguments)])
        return code, *capsys.readouterr()

    return run


def test_that_the_log_is_listed_verified_exported_and_says_what_was_erased(
    run: Run, pictures: Path, tmp_path: Path
) -> None:
    run("enroll", "=Grace", pictures / "grace.jpg")
    run("verify", "=Grace", pictures / "eileen1.jpg")
    code, out, _ = run("gallery", "log", "--json")
    assert (code, [one["kind"] for one in json.loads(out)]) == (0, ["verify", "enroll"])
    code, out, _ = run("gallery", "log", "--person", "=grace", "--kind", "verify", "--since", "2000-01-01")
    assert out.count("\n") == 1
    assert "“eileen1.jpg” is not “=Grace”." in out
    table = tmp_path / "log.csv"
    assert run("gallery", "log", "--export", table)[1] == "2 entries written to “log.csv”.\n"
    code, _, err = run("gallery", "log", "--export", tmp_path / "log.txt")
    assert (code, "Let it end in .csv or .json" in err) == (3, True)
    assert not (tmp_path / "log.txt").exists()
    rows = list(csv.DictReader(table.read_text("utf-8-sig").splitlines()))
    assert [one["people"] for one in rows] == ["'=Grace", "'=Grace"]
    code, out, _ = run("gallery", "delete", "=Grace", "--erase", "--backups", "--receipt", tmp_path / "receipt.json")
    assert code == 0
    assert "1  picture" in out
    receipt = json.loads((tmp_path / "receipt.json").read_text("utf-8"))
    assert receipt["receipt"] in out
    assert receipt["copies_left"] == []
    code, out, _ = run("gallery", "log")
    assert receipt["receipt"] in out
    assert "=Grace" not in out
    code, out, _ = run("gallery", "log", "--verify")
    assert code == 0
    assert out.startswith("The history log is as it was written: 3 entries, none altered, none missing;")
    assert out.endswith("what 2 of them said was erased on purpose.\n")


def test_that_a_receipt_is_printed_where_it_cannot_be_saved_and_options_of_erasing_are_not_overlooked(
    run: Run, pictures: Path, tmp_path: Path
) -> None:
    run("enroll", "Grace", pictures / "grace.jpg")
    code, _, problem = run("gallery", "delete", "Grace", "--backups")
    assert (code, problem) == (3, "--backups and --receipt belong to --erase. Nothing was deleted.\n")
    code, out, problem = run("gallery", "delete", "Grace", "--erase", "--receipt", tmp_path / "none" / "receipt.txt")
    assert code == 3
    assert out.startswith("Receipt ")
    assert "cannot be written" in problem


def test_that_an_older_copy_is_told_until_it_is_accepted(run: Run, pictures: Path, tmp_path: Path) -> None:
    run("enroll", "Grace", pictures / "grace.jpg")
    shutil.copy(tmp_path / "gallery.db", tmp_path / "older.db")
    run("gallery", "rename", "Grace", "Amazing Grace")
    shutil.copy(tmp_path / "older.db", tmp_path / "gallery.db")
    assert "1 change is missing" in run("gallery", "list")[2]
    code, out, _ = run("gallery", "log", "--verify", "--json")
    assert code == 1
    assert json.loads(out)["notice"]
    assert run("gallery", "log", "--accept") == (0, "The gallery is accepted as it is.\n", "")
    assert run("gallery", "list") == (0, "Grace: 1 template\n", "")


def test_that_after_five_failed_attempts_the_command_says_how_long_to_wait(run: Run, pictures: Path) -> None:
    run("enroll", "Grace", pictures / "grace.jpg")
    for _ in range(5):
        assert run("verify", "Grace", pictures / "eileen1.jpg")[0] == 1
    code, _, err = run("verify", "Grace", pictures / "grace.jpg")
    assert code == 3
    assert err.startswith("Too many attempts to be “Grace” failed. Try again in ")
