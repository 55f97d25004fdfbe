"""Recording clips on the Train page's liveness step, with a video that stands in for a camera."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from engine.capture.images import read_image
from engine.liveness.clips import recordings
from engine.settings import Settings
from gui.main_window import MainWindow
from gui.pages.train import TrainPage
from gui.pages.train_recording import ClipRecorder
from tests.gui.conftest import WITHIN_MS, settle


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Path:
    """A video of Grace Hopper that goes on and on."""
    path = tmp_path_factory.mktemp("camera") / "grace.avi"
    frame = cv2.cvtColor(read_image(pictures / "grace.jpg").pixels, cv2.COLOR_RGB2BGR)
    frame = cv2.resize(frame, (320, 376))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 12, (320, 376))
    for shift in range(24):
        writer.write(cv2.warpAffine(frame, cv2.getRotationMatrix2D((160, 188), shift / 10, 1), (320, 376)))
    writer.release()
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "clips"
    made.mkdir()
    return made


@pytest.fixture
def page(enrolled: Path, open_window: Callable[..., MainWindow], camera: Path) -> TrainPage:
    window = open_window(Settings(camera=str(camera), page="train"))
    found = window.page
    assert isinstance(found, TrainPage)
    found.show_step(4)
    found.liveness.record.click()
    return found


@pytest.fixture
def recorder(qtbot: QtBot, page: TrainPage, folder: Path) -> ClipRecorder:
    """Ready to record."""
    made = page.liveness.recorder
    made.use(folder)
    qtbot.keyClicks(made.who, "Grace")
    qtbot.waitUntil(made.record.isEnabled, timeout=WITHIN_MS)
    return made


def files(folder: Path) -> list[str]:
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*"))


def said(page: TrainPage) -> str:
    return "\n".join(one.text() for one in page.window().findChildren(QLabel) if one.isVisible())


def test_that_a_clip_is_counted_down_recorded_counted_and_taken_back(
    qtbot: QtBot, page: TrainPage, recorder: ClipRecorder, folder: Path
) -> None:
    assert "Nobody is blurred".lower() in said(page).lower()
    recorder.what.setCurrentIndex(1)
    assert recorder.record.toolTip()
    qtbot.keyClick(recorder.who, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert recorder.running
    assert recorder.cancel.hasFocus()
    assert not recorder.what.isEnabled()
    qtbot.waitUntil(lambda: recorder.prompt.text().startswith("Get ready"), timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: recorder.bar.value() > 0, timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: not recorder.running, timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: recorder.told.text().startswith("0 living, 1 spoof of 1 person."), timeout=WITHIN_MS)
    assert "living faces of 5 more and pictures of faces of 4 more" in recorder.told.text()
    assert not recorder.train.isEnabled()
    (clip,) = [name for name in files(folder) if name.endswith(".mp4")]
    assert clip.startswith("spoof/Grace/")
    assert "A clip of “Grace” is kept as a picture of a face." in said(page)
    next(one for one in page.window().findChildren(QPushButton) if one.text() == "Undo" and one.isVisible()).click()
    qtbot.waitUntil(lambda: recorder.told.text().startswith("0 living, 0 spoof"), timeout=WITHIN_MS)
    assert files(folder) == []


def under_way(qtbot: QtBot, recorder: ClipRecorder, folder: Path) -> None:
    recorder.record.click()
    qtbot.waitUntil(lambda: recorder.prompt.text() != "", timeout=WITHIN_MS)
    assert files(folder) != []


def test_that_cancelling_leaving_and_a_lost_camera_leave_nothing(
    qtbot: QtBot, page: TrainPage, recorder: ClipRecorder, folder: Path
) -> None:
    def leave_step() -> None:
        page.show_step(0)

    def lose_camera() -> None:
        page.context.feed.stop()

    window = page.window()
    assert isinstance(window, MainWindow)
    for give_up in (recorder.cancel.click, lose_camera, leave_step):
        qtbot.waitUntil(recorder.record.isEnabled, timeout=WITHIN_MS)
        under_way(qtbot, recorder, folder)
        give_up()
        assert not recorder.running
        settle(qtbot, window)
        assert files(folder) == []
        page.show_step(4)
        if not page.context.feed.running:
            recorder.view.start.click()
    assert "gave no more pictures" in said(page)
    qtbot.waitUntil(recorder.record.isEnabled, timeout=WITHIN_MS)
    window.open_page("gallery")
    assert not page.context.feed.running


def test_that_a_folder_that_cannot_be_used_is_said_and_another_can_be_tried(
    qtbot: QtBot, page: TrainPage, recorder: ClipRecorder, folder: Path, tmp_path: Path
) -> None:
    (folder / "live").write_bytes(b"a file")
    recorder.record.click()
    qtbot.waitUntil(lambda: "could not be made" in said(page), timeout=WITHIN_MS)
    assert not recorder.running
    assert recorder.record.isVisible()
    recorder.who.setText("a/b")
    recorder.use(tmp_path)
    recorder.record.click()
    qtbot.waitUntil(lambda: "cannot be called “a/b”" in said(page), timeout=WITHIN_MS)


def test_that_enough_clips_lead_to_the_training(
    qtbot: QtBot, page: TrainPage, recorder: ClipRecorder, folder: Path
) -> None:
    for label in ("live", "spoof"):
        for who in "ABCDE":
            (folder / label / who).mkdir(parents=True)
            (folder / label / who / "clip.mp4").write_bytes(f"{label} {who}".encode())
    assert len(recordings(folder)) == 10
    recorder.refresh()
    qtbot.waitUntil(recorder.train.isEnabled, timeout=WITHIN_MS)
    assert recorder.told.text() == "5 living, 5 spoof of 5 people. Enough to train on."
    recorder.train.click()
    step = page.liveness
    assert not step.recording
    assert step.task is not None
    assert step.task.running
    assert not page.context.feed.running


def test_that_everything_has_a_name_and_focus_is_never_lost(
    qtbot: QtBot, page: TrainPage, recorder: ClipRecorder, folder: Path
) -> None:
    for field in (recorder.source, recorder.what, recorder.who, recorder.choose, recorder.bar, recorder.prompt):
        assert field.accessibleName(), field
    for one in recorder.findChildren(QPushButton):
        assert one.accessibleName() or one.text(), one
    recorder.record.setFocus()
    qtbot.keyClick(recorder.record, Qt.Key.Key_Space)
    assert recorder.cancel.hasFocus()
    qtbot.keyClick(recorder.cancel, Qt.Key.Key_Space)
    assert recorder.record.hasFocus()
    recorder.back.click()
    assert page.liveness.record.hasFocus()
    assert not page.context.feed.running
    page.liveness.record.click()
    assert recorder.who.hasFocus()
    page.take_pictures([folder.parent])
    assert recorder.folder == folder.parent
    recorder.who.clear()
    assert not recorder.record.isEnabled()
    recorder.view.start.click()
    qtbot.waitUntil(lambda: "Say whom it shows" in recorder.prompt.text(), timeout=WITHIN_MS)
    settle(qtbot, page.window())  # type: ignore[arg-type]
