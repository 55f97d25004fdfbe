"""The command line, end to end, on the real engine and real faces."""

from __future__ import annotations

from pathlib import Path

import pytest

from main import main
from tests.sittings import sitting

from .conftest import Run


def test_that_the_right_person_is_verified(enrolled: Run, pictures: Path) -> None:
    outcome = enrolled("verify", "Eileen Collins", pictures / "eileen2.png", "--json")
    assert outcome.code == 0
    assert outcome.json["name"] == "Eileen Collins"
    assert outcome.json["match"] is True
    assert outcome.json["metric"] == "cosine"
    assert 0 <= outcome.json["distance"] <= outcome.json["threshold"]


def test_that_the_wrong_person_is_not(enrolled: Run, pictures: Path) -> None:
    outcome = enrolled("verify", "Eileen Collins", pictures / "grace.jpg", "--json")
    assert outcome.code == 1
    assert outcome.json["match"] is False
    assert outcome.json["distance"] > outcome.json["threshold"]


def test_that_a_name_is_found_whatever_its_case(enrolled: Run, pictures: Path) -> None:
    assert enrolled("verify", "eileen collins", pictures / "eileen2.png").code == 0


def test_that_everyone_in_a_picture_is_identified_and_a_stranger_stays_unknown(enrolled: Run, pictures: Path) -> None:
    outcome = enrolled("identify", pictures / "both.jpg", "--json")
    assert outcome.code == 0
    (picture,) = outcome.json
    assert picture["image"] == str(pictures / "both.jpg")
    by_place = sorted(picture["faces"], key=lambda face: face["box"][0])
    assert [face["name"] for face in by_place] == ["Eileen Collins", None]
    for face in by_place:
        assert len(face["box"]) == 4
        assert face["score"] > 0
        assert face["candidates"][0]["name"] == "Eileen Collins"
        assert face["candidates"][0]["distance"] >= 0


def test_that_two_people_in_one_picture_get_their_own_names(enrolled: Run, pictures: Path) -> None:
    assert enrolled("enroll", "Grace Hopper", pictures / "grace.jpg").code == 0
    (picture,) = enrolled("identify", pictures / "both.jpg", "--json").json
    by_place = sorted(picture["faces"], key=lambda face: face["box"][0])
    assert [face["name"] for face in by_place] == ["Eileen Collins", "Grace Hopper"]


def test_that_an_empty_gallery_identifies_nobody(run: Run, pictures: Path) -> None:
    (picture,) = run("identify", pictures / "grace.jpg", "--json").json
    assert [(face["name"], face["candidates"]) for face in picture["faces"]] == [(None, [])]


def test_that_one_bad_picture_does_not_stop_the_rest(enrolled: Run, pictures: Path) -> None:
    outcome = enrolled("identify", pictures / "broken.jpg", pictures / "eileen2.png", "--json")
    assert outcome.code == 3
    broken, good = outcome.json
    assert "broken.jpg" in broken["error"]
    assert broken["faces"] == []
    assert good["faces"][0]["name"] == "Eileen Collins"
    assert "broken.jpg" in outcome.err


def test_that_a_folder_is_enrolled_with_what_was_skipped(run: Run, pictures: Path, tmp_path: Path) -> None:
    folder = tmp_path / "eileen"
    folder.mkdir()
    for name in ("eileen1.jpg", "eileen2.png", "broken.jpg"):
        (folder / name).write_bytes((pictures / name).read_bytes())
    outcome = run("enroll", "Eileen", folder, "--json")
    assert outcome.code == 0
    assert outcome.json["added"] == 2
    (skipped,) = outcome.json["skipped"]
    assert skipped["image"].endswith("broken.jpg")
    assert "broken.jpg" in skipped["reasons"][0]


