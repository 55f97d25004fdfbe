"""Reads any picture into an upright RGB frame, or says in one sentence why not.

The file's content decides, not its name. Pillow reads every format: it checks what it reads (OpenCV accepts some
damaged files and shows transparent pixels' hidden colours), and the size is known before any pixel is decoded.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, features

from engine.errors import ImageError
from engine.types import Frame, PixelArray

SMALLEST_SIDE_PX = 16
LARGEST_FILE_BYTES = 512 * 2**20
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "HEIF")
BACKDROP = 128
"""Grey on which transparent pictures are laid, so that hidden colours stay hidden."""
_JPEG_QUALITY = 95
_LARGEST_CROP_PX = 2048
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")


def read_image(source: Path | bytes, *, max_megapixels: float = 64, name: str = "") -> Frame:
    """Decode a picture.

    Args:
        source: a file, or encoded bytes.
        max_megapixels: larger pictures are refused before they are decoded.
        name: what to call the picture; the file's path by default.

    Returns:
        Upright RGB pixels; of an animation or a stack of pages the first, which the frame's notes say.

    Raises:
        ImageError: it is no picture, damaged, too large, too small, or cannot be read.
    """
    called = name or (str(source) if isinstance(source, Path) else "pasted picture")
    shown_as = Path(called)
    content = _file_content(source, shown_as) if isinstance(source, Path) else source
    if not content:
        raise ImageError(shown_as, "is empty", "Choose another file.")
    with _opened(content, shown_as) as picture:
        _check_size(picture, shown_as, max_megapixels)
        notes = _frame_notes(picture)
        try:
            pixels = _rgb(picture)
        except _DAMAGE as error:
            problem = "is damaged or cut short"
            raise ImageError(shown_as, problem, "Copy it again from where it came, or choose another file.") from error
        except _NotFiniteError as error:
            raise ImageError(shown_as, "has values that are no colours", "Save it as PNG or JPEG first.") from error
    return Frame(pixels, called, notes=notes)


def encode_jpeg(pixels: PixelArray) -> bytes:
    """Encode (H, W, 3) uint8 RGB as JPEG."""
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    return bytes(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1])


def decode_jpeg(content: bytes) -> PixelArray:
    """Decode a JPEG of our own making into (H, W, 3) uint8 RGB.

    Raises:
        ImageError: it is damaged, or of a size that we do not make.
    """
    fits = _is_small_jpeg(content)
    bgr = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if fits else None
    if bgr is None:
        raise ImageError("stored crop", "is damaged", "Delete this template and enroll the picture again.")
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def _is_small_jpeg(content: bytes) -> bool:
    """Whether it is a JPEG that cannot fill the memory: a gallery can come from elsewhere."""
    try:
        with _quiet(), Image.open(io.BytesIO(content), formats=("JPEG",)) as picture:
            return max(picture.size) <= _LARGEST_CROP_PX
    except _DAMAGE:
        return False


def reduced(pixels: PixelArray, longest_px: int) -> tuple[PixelArray, float]:
    """Shrink a picture for showing, so that its longer side is at most `longest_px`.

    Returns:
        The pixels and how many of them one pixel of the picture became.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, longest_px / max(height, width))
    if scale == 1.0:
        return pixels, scale
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False), scale


class _NotFiniteError(Exception):
    """Floating-point pixels that are not numbers."""


# Pillow's decoders report damage in any of these ways.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    MemoryError,
    RuntimeError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


