"""The Live page over a folder and a video that stand in for a camera."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import psutil
import pytest
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from engine.capture.images import read_image
from engine.capture.stream import CameraStream
from engine.settings import Settings
from gui.camera import Phase
from gui.main_window import MainWindow
from gui.pages.face_dialog import FaceDialog
from gui.pages.live import LivePage
from gui.pages.live_recording import CameraDialog
from tests.gui.conftest import WITHIN_MS, settle


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Path:
    """A short video of Eileen Collins and Grace Hopper."""
    path = tmp_path_factory.mktemp("clip") / "both.avi"
    frame = cv2.cvtColor(read_image(pictures / "both.jpg").pixels, cv2.COLOR_RGB2BGR)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20, (1024, 600))
    for shift in range(20):
        writer.write(cv2.warpAffine(frame, cv2.getRotationMatrix2D((512, 300), shift / 10, 1), (1024, 600)))
    writer.release()
    return path


@pytest.fixture
def page(enrolled: Path, open_window: Callable[..., MainWindow], clip: Path) -> LivePage:
    window = open_window(Settings(camera=str(clip), page="live"))
    page = window.page
    assert isinstance(page, LivePage)
    return page


def names(page: LivePage) -> list[str]:
    return sorted(mark.text for mark in page.view.canvas.marks)


def test_that_everyone_in_the_picture_has_a_name(qtbot: QtBot, page: LivePage) -> None:
    qtbot.waitUntil(lambda: names(page) == ["Eileen Collins", "Grace Hopper"], timeout=WITHIN_MS)
    assert page.panel.decision.text() in ("Grace Hopper, Eileen Collins", "Eileen Collins, Grace Hopper")


def test_that_a_video_is_never_called_live(qtbot: QtBot, page: LivePage) -> None:
    qtbot.waitUntil(lambda: page.view.state.phase is Phase.RUNNING, timeout=WITHIN_MS)
    assert not page.view.state.live
    qtbot.waitUntil(lambda: "Not live. Video: both.avi" in page.panel.speed.text(), timeout=WITHIN_MS)


def test_that_a_claim_is_verified(qtbot: QtBot, page: LivePage) -> None:
    page.panel.mode.setCurrentIndex(1)
    qtbot.waitUntil(lambda: "Choose who" in page.panel.words.text(), timeout=WITHIN_MS)
    people = page.context.people
    grace, eileen = people.find("Grace Hopper"), people.find("Eileen Collins")
    assert grace is not None
    assert eileen is not None
    page.panel.person.choose(grace.id)
    qtbot.waitUntil(lambda: page.panel.decision.text() == "This is Grace Hopper", timeout=WITHIN_MS)
    page.panel.person.choose(eileen.id)
    qtbot.waitUntil(lambda: page.panel.decision.text() == "Not Eileen Collins", timeout=WITHIN_MS)


def test_that_a_face_is_enrolled_by_a_click(qtbot: QtBot, page: LivePage) -> None:
    qtbot.waitUntil(lambda: len(names(page)) == 2, timeout=WITHIN_MS)
    page.view.canvas.face_chosen.emit(0)
    asked = next(one for one in QApplication.topLevelWidgets() if isinstance(one, FaceDialog))
    asked.name.setText("Somebody New")
    asked.enroll.click()
    qtbot.waitUntil(lambda: page.context.people.find("Somebody New") is not None, timeout=WITHIN_MS)


def test_that_it_can_be_stopped_and_started(qtbot: QtBot, page: LivePage) -> None:
    qtbot.waitUntil(lambda: page.view.state.phase is Phase.RUNNING, timeout=WITHIN_MS)
    page.toggle.click()
    assert page.toggle.text() == "Start"
    assert page.view.message == "The camera is off."
    assert page.view.canvas.marks == ()
    page.toggle.click()
    qtbot.waitUntil(lambda: page.view.state.phase is Phase.RUNNING, timeout=WITHIN_MS)


def test_that_leaving_the_page_lets_the_camera_go(qtbot: QtBot, page: LivePage) -> None:
    qtbot.waitUntil(lambda: page.view.state.phase is Phase.RUNNING, timeout=WITHIN_MS)
    page.context.open_page("gallery")
    assert not page.context.feed.running
    page.context.open_page("live")
    qtbot.waitUntil(lambda: page.view.state.phase is Phase.RUNNING, timeout=WITHIN_MS)


def test_that_a_source_that_vanishes_is_said_and_comes_back(
    qtbot: QtBot, page: LivePage, tmp_path: Path, pictures: Path
) -> None:
    folder = tmp_path / "camera"
    page.source.use(str(folder))
    qtbot.waitUntil(lambda: "is not there" in page.view.message, timeout=WITHIN_MS)
    folder.mkdir()
    (folder / "both.jpg").write_bytes((pictures / "both.jpg").read_bytes())
    qtbot.waitUntil(lambda: len(names(page)) == 2, timeout=WITHIN_MS)
    assert page.view.message == ""


def test_that_without_a_camera_the_page_says_so(
    qtbot: QtBot, enrolled: Path, open_window: Callable[..., MainWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.capture.cameras._enumerated", list)
    window = open_window(Settings(page="live"))
    page = window.page
    assert isinstance(page, LivePage)
    page.view.start.click()
    assert "No camera was found" in window.toasts.texts[-1]
    settle(qtbot, window)


def test_that_the_source_is_remembered(qtbot: QtBot, page: LivePage, pictures: Path) -> None:
    page.source.use(str(pictures))
    assert page.context.settings.value.camera == str(pictures)
    assert page.source.currentText() == pictures.name


def held() -> tuple[int, int]:
    """How many files this process holds open, and how many threads it has."""
    process = psutil.Process()
    return process.num_fds(), process.num_threads()


def camera_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("camera")]


def test_that_fifty_changes_of_source_leave_one_stream(
    qtbot: QtBot, page: LivePage, pictures: Path, clip: Path
) -> None:
    def stop() -> tuple[int, int]:
        page.toggle.click()
        qtbot.waitUntil(lambda: camera_threads() == [] and not page.context.client.busy, timeout=WITHIN_MS)
        return held()

    # Both kinds once, so that whatever is loaded only once is there.
    page.source.use(str(pictures))
    qtbot.waitUntil(lambda: page.view.state.phase is Phase.RUNNING, timeout=WITHIN_MS)
    page.source.use(str(clip))
    qtbot.waitUntil(lambda: len(names(page)) == 2, timeout=WITHIN_MS)
    before = stop()
    for number in range(50):
        page.source.use(str(clip if number % 2 else pictures))
    qtbot.waitUntil(lambda: len(names(page)) == 2, timeout=WITHIN_MS)
    assert page.context.feed.running
    qtbot.waitUntil(lambda: sorted(camera_threads()) == ["camera", "camera watchdog"], timeout=WITHIN_MS)
    assert stop()[0] <= before[0], "every file is closed again"
    # The system may still be at taking the last threads away.
    qtbot.waitUntil(lambda: held()[1] <= before[1], timeout=WITHIN_MS)
    assert CameraStream.parked == set()


def test_that_figures_are_shown_on_demand(qtbot: QtBot, page: LivePage) -> None:
    qtbot.waitUntil(lambda: len(names(page)) == 2, timeout=WITHIN_MS)
    assert not page.panel.readout.text.isVisible()
    page.panel.readout.toggle.click()
    qtbot.waitUntil(lambda: "Camera to result" in page.panel.readout.text.text(), timeout=WITHIN_MS)
    text = page.panel.readout.text.text()
    assert all(word in text for word in ("pictures a second", "passed over", "embed", "1024×600", "CPU"))


def test_that_a_face_keeps_its_mark_from_frame_to_frame(qtbot: QtBot, page: LivePage) -> None:
    qtbot.waitUntil(lambda: len(names(page)) == 2, timeout=WITHIN_MS)
    first = {mark.text: mark.key for mark in page.view.canvas.marks}
    for _ in range(5):
        with qtbot.waitSignal(page.context.client.live_result, timeout=WITHIN_MS):
            pass
    assert {mark.text: mark.key for mark in page.view.canvas.marks} == first
    assert all(first.values())


def test_that_a_clip_and_a_snapshot_are_saved(qtbot: QtBot, page: LivePage, tmp_path: Path) -> None:
    assert not page.recording.record.isEnabled() or page.view.state.phase is Phase.RUNNING
    qtbot.waitUntil(lambda: len(names(page)) == 2, timeout=WITHIN_MS)
    page.recording.take(tmp_path / "shot.png")
    qtbot.waitUntil((tmp_path / "shot.png").is_file, timeout=WITHIN_MS)
    page.recording.begin(tmp_path / "clip.mp4")
    qtbot.waitUntil(lambda: page.recording.recording, timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: page.recording.record.text() > "Stop  0:00", timeout=WITHIN_MS)
    page.recording.record.click()
    qtbot.waitUntil((tmp_path / "clip.mp4").is_file, timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: "long. Faces of people" in "".join(page.context.toasts.texts), timeout=WITHIN_MS)
    assert page.recording.record.text() == "Record"


def test_that_a_clip_ends_with_the_picture(qtbot: QtBot, page: LivePage, tmp_path: Path) -> None:
    qtbot.waitUntil(lambda: len(names(page)) == 2, timeout=WITHIN_MS)
    page.recording.begin(tmp_path / "clip.mp4")
    qtbot.waitUntil(lambda: page.recording.recording, timeout=WITHIN_MS)
    with qtbot.waitSignal(page.context.client.live_result, timeout=WITHIN_MS):
        pass
    page.toggle.click()
    qtbot.waitUntil((tmp_path / "clip.mp4").is_file, timeout=WITHIN_MS)
    assert not page.recording.record.isEnabled()


def test_that_the_place_of_a_clip_and_a_snapshot_is_asked_for(qtbot: QtBot, page: LivePage) -> None:
    qtbot.waitUntil(lambda: page.view.state.phase is Phase.RUNNING, timeout=WITHIN_MS)
    for ask, title in ((page.recording.snap, "Save a snapshot"), (page.recording.record, "Record a clip")):
        ask.click()
        dialog = next(one for one in QApplication.topLevelWidgets() if one.windowTitle() == title)
        dialog.close()


def test_that_the_camera_is_asked_again_when_its_options_change(qtbot: QtBot, page: LivePage) -> None:
    qtbot.waitUntil(lambda: page.view.state.phase is Phase.RUNNING, timeout=WITHIN_MS)
    page.camera.click()
    dialog = next(one for one in QApplication.topLevelWidgets() if isinstance(one, CameraDialog))
    rotation = dialog.form.controls["camera_rotation"]
    assert isinstance(rotation, QComboBox)
    rotation.setCurrentIndex(1)
    rotation.activated.emit(1)
    assert page.context.settings.value.camera_rotation == 90
    assert page.view.state.phase is Phase.RUNNING, "a video has no use for it and plays on"
    dialog.close()


class Stubborn:
    """An OpenCV capture of a camera that has one size, one rate and its own exposure, whatever it is asked."""

    def __init__(self, *_: object) -> None:
        self._given = 0

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return True

    def set(self, _key: int, _value: float) -> bool:
        return False

    def get(self, key: int) -> float:
        return 30.0 if key == cv2.CAP_PROP_FPS else 0.0

    def read(self) -> tuple[bool, object]:
        self._given += 1
        return True, np.full((480, 640, 3), self._given % 250, np.uint8)

    def release(self) -> None:
        pass


def test_that_the_camera_options_say_what_a_camera_gives_instead(
    qtbot: QtBot, enrolled: Path, open_window: Callable[..., MainWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = SimpleNamespace(name="Stubborn", index=0, backend=0, vid=1, pid=2, path=None)
    monkeypatch.setattr("engine.capture.cameras._enumerated", lambda: [camera])
    monkeypatch.setattr(cv2, "VideoCapture", Stubborn)
    window = open_window(Settings(camera="camera:Stubborn|1|2", page="live"))
    page = window.page
    assert isinstance(page, LivePage)
    qtbot.waitUntil(lambda: page.view.state.phase is Phase.RUNNING, timeout=WITHIN_MS)
    page.camera.click()
    dialog = next(one for one in QApplication.topLevelWidgets() if isinstance(one, CameraDialog))
    assert not dialog.instead.isVisible()
    low = dialog.height()
    for key, row in (("camera_size", 3), ("camera_fps", 4), ("camera_exposure", 1)):
        control = dialog.form.controls[key]
        assert isinstance(control, QComboBox)
        control.setCurrentIndex(row)
        control.activated.emit(row)
    qtbot.waitUntil(lambda: "exposure" in dialog.instead.text(), timeout=WITHIN_MS)
    assert dialog.instead.text() == (
        "“Stubborn” gives 640 × 480 at 30 pictures a second in place of 1920 × 1080 at 60 and keeps its automatic"
        " exposure."
    )
    assert dialog.instead.isVisible()
    assert dialog.height() > low
    assert window.toasts.texts == [], "it is no error"
    for key in ("camera_size", "camera_fps", "camera_exposure"):
        control = dialog.form.controls[key]
        assert isinstance(control, QComboBox)
        control.activated.emit(0)
    qtbot.waitUntil(lambda: not dialog.instead.isVisible(), timeout=WITHIN_MS)
    dialog.close()
    settle(qtbot, window)
