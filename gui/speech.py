"""Hints said aloud, where the system has a voice. Qt's speech is an extra and is loaded when it is first asked for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib import import_module
from time import monotonic
from typing import Any, Protocol

from PySide6.QtCore import QLocale, QObject

log = logging.getLogger(__name__)

AGAIN_AFTER_S = 8.0
"""A hint that comes back sooner is not said again: hints come and go from frame to frame."""
_MODULE = "PySide6.QtTextToSpeech"
_SILENT = "mock"
"""Qt's engine for tests: it counts as none."""


class Voice(Protocol):
    """Says one thing at a time; every method returns at once."""

    @property
    def speaking(self) -> bool:
        """Whether something is being said."""

    def on_silence(self, call: Callable[[], None]) -> None:
        """Have something called whenever a text was said to its end."""

    def say(self, text: str) -> None:
        """Begin to say a text."""

    def stop(self) -> None:
        """Fall silent at once."""


class QtVoice:
    """One of the system's voices, an English one where there is one, as the hints are."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        english = [one for one in engine.availableLocales() if one.language() == QLocale.Language.English]
        if english and engine.locale().language() != QLocale.Language.English:
            engine.setLocale(english[0])

    @property
    def speaking(self) -> bool:
        """Whether something is being said."""
        return bool(self._engine.state() == self._engine.State.Speaking)

    def on_silence(self, call: Callable[[], None]) -> None:
        """Have something called whenever a text was said to its end."""
        ready = self._engine.State.Ready
        self._engine.stateChanged.connect(lambda state: call() if state == ready else None)

    def say(self, text: str) -> None:
        """Begin to say a text."""
        self._engine.say(text)

    def stop(self) -> None:
        """Fall silent at once."""
        self._engine.stop()


def find_voice(parent: QObject, engine: str = "") -> Voice | None:
    """A voice of this system; None where Qt's speech is not installed, or there is nothing that speaks.

    Args:
        parent: owns what is made.
        engine: of Qt; the system's own, without.
    """
    try:
        speech = import_module(_MODULE).QTextToSpeech
    except ImportError:
        return None
    names = [engine] if engine else [name for name in speech.availableEngines() if name != _SILENT]
    if not names:
        return None
    made = speech(names[0], parent)
    if made.state() == made.State.Error or not made.availableVoices():
        log.info("Qt's speech is installed, but no voice is: %s", made.errorString())
        made.deleteLater()
        return None
    return QtVoice(made)


class SpokenHints:
    """Says the newest hint when the one before was said, and none twice in a row."""

    def __init__(self, voice: Voice, clock: Callable[[], float] = monotonic) -> None:
        self._voice, self._clock = voice, clock
        self._waiting = ""
        self._said: dict[str, float] = {}
        voice.on_silence(self._next)

    def say(self, hint: str) -> None:
        """Say a hint, now or when the one before was said; a newer one takes its place."""
        self._waiting = hint
        if not self._voice.speaking:
            self._next()

    def stop(self) -> None:
        """Fall silent, and forget what was said."""
        self._waiting = ""
        self._said.clear()
        self._voice.stop()

    def _next(self) -> None:
        hint, self._waiting = self._waiting, ""
        now = self._clock()
        if hint and now - self._said.get(hint, float("-inf")) > AGAIN_AFTER_S:
            self._said[hint] = now
            self._voice.say(hint)