def test_that_a_copy_is_not_enrolled_twice(enrolled: Run, pictures: Path) -> None:
    outcome = enrolled("enroll", "Eileen Collins", pictures / "eileen1.jpg", pictures / "eileen2.png", "--json")
    assert outcome.json["added"] == 1
    assert outcome.json["templates"] == 2
    assert "copy" in outcome.json["skipped"][0]["reasons"][0]


def test_that_a_look_alike_is_pointed_out(enrolled: Run, pictures: Path) -> None:
    outcome = enrolled("enroll", "Someone Else", pictures / "eileen2.png", "--json")
    assert outcome.json["look_alikes"][0]["name"] == "Eileen Collins"
    assert outcome.json["resemblances"] == []


def test_that_two_pictures_are_compared(run: Run, pictures: Path) -> None:
    same = run("compare", pictures / "eileen1.jpg", pictures / "eileen2.png", "--json")
    different = run("compare", pictures / "eileen1.jpg", pictures / "grace.jpg", "--json")
    assert (same.code, same.json["match"]) == (0, True)
    assert (different.code, different.json["match"]) == (1, False)
    assert same.json["distance"] < different.json["distance"]
    said = run("compare", pictures / "eileen1.jpg", pictures / "eileen2.png").out
    assert said.startswith("Match: the same person. Cosine distance 0.")


@pytest.mark.parametrize(
    ("command", "named"),
    [
        (("verify", "Nobody", "{eileen}"), "Nobody"),
        (("verify", "Eileen Collins", "{faceless}"), "coffee.png"),
        (("verify", "Eileen Collins", "{broken}"), "broken.jpg"),
        (("verify", "Eileen Collins", "missing.jpg"), "missing.jpg"),
        (("compare", "{eileen}", "{faceless}"), "coffee.png"),
        (("enroll", "Coffee", "{faceless}"), "coffee.png"),
        (("enroll", " ", "{eileen}"), "name"),
        (("identify", "{faceless}"), ""),
        (("gallery", "show", "Nobody"), "Nobody"),
        (("gallery", "merge", "Eileen Collins", "Eileen Collins"), "Eileen Collins"),
    ],
)
def test_that_bad_input_is_code_3_and_a_sentence(
    enrolled: Run, pictures: Path, faceless_file: Path, command: tuple[str, ...], named: str
) -> None:
    places = {"eileen": pictures / "eileen1.jpg", "broken": pictures / "broken.jpg", "faceless": faceless_file}
    outcome = enrolled(*(part.format(**places) for part in command))
    assert outcome.code == 3
    assert named in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("arguments", [["identify"], ["paint", "x"], ["--device", "abacus", "info"], ["gallery"]])
def test_that_wrong_usage_is_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_that_the_gallery_is_listed_shown_renamed_merged_and_emptied(enrolled: Run, pictures: Path) -> None:
    enrolled("enroll", "E. Collins", pictures / "eileen2.png")
    assert [p["name"] for p in enrolled("gallery", "list", "--json").json] == ["E. Collins", "Eileen Collins"]
    assert enrolled("gallery", "merge", "E. Collins", "Eileen Collins", "--json").json["templates"] == 2
    assert enrolled("gallery", "rename", "Eileen Collins", "Eileen", "--json").json["name"] == "Eileen"
    shown = enrolled("gallery", "show", "Eileen", "--json").json
    assert len(shown["templates"]) == 2
    assert not any("embedding" in template for template in shown["templates"])
    assert enrolled("gallery", "delete", "Eileen").code == 0
    assert enrolled("gallery", "list", "--json").json == []


def test_that_info_says_what_it_runs_on(run: Run, tmp_path: Path) -> None:
    info = run("info", "--json").json
    assert info["gallery_path"] == str(tmp_path / "gallery.db")
    assert info["device"]
    assert info["pack"]
    assert info["precision"] in ("fp32", "bf16")
    assert "torch" in info["versions"]
    assert run("info").out.startswith("Device:")


