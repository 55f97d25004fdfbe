"""Models: what there is and how it stands; installing, using, going back, removing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from engine.matching.calibration import Calibration
from engine.pack_values import PackKind
from engine.packs.catalogue import CATALOGUE, MINIFASNET, YUNET
from engine.packs.installed import install, is_installed, packs_folder
from engine.packs.pack import DEFAULT_PACK
from engine.types import Metric
from gui.main_window import MainWindow
from gui.pages.models import ModelsPage
from gui.pages.settings import SettingsPage
from tests.gui.conftest import WITHIN_MS, settle
from tests.pack_server import Server, cut_after, serving, well


@pytest.fixture
def page(qtbot: QtBot, window: MainWindow) -> ModelsPage:
    """The page, with one network of the user's own."""
    impostors = {metric: np.linspace(0.05, 1, 1000, dtype=np.float32) for metric in Metric}
    about = {"title": "Mine", "licence": "My own", "calibration": Calibration.measured(impostors).as_json()}
    install(packs_folder(), "mine", "dlib_resnet", DEFAULT_PACK.network(), about)
    window.open_page("models")
    made = window.page
    assert isinstance(made, ModelsPage)
    qtbot.waitUntil(lambda: "mine" in made.cards, timeout=WITHIN_MS)
    settle(qtbot, window)
    return made


@pytest.fixture
def server(shared: Path, window: MainWindow) -> Iterator[Server]:
    """The published files, served on this machine, where the window's settings say that packs come from."""
    with serving({file.name: file.read_bytes() for file in (shared / "weights").iterdir()}) as served:
        window.settings.change("pack_source", served.url)
        yield served


def uses(page: ModelsPage) -> dict[str, tuple[str, ...]]:
    return {pack.id: pack.uses for pack in page.packs if pack.uses}


def text_of(page: ModelsPage, pack_id: str) -> str:
    return "\n".join(one.text() for one in page.cards[pack_id].findChildren(QLabel))


def wait_for_task(qtbot: QtBot, window: MainWindow, page: ModelsPage) -> None:
    qtbot.waitUntil(lambda: page.task is None, timeout=2 * WITHIN_MS)
    settle(qtbot, window)


def press_toast(qtbot: QtBot, window: MainWindow, text: str) -> None:
    qtbot.waitUntil(
        lambda: (
            any(one.text() == text and one.isVisible() for one in window.toasts.findChildren(QPushButton))
            or any(one.text() == text and one.isVisible() for one in window.findChildren(QPushButton))
        ),
        timeout=WITHIN_MS,
    )
    next(one for one in window.findChildren(QPushButton) if one.text() == text and one.isVisible()).click()


def test_that_each_pack_says_what_it_is_and_how_it_stands(page: ModelsPage) -> None:
    assert list(page.cards) == [*CATALOGUE, "mine"]
    assert page.cards[DEFAULT_PACK.id].state.text() == "In use for every face"
    assert page.cards["mtcnn"].state.text() == "In use for the camera and pictures"
    assert page.cards["mmod"].state.text() == "In use for pictures"
    assert page.cards["mobilefacenet"].state.text() == "Not installed"
    for pack_id, pack in CATALOGUE.items():
        said = text_of(page, pack_id)
        assert pack.licence in said
        assert ("Yes" if pack.commercial_use else "No") in said
        for file in pack.files:
            assert file.sha256 in said
    assert "99.22" in text_of(page, DEFAULT_PACK.id)
    assert "Not measured" in text_of(page, "sface")
    assert "is not downloaded" in text_of(page, "facenet-casia")
    assert set(page.cards["facenet-casia"].buttons) == {"from_file"}
    assert set(page.cards["sface"].buttons) == {"install", "from_file"}
    assert set(page.cards["mine"].buttons) == {"measure", "remove", "use"}
    assert set(page.cards[DEFAULT_PACK.id].buttons) == {"measure"}


def test_that_the_kinds_can_be_told_apart(page: ModelsPage) -> None:
    page.kind.setCurrentIndex(page.kind.findData(PackKind.DETECTOR))
    assert list(page.cards) == ["mtcnn", "mmod", YUNET]
    page.kind.setCurrentIndex(page.kind.findData(PackKind.PAD))
    assert list(page.cards) == [MINIFASNET]


def test_that_a_checksum_can_be_copied(page: ModelsPage) -> None:
    card = page.cards["mobilefacenet"]
    assert card.files.isHidden()
    card.more.click()
    assert card.files.isVisible()
    copy = next(
        one for one in card.findChildren(QPushButton) if one.accessibleName() == "Copy SHA-256 of mobilefacenet.pt"
    )
    copy.click()
    assert QGuiApplication.clipboard().text() == CATALOGUE["mobilefacenet"].files[0].sha256


