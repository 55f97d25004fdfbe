"""What is said of a file that cannot be used as a picture."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from engine.capture.images import read_image
from engine.errors import ImageError
from tests.engine.capture.test_images import bomb

from .table import said

Make = Callable[[Path], None]


def encoded(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.effect_mandelbrot((64, 48), (-2, -1, 1, 1), 60).convert("RGB").save(buffer, kind)
    return buffer.getvalue()


def wrong_checksum(file: Path) -> None:
    content = bytearray(encoded("PNG"))
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def no_colours(file: Path) -> None:
    Image.fromarray(np.full((40, 40), np.nan, np.float32)).save(file, "TIFF")


BAD: dict[str, Make] = {
    "picture: empty": lambda file: file.touch(),
    "picture: a text": lambda file: file.write_text("not a picture") and None,
    "picture: another kind of file": lambda file: file.write_bytes(b"%PDF-1.7\n%") and None,
    "picture: cut in half": lambda file: file.write_bytes(encoded("JPEG")[:900]) and None,
    "picture: a wrong checksum": wrong_checksum,
    "picture: too large": lambda file: file.write_bytes(bomb(12_000, 12_000)) and None,
    "picture: too small": lambda file: Image.new("L", (30_000, 1)).save(file, "PNG"),
    "picture: no colours": no_colours,
    "picture: a folder": lambda file: file.mkdir(),
    "picture: gone": lambda file: None,
}


@pytest.mark.parametrize("what", sorted(BAD))
def test_that_a_file_that_is_no_usable_picture_says_why_and_is_left_as_it_is(tmp_path: Path, what: str) -> None:
    file = tmp_path / "face.jpg"
    BAD[what](file)
    before = file.read_bytes() if file.is_file() else b""
    with pytest.raises(ImageError) as failure:
        read_image(file)
    said(what, str(failure.value))
    assert (file.read_bytes() if file.is_file() else b"") == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_that_a_pipe_in_a_pictures_place_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ImageError) as failure:
        read_image(tmp_path / "pipe.jpg")
    said("picture: a pipe", str(failure.value))


def test_that_a_picture_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.jpg").write_bytes(encoded("JPEG"))

    def refuse(_path: Path) -> bytes:
        # Whoever runs the tests may be allowed to read everything.
        raise PermissionError

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ImageError) as failure:
        read_image(tmp_path / "secret.jpg")
    said("picture: not allowed", str(failure.value))


@pytest.mark.parametrize("brand", ["heic", "avif"])
def test_that_what_reads_heic_and_avif_is_named_where_it_is_missing(
    monkeypatch: pytest.MonkeyPatch, brand: str
) -> None:
    content = b"\x00\x00\x00\x18ftyp" + brand.encode() + bytes(200)
    with pytest.raises(ImageError, match="damaged HEIC or AVIF"):
        read_image(content)
    monkeypatch.delitem(Image.OPEN, "HEIF")
    monkeypatch.setattr(features, "check", lambda _name: False)
    with pytest.raises(ImageError) as failure:
        read_image(content, name="face.jpg")
    said(f"missing part: {brand}", str(failure.value))
    with pytest.raises(ImageError, match="is not a picture that can be read"):
        read_image(b"no picture")
