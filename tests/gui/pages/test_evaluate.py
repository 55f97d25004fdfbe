"""The Evaluate page on real faces, measured in a process beside the window."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from gui.main_window import MainWindow
from gui.pages.evaluate import EvaluatePage
from gui.pages.evaluate_tables import evaluation_tables
from tests.gui.conftest import settle

LONG_MS = 120_000


@pytest.fixture
def page(qtbot: QtBot, window: MainWindow) -> EvaluatePage:
    window.open_page("evaluate")
    page = window.page
    assert isinstance(page, EvaluatePage)
    qtbot.waitUntil(lambda: page.pack.count() > 0, timeout=LONG_MS)
    return page


@pytest.fixture
def folder(tmp_path: Path, pictures: Path) -> Path:
    place = tmp_path / "people"
    for name, files in (("Eileen", ("eileen1.jpg", "eileen2.png")), ("Grace", ("grace.jpg", "both.jpg"))):
        (place / name).mkdir(parents=True)
        for number, file in enumerate(files, 1):
            shutil.copy(pictures / file, place / name / f"{name}_{number:04}{Path(file).suffix}")
    return place


def ended(qtbot: QtBot, page: EvaluatePage) -> None:
    qtbot.waitUntil(lambda: page.task is not None and not page.task.running, timeout=LONG_MS)


def test_that_a_folder_is_measured_and_the_report_saved(
    qtbot: QtBot, window: MainWindow, page: EvaluatePage, folder: Path, tmp_path: Path
) -> None:
    assert page.pack.currentText() == "dlib ResNet v1 (in use)"
    page.take_pictures([folder])
    qtbot.waitUntil(lambda: page.evaluation is not None, timeout=LONG_MS)
    ended(qtbot, page)
    assert page.head.text() == "dlib ResNet v1 on “people”"
    assert list(page.det.curves) == ["1. dlib ResNet v1, people"]
    assert not page.jobs.isVisible(), "the result is there; the process may take its time to leave"
    ways, *others = evaluation_tables(page.evaluation)
    assert ways[1].startswith("Comparing ways to decide takes pictures of four people")
    assert ways[3] == []
    assert others[0][3][0][0] == "1 in 100"
    page.show_evaluation(page.evaluation)
    page.results.append(page.evaluation)
    page.show_evaluation(page.evaluation)
    assert list(page.det.curves) == ["1. dlib ResNet v1, people", "2. dlib ResNet v1, people"]
    for name in ("report.html", "report.pdf"):
        page.save_report(tmp_path / name)
        qtbot.waitUntil(lambda name=name: (tmp_path / name).is_file(), timeout=LONG_MS)  # type: ignore[misc]
    page.save_report(tmp_path / "nowhere" / "report.html")
    qtbot.waitUntil(lambda: any("cannot be written" in text for text in window.toasts.texts), timeout=LONG_MS)
    settle(qtbot, window)


def test_that_a_pairs_file_is_measured(qtbot: QtBot, window: MainWindow, page: EvaluatePage, folder: Path) -> None:
    pairs = folder.parent / "pairs.txt"
    pairs.write_text("1\t1\nEileen\t1\t2\nEileen\t1\tGrace\t1\n")
    page.evaluate_pairs(pairs, folder)
    qtbot.waitUntil(lambda: page.evaluation is not None, timeout=LONG_MS)
    ended(qtbot, page)
    assert page.evaluation is not None
    assert (page.evaluation.genuine_pairs, page.evaluation.impostor_pairs) == (1, 1)
    settle(qtbot, window)


def test_that_what_cannot_be_measured_is_a_sentence(
    qtbot: QtBot, window: MainWindow, page: EvaluatePage, tmp_path: Path
) -> None:
    page.evaluate_folder(tmp_path / "nowhere")
    assert page.zone.text.text() == "Measuring on “nowhere” …"
    assert not page.zone.choose.isEnabled()
    qtbot.waitUntil(lambda: any("“nowhere”" in text for text in window.toasts.texts), timeout=LONG_MS)
    ended(qtbot, page)
    assert "Drop a folder" in page.zone.text.text()
    (tmp_path / "empty").mkdir()
    page.evaluate_folder(tmp_path / "empty")
    assert not any("“nowhere”" in text for text in window.toasts.texts), "the next attempt takes the complaint away"
    qtbot.waitUntil(lambda: any("holds no folders" in text for text in window.toasts.texts), timeout=LONG_MS)
    ended(qtbot, page)
    page.take_pictures([b"pasted"])
    assert any("Drop a folder" in text for text in window.toasts.texts)


def test_that_measuring_can_be_cancelled(qtbot: QtBot, window: MainWindow, page: EvaluatePage, folder: Path) -> None:
    page.evaluate_folder(folder)
    page.evaluate_folder(folder)
    assert any("already" in text for text in window.toasts.texts)
    page.jobs.stop.click()
    ended(qtbot, page)
    assert page.evaluation is None
    settle(qtbot, window)
