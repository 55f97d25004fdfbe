"""A living face and a played film on the Live page: every place that shows a decision says which it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import pytest
import torch
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox
from pytestqt.qtbot import QtBot

from engine.capture.images import read_image
from engine.journal import LogEntry, LogQuery
from engine.live_values import LiveResult, Verdict
from engine.liveness_values import CheckPhase
from engine.service import FaceService
from engine.settings import Settings
from engine.tracking.visits import LEAST_S
from engine.types import PixelArray
from gui.main_window import MainWindow
from gui.pages.face_dialog import FaceDialog
from gui.pages.live import LivePage
from gui.widgets.flash_cover import FlashCover
from tests.cameras import MadeUpCamera
from tests.given_networks import Alive, GivenNetworks, Moves
from tests.gui.conftest import WITHIN_MS, result_of, settle

ALL = LogQuery()
SPEC = "camera:Made-up||"
FACE = (slice(60, 260), slice(160, 290))
"""Where Eileen Collins's face is in her picture of 512x512."""


def judge(qtbot: QtBot, window: MainWindow, motion: torch.nn.Module | None = None) -> None:
    """Put networks in the place of the pack's and of a trained one."""

    def put(service: FaceService, _job: object) -> None:
        service.liveness.networks = GivenNetworks(Alive(), motion)

    result_of(qtbot, window.client.submit(put))


def claim(page: LivePage, name: str) -> None:
    person = page.context.people.find(name)
    assert person is not None
    page.panel.mode.setCurrentIndex(1)
    page.panel.person.choose(person.id)


@pytest.fixture
def film(tmp_path: Path, pictures: Path) -> Path:
    """A film of Eileen Collins, long enough for a visit on a busy machine, too."""
    path = tmp_path / "film.avi"
    frame = cv2.cvtColor(read_image(pictures / "eileen1.jpg").pixels, cv2.COLOR_RGB2BGR)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (512, 512))
    for step in range(100):
        writer.write(cv2.warpAffine(frame, cv2.getRotationMatrix2D((256, 256), step / 48, 1), (512, 512)))
    writer.release()
    return path


@pytest.fixture
def open_live(
    enrolled: Path, open_window: Callable[..., MainWindow], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., LivePage]:
    """Opens the Live page before a made-up camera, or before what is named."""

    def open_it(picture_at: Callable[[float], PixelArray] | None, settings: Settings) -> LivePage:
        if picture_at is not None:
            camera = MadeUpCamera(picture_at)
            monkeypatch.setattr("engine.capture.cameras.open_source", lambda *_: camera)
        page = open_window(settings).page
        assert isinstance(page, LivePage)
        return page

    return open_it


def window_of(page: LivePage) -> MainWindow:
    window = page.window()
    assert isinstance(window, MainWindow)
    return window


def test_that_a_film_is_called_one_wherever_a_decision_is_shown(
    qtbot: QtBot, open_live: Callable[..., LivePage], film: Path
) -> None:
    page = open_live(None, Settings(camera=str(film), page="live", history_log="live"))
    label, words = "Video: film.avi", page.panel
    named: list[float] = []

    def note(result: LiveResult) -> None:
        # A film that begins again ends the visit, too.
        if result.tracked and result.tracked[0].verdict is Verdict.MATCH:
            named[:] = [*(one for one in named if one <= result.frame.time_s), result.frame.time_s]

    page.context.client.live_result.connect(note)
    qtbot.waitUntil(lambda: words.decision.text() == "Eileen Collins", timeout=WITHIN_MS)
    assert words.speed.text() == f"Not live. {label}"
    assert not words.speed.visibleRegion().isEmpty()
    page.view.canvas.face_chosen.emit(0)
    dialog = next(one for one in QApplication.topLevelWidgets() if isinstance(one, FaceDialog))
    assert any(label in one.text() for one in dialog.findChildren(QLabel))
    dialog.reject()
    qtbot.waitUntil(lambda: bool(named) and named[-1] - named[0] > LEAST_S, timeout=WITHIN_MS)
    claim(page, "Eileen Collins")
    qtbot.waitUntil(lambda: words.decision.text() == "This is Eileen Collins", timeout=WITHIN_MS)
    assert words.speed.text() == f"Not live. {label}"
    assert not words.speed.visibleRegion().isEmpty()
    page.context.settings.change("liveness", "passive")
    qtbot.waitUntil(lambda: words.decision.text() == "Liveness not shown", timeout=WITHIN_MS)
    assert f"“{label}” is not a camera" in page.liveness.hint.text()
    page.toggle.click()
    settle(qtbot, window_of(page))
    visits = page.context.client.submit(lambda service, _job: service.journal.entries(service.journal.numbers(ALL)))
    said = [entry.sentence for entry in cast("list[LogEntry]", result_of(qtbot, visits))]
    assert any(f"was before “{label}”" in one for one in said)


