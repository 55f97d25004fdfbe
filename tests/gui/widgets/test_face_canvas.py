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


def test_that_a_box_glides_to_where_its_face_has_moved(canvas: FaceCanvas) -> None:
    canvas.show_frame(PIXELS, mirrored=False)
    canvas.mark_faces([FaceMark(Box(10, 10, 30, 30), "Ada")])
    canvas.mark_faces([FaceMark(Box(30, 10, 30, 30), "Ada")])
    at_start = canvas.face_at(QPointF(2 * 12, 100 + 2 * 20))
    for _ in range(30):
        canvas.show_frame(PIXELS, mirrored=False)
    assert at_start == 0, "it has not jumped"
    assert canvas.face_at(QPointF(2 * 12, 100 + 2 * 20)) == -1
    assert canvas.face_at(QPointF(2 * 58, 100 + 2 * 20)) == 0


def test_that_a_face_elsewhere_is_another_face_and_does_not_glide(canvas: FaceCanvas) -> None:
    canvas.show_frame(PIXELS, mirrored=False)
    canvas.mark_faces([FaceMark(Box(10, 10, 30, 30), "Ada")])
    canvas.mark_faces([FaceMark(Box(150, 60, 30, 30), "Grace")])
    assert canvas.face_at(QPointF(2 * 165, 100 + 2 * 75)) == 0


def test_that_a_screen_reader_hears_who_is_there(canvas: FaceCanvas) -> None:
    canvas.show_still(PIXELS, [FaceMark(Box(10, 10, 30, 30), "Ada", "0.03", "good")])
    assert canvas.accessibleDescription() == "1 face: Ada 0.03"
    canvas.show_still(None)
    assert canvas.accessibleDescription() == "no faces"


def test_that_names_do_not_cover_one_another(canvas: FaceCanvas) -> None:
    marks = [FaceMark(Box(60 + 20 * number, 40, 25, 25), "A rather long name", "0.03") for number in range(3)]
    canvas.show_still(PIXELS, marks)
    canvas.grab()
    places = canvas.label_places
    assert len(places) == 3
    assert not any(one.intersects(other) for one in places for other in places if one is not other)
