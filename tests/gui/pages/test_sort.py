"""The Sort page on real faces: a folder becomes groups, groups become people, by mouse and by key."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent, QKeySequence
from PySide6.QtTest import QAbstractItemModelTester, QSignalSpy, QTest
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from engine.service import FaceService
from engine.settings import Settings
from engine.sorting_values import GroupKind
from gui.itemmodels.face_thumbnails import Thumbnails
from gui.main_window import MainWindow
from gui.pages.sort import SortPage
from gui.pages.sort_dialogs import DeleteDialog, GroupDialog, NameDialog
from gui.theme import tokens as t
from gui.widgets.basics import rounded
from tests.gui.conftest import WITHIN_MS, settle

Dialog = TypeVar("Dialog", bound=QDialog)
Shape = list[tuple[str, int]]
QUICK = Settings(precision="fp32", file_detector="mtcnn", averaging="never")
LEFT = Qt.MouseButton.LeftButton
FOUND = [("Person 1", 3), ("Person 2", 2)]


@pytest.fixture(scope="session")
def album(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Path:
    """A folder of photographs."""
    folder = tmp_path_factory.mktemp("photographs") / "Album"
    shutil.copytree(pictures, folder)
    return folder


@pytest.fixture(scope="session")
def sorted_gallery(tmp_path_factory: pytest.TempPathFactory, album: Path) -> Path:
    """A gallery of nobody in which the album is sorted."""
    path = tmp_path_factory.mktemp("sorted") / "gallery.db"
    service = FaceService(QUICK, path)
    step = service.sorting.begin(album)
    while not step.finished:
        step = service.sorting.go_on(step.sorting_id, 60)
    service.sorting.arrange(step.sorting_id)
    service.close()
    return path


@pytest.fixture
def empty_window(open_window: Callable[..., MainWindow]) -> MainWindow:
    """The window over an empty gallery."""
    return open_window(QUICK)


@pytest.fixture
def page(qtbot: QtBot, gallery_path: Path, sorted_gallery: Path, open_window: Callable[..., MainWindow]) -> SortPage:
    """The Sort page with the album open."""
    shutil.copy(sorted_gallery, gallery_path)
    window = open_window(QUICK)
    page = sort_page(window)
    settle(qtbot, window)
    page.start.lines[0].open.click()
    shows(qtbot, page, FOUND)
    return page


def sort_page(window: MainWindow) -> SortPage:
    window.open_page("sort")
    page = window.page
    assert isinstance(page, SortPage)
    return page


def shape(page: SortPage) -> Shape:
    return [(one.name, one.count) for one in page.groups.groups.groups]


def shows(qtbot: QtBot, page: SortPage, wanted: Shape) -> None:
    """Wait for these groups, and for the faces of the one in sight."""
    qtbot.waitUntil(lambda: shape(page) == wanted, timeout=WITHIN_MS)
    groups = page.groups

    def faces_there() -> bool:
        return groups.current is None or len(groups.faces.faces) == groups.current.count

    qtbot.waitUntil(faces_there, timeout=WITHIN_MS)


def dialog(qtbot: QtBot, kind: type[Dialog]) -> Dialog:
    """The dialog that has just been opened, once keys go to it."""
    asked = next(one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible())
    qtbot.waitUntil(asked.isActiveWindow)
    return asked


def press(page: SortPage, *keys: Qt.Key) -> None:
    """Press keys where the focus is."""
    for key in keys:
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClick(focus, key)


def back(qtbot: QtBot, page: SortPage) -> None:
    """Return to the window after a dialog."""
    page.window().activateWindow()
    qtbot.waitUntil(page.window().isActiveWindow)
    page.groups.list.setFocus()


def test_that_a_dropped_folder_is_sorted(qtbot: QtBot, empty_window: MainWindow, album: Path) -> None:
    page = sort_page(empty_window)
    assert page.start.zone.isVisible()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(album))])
    actions, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    empty_window.dropEvent(QDropEvent(QPoint(5, 5), actions, data, left, none))
    assert page.jobs.isVisible()
    shows(qtbot, page, FOUND)
    assert not page.jobs.isVisible()
    assert page.unreadable.text() == "1 unreadable"
    assert page.unreadable.accessibleName() == "1 picture unreadable"
    empty_window.resize(1200, 800)
    qtbot.waitUntil(lambda: page.other.y() == page.delete.y(), timeout=WITHIN_MS)
    assert page.folder.fontMetrics().horizontalAdvance(album.name) <= page.folder.width()
    page.unreadable.click()
    assert "could not be read" in empty_window.toasts.texts[-1]
    assert page.look_again.text() == "Look again"
    settle(qtbot, empty_window)


def test_that_a_cancelled_folder_is_gone_on_with(
    qtbot: QtBot, empty_window: MainWindow, pictures: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "Many"
    folder.mkdir()
    for number in range(48):
        shutil.copy(pictures / "grace.jpg", folder / f"{number:02}.jpg")
    page = sort_page(empty_window)
    page.take_pictures([folder])
    qtbot.waitUntil(lambda: page.run is not None and page.run.step is not None, timeout=WITHIN_MS)
    page.jobs.stop.click()
    qtbot.waitUntil(lambda: page.result is not None or page.start.isVisible(), timeout=WITHIN_MS)
    settle(qtbot, empty_window)
    if page.result is not None:
        assert page.look_again.text() == "Go on"
        page.other.click()
    settle(qtbot, empty_window)
    line = page.start.lines[0]
    assert line.go_on.isVisible()
    line.go_on.click()
    shows(qtbot, page, [("Person 1", 48)])
    settle(qtbot, empty_window)


def test_that_the_window_stays_usable_while_a_folder_is_looked_through(
    qtbot: QtBot, empty_window: MainWindow, pictures: Path, tmp_path: Path
) -> None:
    for number in range(48):
        shutil.copy(pictures / "grace.jpg", tmp_path / f"{number:02}.jpg")
    page = sort_page(empty_window)
    page.take_pictures([tmp_path])
    qtbot.waitUntil(lambda: page.run is not None and page.run.step is not None, timeout=WITHIN_MS)
    with qtbot.waitSignal(empty_window.client.people().succeeded, timeout=WITHIN_MS):
        pass
    assert page.run is not None, "another page's question was answered in the middle"
    page.jobs.stop.click()
    qtbot.waitUntil(lambda: page.run is None, timeout=WITHIN_MS)
    settle(qtbot, empty_window)


def test_that_faces_are_chosen_and_split_off_from_the_keyboard(qtbot: QtBot, page: SortPage) -> None:
    page.groups.wall.setFocus()
    press(page, Qt.Key.Key_Space, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Space)
    first, _, third = (face.id for face in page.groups.faces.faces)
    assert page.groups.chosen_faces == sorted((first, third))
    assert page.groups.note.text() == "3 faces · 2 chosen"
    press(page, Qt.Key.Key_S)
    shows(qtbot, page, [("Person 2", 2), ("Person 3", 2), ("Person 1", 1)])
    press(page, Qt.Key.Key_U)
    shows(qtbot, page, FOUND)
    settle(qtbot, page.window())  # type: ignore[arg-type]


def test_that_escape_lets_go_of_all(page: SortPage) -> None:
    page.groups.wall.setFocus()
    QTest.keySequence(page.groups.wall, QKeySequence(QKeySequence.StandardKey.SelectAll))
    assert len(page.groups.chosen_faces) == 3
    press(page, Qt.Key.Key_Escape)
    assert page.groups.chosen_faces == []


def test_that_a_face_that_does_not_belong_is_taken_out(qtbot: QtBot, page: SortPage) -> None:
    page.groups.wall.setFocus()
    press(page, Qt.Key.Key_End, Qt.Key.Key_Space, Qt.Key.Key_X)
    shows(qtbot, page, [("Person 1", 2), ("Person 2", 2), ("A face on its own", 1)])
    settle(qtbot, page.window())  # type: ignore[arg-type]


def test_that_a_group_is_named_enrolled_and_taken_back(qtbot: QtBot, page: SortPage) -> None:
    people = page.context.people
    page.groups.list.setFocus()
    press(page, Qt.Key.Key_C)
    asked = dialog(qtbot, NameDialog)
    assert not asked.accept_button.isEnabled()
    qtbot.keyClicks(asked.name, "Eileen Collins")
    QTest.keyClick(asked.name, Qt.Key.Key_Return)
    shows(qtbot, page, [("Person 2", 2), ("Eileen Collins", 3)])
    assert page.groups.current is not None
    assert page.groups.current.name == "Person 2", "the next one is at hand"
    qtbot.waitUntil(lambda: people.find("Eileen Collins") is not None, timeout=WITHIN_MS)
    back(qtbot, page)
    QTest.keySequence(page.window(), QKeySequence(QKeySequence.StandardKey.Undo))
    shows(qtbot, page, FOUND)
    qtbot.waitUntil(lambda: people.find("Eileen Collins") is None, timeout=WITHIN_MS)
    settle(qtbot, page.window())  # type: ignore[arg-type]


def test_that_several_groups_are_merged_or_ignored_at_once(qtbot: QtBot, page: SortPage) -> None:
    page.groups.list.setFocus()
    page.groups.list.selectAll()
    assert page.groups.title.text() == "2 groups chosen"
    press(page, Qt.Key.Key_M)
    shows(qtbot, page, [("Person 1", 5)])
    press(page, Qt.Key.Key_U)
    shows(qtbot, page, FOUND)
    page.groups.list.selectAll()
    press(page, Qt.Key.Key_I)
    shows(qtbot, page, [("Ignored", 5)])
    page.undo.click()
    shows(qtbot, page, FOUND)
    settle(qtbot, page.window())  # type: ignore[arg-type]


def test_that_faces_are_moved_to_another_group(qtbot: QtBot, page: SortPage) -> None:
    page.groups.wall.setFocus()
    press(page, Qt.Key.Key_Space, Qt.Key.Key_V)
    asked = dialog(qtbot, GroupDialog)
    qtbot.keyClicks(asked.search, "person 2")
    QTest.keyClick(asked.search, Qt.Key.Key_Return)
    shows(qtbot, page, [("Person 2", 3), ("Person 1", 2)])
    settle(qtbot, page.window())  # type: ignore[arg-type]


def test_that_one_group_is_merged_with_another_that_is_asked_for(qtbot: QtBot, page: SortPage) -> None:
    page.groups.list.setFocus()
    press(page, Qt.Key.Key_M)
    asked = dialog(qtbot, GroupDialog)
    assert asked.list.model().rowCount() == 1
    asked.accept_button.click()
    shows(qtbot, page, [("Person 1", 5)])
    settle(qtbot, page.window())  # type: ignore[arg-type]


def test_that_names_follow_the_gallery(qtbot: QtBot, page: SortPage) -> None:
    page.groups.list.setFocus()
    press(page, Qt.Key.Key_N)
    asked = dialog(qtbot, NameDialog)
    asked.name.setText("Eileen")
    asked.accept_button.click()
    shows(qtbot, page, [("Person 2", 2), ("Eileen", 3)])
    person = page.context.people.find("Eileen")
    assert person is not None
    page.context.client.rename(person.id, "Colonel Collins")
    shows(qtbot, page, [("Person 2", 2), ("Colonel Collins", 3)])
    settle(qtbot, page.window())  # type: ignore[arg-type]


def test_that_a_proposed_name_is_confirmed_or_refused_with_one_key(
    qtbot: QtBot, enrolled: Path, open_window: Callable[..., MainWindow], album: Path
) -> None:
    window = open_window(QUICK)
    page = sort_page(window)
    page.take_pictures([album])
    shows(qtbot, page, [("Eileen Collins", 3), ("Grace Hopper", 2)])
    assert {one.kind for one in page.groups.groups.groups} == {GroupKind.KNOWN}
    qtbot.waitUntil(page.groups.list.hasFocus, timeout=WITHIN_MS)
    press(page, Qt.Key.Key_X)
    shows(qtbot, page, [("Grace Hopper", 2), ("Person 1", 3)])
    page.groups.list.setCurrentIndex(page.groups.groups.index(0))
    press(page, Qt.Key.Key_C)
    qtbot.waitUntil(lambda: page.groups.groups.groups[-1].kind is GroupKind.CONFIRMED, timeout=WITHIN_MS)
    assert page.groups.groups.groups[-1].name == "Grace Hopper"
    settle(qtbot, window)


def test_that_what_was_found_is_deleted_when_it_is_said_twice(qtbot: QtBot, page: SortPage) -> None:
    page.delete.click()
    asked = dialog(qtbot, DeleteDialog)
    assert asked.accept_button.text() == "Delete"
    asked.accept_button.click()
    qtbot.waitUntil(page.start.isVisible, timeout=WITHIN_MS)
    settle(qtbot, page.window())  # type: ignore[arg-type]
    assert page.start.lines == []


def test_that_a_folder_without_pictures_is_said(qtbot: QtBot, empty_window: MainWindow, tmp_path: Path) -> None:
    page = sort_page(empty_window)
    page.take_pictures([tmp_path / "nowhere"])
    qtbot.waitUntil(lambda: page.run is None, timeout=WITHIN_MS)
    assert "nowhere" in empty_window.toasts.texts[-1]
    assert page.start.isVisible()
    page.take_pictures([b"a picture"])
    assert "Drop a folder" in empty_window.toasts.texts[-1]
    settle(qtbot, empty_window)


def test_that_thumbnails_come_when_they_are_looked_at(qtbot: QtBot, page: SortPage) -> None:
    blank = rounded(None, t.THUMBNAIL_PX).toImage()
    model = page.groups.faces
    for row in range(3):
        picture = partial(model.data, model.index(row), Qt.ItemDataRole.DecorationRole)
        qtbot.waitUntil(lambda picture=picture: picture().toImage() != blank, timeout=WITHIN_MS)
    assert "Face 1 of 3, from" in model.data(model.index(0), Qt.ItemDataRole.AccessibleTextRole)
    settle(qtbot, page.window())  # type: ignore[arg-type]


def test_that_a_result_leaves_alone_what_has_not_changed(qtbot: QtBot, page: SortPage) -> None:
    groups = page.groups
    settle(qtbot, page.window())  # type: ignore[arg-type]
    resets = QSignalSpy(groups.groups.modelReset), QSignalSpy(groups.faces.modelReset)
    person_1 = groups.faces.faces
    QTest.mouseClick(groups.wall.viewport(), LEFT, pos=groups.wall.visualRect(groups.faces.index(1)).center())
    assert groups.chosen_faces == [person_1[1].id]
    other = groups.groups.groups[1]
    assert page.result is not None
    page.context.client.sort_ignore(page.result.sorting.id, [other.id], [])
    page.context.client.gallery_changed.emit()
    shows(qtbot, page, [("Person 1", 3), ("Ignored", 2)])
    assert groups.chosen_faces == [person_1[1].id], "a choice outlives what happens to others"
    assert [spy.count() for spy in resets] == [0, 0]
    left = [face.id for face in person_1 if face.id != person_1[1].id]
    groups.buttons["split"].click()
    shows(qtbot, page, [("Person 1", 2), ("Person 2", 1), ("Ignored", 2)])
    assert sorted(face.id for face in groups.faces.faces) == sorted(left)
    assert groups.chosen_faces == []
    assert [spy.count() for spy in resets] == [0, 0]
    settle(qtbot, page.window())  # type: ignore[arg-type]


def test_that_a_damaged_picture_is_asked_for_once(qtbot: QtBot, page: SortPage) -> None:
    settle(qtbot, page.window())  # type: ignore[arg-type]
    thumbnails = Thumbnails(page.context.client, t.THUMBNAIL_PX, page)
    blank = rounded(None, t.THUMBNAIL_PX).toImage()
    with qtbot.waitSignal(thumbnails.arrived, timeout=WITHIN_MS):
        assert thumbnails.of(10_000).toImage() == blank
    assert thumbnails.of(10_000).toImage() == blank
    settle(qtbot, page.window())  # type: ignore[arg-type]


def test_that_the_item_models_keep_qts_rules(page: SortPage) -> None:
    for model in (page.groups.groups, page.groups.faces):
        QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
