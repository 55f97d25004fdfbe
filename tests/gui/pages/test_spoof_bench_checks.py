"""Trials with a check at the spoof bench: a face that turns as the bench asks, and one that reflects its colours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from PySide6.QtWidgets import QFrame, QMessageBox
from pytestqt.qtbot import QtBot

from engine.capture.images import read_image
from engine.liveness.challenge import Move
from engine.liveness_values import BONA_FIDE, Way, WayResult
from engine.service import FaceService
from engine.settings import Settings
from engine.types import PixelArray
from gui.main_window import MainWindow
from gui.pages.evaluate import EvaluatePage
from gui.pages.spoof_bench import SpoofBench
from gui.widgets.flash_cover import FlashCover
from tests.cameras import MadeUpCamera
from tests.engine.liveness.rendered import portrait, turned
from tests.given_networks import Alive, GivenNetworks
from tests.gui.conftest import WITHIN_MS, result_of, settle

SPEC = "camera:Made-up||"
FACE = (slice(60, 260), slice(160, 290))
"""Where Eileen Collins's face is in her picture of 512x512."""
DEG_A_S = 40.0


class Head:
    """A picture as a relief that turns to where the bench asks it to."""

    def __init__(self, pixels: PixelArray) -> None:
        self.pixels, self.prompts = pixels, [""]
        self.relief = False
        self._yaw = self._now_s = 0.0

    def at(self, now_s: float) -> PixelArray:
        """The picture of a moment; called on the camera's thread."""
        left = (24.0 if "to your left" in self.prompts[-1] else 0.0) - self._yaw
        step = DEG_A_S * (now_s - self._now_s) if self._now_s else 0.0
        self._yaw, self._now_s = self._yaw + float(np.clip(left, -step, step)), now_s
        return turned(self.pixels, self._yaw) if self.relief else self.pixels


@pytest.fixture
def open_bench(
    qtbot: QtBot, enrolled: Path, open_window: Callable[..., MainWindow], monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[float], PixelArray]], SpoofBench]:
    """Opens the bench before a made-up camera, where Settings ask for a check."""

    def open_it(picture_at: Callable[[float], PixelArray]) -> SpoofBench:
        camera = MadeUpCamera(picture_at)
        monkeypatch.setattr("engine.capture.cameras.open_source", lambda *_: camera)
        window = open_window(Settings(camera=SPEC, page="evaluate", liveness="challenge"))

        def put(service: FaceService, _job: object) -> None:
            service.liveness.networks = GivenNetworks(Alive())

        result_of(qtbot, window.client.submit(put))
        assert isinstance(window.page, EvaluatePage)
        window.page.what.setCurrentIndex(1)
        bench = window.page.bench
        qtbot.waitUntil(lambda: bench.report is not None and bool(bench.view.canvas.marks), timeout=WITHIN_MS)
        return bench

    return open_it


@pytest.fixture
def head(monkeypatch: pytest.MonkeyPatch, pictures: Path) -> Head:
    """Eileen Collins, who is asked for one turn; a busy machine looks at few frames."""
    monkeypatch.setattr("engine.liveness.challenge.random_moves", lambda: (Move.LEFT,))
    for limit in ("_LOST_S", "STEP_S", "WAITING_S"):
        monkeypatch.setattr(f"engine.liveness.challenge.{limit}", 25.0)
    return Head(read_image(pictures / "eileen1.jpg").pixels)


def follow(bench: SpoofBench, head: Head) -> None:
    bench.run.changed.connect(lambda: head.prompts.append(bench.prompt.text()))


def results(bench: SpoofBench) -> dict[Way, WayResult]:
    assert bench.report is not None
    return {way.way: way for way in bench.report.ways}


