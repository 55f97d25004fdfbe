"""Pictures of every kind, and everything that only looks like one."""

from __future__ import annotations

import io
import os
import struct
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
import pillow_heif
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.capture.images import BACKDROP, decode_jpeg, encode_jpeg, read_image, reduced
from engine.errors import ImageError
from engine.types import PixelArray

pillow_heif.register_heif_opener()


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def portrait(astronaut_file: Path) -> Image.Image:
    return Image.open(astronaut_file).convert("RGB").crop((120, 0, 320, 240))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that claims to be, and is, enormous."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + width // 8)) for _ in range(min(height, 2000))) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


# --- what is read ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF"])
def test_that_every_format_shows_the_same_picture(portrait: Image.Image, kind: str) -> None:
    frame = read_image(encoded(portrait, kind))
    assert frame.size == portrait.size
    assert frame.notes == ()
    assert np.abs(frame.pixels.astype(int) - np.asarray(portrait, int)).mean() < 9


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_that_every_orientation_is_upright(portrait: Image.Image, kind: str, orientation: int) -> None:
    turns = {
        1: [],
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    stored = portrait
    for turn in turns[orientation]:
        stored = stored.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    frame = read_image(encoded(stored, kind, exif=exif))
    assert frame.size == portrait.size
    assert np.abs(frame.pixels.astype(int) - np.asarray(portrait, int)).mean() < 6


@pytest.mark.parametrize("exif", [b"Exif\x00\x00garbage", b"Exif\x00\x00MM\x00*\x00\x00\xff\xff"])
def test_that_a_broken_exif_block_leaves_the_picture_as_it_lies(portrait: Image.Image, exif: bytes) -> None:
    assert read_image(encoded(portrait, "JPEG", exif=exif)).size == portrait.size


def test_that_orientation_99_is_no_orientation(portrait: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 99
    assert read_image(encoded(portrait, "JPEG", exif=exif)).size == portrait.size


@pytest.mark.parametrize(
    ("mode", "kind", "apart"),
    [("L", "PNG", 1), ("LA", "PNG", 1), ("P", "PNG", 25), ("1", "PNG", 90), ("RGBA", "PNG", 1), ("CMYK", "JPEG", 25)],
)
def test_that_every_mode_becomes_rgb(portrait: Image.Image, mode: str, kind: str, apart: float) -> None:
    given_ = portrait.convert(mode)
    expected = np.asarray(portrait.convert("L").convert("RGB") if mode in ("L", "LA", "1") else portrait, int)
    pixels = read_image(encoded(given_, kind)).pixels
    assert pixels.dtype == np.uint8
    assert pixels.shape == expected.shape
    assert np.abs(pixels.astype(int) - expected).mean() < apart


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_that_16_bit_grey_keeps_its_brightness(portrait: Image.Image, kind: str) -> None:
    grey = np.asarray(portrait.convert("L"))
    sixteen = Image.fromarray(grey.astype(np.uint16) * 257)
    pixels = read_image(encoded(sixteen, kind)).pixels
    assert np.abs(pixels[:, :, 0].astype(int) - grey).max() <= 1


def test_that_what_is_hidden_by_transparency_stays_hidden(portrait: Image.Image) -> None:
    portrait = portrait.copy()
    portrait.putalpha(0)
    for content in (encoded(portrait, "PNG"), encoded(portrait, "WEBP", exact=True)):
        assert (read_image(content).pixels == BACKDROP).all()


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_that_of_several_pictures_the_first_is_used_and_that_is_said(portrait: Image.Image, kind: str) -> None:
    others = [Image.new("RGB", portrait.size, colour) for colour in ("red", "blue")]
    frame = read_image(encoded(portrait, kind, save_all=True, append_images=others))
    assert frame.notes == ("It holds 3 frames; the first is used.",)
    assert np.abs(frame.pixels.astype(int) - np.asarray(portrait, int)).mean() < 9


def test_that_damage_beyond_the_first_frame_does_not_concern_it(portrait: Image.Image) -> None:
    content = bytearray(encoded(portrait, "TIFF"))
    directory = int.from_bytes(content[4:8], "little")
    next_directory = directory + 2 + 12 * int.from_bytes(content[directory : directory + 2], "little")
    content[next_directory : next_directory + 4] = (len(content) - 7).to_bytes(4, "little")
    content[-7:-5] = (3).to_bytes(2, "little")
    assert read_image(bytes(content)).size == portrait.size


def test_that_the_content_decides_and_not_the_name(portrait: Image.Image, tmp_path: Path) -> None:
    (tmp_path / "picture.txt").write_bytes(encoded(portrait, "PNG"))
    assert read_image(tmp_path / "picture.txt").size == portrait.size


@pytest.mark.parametrize(
    "name",
    ["été.png", "顔.png", "🙂.png", "\u202egnp.png", "two\nlines.png", "CON.png", "x" * 250 + ".png", "dot..png"],
)
def test_that_any_name_can_be_read(portrait: Image.Image, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(encoded(portrait, "PNG"))
    assert read_image(tmp_path / name).size == portrait.size
    (tmp_path / name).write_bytes(b"no picture")
    with pytest.raises(ImageError) as failure:
        read_image(tmp_path / name)
    assert str(failure.value).isprintable()


def test_that_undecodable_names_can_be_read(portrait: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"bad\xff.png")
    path.write_bytes(encoded(portrait, "PNG"))
    assert read_image(path).size == portrait.size


# --- what is refused ------------------------------------------------------------------------------------------------


def _cut(share: float) -> Callable[[bytes], bytes]:
    return lambda content: content[: int(len(content) * share)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_that_a_cut_picture_is_refused(portrait: Image.Image, kind: str, share: float) -> None:
    with pytest.raises(ImageError, match="damaged|not a picture"):
        read_image(_cut(share)(encoded(portrait, kind)), name="holiday.jpg")


def test_that_a_png_with_a_wrong_checksum_is_refused(portrait: Image.Image) -> None:
    content = bytearray(encoded(portrait, "PNG"))
    content[len(content) // 2] ^= 0xFF
    with pytest.raises(ImageError, match="damaged"):
        read_image(bytes(content))


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00", b"not a picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n"],
)
def test_that_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "face.jpg"
    file.write_bytes(content)
    with pytest.raises(ImageError, match="“face.jpg” is (empty|not a picture)"):
        read_image(file)


def test_that_an_animation_container_is_no_picture(portrait: Image.Image) -> None:
    with pytest.raises(ImageError):
        read_image(b"\x00\x00\x00\x18ftypmp42" + bytes(200))


@pytest.mark.parametrize("size", [(12_000, 12_000), (50_000, 50_000), (30_000, 3_000)])
def test_that_a_bomb_is_refused_from_its_header(size: tuple[int, int]) -> None:
    content, process = bomb(*size), psutil.Process()
    read_image(encoded(Image.new("RGB", (32, 32)), "PNG"))
    before, start = process.memory_info().rss, perf_counter()
    with pytest.raises(ImageError, match="too large|not a picture"):
        read_image(content)
    assert perf_counter() - start < 1
    assert process.memory_info().rss - before < 50e6


def test_that_the_pixel_limit_is_the_callers(portrait: Image.Image) -> None:
    with pytest.raises(ImageError, match="too large"):
        read_image(encoded(portrait, "JPEG"), max_megapixels=0.01)


@pytest.mark.parametrize("size", [(1, 1), (30_000, 1), (8, 400)])
def test_that_a_tiny_picture_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ImageError, match="too small"):
        read_image(encoded(Image.new("L", size), "PNG"))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_that_float_pixels_that_are_no_numbers_are_refused(value: float) -> None:
    pixels = np.full((40, 40), 0.5, np.float32)
    pixels[3, 3] = value
    with pytest.raises(ImageError, match="no colours"):
        read_image(encoded(Image.fromarray(pixels), "TIFF"))


def test_that_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"“gone\.jpg” is not there"):
        read_image(tmp_path / "gone.jpg")


def test_that_a_folder_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="is a folder"):
        read_image(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_that_a_pipe_does_not_block(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    outcome: list[BaseException] = []

    def read() -> None:
        try:
            read_image(pipe)
        except ImageError as error:
            outcome.append(error)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()
    assert "not a regular file" in str(outcome[0])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_that_a_file_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    file = tmp_path / "secret.jpg"
    file.write_bytes(b"x")
    file.chmod(0)
    with pytest.raises(ImageError, match="may not be read"):
        read_image(file)


@given(st.data())
def test_that_a_mutated_picture_is_read_or_refused_and_never_more(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"]))
    content = bytearray(encoded(Image.effect_mandelbrot((64, 48), (-2, -1, 1, 1), 60).convert("RGB"), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        frame = read_image(bytes(content))
    except ImageError:
        return
    assert frame.pixels.dtype == np.uint8


# --- our own crops --------------------------------------------------------------------------------------------------


def test_that_a_crop_survives_being_stored(astronaut: PixelArray) -> None:
    again = decode_jpeg(encode_jpeg(astronaut))
    assert np.abs(again.astype(int) - astronaut.astype(int)).mean() < 3


@pytest.mark.parametrize("content", [b"", b"rubbish"])
def test_that_a_damaged_crop_is_a_sentence(content: bytes) -> None:
    with pytest.raises(ImageError, match="stored crop"):
        decode_jpeg(content)


def test_that_a_reduced_picture_keeps_its_shape(astronaut: PixelArray) -> None:
    small, scale = reduced(astronaut[:, :300], 128)
    assert small.shape == (128, 75, 3)
    assert scale == 0.25
    assert reduced(astronaut, 4000)[1] == 1
