"""The page of faults says what the tests say, and what the program says."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from .table import FAULTS, ROOM, Fault, page

ROOT = Path(__file__).parents[2]
EVERY = [fault for faults in FAULTS.values() for fault in faults]


def test_that_the_page_is_written_from_the_table() -> None:
    written = (ROOT / "docs" / "faults.md").read_text("utf-8")
    assert written == page(), "write it again: python -m tests.faults.table > docs/faults.md"


@pytest.mark.parametrize("fault", EVERY, ids=lambda fault: f"{fault.id} {fault.what[:40]}")
def test_that_every_fault_has_tests_and_a_sentence_that_the_program_says(fault: Fault) -> None:
    assert fault.tests
    for test in fault.tests:
        file, name = test.split("::")
        assert f"def {name}(" in (ROOT / file).read_text("utf-8"), test
    # What has a key is compared as it is told.
    for part in filter(None, re.split(r" *[….] *", "" if fault.key else fault.sentence)):
        assert any(part in text for text in said_by_the_program()), part


def test_that_sentences_are_short_and_have_an_end() -> None:
    for fault in EVERY:
        assert len(fault.sentence.replace("…", "")) <= ROOM, fault.sentence
        assert not fault.sentence or fault.sentence.endswith((".", "…"))


def test_that_every_key_is_told_by_a_test() -> None:
    told = "".join(file.read_text("utf-8") for file in (ROOT / "tests" / "faults").glob("test_*.py"))
    keys = [fault.key for fault in EVERY if fault.key]
    assert len(set(keys)) == len(keys)
    for key in keys:
        start, _, end = key.partition(": ")
        assert f'"{key}"' in told or re.search(rf'f"{start}[: ]+{{', told) or f'"{end}"' in told, key


@cache
def said_by_the_program() -> tuple[str, ...]:
    """Every text in the program's source, with the values in it left out."""
    texts = []
    for folder in ("engine", "gui"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    parts = (str(one.value) if isinstance(one, ast.Constant) else "{}" for one in node.values)
                    texts.append("".join(parts))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.append(node.value)
    return tuple(texts)
