"""The real window over the real engine, with a gallery of two people."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.service import FaceService
from engine.settings import Settings
from gui.engine_client import EngineClient, Job
from gui.main_window import MainWindow
from gui.settings_store import SettingsStore
from gui.theme.style import THEME

WITHIN_MS = 30_000
"""Loading the networks takes a second or two, and a shared machine can be slow."""


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """No test leaves a thread of ours running."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
        assert not thread.is_alive(), f"{thread.name} was left running"


@pytest.fixture(scope="session")
def two_people(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> Path:
    """A gallery in which Eileen Collins and Grace Hopper are enrolled."""
    path = tmp_path_factory.mktemp("gallery") / "gallery.db"
    service = FaceService(Settings(), path)
    service.enroll("Eileen Collins", service.judge([pictures / "eileen1.jpg"]), date(2026, 1, 2))
    service.enroll("Grace Hopper", service.judge([pictures / "grace.jpg"]))
    service.close()
    return path


@pytest.fixture
def gallery_path(tmp_path: Path) -> Path:
    """Where the window's gallery is; there is none yet."""
    return tmp_path / "gallery.db"


@pytest.fixture
def enrolled(gallery_path: Path, two_people: Path) -> Path:
    """The window's gallery holds two people."""
    shutil.copy(two_people, gallery_path)
    return gallery_path


@pytest.fixture
def client(qtbot: QtBot, gallery_path: Path) -> Iterator[EngineClient]:
    """A client whose engine is loaded at its first job."""
    made = EngineClient(Settings(), gallery_path)
    yield made
    made.close()


@pytest.fixture
def open_window(qtbot: QtBot, gallery_path: Path, tmp_path: Path) -> Iterator[Callable[..., MainWindow]]:
    """Opens the window over the gallery at `gallery_path` and waits until the engine is there."""
    made: list[MainWindow] = []

    def open_it(settings: Settings | None = None, *, ready: bool = True) -> MainWindow:
        store = SettingsStore(settings or Settings(), tmp_path / "settings.toml")
        THEME.install(_application(), store.value.colour_scheme, store.value.text_size)
        window = MainWindow(EngineClient(store.value, gallery_path), store)
        made.append(window)
        qtbot.addWidget(window)
        window.resize(1200, 800)
        with qtbot.waitActive(window):
            window.show()
            window.activateWindow()
        if ready:
            with qtbot.waitSignal(window.client.ready, timeout=WITHIN_MS):
                window.client.start()
            qtbot.waitUntil(lambda: window.context.people.loaded, timeout=WITHIN_MS)
            settle(qtbot, window)
        return window

    yield open_it
    for window in made:
        window.close()


@pytest.fixture
def window(enrolled: Path, open_window: Callable[..., MainWindow]) -> MainWindow:
    """The window with two people in its gallery."""
    return open_window()


def settle(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until the engine has nothing left to do."""
    qtbot.waitUntil(lambda: not window.client.busy, timeout=WITHIN_MS)


def result_of(qtbot: QtBot, job: Job) -> object:
    """Wait for a job's result."""
    with qtbot.waitSignal(job.succeeded, timeout=WITHIN_MS) as blocker:
        pass
    return blocker.args[0]


def _application() -> object:
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415

    return QApplication.instance()
