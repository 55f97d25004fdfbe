"""Getting people right on the command line."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from .conftest import Run


def test_that_a_rejected_face_is_no_match_until_taken_back(enrolled: Run, pictures: Path) -> None:
    probe = pictures / "eileen2.png"
    made = enrolled("reject", "Eileen Collins", probe, "--json")
    assert (made.code, made.json["rejections"]) == (0, 1)
    refused = enrolled("verify", "Eileen Collins", probe, "--json")
    assert (refused.code, refused.json["match"]) == (1, False)
    assert refused.json["rejected_at"] < 1e-3
    assert "you rejected" in enrolled("verify", "Eileen Collins", probe).out
    (picture,) = enrolled("identify", probe, "--json").json
    assert picture["faces"][0]["name"] is None
    assert "rejected_at" in picture["faces"][0]["candidates"][0]
    (kept,) = enrolled("gallery", "rejections", "Eileen Collins", "--json").json["rejections"]
    assert enrolled("gallery", "rejections", "Eileen Collins", "--remove", 99).code == 3
    assert enrolled("gallery", "rejections", "Eileen Collins", "--remove", kept["id"]).code == 0
    assert enrolled("verify", "Eileen Collins", probe).code == 0


def test_that_the_review_lists_findings_with_advice(enrolled: Run, pictures: Path) -> None:
    assert "Nothing stands out" in enrolled("gallery", "review").out
    enrolled("enroll", "E. Collins", pictures / "eileen2.png")
    (found,) = enrolled("gallery", "review", "--json").json["findings"]
    assert (found["kind"], found["name"], found["other"]) == ("same_person", "Eileen Collins", "E. Collins")
    assert found["distance"] < found["limit"]
    text = enrolled("gallery", "review").out
    assert found["sentence"] in text
    assert found["advice"] in text


def test_that_purpose_and_last_day_are_noted_and_people_due_listed(enrolled: Run) -> None:
    soon = (date.today() + timedelta(days=3)).isoformat()
    noted = enrolled("gallery", "describe", "Eileen Collins", "--purpose", "Door", "--expires", soon, "--json").json
    assert (noted["purpose"], noted["expires_on"]) == ("Door", soon)
    assert [one["name"] for one in enrolled("gallery", "list", "--due", "--json").json] == ["Eileen Collins"]
    assert soon in enrolled("gallery", "show", "Eileen Collins").out
    assert enrolled("gallery", "describe", "Eileen Collins", "--expires", "never", "--json").json["expires_on"] is None
    assert enrolled("gallery", "list", "--due", "--json").json == []
