"""Cameras, videos and folders as sources of frames."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.capture import cameras
from engine.capture.cameras import list_cameras, open_source
from engine.capture.sources import CameraSource, FolderSource, VideoSource, as_rgb, is_virtual
from engine.errors import CameraError
from engine.types import PixelArray


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten frames at 25 a second, each one grey level brighter by 20."""
    path = tmp_path_factory.mktemp("video") / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (160, 120))
    assert writer.isOpened()
    for number in range(10):
        writer.write(np.full((120, 160, 3), 20 * number, np.uint8))
    writer.release()
    return path


def test_that_a_video_plays_at_its_rate_and_over_again(video: Path) -> None:
    source = VideoSource(video)
    assert source.open() == pytest.approx(25)
    levels = []
    for _ in range(12):
        frame = source.read()
        assert frame is not None
        assert frame.size == (160, 120)
        levels.append(round(float(frame.pixels.mean()) / 20))
    source.close()
    assert levels == [*range(10), 0, 1]
    assert source.read() is None


def test_that_a_video_is_labelled_as_one(video: Path, tmp_path: Path) -> None:
    assert open_source(str(video)).label == "Video: clip.avi"
    assert open_source(str(video)).kind == "video"
    assert open_source(str(tmp_path)).kind == "folder"


def test_that_what_is_no_video_says_so(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"no video")
    with pytest.raises(CameraError, match="“clip.mp4” is not a video"):
        VideoSource(tmp_path / "clip.mp4").open()


def test_that_a_vanished_video_says_so(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="not there"):
        VideoSource(tmp_path / "clip.mp4").open()
    with pytest.raises(CameraError, match="not there"):
        open_source(str(tmp_path / "clip.mp4"))


def test_that_a_folder_shows_its_pictures_in_turn_and_passes_over_bad_ones(pictures: Path) -> None:
    source = FolderSource(pictures)
    assert source.open() == 1.0
    frames = [source.read() for _ in range(7)]
    source.close()
    # both, broken, eileen1, eileen2, faceless, grace, and both again
    assert [frame is not None for frame in frames] == [True, False, True, True, True, True, True]
    assert frames[0] is not None
    assert frames[6] is not None
    np.testing.assert_array_equal(frames[0].pixels, frames[6].pixels)


def test_that_an_empty_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="holds no pictures"):
        FolderSource(tmp_path).open()


def test_that_without_a_camera_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cameras, "_enumerated", list)
    assert list_cameras() == []
    with pytest.raises(CameraError, match="No camera was found"):
        open_source("camera:Webcam|1|2")


def test_that_a_camera_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cameras, "_enumerated", lambda: [_Camera("Other", 0)])
    assert [camera.name for camera in list_cameras()] == ["Other"]
    with pytest.raises(CameraError, match="“Webcam” is not there"):
        open_source("camera:Webcam|1|2")


def test_that_a_remembered_camera_is_found_behind_another_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cameras, "_enumerated", lambda: [_Camera("One", 0), _Camera("Two", 1)])
    spec = list_cameras()[1].spec
    monkeypatch.setattr(cameras, "_enumerated", lambda: [_Camera("Two", 0), _Camera("One", 1)])
    assert open_source(spec).label == "Two"


def test_that_a_camera_that_does_not_open_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cameras, "_enumerated", lambda: [_Camera("Webcam", 97)])
    with pytest.raises(CameraError, match="“Webcam” does not open"):
        open_source(list_cameras()[0].spec).open()


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (np.full((4, 6, 3), (1, 2, 3), np.uint8), (3, 2, 1)),
        (np.full((4, 6, 4), (1, 2, 3, 9), np.uint8), (3, 2, 1)),
        (np.full((4, 6), 7, np.uint8), (7, 7, 7)),
        (np.full((4, 6, 1), 7, np.uint8), (7, 7, 7)),
    ],
)
def test_that_any_channels_become_rgb(pixels: PixelArray, expected: tuple[int, int, int]) -> None:
    rgb = as_rgb(pixels)
    assert rgb is not None
    assert rgb.shape == (4, 6, 3)
    assert tuple(rgb[0, 0]) == expected


@pytest.mark.parametrize("pixels", [None, np.empty((0, 0, 3), np.uint8), np.ones((4, 4, 2), np.uint8), "no"])
def test_that_an_unusable_frame_is_passed_over(pixels: object) -> None:
    assert as_rgb(pixels) is None


class _Camera:
    def __init__(self, name: str, index: int) -> None:
        self.name, self.index, self.backend, self.vid, self.pid = name, index, 0, 1, 2


@pytest.mark.parametrize(
    "name", ["OBS Virtual Camera", "v4l2loopback", "Dummy video device (0x0000)", "ManyCam", "NDI Webcam"]
)
def test_that_a_camera_that_is_a_program_is_known_by_its_name(name: str) -> None:
    assert is_virtual(name)
    assert CameraSource(0, 0, name).kind == "virtual"


@pytest.mark.parametrize("name", ["Integrated Webcam", "HD Pro Webcam C920", "Kandinsky Cam", "Jobs Camera"])
def test_that_other_cameras_are_cameras(name: str) -> None:
    assert CameraSource(0, 0, name).kind == "camera"