def test_that_a_network_is_put_to_use_and_gone_back_from(qtbot: QtBot, window: MainWindow, page: ModelsPage) -> None:
    assert page.back.isHidden()
    page.cards["mine"].buttons["use"].click()
    qtbot.waitUntil(lambda: uses(page).get("mine") == ("every face",), timeout=WITHIN_MS)
    assert "remove" not in page.cards["mine"].buttons
    assert page.back.text() == f"Go back to {DEFAULT_PACK.title}"
    assert window.settings.value.previous_pack == DEFAULT_PACK.id
    settle(qtbot, window)
    page.back.click()
    qtbot.waitUntil(lambda: DEFAULT_PACK.id in uses(page), timeout=WITHIN_MS)
    assert page.back.text() == "Go back to Mine"
    settle(qtbot, window)


def test_that_a_removed_network_can_be_put_back(qtbot: QtBot, window: MainWindow, page: ModelsPage) -> None:
    page.cards["mine"].buttons["remove"].click()
    qtbot.waitUntil(lambda: "mine" not in page.cards, timeout=WITHIN_MS)
    assert window.toasts.texts == ["“Mine” is removed."]
    press_toast(qtbot, window, "Undo")
    qtbot.waitUntil(lambda: "mine" in page.cards, timeout=WITHIN_MS)
    settle(qtbot, window)


