"""Cameras, videos and folders as sources of frames."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.capture import cameras
from engine.capture.cameras import list_cameras, open_source
from engine.capture.options import CameraGives, CameraOptions
from engine.capture.sources import CameraSource, FolderSource, VideoSource, as_rgb, turned
from engine.errors import CameraError
from engine.settings import Settings
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


def test_that_a_program_that_poses_as_a_camera_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cameras, "_SYSTEM", tmp_path / "class")
    for place in ("class", "devices/pci/usb/video0", "devices/virtual/video1"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "class" / "video0").symlink_to(tmp_path / "devices/pci/usb/video0")
    (tmp_path / "class" / "video1").symlink_to(tmp_path / "devices/virtual/video1")
    assert not cameras.is_virtual("Integrated Camera", "/dev/video0")
    assert cameras.is_virtual("Integrated Camera", "/dev/video1")
    assert cameras.is_virtual("OBS Virtual Camera", "")
    source = CameraSource(0, 0, "OBS", virtual=True)
    assert (source.kind, source.label) == ("virtual", "Virtual camera: OBS")


def test_that_a_camera_in_use_and_one_that_is_not_allowed_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = "/dev/null"
    monkeypatch.setattr(cameras, "_PROCESSES", tmp_path)
    (tmp_path / "1" / "fd").mkdir(parents=True)
    assert cameras.why_not("Cam", device) == ""
    (tmp_path / "1" / "fd" / "3").symlink_to(device)
    assert "in use by another program" in cameras.why_not("Cam", device)
    monkeypatch.setattr("engine.capture.cameras.os.access", lambda *_: False)
    assert "may not be used by you" in cameras.why_not("Cam", device)
    assert cameras.why_not("Cam", "/dev/not-there") == cameras.why_not("Cam", "USB#VID") == ""


class FakeCapture:
    """An OpenCV capture of a camera that does as it is told."""

    def __init__(self) -> None:
        self.told: dict[int, float] = {}
        self.refused: dict[int, float] = {}
        """Settings that it does not take, and what it says in their place."""
        self.pixels: object = np.zeros((48, 64, 3), np.uint8)

    def __call__(self, *_: object) -> FakeCapture:
        return self

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return True

    def set(self, key: int, value: float) -> bool:
        self.told[key] = value
        return key not in self.refused

    def get(self, key: int) -> float:
        return self.refused.get(key, self.told.get(key, 0.0))

    def read(self) -> tuple[bool, object]:
        return True, self.pixels

    def release(self) -> None:
        self.told.clear()


@pytest.fixture
def capture(monkeypatch: pytest.MonkeyPatch) -> FakeCapture:
    made = FakeCapture()
    monkeypatch.setattr(cv2, "VideoCapture", made)
    return made


def test_that_a_camera_is_asked_for_what_the_settings_say(capture: FakeCapture) -> None:
    options = CameraOptions.of(Settings(camera_size="1280x720", camera_fps=25, camera_exposure=60, camera_rotation=90))
    source = CameraSource(0, cv2.CAP_V4L2, "Cam", options)
    assert source.open() == 25
    assert capture.told[cv2.CAP_PROP_FRAME_WIDTH] == 1280
    assert capture.told[cv2.CAP_PROP_FRAME_HEIGHT] == 720
    assert capture.told[cv2.CAP_PROP_AUTO_EXPOSURE] == 1
    assert capture.told[cv2.CAP_PROP_EXPOSURE] == 167
    frame = source.read()
    assert frame is not None
    assert frame.size == (48, 64)
    source.close()
    CameraSource(0, cv2.CAP_DSHOW, "Cam", options).open()
    assert capture.told[cv2.CAP_PROP_EXPOSURE] == -6
    CameraSource(0, cv2.CAP_V4L2, "Cam").open()
    assert capture.told[cv2.CAP_PROP_AUTO_EXPOSURE] == 3


WISHES = Settings(camera_size="1920x1080", camera_fps=60, camera_exposure=250, camera_rotation=90)


@pytest.mark.parametrize(
    ("backend", "refused", "size", "said"),
    [
        (cv2.CAP_V4L2, {}, (1920, 1080), ""),
        (
            cv2.CAP_V4L2,
            {cv2.CAP_PROP_FPS: 30.0, cv2.CAP_PROP_EXPOSURE: 0.0},
            (640, 480),
            (
                "“Cam” gives 640 × 480 at 30 pictures a second in place of 1920 × 1080 at 60 and keeps its automatic"
                " exposure."
            ),
        ),
        (cv2.CAP_V4L2, {cv2.CAP_PROP_FPS: 59.94}, (1280, 720), "“Cam” gives 1280 × 720 in place of 1920 × 1080."),
        (cv2.CAP_V4L2, {cv2.CAP_PROP_FPS: 5.0}, (1920, 1080), "“Cam” gives 5 pictures a second in place of 60."),
        (cv2.CAP_V4L2, {cv2.CAP_PROP_FPS: 0.0}, (1920, 1080), ""),
        (cv2.CAP_DSHOW, {cv2.CAP_PROP_EXPOSURE: -1.0}, (1920, 1080), "“Cam” keeps its automatic exposure."),
    ],
)
def test_that_what_a_camera_gives_instead_is_said(
    capture: FakeCapture, backend: int, refused: dict[int, float], size: tuple[int, int], said: str
) -> None:
    capture.refused, capture.pixels = refused, np.zeros((size[1], size[0], 3), np.uint8)
    source = CameraSource(0, backend, "Cam", CameraOptions.of(WISHES))
    source.open()
    assert source.instead == "", "only its pictures tell"
    source.read()
    assert source.instead == said


def test_that_an_exposure_out_of_a_cameras_range_is_said() -> None:
    gives = CameraGives((1920, 1080), 60, exposure_s=1 / 30)
    assert gives.instead_of(CameraOptions.of(WISHES), "Cam") == "“Cam” exposes for 1/30 s in place of 1/250 s."
    assert gives.instead_of(CameraOptions(), "Cam") == ""


def test_that_a_picture_is_turned_clockwise() -> None:
    pixels = np.zeros((2, 3, 3), np.uint8)
    pixels[0, 0] = 255
    assert [tuple(np.argwhere(turned(pixels, angle)[:, :, 0])[0]) for angle in (0, 90, 180, 270)] == [
        (0, 0),
        (0, 1),
        (1, 2),
        (2, 0),
    ]


@pytest.mark.parametrize(
    ("pixels", "size"),
    [
        (np.zeros((48, 63), np.uint8), (63, 48)),
        (np.zeros((48, 64, 1), np.uint8), (64, 48)),
        (np.zeros((48, 64, 4), np.uint8), (64, 48)),
        (np.zeros((0, 0, 3), np.uint8), None),
        (np.zeros((48, 64, 2), np.uint8), None),
        (None, None),
        (np.zeros((2160, 3840, 3), np.uint8), (1920, 1080)),
    ],
)
def test_that_whatever_a_camera_gives_is_taken_or_left(
    capture: FakeCapture, pixels: object, size: tuple[int, int] | None
) -> None:
    source = CameraSource(0, 0, "Cam")
    source.open()
    capture.pixels = pixels
    frame = source.read()
    assert (frame.size if frame else None) == size


@pytest.mark.parametrize(
    "name", ["OBS Virtual Camera", "v4l2loopback", "Dummy video device (0x0000)", "ManyCam", "NDI Webcam"]
)
def test_that_a_camera_that_is_a_program_is_known_by_its_name(name: str) -> None:
    assert cameras.is_virtual(name, "")


@pytest.mark.parametrize("name", ["Integrated Webcam", "HD Pro Webcam C920", "Kandinsky Cam", "Jobs Camera"])
def test_that_other_cameras_are_cameras(name: str) -> None:
    assert not cameras.is_virtual(name, "")