@pytest.mark.parametrize(("logit", "decided"), [(-9.0, "Liveness not shown"), (9.0, "This is Eileen Collins")])
def test_that_the_motion_over_time_is_said_and_decides(
    qtbot: QtBot, open_live: Callable[..., LivePage], pictures: Path, logit: float, decided: str
) -> None:
    pixels = read_image(pictures / "eileen1.jpg").pixels
    page = open_live(lambda _now: pixels, Settings(camera=SPEC, page="live", liveness="passive"))
    judge(qtbot, window_of(page), Moves(logit))
    said = "picture of a face" if logit < 0 else "living face"
    qtbot.waitUntil(lambda: page.liveness.word.text() == f"Largest face: {said}", timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: said in [text for mark in page.view.canvas.marks for text, _ in mark.notes])
    claim(page, "Eileen Collins")
    qtbot.waitUntil(lambda: page.panel.decision.text() == decided, timeout=WITHIN_MS)
    if logit < 0:
        assert page.liveness.hint.text() == "The motion says that this is a picture of a face."
        assert "Made-up" in page.panel.speed.text(), "a film before a camera comes from a camera"


@pytest.mark.parametrize("reflects", [True, False])
def test_that_a_face_must_reflect_the_colours_that_the_window_shows(
    qtbot: QtBot, open_live: Callable[..., LivePage], pictures: Path, monkeypatch: pytest.MonkeyPatch, reflects: bool
) -> None:
    # A busy machine looks at few frames.
    monkeypatch.setattr("engine.liveness.flash.LEAST_FRAMES", 10)
    pixels = read_image(pictures / "eileen1.jpg").pixels.astype(np.float32) * 0.8
    covers: list[FlashCover] = []

    def lit(_now: float) -> PixelArray:
        colour = np.array(covers[0].colour if covers and covers[0].isVisible() else (128, 128, 128), np.float32)
        seen = pixels + 0.01 * colour
        if reflects:
            seen[FACE] += 0.1 * colour
        return seen

    page = open_live(lit, Settings(camera=SPEC, page="live", liveness="challenge"))
    window, check = window_of(page), page.liveness
    judge(qtbot, window)
    claim(page, "Eileen Collins")
    qtbot.waitUntil(lambda: "Press “Check liveness”" in check.hint.text(), timeout=WITHIN_MS)
    check.flash.click()
    box = window.findChild(QMessageBox)
    assert box is not None
    next(one for one in box.buttons() if "colours" in one.text()).click()
    qtbot.waitUntil(lambda: window.findChild(FlashCover) is not None, timeout=WITHIN_MS)
    covers.append(window.findChild(FlashCover))
    qtbot.waitUntil(covers[0].isVisible, timeout=WITHIN_MS)
    assert covers[0].size() == window.size()
    qtbot.waitUntil(lambda: check.state is not None and check.state.over, timeout=WITHIN_MS)
    assert not covers[0].isVisible()
    assert check.state is not None
    assert check.state.cue is not None
    if reflects:
        assert (check.state.phase, check.prompt.text()) == (CheckPhase.PASSED, "The face reflects the colours.")
        qtbot.waitUntil(lambda: page.panel.decision.text() == "This is Eileen Collins", timeout=WITHIN_MS)
    else:
        assert check.state.phase is CheckPhase.FAILED
        assert "hardly reach the face" in check.prompt.text()
        assert page.panel.decision.text() == "Liveness not shown"
