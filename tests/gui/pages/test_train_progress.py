"""The Training step, told what a training tells: its words, its verdicts, its focus."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox
from pytestqt.qtbot import QtBot

from engine.learning import (
    BenchResult,
    Comparison,
    Event,
    Hardest,
    HardTriplet,
    Interval,
    RunEnded,
    RunInfo,
    RunStarted,
    Said,
    Stepped,
    Validated,
)
from engine.types import Progress
from gui.main_window import MainWindow
from gui.pages.train import TrainPage
from gui.pages.train_bench import conclusion
from gui.pages.train_progress import ProgressStep, Stage
from gui.pages.train_verdict import called
from tests.gui.conftest import WITHIN_MS, settle

MINUS = "\N{MINUS SIGN}"
DET = ((1e-4, 0.5), (1e-2, 0.1))
STARTED = RunStarted("/x/a run", "CPU", 1, 10, 5, (8, 1, 3), (40, 5, 15), 1600, 0, 1e-3)
STEPPED = Stepped(7, 1600, 1, 0.25, 1e-4, 30.0, 20.0, 100.0)
VALIDATED = Validated(0, 0, 0.5, 0.1, (0.0, 0.5, 1.0), (1.0, 0.0), (0.0, 1.0), DET, ((0.0, 0.0, 0),), 0.5, best=True)
JUDGED = Comparison(
    "dlib ResNet v1", 9, 100, 90_000, 1e-3, Interval(1.0, 0.9, 1.0, ""), Interval(0.88, 0.8, 0.9, ""),
    Interval(-0.12, -0.2, -0.02, ""), False, DET, DET,
)  # fmt: skip


@pytest.fixture
def step(window: MainWindow) -> ProgressStep:
    window.open_page("train")
    page = window.page
    assert isinstance(page, TrainPage)
    page.show_step(2)
    return page.progress


def tell(step: ProgressStep, *events: Event) -> None:
    for event in events:
        step.take(event)


def test_that_it_says_where_it_is_from_preparing_to_judging(
    qtbot: QtBot, window: MainWindow, step: ProgressStep
) -> None:
    step.begin()
    assert step.title.text() == "Preparing"
    assert not step.stop.isVisible(), "the bar above cancels"
    step.take_progress(Progress(3, 10, "Looking at somebody"))
    assert step.title.text() == "Preparing"
    tell(step, STARTED, STEPPED)
    assert step.title.text() == "a run: training"
    assert "step 7 of about 42" in step.text.text(), "the time limit ends it before the epochs do"
    tell(step, replace(STEPPED, seconds_left=20.0 / 7 * 1593))
    assert "step 7 of 1,600" in step.text.text()
    step.pause.click()
    assert step.title.text() == "a run: paused"
    assert "left" not in step.text.text()
    step.pause.click()
    step.stop.setFocus()
    step.take_progress(Progress(0, 1, "Judging on the people held out"))
    assert step.title.text() == "a run: judging"
    assert step.text.text() == "Judging on the people held out …"
    assert step.stop.isVisible()
    assert not step.pause.isVisible()
    tell(step, RunEnded("/x/a run", "All epochs are done.", 3, 300.0, JUDGED))
    assert step.stage is Stage.ENDED
    assert QApplication.focusWidget() is step.verdict.anyway, "the focus goes to what is to be done next"
    assert list(step.plots.det.curves) == ["after", "before"]
    settle(qtbot, window)


def test_that_news_is_told_once_and_not_again_when_looking_back(
    qtbot: QtBot, window: MainWindow, step: ProgressStep, tmp_path: Path
) -> None:
    step.begin()
    tell(step, STARTED, Said("All alike."), Said("All alike."))
    assert window.toasts.texts == ["All alike."]
    window.toasts.dismiss("All alike.")
    tell(step, Said("All alike."))
    assert window.toasts.texts == []
    run = RunInfo("/x/a run", "a run", "people", "", "", None)
    step.stopped()
    step._replay(run, [STARTED, Said("All alike."), VALIDATED, STEPPED, Hardest(0, ())])
    assert window.toasts.texts == []
    assert step.plots.tar.accessibleDescription() == "Epoch 0: 50"
    assert step.title.text() == "a run: stopped"
    assert step.text.text() == "Epoch 1, step 7 of about 42. It can be resumed."
    settle(qtbot, window)


def test_that_what_never_began_is_not_said_to_go_on(qtbot: QtBot, window: MainWindow, step: ProgressStep) -> None:
    step.begin()
    step.stopped("Nobody has two pictures.")
    assert step.title.text() == "Not started"
    assert step.text.text() == "Nobody has two pictures."
    assert step.plots.loss.accessibleDescription() == "After the first steps"
    step.begin()
    step.stopped()
    assert step.text.text() == "Stopped before the training began."
    settle(qtbot, window)


def test_that_a_worse_network_is_called_worse_and_used_only_after_a_question(
    qtbot: QtBot, window: MainWindow, step: ProgressStep
) -> None:
    step.begin()
    tell(step, STARTED, RunEnded("/x/a run", "All epochs are done.", 3, 300.0, JUDGED))
    verdict = step.verdict
    assert verdict.title.text() == "Worse"
    assert verdict.text.text() == (
        "Of 100 genuine pairs dlib ResNet v1 accepts 100, the trained network 88, where 1 in 1,000 strangers would "
        "match."
    )
    assert (
        f"Change {MINUS}12.0 points (95 % interval {MINUS}20.0 points to {MINUS}2.0 points)" in verdict.details.text()
    )
    assert not verdict.use.isVisible()
    verdict.anyway.click()
    asked = verdict.findChild(QMessageBox, "worse")
    assert isinstance(asked, QMessageBox)
    assert asked.defaultButton().text() == "Keep the network in use"
    asked.reject()
    qtbot.waitUntil(lambda: verdict.findChild(QMessageBox, "worse") is None, timeout=WITHIN_MS)
    assert window.settings.value.pack == "dlib-resnet-v1"
    settle(qtbot, window)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"better_beyond_chance": True, "difference": Interval(0.1, 0.02, 0.2, "")}, "Better"),
        ({"difference": Interval(-0.01, -0.02, 0.01, "")}, "No clear difference"),
        ({}, "Worse"),
        ({"enough_people": False}, "Too few people to tell"),
    ],
)
def test_that_a_verdict_is_a_plain_word(changes: dict[str, object], expected: str) -> None:
    assert called(replace(JUDGED, **changes))[0] == expected  # type: ignore[arg-type]


def test_that_a_bench_counts_its_losses_and_concludes(qtbot: QtBot, window: MainWindow, step: ProgressStep) -> None:
    step.begin(["triplet", "cosface"])
    tell(step, STARTED)
    assert step.title.text() == "Loss 1 of 2, Triplet (FaceNet): training"
    first = BenchResult("triplet", "/x/a", 100, 60.0, Interval(0.9, 0.85, 0.95, "90 %"), DET)
    tell(step, RunEnded("/x/a", "Time is up.", 1, 60.0, JUDGED), first, replace(STARTED, run="/x/b"))
    assert step.title.text() == "Loss 2 of 2, CosFace: training"
    assert list(step.plots.det.curves) == ["Triplet (FaceNet): TAR 90.0%"], "the curves before stay"
    second = replace(first, loss="cosface", tar=Interval(0.7, 0.6, 0.8, "70 %"))
    tell(step, second)
    assert step.title.text() == "Loss bench: done"
    assert step.text.text() == "Triplet (FaceNet) does best, beyond what chance explains."
    assert not step.verdict.isVisible()
    assert "may be chance" in conclusion([first, replace(second, tar=Interval(0.88, 0.8, 0.93, ""))])
    assert "equally well" in conclusion([first, replace(second, tar=first.tar)])
    settle(qtbot, window)


def test_that_the_hardest_faces_are_named_and_judged(qtbot: QtBot, window: MainWindow, step: ProgressStep) -> None:
    step.begin()
    tell(step, STARTED, Hardest(0, (HardTriplet("a", "b", "c", 0.3, 0.2), HardTriplet("a", "b", "c", 0.22, 0.39))))
    qtbot.waitUntil(lambda: "Told apart" in [one.text() for one in step.plots.findChildren(QLabel)], timeout=WITHIN_MS)
    said = [one.text() for one in step.plots.findChildren(QLabel)]
    assert said.count("The stranger is nearer") == 1
    assert {"Face", "Same", "Stranger", "0.22", "0.39"} <= set(said)
    settle(qtbot, window)
