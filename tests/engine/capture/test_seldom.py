"""What the system seldom does to files and cameras: each is a sentence, or is passed over."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import cv2_enumerate_cameras
import numpy as np
import pytest
from PIL import Image

from engine.capture import cameras, images
from engine.capture.cameras import list_cameras
from engine.capture.sources import CameraSource, FolderSource
from engine.errors import ImageError


def test_that_a_huge_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "LARGEST_FILE_BYTES", 100)
    (tmp_path / "huge.png").write_bytes(bytes(101))
    with pytest.raises(ImageError, match=r"“huge\.png” is too large a file"):
        images.read_image(tmp_path / "huge.png")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PermissionError(errno.EACCES, "no"), "may not be read"),
        (OSError(errno.EIO, "no"), f"cannot be read: {os.strerror(errno.EIO)}"),
        (ValueError("embedded null byte"), "its name is not usable"),
    ],
)
def test_that_a_file_that_the_system_does_not_give_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    (tmp_path / "face.png").write_bytes(b"x")

    def fail(_path: Path) -> bytes:
        raise error

    monkeypatch.setattr(Path, "read_bytes", fail)
    with pytest.raises(ImageError, match=sentence):
        images.read_image(tmp_path / "face.png")


def test_that_grey_beyond_16_bits_keeps_its_order(tmp_path: Path) -> None:
    grey = np.linspace(0, 2e6, 64 * 64).astype(np.int32).reshape(64, 64)
    Image.fromarray(grey).save(tmp_path / "deep.tiff")
    pixels = images.read_image(tmp_path / "deep.tiff").pixels
    assert pixels[0, 0, 0] == 0
    assert pixels[-1, -1, 0] == 255
    assert (np.diff(pixels[:, :, 0].ravel().astype(int)) >= 0).all()


def test_that_pictures_are_read_where_heic_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "_heif_registered", False)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    Image.new("RGB", (32, 32)).save(tmp_path / "face.png")
    assert images.read_image(tmp_path / "face.png").size == (32, 32)


def test_that_no_camera_is_listed_where_the_system_fails_to(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_backend: int) -> list[object]:
        raise RuntimeError("no cameras here")

    monkeypatch.setattr(cv2_enumerate_cameras, "enumerate_cameras", fail)
    assert list_cameras() == []
    assert "could not be listed" in caplog.text


def test_that_of_processes_ones_own_and_those_that_have_gone_hold_no_camera(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cameras, "_PROCESSES", tmp_path)
    (tmp_path / str(os.getpid()) / "fd").mkdir(parents=True)
    (tmp_path / str(os.getpid()) / "fd" / "3").symlink_to("/dev/null")
    (tmp_path / "1").mkdir()
    assert cameras.why_not("Cam", "/dev/null") == ""


def test_that_a_source_that_is_not_open_gives_nothing(tmp_path: Path) -> None:
    assert CameraSource(0, 0, "Cam").read() is None
    assert FolderSource(tmp_path).read() is None
