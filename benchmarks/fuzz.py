"""Mutated pictures through the reader, for some minutes: each is read or refused with a sentence, never more.

Each piece is a process of its own, so that one which dies is noticed, and counted; what it had in hand is kept with
--keep. The same seed gives the same files again.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import struct
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import common
import numpy as np
from PIL import Image

from engine.capture.images import read_image, register_heif
from engine.errors import ImageError

PIECE = 4000
LONGEST_S = 300.0
"""After this a piece counts as hanging."""
CAP_MB = 1500
"""A picture of 64 megapixels, the limit, takes 1,000 MB while it is turned upright and laid on grey."""
VALUES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 60_000, 8000)
Mutation = Callable[[random.Random, bytearray, list[bytes]], None]


def main() -> None:
    """Run pieces and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.5)
    parser.add_argument("--first", type=int, default=0, help="the first piece's seed")
    parser.add_argument("--keep", type=Path, help="a folder for files that did what they must not")
    parser.add_argument("--piece", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.piece is not None:
        _piece(options.piece, options.keep)
        return
    with tempfile.TemporaryDirectory() as folder:
        keep = options.keep or Path(folder)
        keep.mkdir(parents=True, exist_ok=True)
        _run(options.first, options.minutes, keep)


def _run(first: int, minutes: float, keep: Path) -> None:
    end_s, piece, dead = perf_counter() + 60 * minutes, first, 0
    done: Counter[str] = Counter()
    peak_mb = longest_s = 0.0
    while perf_counter() < end_s:
        command = [sys.executable, __file__, "--piece", str(piece), "--keep", str(keep)]
        try:
            ended = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False)
            told: dict[str, Any] = json.loads(ended.stdout) if ended.returncode == 0 else {}
            why = f"ended with {ended.returncode}: {ended.stderr[-500:]}"
        except subprocess.TimeoutExpired:
            told, why = {}, "hung"
        if told:
            done.update(told["counts"])
            peak_mb, longest_s = max(peak_mb, told["peak_mb"]), max(longest_s, told["longest_s"])
            for text in told["escaped"]:
                print(f"piece {piece}: {text}")
        else:
            dead += 1
            print(f"piece {piece} {why}")
        piece += 1
    total = done["read"] + done["refused"] + done["escaped"]
    print(
        f"pieces {first} to {piece - 1}: {total:,} mutated files of {len(list(seeds()))} seeds: {done['read']:,} read,"
        f" {done['refused']:,} refused, {done['escaped']} other exceptions; {dead} processes died; at most"
        f" {peak_mb:,.0f} MB of {CAP_MB:,}; the slowest file took {longest_s:.2f} s"
    )


def _piece(piece: int, keep: Path) -> None:
    register_heif()
    known, draw = [content for _, content in seeds()], random.Random(piece)  # noqa: S311 - to be the same again
    counts: Counter[str] = Counter()
    escaped: list[str] = []
    longest_s, hand = 0.0, keep / f"piece-{piece}.bin"
    for _ in range(PIECE):
        content = mutated(draw, known)
        hand.write_bytes(content)
        start = perf_counter()
        try:
            read_image(content)
            counts["read"] += 1
        except ImageError:
            counts["refused"] += 1
        except Exception:  # noqa: BLE001 - this is what is looked for
            counts["escaped"] += 1
            escaped.append(traceback.format_exc()[-600:])
            hand.with_suffix(f".{counts['escaped']}.bin").write_bytes(content)
        longest_s = max(longest_s, perf_counter() - start)
    # Of a process that dies, the file is left.
    hand.unlink()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"counts": counts, "escaped": escaped, "longest_s": longest_s, "peak_mb": peak_mb}))


# --- files ----------------------------------------------------------------------------------------------------------


