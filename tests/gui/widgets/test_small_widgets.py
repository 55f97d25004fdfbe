"""Toasts, progress, the gauge's words, fields that keep what is typed, drop zones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QButtonGroup, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from engine.capture.images import read_image
from engine.types import Box, Comparison, Face, FalseMatchRate, Metric, Pose, Progress, Quality
from gui.engine_client import EngineClient, Job
from gui.widgets.basics import lead_tab_to, row
from gui.widgets.commit_edits import LineCommit, TextCommit
from gui.widgets.drop_zone import DropZone, pictures_in
from gui.widgets.job_bar import JobBar
from gui.widgets.score_gauge import ScoreGauge, rate_in_words
from gui.widgets.toast import ToastHost


@pytest.fixture
def over(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.resize(900, 600)
    widget.show()
    return widget


def button(widget: QWidget, text: str) -> QPushButton:
    return next(one for one in widget.findChildren(QPushButton) if text in (one.text(), one.accessibleName()))


# --- toasts ---------------------------------------------------------------------------------------------------------


def test_that_a_toast_offers_its_action_and_goes(qtbot: QtBot, over: QWidget) -> None:
    host, done = ToastHost(over), []
    toast = host.show("Deleted.", "good", action="Undo", act=lambda: done.append(1))
    assert host.texts == ["Deleted."]
    button(toast, "Undo").click()
    assert done == [1]
    assert host.texts == []


def test_that_an_errors_details_unfold_and_can_be_copied(qtbot: QtBot, over: QWidget) -> None:
    host = ToastHost(over)
    toast = host.show("It failed.", "bad", "Traceback: line 1")
    height = toast.height()
    button(toast, "Details").click()
    assert toast.height() > height
    button(toast, "Copy").click()
    assert QGuiApplication.clipboard().text() == "It failed.\n\nTraceback: line 1"


def test_that_the_same_message_is_not_piled_up(over: QWidget) -> None:
    host = ToastHost(over)
    for _ in range(3):
        host.show("No camera.")
    for number in range(5):
        host.show(f"Message {number}")
    assert host.texts == ["Message 2", "Message 3", "Message 4"]


def test_that_markup_in_a_message_is_text(over: QWidget) -> None:
    toast = ToastHost(over).show("<img src=x> is enrolled.")
    assert toast.message.textFormat() is Qt.TextFormat.PlainText


# --- progress -------------------------------------------------------------------------------------------------------


def test_that_progress_is_shown_and_a_cancel_reaches_the_job(qtbot: QtBot, client: EngineClient) -> None:
    bar = JobBar()
    qtbot.addWidget(bar)
    assert not bar.isVisible()
    job = Job(client.post, client)
    bar.follow(job, "Judging pictures")
    job.progressed.emit(Progress(3, 12, "x.jpg"))
    assert bar.isVisible()
    assert "Judging pictures 3 of 12" in bar.text.text()
    bar.stop.click()
    assert job.token.cancelled
    job.finished.emit()
    assert not bar.isVisible()


def test_that_work_which_speaks_says_what_it_does(qtbot: QtBot, client: EngineClient) -> None:
    bar = JobBar()
    qtbot.addWidget(bar)
    job = Job(client.post, client)
    bar.follow(job, "Preparing", speaks=True)
    job.progressed.emit(Progress(3, 12, "Looking at somebody"))
    assert bar.text.text().startswith("Looking at somebody 3 of 12")
    job.progressed.emit(Progress(0, 1, "Judging on the people held out"))
    assert bar.text.text() == "Judging on the people held out", "one step is no measure"
    job.progressed.emit(Progress(1, 3, "x" * 500))
    assert len(bar.text.text()) < 100
    bar.stop.click()
    job.progressed.emit(Progress(4, 12, "Looking"))
    assert bar.text.text() == "Stopping …"
    job.finished.emit()


def test_that_a_message_that_was_dealt_with_goes(over: QWidget) -> None:
    host = ToastHost(over)
    host.show("Wrong folder.", "bad")
    host.show("Saved.")
    host.dismiss("Wrong folder.", "Never shown.")
    assert host.texts == ["Saved."]


def test_that_tab_reaches_the_checked_button_of_a_group(qtbot: QtBot, over: QWidget) -> None:
    group = QButtonGroup(over)
    buttons = [QPushButton(name) for name in ("a", "b", "c")]
    over.setLayout(row(*buttons))
    for one in buttons:
        one.setCheckable(True)
        group.addButton(one)
    buttons[1].setChecked(True)
    lead_tab_to(buttons[1])
    reached = [bool(one.focusPolicy() & Qt.FocusPolicy.TabFocus) for one in buttons]
    assert reached == [False, True, False]
    over.activateWindow()
    qtbot.waitUntil(buttons[2].isVisible)
    buttons[1].setFocus()
    QTest.keyClick(buttons[1], Qt.Key.Key_Right)
    assert buttons[2].hasFocus(), "the arrow keys reach the others"
    assert buttons[2].isChecked()


# --- the gauge ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (
            FalseMatchRate(1e-4, 1.2e-4, 1_000_000),
            "About 1 stranger in 10,000 gets this close (at most 1 in 8,333, 95 %)",
        ),
        (FalseMatchRate(0.0, 3e-6, 1_000_000), "Of 1,000,000 pairs of strangers, none was this close"),
        (FalseMatchRate(0.58, 0.59, 1_000_000), "Most strangers get this close (58% of all pairs)."),
        (None, "Cosine distance 0.043, limit 0.055"),
    ],
)
def test_that_a_distance_comes_with_its_meaning(rate: FalseMatchRate | None, expected: str) -> None:
    picture = np.zeros((4, 4, 3), np.uint8)
    face = Face(Box(0, 0, 1, 1), 1.0, np.zeros((5, 2), np.float32), picture, picture, Quality((), Pose(0, 0, 0)))
    words = rate_in_words(Comparison(True, 0.043, 0.055, Metric.COSINE, face, face, rate))
    assert words.startswith("Cosine distance 0.043, limit 0.055")
    assert expected in words


def test_that_the_gauge_can_be_heard(qtbot: QtBot) -> None:
    gauge = ScoreGauge()
    qtbot.addWidget(gauge)
    gauge.show_distance(0.0431, 0.055)
    assert gauge.accessibleDescription() == "distance 0.043, limit 0.055"
    gauge.grab()


# --- fields ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [LineCommit, TextCommit])
def test_that_a_field_keeps_what_was_typed_once(qtbot: QtBot, kind: type[LineCommit | TextCommit]) -> None:
    field, kept = kind("Field"), []
    qtbot.addWidget(field)
    field.committed.connect(kept.append)
    field.show_text("before")
    field.commit()
    QTest.keyClicks(field, "!")
    field.commit()
    field.commit()
    assert len(kept) == 1


# --- drops ----------------------------------------------------------------------------------------------------------


def test_that_a_dropped_file_and_a_dropped_picture_are_taken(qtbot: QtBot, pictures: Path) -> None:
    zone = DropZone("Drop here", folders=True)
    qtbot.addWidget(zone)
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile(str(pictures / "grace.jpg")), QUrl("https://example.org/x.jpg")])
    drop = QDropEvent(
        QPointF(1, 1), Qt.DropAction.CopyAction, files, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    with qtbot.waitSignal(zone.dropped) as taken:
        zone.dropEvent(drop)
    assert taken.args == [[pictures / "grace.jpg"]]


def test_that_a_pasted_picture_is_read_as_it_was_copied(pictures: Path) -> None:
    data = QMimeData()
    image = QImage(str(pictures / "grace.jpg"))
    data.setImageData(image)
    (content,) = pictures_in(data)
    frame = read_image(content)
    assert frame.size == (image.width(), image.height())
    colour = image.pixelColor(100, 120)
    assert tuple(frame.pixels[120, 100]) == (colour.red(), colour.green(), colour.blue())


def test_that_text_on_the_clipboard_is_no_picture() -> None:
    data = QMimeData()
    data.setText("hello")
    assert pictures_in(data) == []
    assert pictures_in(None) == []
