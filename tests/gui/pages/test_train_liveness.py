"""Training a liveness network from the Train page, in a process of its own."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import SignalInstance
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from engine.capture.images import read_image
from engine.learning import LivenessTrained, from_line, to_line
from engine.liveness.runs import begin, stopped
from gui.main_window import MainWindow
from gui.pages.train import TrainPage
from gui.pages.train_liveness import LivenessStep
from tests.gui.conftest import WITHIN_MS

TASK_MS = 2 * WITHIN_MS


def open_step(window: MainWindow) -> TrainPage:
    window.open_page("train")
    page = window.page
    assert isinstance(page, TrainPage)
    page.show_step(4)
    return page


def test_that_clips_are_trained_on_and_what_is_not_better_is_not_put_to_use(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, astronaut_file: Path
) -> None:
    _record(tmp_path, astronaut_file)
    page = open_step(window)
    page.liveness.kind.setCurrentIndex(1)
    page.take_pictures([tmp_path])
    assert not page.liveness.zone.choose.isEnabled()
    qtbot.waitUntil(lambda: page.liveness.verdict.text() == "Not put to use", timeout=TASK_MS)
    assert "not installed" in page.liveness.text.text()
    qtbot.waitUntil(page.liveness.zone.choose.isEnabled, timeout=TASK_MS)


def test_that_a_folder_without_clips_is_complained_about(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    window.open_page("train")
    page = window.page
    assert isinstance(page, TrainPage)
    page.show_step(4)
    with qtbot.waitSignal(_train(page, tmp_path), timeout=TASK_MS) as told:
        pass
    assert "no recordings" in told.args[0]


def _record(folder: Path, picture: Path) -> None:
    """Five folders of frames of each label."""
    pixels = cv2.cvtColor(read_image(picture).pixels[0:300, 80:380], cv2.COLOR_RGB2BGR)
    for label in ("live", "spoof"):
        for number in range(5):
            place = folder / label / f"{number}"
            place.mkdir(parents=True)
            for frame in range(16):
                move = np.array([(1, 0, frame), (0, 1, number + 6 * (label == "spoof"))], np.float32)
                shifted = cv2.warpAffine(pixels, move, (300, 300))
                encoded = cv2.imencode(".jpg", cv2.resize(shifted, (200, 200)))[1]
                (place / f"{frame:02}.jpg").write_bytes(encoded.tobytes())


def test_that_a_stopped_training_is_gone_on_with_deleted_and_put_back(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, astronaut_file: Path
) -> None:
    folder = tmp_path / "recordings"
    _record(folder, astronaut_file)
    window.open_page("train")
    page = window.page
    assert isinstance(page, TrainPage)
    page.show_step(4)
    step = page.liveness
    begin(folder, "series", 0, [], "evening")
    step.refresh()
    qtbot.waitUntil(lambda: step.stopped.count() == 1, timeout=WITHIN_MS)
    assert "1-D convolution on landmarks and brightness. 0 epochs done" in _texts(step)
    _press(step, "Delete the training on recordings")
    qtbot.waitUntil(lambda: step.stopped.count() == 0, timeout=WITHIN_MS)
    assert stopped() == []
    next(one for one in window.findChildren(QPushButton) if one.text() == "Undo" and one.isVisible()).click()
    qtbot.waitUntil(lambda: step.stopped.count() == 1, timeout=WITHIN_MS)
    # It was begun with other clips, which the process that goes on finds out.
    _press(step, "Resume the training on recordings")
    assert step.task is not None
    assert step.stopped.count() == 0
    with qtbot.waitSignal(step.task.failed, timeout=TASK_MS) as told:
        pass
    assert "are not those that “evening” began with" in told.args[0]
    qtbot.waitUntil(lambda: step.stopped.count() == 1, timeout=TASK_MS)


def test_that_cancelling_keeps_a_training_and_resuming_ends_it(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, astronaut_file: Path
) -> None:
    _record(tmp_path, astronaut_file)
    page = open_step(window)
    step = page.liveness
    step.train(tmp_path)
    qtbot.waitUntil(lambda: "Epoch" in step.jobs.text.text(), timeout=2 * TASK_MS)
    step.jobs.stop.click()
    qtbot.waitUntil(lambda: step.stopped.count() == 1, timeout=TASK_MS)
    assert stopped()[0].epochs > 0
    step.resume(stopped()[0])
    qtbot.waitUntil(lambda: step.verdict.text() == "Not put to use", timeout=2 * TASK_MS)
    qtbot.waitUntil(step.zone.choose.isEnabled, timeout=TASK_MS)
    assert stopped() == []


def _texts(step: LivenessStep) -> str:
    return "\n".join(one.text() for one in step.findChildren(QLabel))


def _press(step: LivenessStep, name: str) -> None:
    next(one for one in step.findChildren(QPushButton) if one.accessibleName() == name).click()


def _train(page: TrainPage, folder: Path) -> SignalInstance:
    page.liveness.train(folder)
    assert page.liveness.task is not None
    return page.liveness.task.failed


def test_that_the_outcome_survives_the_way_from_process_to_window() -> None:
    event = LivenessTrained(better=True, text="a\nb")
    assert from_line(to_line(event)) == event