def seeds() -> Iterator[tuple[str, bytes]]:
    """Small pictures of every format, and of every way of packing it that Pillow can write."""
    register_heif()
    picture = Image.effect_mandelbrot((64, 48), (-2, -1, 1, 1), 60).convert("RGB")
    grey, clear = picture.convert("L"), picture.convert("RGBA")
    clear.putalpha(grey)
    sixteen = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    floats = Image.fromarray(np.asarray(grey).astype(np.float32) / 255)
    exif = Image.Exif()
    exif[0x0112] = 6
    several: dict[str, Any] = {"save_all": True, "append_images": [picture.rotate(90), grey.convert("RGB")]}
    ways: list[tuple[Image.Image, str, dict[str, Any]]] = [
        *((picture, kind, {}) for kind in ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF")),
        *((grey, kind, {}) for kind in ("JPEG", "PNG", "TIFF", "BMP", "GIF", "HEIF")),
        *((clear, kind, {}) for kind in ("PNG", "WEBP", "TIFF", "AVIF", "HEIF")),
        *((picture, kind, {"exif": exif}) for kind in ("JPEG", "PNG", "WEBP", "TIFF", "HEIF")),
        *((picture, kind, several) for kind in ("PNG", "WEBP", "TIFF", "GIF", "AVIF")),
        *((picture, "TIFF", {"compression": how}) for how in ("tiff_lzw", "tiff_deflate", "packbits", "jpeg")),
        *((picture.convert("1"), "TIFF", {"compression": how}) for how in ("group3", "group4", "tiff_ccitt")),
        (picture, "JPEG", {"progressive": True, "optimize": True}),
        (picture, "JPEG", {"quality": 5, "subsampling": 2}),
        (picture.convert("CMYK"), "JPEG", {}),
        (picture.convert("CMYK"), "TIFF", {}),
        (picture.convert("P"), "PNG", {"transparency": 3}),
        (picture.convert("1"), "PNG", {}),
        (grey.convert("LA"), "PNG", {}),
        (picture.convert("P"), "BMP", {}),
        (picture, "WEBP", {"lossless": True}),
        (sixteen, "PNG", {}),
        (sixteen, "TIFF", {}),
        (floats, "TIFF", {}),
    ]
    for image, kind, options in ways:
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        yield f"{kind} {image.mode} {' '.join(options)}", buffer.getvalue()


def mutated(draw: random.Random, known: list[bytes]) -> bytes:
    """One of the seeds with one to six things done to it."""
    content = bytearray(draw.choice(known))
    for _ in range(draw.choice((1, 1, 1, 2, 2, 3, 4, 6))):
        draw.choice(MUTATIONS)(draw, content, known)
    return bytes(content)


def _place(draw: random.Random, content: bytearray) -> int:
    """Somewhere; half of the time near the start, where the headers are."""
    end = len(content) if draw.random() < 0.5 else min(len(content), 200)
    return draw.randrange(max(end, 1))


def _bytes(draw: random.Random, content: bytearray, _known: list[bytes]) -> None:
    for _ in range(draw.randint(1, 8)):
        if content:
            content[_place(draw, content)] = draw.randrange(256)


def _bit(draw: random.Random, content: bytearray, _known: list[bytes]) -> None:
    if content:
        content[_place(draw, content)] ^= 1 << draw.randrange(8)


def _number(draw: random.Random, content: bytearray, _known: list[bytes]) -> None:
    value, end, at = draw.choice(VALUES), draw.choice("<>"), _place(draw, content)
    code = draw.choice("HI")
    packed = struct.pack(f"{end}{code}", value & (0xFFFF if code == "H" else 0xFFFFFFFF))
    content[at : at + len(packed)] = packed


def _cut(draw: random.Random, content: bytearray, _known: list[bytes]) -> None:
    del content[_place(draw, content) :]


def _without(draw: random.Random, content: bytearray, _known: list[bytes]) -> None:
    at = _place(draw, content)
    del content[at : at + draw.randint(1, 64)]


def _twice(draw: random.Random, content: bytearray, _known: list[bytes]) -> None:
    at, other = _place(draw, content), _place(draw, content)
    content[other:other] = content[at : at + draw.randint(1, 200)]


def _zeros(draw: random.Random, content: bytearray, _known: list[bytes]) -> None:
    at, size = _place(draw, content), draw.randint(1, 100)
    content[at : at + size] = bytes([draw.choice((0, 255))]) * size


def _spliced(draw: random.Random, content: bytearray, known: list[bytes]) -> None:
    other, at = draw.choice(known), _place(draw, content)
    content[at:] = other[draw.randrange(len(other)) :]


MUTATIONS: tuple[Mutation, ...] = (_bytes, _bit, _number, _number, _cut, _without, _twice, _zeros, _spliced)


if __name__ == "__main__":
    assert common.ROOT
    main()
