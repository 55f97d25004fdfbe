"""The Train page: a real process beside the window, on people made of textures and on real faces."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.learning import DataReport, Recipe
from engine.training.faces import FolderFaces
from engine.training.run import begin
from engine.training.session import runs_folder
from gui.main_window import MainWindow
from gui.pages.train import TrainPage
from tests.engine.training.conftest import QUICK, texture_people
from tests.gui.conftest import WITHIN_MS, settle

LONG_MS = 120_000


@pytest.fixture
def page(window: MainWindow) -> TrainPage:
    window.open_page("train")
    page = window.page
    assert isinstance(page, TrainPage)
    return page


@pytest.fixture
def folder(tmp_path: Path, pictures: Path) -> Path:
    """Two people, one picture of whom is broken."""
    place = tmp_path / "people"
    for name in ("Eileen", "Grace"):
        (place / name).mkdir(parents=True)
    shutil.copy(pictures / "eileen1.jpg", place / "Eileen" / "1.jpg")
    shutil.copy(pictures / "eileen2.png", place / "Eileen" / "2.png")
    shutil.copy(pictures / "grace.jpg", place / "Grace" / "1.jpg")
    shutil.copy(pictures / "broken.jpg", place / "Grace" / "2.jpg")
    return place


@pytest.fixture
def textured(tmp_path: Path) -> FolderFaces:
    return texture_people(tmp_path / "textures")


def ended(qtbot: QtBot, page: TrainPage) -> None:
    qtbot.waitUntil(lambda: page.task is not None and not page.task.running, timeout=LONG_MS)


def test_that_a_folder_is_checked_and_pictures_can_be_left_out(
    qtbot: QtBot, window: MainWindow, page: TrainPage, folder: Path
) -> None:
    page.take_pictures([folder])
    qtbot.waitUntil(lambda: page.pictures.report is not None, timeout=LONG_MS)
    ended(qtbot, page)
    assert page.pictures.counts.text() == "2 people, 4 pictures"
    assert page.pictures.left_out() == ["Grace/2.jpg"]
    kinds = [page.pictures.kind.itemText(place) for place in range(page.pictures.kind.count())]
    assert kinds == ["Cannot be read (1)", "Too few pictures (1)"]
    item = page.pictures.list.item(0)
    assert "Grace/2.jpg" in item.text()
    assert not item.flags() & Qt.ItemFlag.ItemIsUserCheckable, "an unreadable picture cannot be used"
    page.pictures.go_on.click()
    assert page.recipe.isVisible()
    assert page.recipe.go.isEnabled()
    settle(qtbot, window)


def test_that_too_few_people_are_said_before_anything_starts(
    qtbot: QtBot, window: MainWindow, page: TrainPage, folder: Path
) -> None:
    page.check(folder)
    qtbot.waitUntil(lambda: page.pictures.report is not None, timeout=LONG_MS)
    ended(qtbot, page)
    page.show_step(1)
    page.recipe.go.click()
    qtbot.waitUntil(lambda: any("Add people" in text for text in window.toasts.texts), timeout=LONG_MS)
    ended(qtbot, page)
    settle(qtbot, window)


@pytest.mark.parametrize("what", ["missing", "empty"])
def test_that_a_folder_without_people_is_a_sentence(
    qtbot: QtBot, window: MainWindow, page: TrainPage, tmp_path: Path, what: str
) -> None:
    place = tmp_path / "place"
    if what == "empty":
        place.mkdir()
    page.check(place)
    qtbot.waitUntil(lambda: any("“place”" in text for text in window.toasts.texts), timeout=LONG_MS)
    ended(qtbot, page)


def test_that_a_run_is_resumed_watched_judged_and_deleted(
    qtbot: QtBot, window: MainWindow, page: TrainPage, textured: FolderFaces
) -> None:
    begin(runs_folder() / "textures", textured, QUICK.with_values({"epochs": 3}), ())
    page.show_step(3)
    qtbot.waitUntil(lambda: len(page.runs.runs) == 1, timeout=WITHIN_MS)
    page.resume(page.runs.runs[0])
    qtbot.waitUntil(lambda: len(page.progress.tar.xs) == 4, timeout=LONG_MS)
    qtbot.waitUntil(page.progress.verdict.isVisible, timeout=LONG_MS)
    ended(qtbot, page)
    assert page.progress.tar.xs == [0, 1, 2, 3]
    assert set(page.progress.det.curves) == {"after", "before"}
    assert "4 people held out" in page.progress.verdict.text.text()
    assert not page.progress.stop.isVisible()
    page.progress.neighbours.click()
    settle(qtbot, window)
    page.show_step(3)
    qtbot.waitUntil(lambda: page.runs.runs[0].ended is not None, timeout=WITHIN_MS)
    page.runs._delete(page.runs.runs[0])
    qtbot.waitUntil(lambda: page.runs.runs == [], timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_a_training_is_paused_and_stopped_and_can_be_resumed(
    qtbot: QtBot, window: MainWindow, page: TrainPage, textured: FolderFaces
) -> None:
    begin(runs_folder() / "long", textured, QUICK.with_values({"epochs": 5000, "patience": 1000}), ())
    page.show_step(3)
    qtbot.waitUntil(lambda: len(page.runs.runs) == 1, timeout=WITHIN_MS)
    page.resume(page.runs.runs[0])
    qtbot.waitUntil(lambda: len(page.progress.tar.xs) > 1, timeout=LONG_MS)
    page.progress.pause.click()
    assert page.progress.pause.text() == "Go on"
    page.progress.pause.click()
    page.progress.stop.click()
    ended(qtbot, page)
    assert "can be resumed" in page.progress.text.text()
    assert not window.toasts.texts, "stopping is no failure"
    settle(qtbot, window)


def test_that_closing_the_window_stops_a_training(
    qtbot: QtBot, window: MainWindow, page: TrainPage, textured: FolderFaces
) -> None:
    begin(runs_folder() / "long", textured, QUICK.with_values({"epochs": 5000, "patience": 1000}), ())
    page.show_step(3)
    qtbot.waitUntil(lambda: len(page.runs.runs) == 1, timeout=WITHIN_MS)
    page.resume(page.runs.runs[0])
    qtbot.waitUntil(lambda: len(page.progress.tar.xs) > 0, timeout=LONG_MS)
    window.close()
    assert page.task is not None
    assert not page.task.running


def test_that_the_guards_no_can_be_overruled_and_taken_back(
    qtbot: QtBot, window: MainWindow, page: TrainPage, textured: FolderFaces
) -> None:
    begin(runs_folder() / "textures", textured, QUICK.with_values({"epochs": 1}), ())
    page.show_step(3)
    qtbot.waitUntil(lambda: len(page.runs.runs) == 1, timeout=WITHIN_MS)
    page.resume(page.runs.runs[0])
    qtbot.waitUntil(page.progress.verdict.isVisible, timeout=LONG_MS)
    ended(qtbot, page)
    assert page.progress.verdict.anyway.isVisible()
    assert not page.progress.verdict.use.isVisible()
    page.progress.verdict.anyway.click()
    qtbot.waitUntil(lambda: window.settings.value.pack.startswith("trained-"), timeout=LONG_MS)
    settle(qtbot, window)
    people = window.context.people.people
    packs: list[set[str]] = []
    window.client.templates(people[0].id).succeeded.connect(
        lambda found: packs.append({pack for one in found for pack in one.embeddings})
    )
    qtbot.waitUntil(lambda: bool(packs), timeout=WITHIN_MS)
    assert packs[0] == {"dlib-resnet-v1", window.settings.value.pack}
    page.progress.verdict.back.click()
    qtbot.waitUntil(lambda: window.settings.value.pack == "dlib-resnet-v1", timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_the_recipe_follows_its_controls(page: TrainPage, qtbot: QtBot) -> None:
    page.show_step(1)
    recipe = page.recipe
    assert recipe.basics.controls["miner"].isEnabled()
    recipe.basics.changed.emit("loss", "cosface")
    assert recipe.recipe.loss == "cosface"
    assert not recipe.basics.controls["miner"].isEnabled()
    recipe.unfold.click()
    assert recipe.more.isVisible()
    rate = recipe.more.controls["learning_rate"]
    rate.setText("0.00002")  # type: ignore[attr-defined]
    rate.editingFinished.emit()  # type: ignore[attr-defined]
    assert recipe.recipe.learning_rate == 0.00002
    recipe.reset.click()
    assert recipe.recipe == Recipe()
    assert rate.text() == f"{Recipe().learning_rate:g}"  # type: ignore[attr-defined]


def test_that_a_loss_bench_asks_for_a_folder_first(page: TrainPage, window: MainWindow) -> None:
    page.bench(Recipe(), ["triplet"], 5)
    assert any("Choose a folder" in text for text in window.toasts.texts)


def test_that_findings_show_what_is_left_out(page: TrainPage, qtbot: QtBot, window: MainWindow) -> None:
    from engine.learning import Finding  # noqa: PLC0415 - only here

    findings = (
        Finding("mislabelled", "a/1.jpg", "a", "Far.", suggested=True),
        Finding("duplicate", "b/1.jpg", "b", "Twice.", suggested=True),
    )
    page.pictures.show_report(DataReport("/x", 2, 4, 2, 2, findings, 1.0))
    assert page.pictures.left_out() == ["a/1.jpg", "b/1.jpg"]
    page.pictures.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert page.pictures.left_out() == ["b/1.jpg"]
    page.pictures.kind.setCurrentIndex(1)
    page.pictures.kind.activated.emit(1)
    assert "b/1.jpg" in page.pictures.list.item(0).text()


def test_that_only_one_task_runs_at_a_time(qtbot: QtBot, window: MainWindow, page: TrainPage, folder: Path) -> None:
    page.check(folder)
    page.check(folder)
    assert any("already" in text for text in window.toasts.texts)
    page.jobs.stop.click()
    ended(qtbot, page)
    settle(qtbot, window)
