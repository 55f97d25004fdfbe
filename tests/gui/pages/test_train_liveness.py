"""Training a liveness network from the Train page, in a process of its own."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import SignalInstance
from pytestqt.qtbot import QtBot

from engine.capture.images import read_image
from engine.learning import LivenessTrained, from_line, to_line
from gui.main_window import MainWindow
from gui.pages.train import TrainPage
from tests.gui.conftest import WITHIN_MS

TASK_MS = 2 * WITHIN_MS


def test_that_clips_are_trained_on_and_what_is_not_better_is_not_put_to_use(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, astronaut_file: Path
) -> None:
    pixels = cv2.cvtColor(read_image(astronaut_file).pixels[0:300, 80:380], cv2.COLOR_RGB2BGR)
    for label in ("live", "spoof"):
        for number in range(5):
            place = tmp_path / label / f"{number}"
            place.mkdir(parents=True)
            for frame in range(16):
                move = np.array([(1, 0, frame), (0, 1, number)], np.float32)
                shifted = cv2.warpAffine(pixels, move, (300, 300))
                encoded = cv2.imencode(".jpg", cv2.resize(shifted, (200, 200)))[1]
                (place / f"{frame:02}.jpg").write_bytes(encoded.tobytes())
    window.open_page("train")
    page = window.page
    assert isinstance(page, TrainPage)
    page.show_step(4)
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


def _train(page: TrainPage, folder: Path) -> SignalInstance:
    page.liveness.train(folder)
    assert page.liveness.task is not None
    return page.liveness.task.failed


def test_that_the_outcome_survives_the_way_from_process_to_window() -> None:
    event = LivenessTrained(better=True, text="a\nb")
    assert from_line(to_line(event)) == event
