"""Hints said aloud: with a stand-in for a voice, and with Qt's own where it is installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from gui.main_window import MainWindow
from gui.pages.enroll import EnrollPage
from gui.speech import AGAIN_AFTER_S, SpokenHints, find_voice
from tests.gui.conftest import WITHIN_MS, settle
from tests.sittings import sitting


class StandIn:
    """A voice that says what it is told when the test lets it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.speaking = False
        self.stops = 0
        self._calls: list[Callable[[], None]] = []

    def on_silence(self, call: Callable[[], None]) -> None:
        self._calls.append(call)

    def say(self, text: str) -> None:
        self.said.append(text)
        self.speaking = True

    def stop(self) -> None:
        self.speaking = False
        self.stops += 1

    def end(self) -> None:
        """Come to the end of the text."""
        self.speaking = False
        for call in self._calls:
            call()


def test_that_only_the_newest_hint_waits_and_none_is_said_twice_in_a_row() -> None:
    voice, now = StandIn(), [0.0]
    hints = SpokenHints(voice, lambda: now[0])
    for hint in ("Come closer.", "Turn left.", "Hold still."):
        hints.say(hint)
    assert voice.said == ["Come closer."]
    voice.end()
    assert voice.said == ["Come closer.", "Hold still."]
    hints.say("Come closer.")
    voice.end()
    assert voice.said[2:] == [], "it was said a moment ago"
    now[0] += AGAIN_AFTER_S + 1
    hints.say("Come closer.")
    assert voice.said[2:] == ["Come closer."]


def test_that_after_a_stop_nothing_is_said() -> None:
    voice = StandIn()
    hints = SpokenHints(voice)
    hints.say("Come closer.")
    hints.say("Turn left.")
    hints.stop()
    voice.end()
    assert (voice.said, voice.stops) == (["Come closer."], 1)
    hints.say("Come closer.")
    assert len(voice.said) == 2, "a new session begins anew"


def test_that_without_qts_speech_there_is_no_voice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gui.speech._MODULE", "PySide6.QtNotThere")
    assert find_voice(QObject()) is None


def guided_page(window: MainWindow) -> EnrollPage:
    window.open_page("enroll")
    page = window.page
    assert isinstance(page, EnrollPage)
    page.guide.click()
    return page


def test_that_without_a_voice_nothing_is_offered(
    qtbot: QtBot, open_window: Callable[..., MainWindow], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr("gui.widgets.speech_option.find_voice", asked.append)
    window = open_window()
    page = guided_page(window)
    qtbot.waitUntil(lambda: bool(asked), timeout=WITHIN_MS)
    assert page.guided.glasses.isVisible()
    assert not page.guided.speech.isVisible()
    settle(qtbot, window)


def test_that_hints_are_said_and_end_with_the_session(
    qtbot: QtBot, open_window: Callable[..., MainWindow], monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    astronaut_file: Path,
) -> None:  # fmt: skip
    voice = StandIn()
    monkeypatch.setattr("gui.widgets.speech_option.find_voice", lambda _parent: voice)
    folder = tmp_path / "sitting"
    folder.mkdir()
    window = open_window()
    page = guided_page(window)
    guided = page.guided
    qtbot.waitUntil(guided.speech.isVisible, timeout=WITHIN_MS)
    assert not guided.speech.isChecked()
    guided.speech.click()
    assert window.context.settings.value.speak_hints
    page.name.setText("Eileen")
    page.consent.setChecked(True)
    guided.source.use(str(sitting(folder, astronaut_file)))
    guided.start.click()
    qtbot.waitUntil(lambda: bool(voice.said), timeout=WITHIN_MS)
    assert guided.guidance is not None
    stops = voice.stops
    guided.stop_button.click()
    assert voice.stops > stops
    said = len(voice.said)
    settle(qtbot, window)
    voice.end()
    assert len(voice.said) == said


@pytest.mark.qt_log_ignore("pipewire", extend=True)
def test_that_qts_voice_says_hints_one_after_another(qtbot: QtBot) -> None:
    # On Linux it is there only beside the libraries of PulseAudio.
    speech = pytest.importorskip("PySide6.QtTextToSpeech", exc_type=ImportError)
    if "mock" not in speech.QTextToSpeech.availableEngines():
        pytest.skip("Qt's speech came without its engine for tests")
    parent = QObject()
    voice = find_voice(parent, "mock")
    assert voice is not None
    hints = SpokenHints(voice)
    hints.say("Come closer.")
    hints.say("Turn left.")
    assert voice.speaking
    spoken: list[int] = []
    voice.on_silence(lambda: spoken.append(1))
    qtbot.waitUntil(lambda: len(spoken) == 2, timeout=WITHIN_MS)
    hints.say("Hold still.")
    hints.stop()
    qtbot.waitUntil(lambda: not voice.speaking, timeout=WITHIN_MS)