def test_that_speed_is_measured_beside_the_window(
    qtbot: QtBot, window: MainWindow, page: ModelsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gui.pages.models._MEASURE_S", 0.1)
    page.cards["mmod"].buttons["measure"].click()
    assert page.jobs.isVisible()
    assert not page.cards["sface"].buttons["install"].isEnabled()
    wait_for_task(qtbot, window, page)
    assert "ms for a picture of 640x480 without a face" in text_of(page, "mmod")
    assert page.cards["sface"].buttons["install"].isEnabled()


def test_that_liveness_networks_are_measured_too(
    qtbot: QtBot, window: MainWindow, page: ModelsPage, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gui.pages.models._MEASURE_S", 0.1)
    page.install(next(one for one in page.packs if one.id == MINIFASNET), shared / "weights")
    wait_for_task(qtbot, window, page)
    assert set(page.cards[MINIFASNET].buttons) == {"measure", "remove"}
    assert "Measured by us on" in text_of(page, MINIFASNET)
    page.cards[MINIFASNET].buttons["measure"].click()
    wait_for_task(qtbot, window, page)
    assert "ms for a face by both networks" in text_of(page, MINIFASNET)


def test_that_measuring_can_be_cancelled(qtbot: QtBot, window: MainWindow, page: ModelsPage) -> None:
    page.cards["mmod"].buttons["measure"].click()
    page.jobs.stop.click()
    wait_for_task(qtbot, window, page)
    assert "Speed here" not in text_of(page, "mmod")
    assert window.toasts.texts == []


def test_that_a_wrong_file_is_refused_in_a_sentence(
    qtbot: QtBot, window: MainWindow, page: ModelsPage, tmp_path: Path
) -> None:
    (tmp_path / "mobilefacenet.pt").write_bytes(b"something else")
    page.install(page.cards["mobilefacenet"].pack, tmp_path / "mobilefacenet.pt")
    wait_for_task(qtbot, window, page)
    assert len(window.toasts.texts) == 1
    assert "does not hold the published “mobilefacenet.pt”" in window.toasts.texts[0]
    assert not is_installed("mobilefacenet")


def test_that_a_pack_is_downloaded_used_and_removed(
    qtbot: QtBot, window: MainWindow, page: ModelsPage, server: Server
) -> None:
    assert server.asked == []
    page.cards["mobilefacenet"].buttons["install"].click()
    wait_for_task(qtbot, window, page)
    assert is_installed("mobilefacenet")
    press_toast(qtbot, window, "Use")
    qtbot.waitUntil(lambda: "mobilefacenet" in uses(page), timeout=WITHIN_MS)
    settle(qtbot, window)
    assert "MobileFaceNet" in window.status.pack.text()
    page.back.click()
    qtbot.waitUntil(lambda: DEFAULT_PACK.id in uses(page), timeout=WITHIN_MS)
    settle(qtbot, window)
    page.cards["mobilefacenet"].buttons["remove"].click()
    qtbot.waitUntil(lambda: "install" in page.cards["mobilefacenet"].buttons, timeout=WITHIN_MS)
    settle(qtbot, window)
    assert not is_installed("mobilefacenet")


def test_that_a_cut_download_is_resumed(qtbot: QtBot, window: MainWindow, page: ModelsPage, server: Server) -> None:
    server.answer = cut_after(1_000_000)
    page.cards["mobilefacenet"].buttons["install"].click()
    wait_for_task(qtbot, window, page)
    assert "goes on where it was" in window.toasts.texts[0]
    card = page.cards["mobilefacenet"]
    assert card.buttons["install"].text() == "Resume"
    assert "downloaded" in card.state.text()
    server.answer = well
    card.buttons["install"].click()
    wait_for_task(qtbot, window, page)
    assert is_installed("mobilefacenet")
    assert any("Range" in headers for _, headers in server.asked)


def test_that_a_downloaded_detector_is_used_and_gone_back_from(
    qtbot: QtBot, window: MainWindow, page: ModelsPage, server: Server
) -> None:
    page.cards[YUNET].buttons["install"].click()
    wait_for_task(qtbot, window, page)
    page.cards[YUNET].buttons["use"].click()
    qtbot.waitUntil(lambda: uses(page).get(YUNET) == ("the camera", "pictures"), timeout=WITHIN_MS)
    settle(qtbot, window)
    press_toast(qtbot, window, "Go back")
    qtbot.waitUntil(lambda: uses(page).get("mtcnn") == ("the camera", "pictures"), timeout=WITHIN_MS)
    settle(qtbot, window)
    assert window.settings.value.file_detector == "mtcnn_mmod"


def test_that_a_detector_that_is_not_installed_is_not_used(qtbot: QtBot, window: MainWindow, page: ModelsPage) -> None:
    window.settings.change("live_detector", YUNET)
    qtbot.waitUntil(lambda: bool(window.toasts.texts), timeout=WITHIN_MS)
    assert "“YuNet” is not installed" in window.toasts.texts[0]
    assert window.settings.value.live_detector == "mtcnn"
    settle(qtbot, window)


def test_that_two_networks_are_joined(qtbot: QtBot, window: MainWindow, page: ModelsPage, server: Server) -> None:
    page.cards["mobilefacenet"].buttons["install"].click()
    wait_for_task(qtbot, window, page)
    dialog = page.open_join()
    dialog.first.setCurrentIndex(dialog.first.findData("mobilefacenet"))
    dialog.second.setCurrentIndex(dialog.second.findData("mine"))
    assert not dialog.go.isEnabled(), "what their distances mean has to be measured"
    dialog.second.setCurrentIndex(dialog.second.findData(DEFAULT_PACK.id))
    assert dialog.go.isEnabled()
    dialog.go.click()
    wait_for_task(qtbot, window, page)
    card = page.cards[f"{DEFAULT_PACK.id}+mobilefacenet"]
    assert "256 values a face" in text_of(page, card.pack.id)
    card.buttons["use"].click()
    qtbot.waitUntil(lambda: card.pack.id in uses(page), timeout=WITHIN_MS)
    settle(qtbot, window)
    assert set(page.cards["mobilefacenet"].buttons) == {"measure"}, "it is needed"


def test_that_a_brought_network_is_asked_about(qtbot: QtBot, page: ModelsPage, tmp_path: Path) -> None:
    dialog = page.open_add(tmp_path / "mine.onnx")
    assert not dialog.go.isEnabled()
    asked: list[list[str]] = []
    dialog.asked.disconnect()
    dialog.asked.connect(lambda arguments, _name: asked.append(arguments))
    dialog.people.setText(str(tmp_path))
    dialog.go.click()
    assert asked == [["add", str(tmp_path / "mine.onnx"), "--calibrate", str(tmp_path), "--title", "mine"]]
    dialog = page.open_add(tmp_path / "mine.safetensors")
    dialog.people.setText(str(tmp_path))
    dialog.what.setCurrentIndex(dialog.what.findData("mobilefacenet"))
    dialog.asked.disconnect()
    dialog.asked.connect(lambda arguments, _name: asked.append(arguments))
    dialog.go.click()
    assert asked[1][-2:] == ["--architecture", "mobilefacenet"]


def test_that_a_damaged_brought_network_is_refused(
    qtbot: QtBot, window: MainWindow, page: ModelsPage, tmp_path: Path
) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"no network")
    dialog = page.open_add(tmp_path / "bad.onnx")
    dialog.people.setText(str(tmp_path))
    dialog.go.click()
    wait_for_task(qtbot, window, page)
    assert "“bad.onnx” cannot be used. The file holds no ONNX network." in window.toasts.texts[0]


def test_that_an_uncalibrated_network_is_not_used_before(qtbot: QtBot, window: MainWindow, page: ModelsPage) -> None:
    (packs_folder() / "mine" / "calibration.json").unlink()
    page.refresh()
    qtbot.waitUntil(lambda: "calibrate" in page.cards["mine"].buttons, timeout=WITHIN_MS)
    assert "use" not in page.cards["mine"].buttons
    assert page.cards["mine"].state.text() == "Installed, not calibrated yet"
    settle(qtbot, window)


def test_that_an_altered_network_gives_way_to_the_default(qtbot: QtBot, window: MainWindow, page: ModelsPage) -> None:
    place = packs_folder() / "mine" / "network.safetensors"
    place.write_bytes(place.read_bytes()[:-4] + b"\0\0\0\1")
    assert (
        json.loads((packs_folder() / "mine" / "pack.json").read_text())["sha256"]
        != hashlib.sha256(place.read_bytes()).hexdigest()
    )
    page.cards["mine"].buttons["use"].click()
    qtbot.waitUntil(lambda: any("altered" in text for text in window.toasts.texts), timeout=WITHIN_MS)
    settle(qtbot, window)
    assert window.settings.value.pack == DEFAULT_PACK.id


def test_that_settings_lead_here(qtbot: QtBot, window: MainWindow) -> None:
    window.open_page("settings")
    assert isinstance(window.page, SettingsPage)
    window.page.about.models.click()
    assert isinstance(window.page, ModelsPage)
    settle(qtbot, window)