def test_that_consent_is_kept(run: Run, pictures: Path) -> None:
    run("enroll", "Grace", pictures / "grace.jpg", "--consent", "2026-01-31")
    assert run("gallery", "show", "Grace", "--json").json["consent_date"] == "2026-01-31"


def test_that_options_may_stand_before_or_after_the_command(enrolled: Run, pictures: Path) -> None:
    before = enrolled("--json", "--device", "cpu", "verify", "Eileen Collins", pictures / "eileen2.png")
    assert before.json["match"] is True


def test_that_a_person_is_split_and_made_whole_again(enrolled: Run, pictures: Path) -> None:
    assert enrolled("enroll", "Eileen Collins", pictures / "grace.jpg").code == 0
    shown = enrolled("gallery", "show", "Eileen Collins", "--json").json
    number = shown["templates"][1]["id"]
    split = enrolled("gallery", "split", "Eileen Collins", "--templates", number, "--into", "Grace Hopper")
    assert (split.code, split.out) == (0, "“Grace Hopper” is made of 1 template of “Eileen Collins”.\n")
    assert enrolled("gallery", "split", "Eileen Collins", "--templates", number, "--into", "Ada").code == 3
    would = enrolled("gallery", "undo", "--show")
    assert "Split Grace Hopper from Eileen Collins (" in would.out
    undone = enrolled("gallery", "undo")
    assert (undone.code, undone.out.startswith("Taken back: Split Grace Hopper")) == (0, True)
    assert enrolled("gallery", "show", "Grace Hopper").code == 3
    assert [one["id"] for one in enrolled("gallery", "show", "Eileen Collins", "--json").json["templates"]] == [
        one["id"] for one in shown["templates"]
    ]


def test_that_with_nothing_to_undo_it_says_so(run: Run) -> None:
    assert run("gallery", "undo", "--show").out == "There is nothing to undo.\n"
    assert (run("gallery", "undo").code, run("gallery", "undo").err) == (3, "There is nothing to undo.\n")


def test_that_the_best_views_of_a_folder_are_enrolled_with_a_report(
    run: Run, tmp_path: Path, astronaut_file: Path
) -> None:
    (tmp_path / "sitting").mkdir()
    folder = sitting(tmp_path / "sitting", astronaut_file)
    guided = "enroll", "Eileen Collins", "--guided", "--camera", folder
    refused = run(*guided)
    assert (refused.code, "consented" in refused.err) == (3, True)
    outcome = run(*guided, "--consent", "2026-11-24", "--purpose", "front door", "--json")
    assert outcome.code == 0
    found = outcome.json
    assert not found["live"]
    assert found["added"] == sum(shot["kept"] for shot in found["shots"]) >= 3
    assert {shot["view"] for shot in found["shots"]} >= {"front", "near", "far"}
    assert all(shot["worth"] in ("adds", "redundant", "hurts") for shot in found["shots"])
    (person,) = run("gallery", "list", "--json").json
    assert (person["consent_date"], person["purpose"]) == ("2026-11-24", "front door")
    text = run("enroll", "Another Name", "--guided", "--camera", folder, "--consent", "2026-11-24").out
    assert "Not live" in text
    assert "taken for one another" in text


def test_that_guided_and_pictures_are_one_or_the_other(run: Run, pictures: Path) -> None:
    for arguments in (("--guided", pictures / "eileen1.jpg"), ()):
        with pytest.raises(SystemExit) as stop:
            run("enroll", "Eileen Collins", *arguments)
        assert stop.value.code == 2


def test_that_the_version_is_told_without_a_gallery(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("visavis ")


def test_that_what_is_no_day_is_said_with_how_days_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (
        ["gallery", "log", "--since", "tomorrow"],
        ["gallery", "describe", "Ada", "--expires", "31.1.2027"],
    ):
        with pytest.raises(SystemExit):
            main(command)
        said = capsys.readouterr().err
        assert f"“{command[-1]}” is no day. Write it as 20" in said
