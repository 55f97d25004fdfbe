"""The Train page: a real process beside the window, on people made of textures and on real faces."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from engine.learning import Checked, DataReport, Finding, Recipe
from engine.training.faces import FolderFaces
from engine.training.run import begin
from engine.training.session import runs_folder
from gui.main_window import MainWindow
from gui.pages.train import TrainPage
from gui.widgets.number_line import NumberLine
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


def report_of(people: int) -> DataReport:
    """A folder of people with three pictures each, of which one is proposed to be left out."""
    findings = (Finding("duplicate", "p0/1.jpg", "p0", "Twice.", suggested=True, other_picture="p0/2.jpg"),)
    counts = tuple((f"p{number}", 3) for number in range(people))
    return DataReport("/nowhere", people, 3 * people, people, 3 * people - 1, findings, 0.1, faces_of=counts)


def texts_of(widget: QWidget) -> list[str]:
    return [one.text() for one in widget.findChildren(QLabel) if one.isVisible()]


def buttons_of(widget: QWidget) -> list[str]:
    return [one.text() for one in widget.findChildren(QPushButton) if one.isVisible()]


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
    item = page.pictures.findings.list.item(0)
    assert "Grace/2.jpg" in item.text()
    assert item.data(Qt.ItemDataRole.CheckStateRole) is None, "an unreadable picture cannot be used"
    assert item.data(Qt.ItemDataRole.AccessibleDescriptionRole) == "left out"
    settle(qtbot, window)


def test_that_too_few_people_are_said_before_anything_starts(
    qtbot: QtBot, window: MainWindow, page: TrainPage, folder: Path
) -> None:
    page.check(folder)
    qtbot.waitUntil(lambda: page.pictures.report is not None, timeout=LONG_MS)
    assert "Too few to train: 6 people" in page.pictures.where.text()
    assert "here is 1" in page.pictures.where.text()
    assert not page.pictures.go_on.isEnabled()
    page.show_step(1)
    assert not page.recipe.go.isEnabled()
    assert not page.recipe.bench_go.isEnabled()
    assert "Too few" in page.recipe.data.text()
    ended(qtbot, page)
    settle(qtbot, window)


def test_that_a_check_is_taken_wherever_the_user_has_gone_meanwhile(
    qtbot: QtBot, window: MainWindow, page: TrainPage, folder: Path
) -> None:
    page.pictures.show_report(report_of(people=8))
    page._tell_ready()
    assert page.recipe.go.isEnabled()
    page.check(folder)
    assert not page.recipe.go.isEnabled(), "the folder before is no longer the one to train on"
    page.show_step(1)
    qtbot.waitUntil(lambda: page.pictures.report is not None, timeout=LONG_MS)
    assert page.pictures.counts.text() == "2 people, 4 pictures"
    ended(qtbot, page)
    settle(qtbot, window)


def test_that_preparing_a_training_leaves_the_ticks_alone(page: TrainPage) -> None:
    page.pictures.show_report(report_of(people=8))
    page.pictures.findings.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    page._purpose = "train"
    page._on_event(Checked(report_of(people=8)))
    assert page.pictures.left_out() == []


@pytest.mark.parametrize("what", ["missing", "empty"])
def test_that_a_folder_without_people_is_a_sentence(
    qtbot: QtBot, window: MainWindow, page: TrainPage, tmp_path: Path, what: str
) -> None:
    place = tmp_path / "place"
    if what == "empty":
        place.mkdir()
    page.check(place)
    qtbot.waitUntil(lambda: "“place”" in page.pictures.zone.text.text(), timeout=LONG_MS)
    ended(qtbot, page)
    qtbot.waitUntil(page.pictures.zone.choose.isEnabled, timeout=WITHIN_MS)
    assert window.toasts.texts == [], "what the page says already is not said twice"


def test_that_a_run_is_resumed_watched_judged_and_deleted(
    qtbot: QtBot, window: MainWindow, page: TrainPage, textured: FolderFaces
) -> None:
    begin(runs_folder() / "textures", textured, QUICK.with_values({"epochs": 3}), ())
    page.show_step(3)
    qtbot.waitUntil(lambda: len(page.runs.runs) == 1, timeout=WITHIN_MS)
    page.resume(page.runs.runs[0])
    qtbot.waitUntil(lambda: len(page.progress.plots.tar.xs) == 4, timeout=LONG_MS)
    qtbot.waitUntil(page.progress.verdict.isVisible, timeout=LONG_MS)
    ended(qtbot, page)
    assert page.progress.plots.tar.xs == [0, 1, 2, 3]
    assert set(page.progress.plots.det.curves) == {"after", "before"}
    assert "4 people held out" in page.progress.verdict.details.text()
    assert not page.progress.stop.isVisible()
    assert page.progress.title.text() == "textures: done"
    page.progress.plots.neighbours.click()
    assert page.progress.plots.neighbours.text() == "Mapping …"
    settle(qtbot, window)
    assert page.progress.plots.map.accessibleName() == "Map of faces (t-SNE)"
    page.progress.plots.neighbours.click()
    assert page.progress.plots.map.accessibleName() == "Map of faces (PCA)"
    page.show_step(3)
    qtbot.waitUntil(lambda: page.runs.runs[0].ended is not None, timeout=WITHIN_MS)
    page.runs.delete(page.runs.runs[0])
    qtbot.waitUntil(lambda: page.runs.runs == [] and page.runs.put_back.isVisible(), timeout=WITHIN_MS)
    assert page.progress.run is None, "a run that is gone is no longer shown"
    assert page.progress.title.text() == "Nothing is shown"
    assert not page.progress.verdict.isVisibleTo(page.progress)
    page.runs.put_back.click()
    qtbot.waitUntil(lambda: [run.name for run in page.runs.runs] == ["textures"], timeout=WITHIN_MS)
    qtbot.waitUntil(lambda: not page.runs.put_back.isVisible(), timeout=WITHIN_MS)
    page.runs.delete(page.runs.runs[0])
    qtbot.waitUntil(lambda: page.runs.runs == [], timeout=WITHIN_MS)
    settle(qtbot, window)
    window.close()
    assert not [place for place in runs_folder().iterdir() if place.is_dir()], "it is gone for good now"


def test_that_a_training_is_paused_and_stopped_and_can_be_resumed(
    qtbot: QtBot, window: MainWindow, page: TrainPage, textured: FolderFaces
) -> None:
    begin(runs_folder() / "long", textured, QUICK.with_values({"epochs": 5000, "patience": 1000}), ())
    page.show_step(3)
    qtbot.waitUntil(lambda: len(page.runs.runs) == 1, timeout=WITHIN_MS)
    page.resume(page.runs.runs[0])
    qtbot.waitUntil(lambda: len(page.progress.plots.tar.xs) > 1, timeout=LONG_MS)
    page.progress.pause.click()
    assert page.progress.pause.text() == "Go on"
    assert page.progress.title.text() == "long: paused"
    page.show_step(3)
    qtbot.waitUntil(lambda: "Training now." in texts_of(page.runs), timeout=WITHIN_MS)
    assert buttons_of(page.runs) == ["Show"]
    page.runs.delete(page.runs.runs[0])
    assert any("Stop it first" in text for text in window.toasts.texts)
    window.toasts.dismiss(*window.toasts.texts)
    page.runs.show_run.emit(page.runs.runs[0])
    assert page.progress.isVisible()
    page.progress.pause.click()
    page.progress.stop.setFocus()
    page.progress.stop.click()
    assert page.progress.title.text() == "long: stopping …"
    assert not page.progress.stop.isEnabled()
    ended(qtbot, page)
    assert page.progress.title.text() == "long: stopped"
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
    qtbot.waitUntil(lambda: len(page.progress.plots.tar.xs) > 0, timeout=LONG_MS)
    window.close()
    task = page.task
    assert task is not None
    qtbot.waitUntil(lambda: not task.running, timeout=LONG_MS)


def test_that_the_guards_no_can_be_overruled_and_taken_back(
    qtbot: QtBot, window: MainWindow, page: TrainPage, textured: FolderFaces
) -> None:
    begin(runs_folder() / "textures", textured, QUICK.with_values({"epochs": 1}), ())
    page.show_step(3)
    qtbot.waitUntil(lambda: len(page.runs.runs) == 1, timeout=WITHIN_MS)
    page.resume(page.runs.runs[0])
    qtbot.waitUntil(page.progress.verdict.isVisible, timeout=LONG_MS)
    ended(qtbot, page)
    verdict = page.progress.verdict
    assert verdict.anyway.isVisible()
    assert not verdict.use.isVisible()
    verdict.anyway.setFocus()
    verdict.anyway.click()
    if verdict.title.text() == "Worse":
        verdict.findChild(QMessageBox, "worse").buttons()[0].click()
    qtbot.waitUntil(lambda: window.settings.value.pack.startswith("trained-"), timeout=LONG_MS)
    settle(qtbot, window)
    people = window.context.people.people
    packs: list[set[str]] = []
    window.client.templates(people[0].id).succeeded.connect(
        lambda found: packs.append({pack for one in found for pack in one.embeddings})
    )
    qtbot.waitUntil(lambda: bool(packs), timeout=WITHIN_MS)
    assert packs[0] == {"dlib-resnet-v1", window.settings.value.pack}
    assert verdict.in_use.isVisible()
    assert not verdict.anyway.isVisible()
    assert verdict.back.text() == "Go back to dlib ResNet v1"
    assert verdict.back.hasFocus(), "the focus stays in the card"
    trained = window.settings.value.pack
    page.show_step(3)
    qtbot.waitUntil(lambda: "In use" in texts_of(page.runs), timeout=WITHIN_MS)
    page.show_step(2)
    verdict.back.click()
    qtbot.waitUntil(lambda: window.settings.value.pack == "dlib-resnet-v1", timeout=WITHIN_MS)
    settle(qtbot, window)
    assert window.settings.value.previous_pack == trained
    assert verdict.anyway.isVisible()


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
    assert isinstance(rate, NumberLine)
    rate.setText("0.00002")
    rate.editingFinished.emit()
    assert recipe.recipe.learning_rate == 0.00002
    recipe.reset.click()
    assert recipe.recipe == Recipe()
    assert rate.text() == f"{Recipe().learning_rate:g}"
    share = recipe.more.controls["test_share"]
    assert isinstance(share, NumberLine)
    assert share.text() == "25", "a share is shown in percent"
    share.setText("30")
    share.editingFinished.emit()
    assert recipe.recipe.test_share == 0.3
    recipe.basics.changed.emit("start", "siamese")
    assert not recipe.basics.controls["freeze"].isEnabled(), "fresh weights are all learned"


def test_that_a_bench_needs_a_loss_and_says_how_long_it_takes(page: TrainPage) -> None:
    page.pictures.show_report(report_of(people=8))
    page._tell_ready()
    recipe = page.recipe
    recipe.seconds.setValue(60)
    assert recipe.bench_time.text().startswith("3 losses: 3 min of training")
    assert recipe.bench_go.isEnabled()
    for box in recipe.losses.values():
        box.setChecked(False)
    assert not recipe.bench_go.isEnabled()
    assert recipe.bench_time.text() == "Tick the losses to compare."


def test_that_a_bench_leaves_out_what_is_ticked(qtbot: QtBot, window: MainWindow, page: TrainPage) -> None:
    page.pictures.show_report(report_of(people=8))
    page.bench(Recipe(), ["triplet", "cosface"], 5)
    qtbot.waitUntil(lambda: page.task is not None, timeout=WITHIN_MS)
    assert page.task is not None
    listed = Path(page.task.arguments[page.task.arguments.index("--leave-out") + 1])
    assert listed.read_text() == "p0/1.jpg"
    qtbot.waitUntil(lambda: page.progress.title.text() == "Not started", timeout=LONG_MS)
    assert "no folder" in page.progress.text.text().lower()
    ended(qtbot, page)
    settle(qtbot, window)


def test_that_a_loss_bench_asks_for_a_folder_first(page: TrainPage, window: MainWindow) -> None:
    page.bench(Recipe(), ["triplet"], 5)
    assert any("Choose a folder" in text for text in window.toasts.texts)


def test_that_findings_show_what_is_left_out(page: TrainPage, qtbot: QtBot, window: MainWindow) -> None:
    findings = (
        Finding("mislabelled", "a/1.jpg", "a", "Far.", suggested=True),
        Finding("duplicate", "b/1.jpg", "b", "Twice.", suggested=True),
    )
    page.pictures.show_report(DataReport("/x", 2, 4, 2, 2, findings, 1.0, faces_of=(("a", 2), ("b", 2))))
    page._tell_ready()
    assert page.pictures.left_out() == ["a/1.jpg", "b/1.jpg"]
    assert "0 people with 0 pictures" in page.pictures.where.text()
    page.pictures.findings.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert page.pictures.left_out() == ["b/1.jpg"]
    assert "1 person with 2 pictures" in page.pictures.where.text(), "the counts follow the ticks"
    assert "here is 1" in page.recipe.data.text()
    page.pictures.kind.setCurrentIndex(1)
    page.pictures.kind.activated.emit(1)
    assert "b/1.jpg" in page.pictures.findings.list.item(0).text()


def test_that_only_one_task_runs_at_a_time(qtbot: QtBot, window: MainWindow, page: TrainPage, folder: Path) -> None:
    page.check(folder)
    page.check(folder)
    assert any("already" in text for text in window.toasts.texts)
    page.jobs.stop.click()
    ended(qtbot, page)
    settle(qtbot, window)
