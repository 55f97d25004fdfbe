"""E09: the window closes in good time and with 0, whatever hangs, and loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.gallery.store import Gallery
from engine.settings import Settings
from gui.closing import close_together
from gui.engine_client import EngineClient, Job
from gui.main_window import MainWindow
from gui.pages.gallery import GalleryPage
from gui.settings_store import SettingsStore

from .conftest import WITHIN_MS, result_of

ROOT = Path(__file__).parents[2]
LONG_S = 120.0
"""What hangs does so for ever: whatever ends sooner than the test's patience has not waited for it."""


class Part:
    """Notes what it is asked."""

    def __init__(self, name: str, asked: list[str], left_s: list[float]) -> None:
        self._name, self._asked, self._left_s = name, asked, left_s

    def ask_to_stop(self) -> None:
        self._asked.append(f"{self._name} asked")

    def close(self, within_s: float) -> None:
        self._asked.append(f"{self._name} awaited")
        self._left_s.append(within_s)
        threading.Event().wait(0.01)


def test_that_all_are_asked_before_any_is_awaited_and_share_one_time() -> None:
    asked, left_s = list[str](), list[float]()
    close_together([Part(name, asked, left_s) for name in ("one", "two", "three")], within_s=0.02)
    assert asked == ["one asked", "two asked", "three asked", "one awaited", "two awaited", "three awaited"]
    assert 0.02 >= left_s[0] > left_s[1] > left_s[2] >= 0


def program(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=LONG_S, check=False
    )


LEAVES = "from gui.closing import leave\n"


def test_that_a_thread_that_never_ends_is_left_behind() -> None:
    done = program(f"import threading\nthreading.Thread(target=threading.Event().wait).start()\n{LEAVES}leave(7)")
    assert done.returncode == 7, done.stderr


def test_that_what_was_said_is_heard_and_nothing_is_taken_apart() -> None:
    done = program(f"import atexit\natexit.register(print, 'later')\n{LEAVES}print('said', end='')\nleave(0)")
    assert (done.returncode, done.stdout) == (0, "said")


def test_that_a_window_that_hangs_itself_is_ended_by_the_last_resort() -> None:
    done = program("import threading\nfrom gui.closing import gone_within\ngone_within(0.1)\nthreading.Event().wait()")
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("what", ["job", "camera", "start"])
def test_that_whatever_hangs_the_window_ends_with_0(enrolled: Path, tmp_path: Path, what: str) -> None:
    homes = {f"XDG_{kind}_HOME": str(tmp_path / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    arguments = ["--gallery", str(enrolled), *(["--camera", "anything"] if what == "camera" else [])]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.gui.hanging", what, *arguments],
        cwd=ROOT, env=os.environ | homes, stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        assert running.stderr is not None
        seen = list(iter(running.stderr.readline, "now\n"))
        running.send_signal(signal.SIGTERM)
        told = "".join(seen) + running.communicate(timeout=LONG_S)[1]
    assert running.returncode == 0, told
    assert "Destroyed while" not in told
    assert "Traceback" not in told
    with closing(Gallery.open(enrolled)) as gallery:
        assert gallery.check().sound
        assert len(gallery.people()) == 2


def test_that_an_edit_that_waits_for_its_turn_is_made_and_a_look_is_not(
    qtbot: QtBot, enrolled: Path, client: EngineClient
) -> None:
    result_of(qtbot, client.info())
    looked: list[str] = []

    def until_cancelled(_service: object, job: Job) -> None:
        while not job.token.cancelled:
            threading.Event().wait(0.005)

    client.submit(until_cancelled)
    client.submit(lambda _service, _job: looked.append("looked"))
    client.rename(2, "Admiral Hopper")
    client.close(WITHIN_MS / 1000)
    assert looked == []
    with closing(Gallery.open(enrolled)) as gallery:
        assert [person.name for person in gallery.people()] == ["Admiral Hopper", "Eileen Collins"]


def test_that_what_was_being_typed_is_kept_however_busy_the_engine_is(
    qtbot: QtBot, enrolled: Path, window: MainWindow
) -> None:
    window.open_page("gallery")
    page = window.page
    assert isinstance(page, GalleryPage)
    page.choose(1)
    qtbot.waitUntil(lambda: page.panel.name.text() == "Eileen Collins", timeout=WITHIN_MS)
    page.panel.notes.setFocus()
    qtbot.keyClicks(page.panel.notes, "Commanded STS-93")

    def until_cancelled(_service: object, job: Job) -> None:
        while not job.token.cancelled:
            threading.Event().wait(0.005)

    window.client.submit(until_cancelled)
    window.close()
    assert not window.isVisible()
    with closing(Gallery.open(enrolled)) as gallery:
        assert gallery.find("Eileen Collins").notes == "Commanded STS-93"


def test_that_a_disk_that_takes_no_settings_is_not_waited_for(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    monkeypatch.setattr("gui.settings_store.settings_file.save", lambda *_: answers.wait(LONG_S))
    store = SettingsStore(Settings(), tmp_path / "settings.toml")
    store.change("metric", "l1")
    store.close(0.01)
    assert not answers.is_set()
    answers.set()
