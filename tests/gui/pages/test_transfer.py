"""In and out by the window's own controls: dialogs, passphrases, summaries, names in pictures."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit
from pytestqt.qtbot import QtBot

from engine.exchange import SourceKind
from gui.main_window import MainWindow
from gui.pages.export_dialog import ExportDialog
from gui.pages.gallery import GalleryPage
from gui.pages.identify import IdentifyPage
from gui.pages.import_dialog import ImportDialog
from gui.pages.picture_names import BESIDE, INSIDE
from gui.pages.transfer_menus import DECISIONS, PEOPLE
from tests.gui.conftest import WITHIN_MS, settle

PASSPHRASE = "correct horse"
Kind = TypeVar("Kind", bound=QDialog)


@pytest.fixture
def page(window: MainWindow) -> GalleryPage:
    window.open_page("gallery")
    page = window.page
    assert isinstance(page, GalleryPage)
    return page


def opened(qtbot: QtBot, kind: type[Kind]) -> Kind:
    found: list[Kind] = []

    def look() -> bool:
        found[:] = [one for one in QApplication.topLevelWidgets() if isinstance(one, kind) and one.isVisible()]
        return bool(found)

    qtbot.waitUntil(look, timeout=WITHIN_MS)
    return found[0]


def exported(qtbot: QtBot, window: MainWindow, page: GalleryPage, place: Path, row: int = 0) -> Path:
    """Export by the dialog."""
    page.transfer.hand_out.choose(PEOPLE)
    dialog = opened(qtbot, ExportDialog)
    dialog.form.setCurrentIndex(row)
    if row == 0:
        qtbot.keyClicks(dialog.passphrase, PASSPHRASE)
        assert not dialog.save.isEnabled(), "it has to be typed twice"
        qtbot.keyClicks(dialog.again, PASSPHRASE)
    assert dialog.save.isEnabled()
    with qtbot.waitSignal(dialog.finished, timeout=WITHIN_MS):
        dialog.export(place)
    settle(qtbot, window)
    return place


def test_that_a_gallery_goes_out_and_comes_back(
    qtbot: QtBot, window: MainWindow, page: GalleryPage, tmp_path: Path
) -> None:
    place = exported(qtbot, window, page, tmp_path / "people.visavis")
    assert "2 people are exported" in window.toasts.texts[-1]
    for _ in range(2):
        page.panel.delete.click()
        settle(qtbot, window)
    assert not window.context.people.people
    page.transfer.import_file(place)
    dialog = opened(qtbot, ImportDialog)
    assert not dialog.start.isEnabled(), "there is no passphrase yet"
    assert dialog.passphrase.echoMode() is QLineEdit.EchoMode.Password
    qtbot.keyClicks(dialog.passphrase, "wrong horse")
    dialog.start.click()
    qtbot.waitUntil(dialog.message.isVisible, timeout=WITHIN_MS)
    assert "does not open" in dialog.message.text()
    qtbot.keyClicks(dialog.passphrase, PASSPHRASE)
    assert dialog.passphrase.text() == PASSPHRASE, "what was wrong is selected, so typing replaces it"
    QTest.keyClick(dialog.passphrase, Qt.Key.Key_Return)
    qtbot.waitUntil(dialog.undo.isVisible, timeout=WITHIN_MS)
    assert dialog.passphrase.text() == ""
    settle(qtbot, window)
    assert [person.name for person in window.context.people.people] == ["Eileen Collins", "Grace Hopper"]
    dialog.undo.click()
    qtbot.waitUntil(lambda: not window.context.people.people, timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_only_the_chosen_person_can_be_exported(
    qtbot: QtBot, window: MainWindow, page: GalleryPage, tmp_path: Path
) -> None:
    grace = window.context.people.find("Grace Hopper")
    assert grace is not None
    page.choose(grace.id)
    settle(qtbot, window)
    page.transfer.hand_out.choose(PEOPLE)
    dialog = opened(qtbot, ExportDialog)
    dialog.who.setCurrentIndex(1)
    assert dialog.who.currentText() == "Only Grace Hopper"
    dialog.form.setCurrentIndex(1)
    assert not dialog.passphrase.isVisible()
    with qtbot.waitSignal(dialog.finished, timeout=WITHIN_MS):
        dialog.export(tmp_path / "people.csv")
    with (tmp_path / "people.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["Grace Hopper"]
    settle(qtbot, window)


def test_that_a_place_that_cannot_be_written_leaves_the_dialog_open_with_a_sentence(
    qtbot: QtBot, window: MainWindow, page: GalleryPage, tmp_path: Path
) -> None:
    page.transfer.hand_out.choose(PEOPLE)
    dialog = opened(qtbot, ExportDialog)
    dialog.form.setCurrentIndex(2)
    dialog.export(tmp_path / "gone" / "people.json")
    qtbot.waitUntil(dialog.message.isVisible, timeout=WITHIN_MS)
    assert "cannot be written" in dialog.message.text()
    assert dialog.save.isEnabled()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    settle(qtbot, window)


def test_that_a_folder_of_people_comes_in_with_a_list_of_what_did_not(
    qtbot: QtBot, window: MainWindow, page: GalleryPage, pictures: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "tree" / "E. Collins"
    folder.mkdir(parents=True)
    for name in ("eileen2.png", "broken.jpg"):
        shutil.copy(pictures / name, folder)
    dialog = page.transfer.open_import(folder.parent, SourceKind.FOLDER)
    assert not dialog.passphrase.isVisible()
    assert dialog.conflict.currentText().startswith("Add")
    dialog.start.click()
    qtbot.waitUntil(dialog.details.isVisible, timeout=WITHIN_MS)
    said = dialog.details.toPlainText()
    assert "broken.jpg" in said
    assert "looks like “Eileen Collins”" in said
    assert dialog.close_button.text() == "Close"
    dialog.close_button.click()
    settle(qtbot, window)
    assert window.context.people.find("E. Collins") is not None


def test_that_escape_stops_an_import_that_is_running(
    qtbot: QtBot, window: MainWindow, page: GalleryPage, pictures: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "tree" / "Many"
    folder.mkdir(parents=True)
    for number in range(30):
        shutil.copy(pictures / "eileen2.png", folder / f"{number}.png")
    dialog = page.transfer.open_import(folder.parent, SourceKind.FOLDER)
    dialog.start.click()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible(), "it waits for the step in hand"
    qtbot.waitUntil(lambda: dialog.message.isVisible() or dialog.details.isVisible(), timeout=WITHIN_MS)
    settle(qtbot, window)
    dialog.close_button.click()
    settle(qtbot, window)


def test_that_what_cannot_be_imported_is_a_sentence(
    qtbot: QtBot, window: MainWindow, page: GalleryPage, tmp_path: Path
) -> None:
    (tmp_path / "x.pkl").write_bytes(b"\x80\x04.")
    page.transfer.import_file(tmp_path / "x.pkl")
    qtbot.waitUntil(lambda: any("pickle" in text for text in window.toasts.texts), timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_an_empty_gallery_can_import_and_has_nobody_to_export(qtbot: QtBot, open_window: object) -> None:
    assert callable(open_window)
    window = open_window()
    window.open_page("gallery")
    actions = {action.text(): action.isEnabled() for action in window.page.transfer.hand_out.choices.actions()}
    assert actions == {PEOPLE: False, DECISIONS: True}
    assert window.page.transfer.bring.isEnabled()
    settle(qtbot, window)


def test_that_names_and_decisions_are_written_from_what_was_identified(
    qtbot: QtBot, window: MainWindow, page: GalleryPage, pictures: Path, tmp_path: Path
) -> None:
    both = Path(shutil.copy(pictures / "both.jpg", tmp_path / "both.jpg"))
    window.open_page("identify")
    identify = window.page
    assert isinstance(identify, IdentifyPage)
    assert not identify.names.isVisible()
    identify.take_pictures([both, pictures / "faceless.png"])
    qtbot.waitUntil(identify.names.isVisible, timeout=WITHIN_MS)
    settle(qtbot, window)
    identify.names.choose(BESIDE)
    qtbot.waitUntil((tmp_path / "both.jpg.xmp").exists, timeout=WITHIN_MS)
    settle(qtbot, window)
    text = (tmp_path / "both.jpg.xmp").read_text("utf-8")
    assert 'mwg-rs:Name="Eileen Collins"' in text
    assert "2 names were written for 1 picture." in window.toasts.texts
    before = both.stat().st_size
    identify.names.choose(INSIDE)
    qtbot.waitUntil(lambda: both.stat().st_size > before, timeout=WITHIN_MS)
    settle(qtbot, window)
    page.transfer.export_decisions(tmp_path / "d.json")
    qtbot.waitUntil((tmp_path / "d.json").exists, timeout=WITHIN_MS)
    decisions = json.loads((tmp_path / "d.json").read_text("utf-8"))
    assert {row["about"] for row in decisions} == {"Eileen Collins", "Grace Hopper"}
    settle(qtbot, window)
