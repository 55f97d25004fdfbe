"""The spoof bench on the Evaluate page, with a video that stands in for a camera, and the liveness of the Live page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from engine.capture.images import read_image
from engine.liveness.bench import bench_file
from engine.liveness_values import Answer, CheckPhase, CheckState, Cue, FlashPlan
from engine.service import FaceService
from engine.settings import Settings
from engine.types import Box
from gui.camera import Phase, StreamState
from gui.main_window import MainWindow
from gui.pages.evaluate import EvaluatePage
from gui.pages.live import LivePage
from gui.widgets.face_canvas import FaceMark
from gui.widgets.flash_cover import FlashCover
from gui.widgets.liveness_check import with_liveness
from tests.given_networks import Alive, GivenNetworks
from tests.gui.conftest import WITHIN_MS, result_of, settle


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Path:
    """A short video of Grace Hopper."""
    path = tmp_path_factory.mktemp("clip") / "grace.avi"
    frame = cv2.cvtColor(read_image(pictures / "grace.jpg").pixels, cv2.COLOR_RGB2BGR)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20, (512, 600))
    for shift in range(20):
        writer.write(cv2.warpAffine(frame, cv2.getRotationMatrix2D((256, 300), shift / 10, 1), (512, 600)))
    writer.release()
    return path


def install(qtbot: QtBot, window: MainWindow) -> None:
    """Put passive networks in the place of those of the pack."""

    def put(service: FaceService, _job: object) -> None:
        service.liveness.networks = GivenNetworks(Alive())

    result_of(qtbot, window.client.submit(put))


@pytest.fixture
def live(qtbot: QtBot, enrolled: Path, open_window: Callable[..., MainWindow], clip: Path) -> LivePage:
    window = open_window(Settings(camera=str(clip), page="live", liveness="passive"))
    install(qtbot, window)
    page = window.page
    assert isinstance(page, LivePage)
    return page


@pytest.fixture
def evaluate(qtbot: QtBot, enrolled: Path, open_window: Callable[..., MainWindow], clip: Path) -> EvaluatePage:
    window = open_window(Settings(camera=str(clip), page="evaluate"))
    install(qtbot, window)
    page = window.page
    assert isinstance(page, EvaluatePage)
    return page


def test_that_a_trial_of_a_video_is_kept_and_counts_nowhere(qtbot: QtBot, evaluate: EvaluatePage) -> None:
    evaluate.what.setCurrentIndex(1)
    bench = evaluate.bench
    qtbot.waitUntil(lambda: bench.report is not None and bool(bench.view.canvas.marks), timeout=WITHIN_MS)
    assert "no attack was tried" in bench.headline.text()
    assert not evaluate.pack.isVisible()
    bench.begin.click()
    assert bench.cancel.isVisible()
    qtbot.waitUntil(lambda: bench.report is not None and bench.report.from_files == 1, timeout=WITHIN_MS)
    assert "Answer: live" in bench.prompt.text()
    assert "Not counted: 1 trial" in bench.shortfalls.text()
    assert bench.begin.isVisible()
    bench.back.click()
    qtbot.waitUntil(lambda: bench.report is not None and bench.report.from_files == 0, timeout=WITHIN_MS)


def test_that_a_trial_can_be_given_up(qtbot: QtBot, evaluate: EvaluatePage) -> None:
    evaluate.what.setCurrentIndex(1)
    bench = evaluate.bench
    qtbot.waitUntil(lambda: bool(bench.view.canvas.marks), timeout=WITHIN_MS)
    bench.begin.click()
    bench.cancel.click()
    assert not bench.running
    evaluate.what.setCurrentIndex(0)
    assert evaluate.pack.isVisible()
    assert not evaluate.context.feed.running
    settle(qtbot, evaluate.window())  # type: ignore[arg-type]


def test_that_a_trial_that_cannot_be_kept_does_not_look_as_if_it_were(qtbot: QtBot, evaluate: EvaluatePage) -> None:
    evaluate.what.setCurrentIndex(1)
    bench, toasts = evaluate.bench, evaluate.context.toasts
    qtbot.waitUntil(lambda: bench.report is not None and bool(bench.view.canvas.marks), timeout=WITHIN_MS)
    bench.begin.click()
    bench_file().mkdir(parents=True)
    qtbot.waitUntil(
        lambda: any("trials" in text and "cannot be read" in text for text in toasts.texts), timeout=WITHIN_MS
    )
    assert not bench.running
    assert not bench.prompt.isVisible()
    bench_file().rmdir()


def test_that_a_face_has_a_liveness_word_and_a_video_is_no_match(qtbot: QtBot, live: LivePage) -> None:
    qtbot.waitUntil(
        lambda: any("living face" in text for mark in live.view.canvas.marks for text, _ in mark.notes),
        timeout=WITHIN_MS,
    )
    grace = live.context.people.find("Grace Hopper")
    assert grace is not None
    live.panel.mode.setCurrentIndex(1)
    live.panel.person.choose(grace.id)
    qtbot.waitUntil(lambda: live.liveness.word.text() == "Liveness not shown", timeout=WITHIN_MS)
    assert "is not a camera" in live.liveness.hint.text()
    assert live.panel.decision.text() == "Liveness not shown"


def test_that_a_check_prompts_and_can_be_cancelled(qtbot: QtBot, live: LivePage) -> None:
    check = live.liveness
    qtbot.waitUntil(lambda: bool(live.view.canvas.marks), timeout=WITHIN_MS)
    check.check.click()
    qtbot.waitUntil(lambda: check.cancel.isVisible() and bool(check.prompt.text()), timeout=WITHIN_MS)
    assert check.running
    check.cancel.click()
    assert not check.running
    assert check.check.isVisible()


@pytest.mark.parametrize("lost", ["The computer was asleep. The camera is started again.", ""])
def test_that_a_check_ends_when_the_camera_is_lost_and_that_is_said(qtbot: QtBot, live: LivePage, lost: str) -> None:
    check, window = live.liveness, live.window()
    assert isinstance(window, MainWindow)
    qtbot.waitUntil(lambda: bool(live.view.canvas.marks), timeout=WITHIN_MS)
    check.check.click()
    qtbot.waitUntil(lambda: check.cancel.isVisible() and bool(check.prompt.text()), timeout=WITHIN_MS)
    if lost:
        live.context.feed.state_changed.emit(StreamState(Phase.LOST, lost, "camera"))
    else:
        live.toggle.click()
    assert not check.running
    said = "The camera gives no pictures, so the liveness check was ended. Try it again."
    assert (said in window.toasts.texts) is bool(lost), "whoever turns the camera off knows"
    settle(qtbot, window)


def test_that_turning_the_policy_off_is_one_setting(qtbot: QtBot, live: LivePage) -> None:
    check = live.liveness
    check.policy.setCurrentIndex(0)
    assert live.context.settings.value.liveness == "off"
    qtbot.waitUntil(lambda: all("living" not in m.detail for m in live.view.canvas.marks), timeout=WITHIN_MS)
    live.context.settings.change("liveness", "challenge")
    assert check.policy.currentData() == "challenge"


def test_that_colours_are_shown_only_after_the_warning(qtbot: QtBot, live: LivePage) -> None:
    check, window = live.liveness, live.window()
    qtbot.waitUntil(lambda: bool(live.view.canvas.marks), timeout=WITHIN_MS)
    check.flash.click()
    box = window.findChild(QMessageBox)
    assert box is not None
    assert "unwell" in box.text()
    assert box.defaultButton().text().replace("&", "") == "Cancel"
    box.reject()
    assert not check.running
    check.begin_flash()
    qtbot.waitUntil(lambda: window.findChild(FlashCover) is not None, timeout=WITHIN_MS)
    cover = window.findChild(FlashCover)
    qtbot.waitUntil(cover.isVisible, timeout=WITHIN_MS)
    qtbot.keyClick(cover, Qt.Key.Key_Escape)
    assert not cover.isVisible()
    assert not check.running


def test_that_a_cover_shows_the_plans_colours_and_ends(qtbot: QtBot, live: LivePage) -> None:
    from time import monotonic  # noqa: PLC0415

    cover = FlashCover(live.window())
    with qtbot.waitSignal(cover.ended, timeout=WITHIN_MS):
        cover.play(FlashPlan(((235, 25, 25), (25, 235, 25)), 0.2, monotonic()))
    assert not cover.isVisible()


def test_that_an_outcome_is_shown(qtbot: QtBot, live: LivePage) -> None:
    check = live.liveness
    check.run._kind, check.run._begun = "challenge", True
    passed = CheckState(
        "challenge", CheckPhase.PASSED, "That was a living face.", 3, 3, 0.0, Cue("challenge", Answer.LIVE)
    )
    check.follow(passed)
    assert not check.running
    assert check.prompt.text() == "That was a living face."
    assert check.check.text() == "Check liveness again"
    assert QApplication.instance() is not None


def test_that_a_picture_of_a_face_is_never_marked_as_good() -> None:
    mark = FaceMark(Box(0, 0, 1, 1), "Grace", "0.1", "good")
    assert with_liveness(mark, None) is mark
    assert with_liveness(mark, Cue("passive", Answer.ATTACK)).tone == "bad"
    assert with_liveness(mark, Cue("passive", Answer.LIVE)).detail == "living face"