def test_that_a_living_face_that_turns_as_asked_is_let_in_by_the_policy(
    qtbot: QtBot, open_bench: Callable[..., SpoofBench], head: Head
) -> None:
    bench = open_bench(head.at)
    window = cast("MainWindow", bench.window())
    made = window.client.submit(lambda service, _job: portrait(service._now.networks.for_live, head.pixels))
    head.pixels, head.relief = cast("PixelArray", result_of(qtbot, made)), True
    follow(bench, head)
    assert (bench.way.accessibleName(), bench.way.currentText()) == ("Judged by", "Look and movements")
    eileen = window.context.people.find("Eileen Collins")
    assert eileen is not None
    bench.claimed.choose(eileen.id)
    bench.species.setCurrentIndex(bench.species.findData(BONA_FIDE))
    bench.begin.click()
    qtbot.waitUntil(lambda: bench.prompt.text() == "Look straight at the camera.", timeout=WITHIN_MS)
    assert bench.cancel.isVisible()
    qtbot.waitUntil(lambda: not bench.running, timeout=WITHIN_MS)
    assert "Turn your head to your left." in head.prompts
    assert "Answer: live. The look of the face: live. The movement: live." in bench.prompt.text()
    qtbot.waitUntil(lambda: results(bench)[Way.CHALLENGE].bona_fide.presented == 1, timeout=WITHIN_MS)
    found = results(bench)[Way.CHALLENGE].bona_fide
    assert (found.error.errors, found.error.total, found.accepted.errors, found.accepted.total) == (0, 1, 0, 1)
    assert [cue.key for cue in found.cues] == ["passive", "challenge"]
    title = "Living faces: Look and movements, as Settings ask"
    (shown,) = (one for one in bench.findChildren(QFrame) if one.accessibleName() == title)
    assert found.error.text in shown.accessibleDescription()
    assert "no attack was tried before this camera yet and judged by what Settings ask for" in bench.headline.text()


def test_that_nothing_is_kept_of_a_check_that_is_given_up(
    qtbot: QtBot, open_bench: Callable[..., SpoofBench], head: Head
) -> None:
    bench = open_bench(head.at)
    bench.begin.click()
    qtbot.waitUntil(lambda: bench.prompt.text() == "Turn your head to your left.", timeout=WITHIN_MS)
    bench.cancel.click()
    assert not bench.running
    assert bench.begin.isVisible()
    bench.refresh()
    settle(qtbot, cast("MainWindow", bench.window()))
    assert not any(way.attacks for way in results(bench).values())


def test_that_a_trial_shows_colours_only_after_the_warning_and_sees_them_reflected(
    qtbot: QtBot, open_bench: Callable[..., SpoofBench], pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.liveness.flash.LEAST_FRAMES", 10)
    pixels = read_image(pictures / "eileen1.jpg").pixels.astype(np.float32) * 0.8
    covers: list[FlashCover] = []

    def lit(_now: float) -> PixelArray:
        colour = np.array(covers[0].colour if covers and covers[0].isVisible() else (128, 128, 128), np.float32)
        seen = pixels + 0.01 * colour
        seen[FACE] += 0.1 * colour
        return seen

    bench = open_bench(lit)
    window = bench.window()
    bench.way.setCurrentIndex(bench.way.findData("flash"))
    bench.begin.click()
    warning = window.findChild(QMessageBox)
    assert warning is not None
    assert "unwell" in warning.text()
    warning.reject()
    assert not bench.running
    qtbot.waitUntil(lambda: window.findChild(QMessageBox) is None, timeout=WITHIN_MS)
    bench.begin.click()
    warning = window.findChild(QMessageBox)
    next(one for one in warning.buttons() if "colours" in one.text()).click()
    qtbot.waitUntil(lambda: window.findChild(FlashCover) is not None, timeout=WITHIN_MS)
    covers.append(window.findChild(FlashCover))
    qtbot.waitUntil(lambda: not bench.running, timeout=WITHIN_MS)
    assert not covers[0].isVisible()
    assert "Answer: live. The look of the face: live. The flash: live." in bench.prompt.text()
    qtbot.waitUntil(lambda: bool(results(bench)[Way.FLASH].attacks), timeout=WITHIN_MS)
    assert "by look and colours 1 of 1" in bench.headline.text()
    assert "Look and movements, which Settings accept too" in bench.headline.text()
