"""The window over a large gallery: how long the GUI thread stalls while it opens, scrolls and searches."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, thread_time

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.settings import Settings
from gui.engine_client import EngineClient
from gui.main_window import MainWindow
from gui.pages.gallery import GalleryPage
from gui.pages.verify import VerifyPage
from gui.settings_store import SettingsStore
from gui.theme.style import THEME

BEAT_MS = 5
STEP_MS = 16
KEY_MS = 120
TYPED = "hopper 99"


class Heart:
    """A timer whose late beats are the GUI thread's stalls, by what was going on."""

    def __init__(self) -> None:
        self.gaps: dict[str, list[float]] = {}
        self.worked: dict[str, list[float]] = {}
        """Of each gap, milliseconds of the processor that this thread had."""
        self.doing = "starting"
        self._last, self._had = perf_counter(), thread_time()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        self._timer.start(BEAT_MS)

    def _beat(self) -> None:
        now, had = perf_counter(), thread_time()
        self.gaps.setdefault(self.doing, []).append(max(0.0, (now - self._last) * 1e3 - BEAT_MS))
        self.worked.setdefault(self.doing, []).append((had - self._had) * 1e3)
        self._last, self._had = now, had

    def stop(self) -> None:
        """Beat no more."""
        self._timer.stop()


def measure(path: Path, folder: Path) -> None:
    """Print the figures."""
    application = QApplication([])
    store = SettingsStore(Settings(page="gallery"), folder / "settings.toml")
    THEME.install(application, "light")
    client = EngineClient(store.value, path)
    window = MainWindow(client, store)
    window.resize(1200, 800)
    window.show()
    heart, people = Heart(), window.context.people
    _wait(lambda: False, 0.5)
    heart.doing, start = "opening, networks loaded meanwhile", perf_counter()
    client.start()
    _wait(lambda: people.loaded, 600)
    print(f"everyone shown {perf_counter() - start:.2f} s after the engine was started: {len(people.people):,} people")
    _wait(lambda: False, 2)
    heart.doing, start = "reading everyone again", perf_counter()
    shown = people.people
    people.refresh()
    _wait(lambda: people.people is not shown, 600)
    print(f"everyone read and shown again in {perf_counter() - start:.2f} s")
    page = window.page
    assert isinstance(page, GalleryPage)
    heart.doing = "settling"
    _wait(lambda: not client.busy, 60)
    heart.doing = "scrolling"
    bar = page.list.verticalScrollBar()
    _each(STEP_MS, (lambda at=at: bar.setValue(at * bar.maximum() // 300) for at in range(301)))
    heart.doing = "scrolling slowly"
    _each(STEP_MS, (lambda at=at: bar.setValue(at * 40) for at in range(300)))
    heart.doing = "searching"
    _each(KEY_MS, (lambda letter=letter: QTest.keyClicks(page.search, letter) for letter in TYPED))
    _each(KEY_MS, (page.search.backspace for _ in TYPED))
    heart.doing = "choosing a page"
    window.open_page("verify")
    _wait(lambda: False, 1)
    verify = window.page
    assert isinstance(verify, VerifyPage)
    heart.doing = "typing a name to verify"
    line = verify.person.lineEdit()
    line.setFocus()
    _each(KEY_MS, (lambda letter=letter: QTest.keyClicks(line, letter) for letter in TYPED))
    heart.doing = "choosing from the list of everyone"
    verify.person.showPopup()
    _wait(lambda: False, 1)
    verify.person.hidePopup()
    heart.stop()
    window.close()
    for doing, gaps in heart.gaps.items():
        print(
            f"GUI thread, {doing}: stall median {statistics.median(gaps):.1f} ms, p99 {np.percentile(gaps, 99):.1f} ms,"
            f" longest {max(gaps):.1f} ms, over {len(gaps):,} beats"
        )


def _each(every_ms: int, works: Iterator[Callable[[], object]]) -> None:
    """Do one thing after another, with time for the window in between."""
    for work in works:
        work()
        _wait(lambda: False, every_ms / 1000)


def _wait(until: Callable[[], bool], at_most_s: float) -> None:
    QTest.qWait(1)
    end = perf_counter() + at_most_s
    while perf_counter() < end and not until():
        QTest.qWait(5)
