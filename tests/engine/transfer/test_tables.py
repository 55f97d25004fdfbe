"""Tables that no spreadsheet takes for formulas, and that lose nothing."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OperationCancelledError
from engine.exchange import TableFormat
from engine.gallery.store import Gallery
from engine.transfer.tables import DECISION_COLUMNS, PERSON_COLUMNS, cell, decision_row, person_row, write_table
from engine.types import CancelToken, Decided, Metric

NAMES = [
    "=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1+1", "＋1", "－1", "＠x", " =1+1", "\u200b=1",
    "\ufeff=1", "|calc", "﹦1", "%0A=1",
]  # fmt: skip


@pytest.mark.parametrize("text", NAMES)
def test_that_no_text_can_be_a_formula(text: str) -> None:
    assert str(cell(text)).startswith("'")
    assert str(cell(text))[1:] == text


@pytest.mark.parametrize("text", ["Ada", "Jean-Luc", "a=b", "", "'quoted", "<img src=x>", "O'Neil", "Å"])
def test_that_a_plain_text_stays_as_it_is(text: str) -> None:
    assert cell(text) == text


def test_that_numbers_stay_numbers() -> None:
    assert [cell(-0.5), cell(3), cell(True), cell(None), cell(["=a", "b"])] == [-0.5, 3, "yes", "", "'=a, b"]


@given(st.text())
def test_that_whatever_is_written_never_starts_like_a_formula(text: str) -> None:
    assert str(cell(text))[:1] not in set("=+-@\t\r\n")


def test_that_people_are_written_for_spreadsheets_and_programs(full: Gallery, tmp_path: Path) -> None:
    rows = [person_row(person) for person in full.people()]
    write_table(tmp_path / "p.csv", PERSON_COLUMNS, rows, TableFormat.CSV)
    content = (tmp_path / "p.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    read = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [row["name"] for row in read] == ["'=HYPERLINK(1)", "Ada Lovelace"]
    assert read[1]["notes"] == "Wrote\nthe first “program”."
    assert (read[1]["pictures"], read[1]["tags"], read[1]["consent_date"]) == ("3", "maths, émigré, 🦆", "2026-01-02")
    assert write_table(tmp_path / "p.json", PERSON_COLUMNS, rows, TableFormat.JSON) == 2
    plain = json.loads((tmp_path / "p.json").read_text("utf-8"))
    assert [row["name"] for row in plain] == ["=HYPERLINK(1)", "Ada Lovelace"]


def test_that_text_that_is_none_comes_back_as_it_was(tmp_path: Path) -> None:
    odd = "M\udcfcller.jpg"
    row = decision_row(Decided("comparison", odd, Metric.COSINE, 0.25, 1, 0, True))
    write_table(tmp_path / "d.json", DECISION_COLUMNS, [row], TableFormat.JSON)
    assert json.loads((tmp_path / "d.json").read_text("utf-8"))[0]["about"] == odd
    write_table(tmp_path / "d.csv", DECISION_COLUMNS, [row], TableFormat.CSV)
    assert "M\\udcfcller.jpg" in (tmp_path / "d.csv").read_text("utf-8-sig")


@pytest.mark.parametrize("form", TableFormat)
def test_that_an_empty_table_is_one(tmp_path: Path, form: TableFormat) -> None:
    assert write_table(tmp_path / "x", ("a", "b"), [], form) == 0
    text = (tmp_path / "x").read_text("utf-8-sig")
    if os.name == "posix":
        assert (tmp_path / "x").stat().st_mode & 0o777 == 0o600, "only its owner may read it"
    assert text == "a,b\n" if form is TableFormat.CSV else json.loads(text) == []


def test_that_cancelling_leaves_no_file(tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(OperationCancelledError):
        write_table(tmp_path / "x.csv", ("a",), [{"a": 1}], TableFormat.CSV, token)
    assert not list(tmp_path.iterdir())