def _file_content(path: Path, shown_as: Path) -> bytes:
    """Read a regular file; anything else (a pipe, a device, a folder) could block for ever and is refused unopened."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            raise ImageError(shown_as, f"is {kind}", "Choose a picture file.")
        if status.st_size > LARGEST_FILE_BYTES:
            raise ImageError(shown_as, "is too large a file", "Save a smaller copy and use that.")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ImageError(shown_as, "is not there (any more)", "Check where it is and try again.") from error
    except PermissionError as error:
        raise ImageError(shown_as, "may not be read", "Change its permissions, or copy it.") from error
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "its name is not usable"
        raise ImageError(shown_as, f"cannot be read: {reason}", "Copy it to another place and try again.") from error


@contextmanager
def _opened(content: bytes, shown_as: Path) -> Iterator[Image.Image]:
    register_heif()
    try:
        with _quiet():
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
    except _DAMAGE as error:
        raise _unread(content, shown_as) from error
    with picture:
        yield picture


def _unread(content: bytes, shown_as: Path) -> ImageError:
    """Why nothing here opens it."""
    if content[4:8] != b"ftyp" or content[8:12] not in _HEIF_BRANDS:
        return ImageError(
            shown_as, "is not a picture that can be read", "Use JPEG, PNG, WebP, TIFF, BMP, HEIC or AVIF."
        )
    is_avif = content[8:11] == b"avi"
    if not (features.check("avif") if is_avif else "HEIF" in Image.OPEN):
        kind, part = ("AVIF", "Pillow with AVIF") if is_avif else ("HEIC", "pillow-heif")
        problem = f"is {kind}, for which {part} is missing here"
        return ImageError(shown_as, problem, "Install that, or save the picture as JPEG first.")
    return ImageError(shown_as, "is a damaged HEIC or AVIF file", "Copy it again from where it came.")


def _check_size(picture: Image.Image, shown_as: Path, max_megapixels: float) -> None:
    width, height = picture.size
    if width * height > max_megapixels * 1e6:
        megapixels = f"{width * height / 1e6:,.0f} megapixels"
        raise ImageError(
            shown_as,
            f"is too large: {megapixels}, the limit is {max_megapixels:g}",
            "Save a smaller copy and use that.",
        )
    if min(width, height) < SMALLEST_SIDE_PX:
        raise ImageError(shown_as, f"is too small: {width} × {height} pixels", "Use a larger picture.")


def _frame_notes(picture: Image.Image) -> tuple[str, ...]:
    try:
        with _quiet():
            count = int(getattr(picture, "n_frames", 1))
    except _DAMAGE:
        # Counting walks the whole file; damage further on does not concern the first frame.
        count = 1
    return (f"It holds {count} frames; the first is used.",) if count > 1 else ()


def _rgb(picture: Image.Image) -> PixelArray:
    """Decode, turn upright, and bring any colour mode to RGB uint8."""
    with _quiet():
        picture.seek(0)
        picture.load()
        upright = _upright(picture)
        if upright.mode.startswith(("I", "F")):
            grey = _eight_bits(np.asarray(upright), integer=upright.mode.startswith("I"))
            return np.repeat(grey[:, :, None], 3, axis=2)
        if upright.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in upright.info:
            rgba = upright.convert("RGBA")
            backdrop = Image.new("RGBA", rgba.size, (BACKDROP, BACKDROP, BACKDROP, 255))
            upright = Image.alpha_composite(backdrop, rgba)
        return np.array(upright.convert("RGB"), np.uint8)


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except _DAMAGE:
        # A broken EXIF block says nothing about the pixels: the picture is used as it lies.
        return picture


def _eight_bits(values: NDArray[np.generic], *, integer: bool) -> NDArray[np.uint8]:
    """Bring 16-bit, 32-bit and floating-point grey to 0..255; Pillow's own conversion clips at 255."""
    grey = values.astype(np.float64)
    if not np.isfinite(grey).all():
        raise _NotFiniteError
    top = 65535.0 if integer else max(1.0, float(grey.max(initial=1.0)))
    if integer and grey.max(initial=0) > top:
        top = float(grey.max())
    return np.clip(np.rint(grey * (255.0 / top)), 0, 255).astype(np.uint8)


@contextmanager
def _quiet() -> Iterator[None]:
    """Pillow warns about oddities that the pixel limit and the decoders already answer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


_heif_lock = threading.Lock()
_heif_registered = False


def register_heif() -> None:
    """Teach Pillow HEIC, once; the plug-in is not on every platform."""
    global _heif_registered  # noqa: PLW0603 - Pillow's registry is as global
    with _heif_lock:
        if _heif_registered:
            return
        _heif_registered = True
        try:
            import pillow_heif  # noqa: PLC0415 - optional, and only loaded when a picture is read
        except ImportError:
            return
        pillow_heif.register_heif_opener()
