"""Names in sentences."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import ImageError, shown


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ann.jpg", "ann.jpg"),
        (Path("/home/ann/été.jpg"), "été.jpg"),
        ("two\nlines", "two\\nlines"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        (os.fsdecode(b"bad\xff.jpg"), "bad\\udcff.jpg"),
    ],
)
def test_that_a_name_is_one_printable_line(name: str | Path, expected: str) -> None:
    assert shown(name) == expected
    assert shown(name).encode("utf-8")


def test_that_a_long_name_keeps_its_ends() -> None:
    name = "a" * 200 + ".jpg"
    assert len(shown(name)) <= 80
    assert shown(name).endswith(".jpg")


def test_that_an_image_error_names_the_file_and_what_to_do() -> None:
    sentence = str(ImageError(Path("/x/broken.png"), "is cut short", "Copy it again."))
    assert sentence == "“broken.png” is cut short. Copy it again."
