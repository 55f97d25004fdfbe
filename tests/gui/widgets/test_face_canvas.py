"""The canvas: places on screen, choice by mouse and keys, gliding boxes."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from engine.types import Box, PixelArray
from gui.theme.style import THEME
from gui.widgets.face_canvas import FaceCanvas, FaceMark

PIXELS: PixelArray = np.full((100, 200, 3), 128, np.uint8)


@pytest.fixture
def canvas(qtbot: QtBot, qapp: object) -> FaceCanvas:
    THEME.install(qapp, "light")
    made = FaceCanvas("Picture")
    qtbot.addWidget(made)
    made.resize(400, 400)
    made.show()
    return made


def test_that_a_click_chooses_the_face_under_it(qtbot: QtBot, canvas: FaceCanvas) -> None:
    # 200 x 100 in 400 x 400: twice as large, 100 pixels down.
    canvas.show_still(PIXELS, [FaceMark(Box(10, 10, 30, 30), "Ada"), FaceMark(Box(150, 50, 30, 30), "Grace")])
    with qtbot.waitSignal(canvas.face_chosen) as chosen:
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(330, 230))
    assert chosen.args == [1]
    assert canvas.selected == 1
    assert canvas.face_at(QPointF(50, 150)) == 0
    assert canvas.face_at(QPointF(200, 200)) == -1
    with qtbot.assertNotEmitted(canvas.face_chosen):
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))


def test_that_a_mirrored_picture_has_mirrored_boxes(canvas: FaceCanvas) -> None:
    canvas.show_frame(PIXELS, mirrored=True)
    canvas.mark_faces([FaceMark(Box(10, 10, 30, 30), "Ada")])
    assert canvas.face_at(QPointF(400 - 50, 150)) == 0
    assert canvas.face_at(QPointF(50, 150)) == -1


def test_that_of_two_boxes_the_smaller_is_meant(canvas: FaceCanvas) -> None:
    canvas.show_still(PIXELS, [FaceMark(Box(0, 0, 100, 100), "Large"), FaceMark(Box(40, 40, 20, 20), "Small")])
    assert canvas.face_at(QPointF(100, 200)) == 1


def test_that_a_box_glides_to_where_its_face_has_moved(qtbot: QtBot, canvas: FaceCanvas) -> None:
    canvas.show_frame(PIXELS, mirrored=False)
    canvas.mark_faces([FaceMark(Box(10, 10, 30, 30), "Ada")])
    canvas.mark_faces([FaceMark(Box(30, 10, 30, 30), "Ada")])
    assert canvas.face_at(QPointF(2 * 12, 100 + 2 * 20)) == 0, "it has not jumped"
    qtbot.waitUntil(lambda: canvas.face_at(QPointF(2 * 12, 100 + 2 * 20)) == -1, timeout=20_000)


def test_that_two_who_cross_keep_their_boxes(canvas: FaceCanvas) -> None:
    canvas.show_frame(PIXELS, mirrored=False)
    ada, grace = FaceMark(Box(10, 10, 30, 30), "Ada", key=1), FaceMark(Box(60, 10, 30, 30), "Grace", key=2)
    canvas.mark_faces([ada, grace])
    canvas.select(1)
    canvas.mark_faces([grace, ada])
    assert canvas.selected == 0, "Grace is still the one chosen"
    assert canvas.face_at(QPointF(2 * 65, 100 + 2 * 20)) == 0


def test_that_a_box_goes_on_at_its_face_s_speed_until_the_next_answer(qtbot: QtBot, canvas: FaceCanvas) -> None:
    canvas.show_frame(PIXELS, mirrored=False)
    canvas.mark_faces([FaceMark(Box(10, 10, 30, 30), "Ada", key=1, speed_px_s=(400.0, 0.0))])
    qtbot.waitUntil(lambda: canvas.face_at(QPointF(2 * 60, 100 + 2 * 20)) == 0, timeout=20_000)


def test_that_what_is_not_sure_is_told_apart_by_more_than_colour(canvas: FaceCanvas) -> None:
    canvas.show_frame(PIXELS, mirrored=False)
    canvas.mark_faces([FaceMark(Box(10, 10, 30, 30), "Ada?", "come closer", "unsure", 1, notes=(("live", "good"),))])
    assert canvas.accessibleDescription() == "1 face: Ada? come closer live"
    assert not canvas.grab().isNull()


def test_that_notes_stand_below_the_face_and_nothing_lies_over_anything(qtbot: QtBot, canvas: FaceCanvas) -> None:
    notes = (("not sure if alive", "unknown"), ("look at the camera", "unsure"))
    marks = [FaceMark(Box(20, 20, 30, 30), "Ada", notes=notes), FaceMark(Box(24, 50, 30, 30), "Grace", notes=notes)]
    canvas.show_still(PIXELS, marks)
    canvas.grab()
    places = [*canvas.labels.names, *canvas.labels.notes]
    assert len(places) == 6
    assert canvas.labels.notes[0].top() >= 100 + 2 * 50, "the face itself is not covered"
    overlapping = [(a, b) for number, a in enumerate(places) for b in places[:number] if a.intersects(b)]
    assert overlapping == []
