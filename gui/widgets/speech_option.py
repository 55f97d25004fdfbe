"""Whether hints are said aloud: offered only where there is a voice."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QCheckBox

from gui.settings_store import SettingsStore
from gui.speech import SpokenHints, find_voice


class SpeechOption(QCheckBox):
    """A box that turns speech on and off, and says hints while it is ticked. The choice is remembered."""

    def __init__(self, settings: SettingsStore) -> None:
        super().__init__("Say the hints aloud")
        self._spoken: SpokenHints | None = None
        self.setChecked(settings.value.speak_hints)
        self.toggled.connect(lambda wanted: settings.change("speak_hints", wanted))
        self.setVisible(False)

    def look_for_voice(self) -> None:
        """Show the box once a voice is found."""
        if self._spoken is None:
            # It can take a moment: not before the page is there.
            QTimer.singleShot(0, self, self._find)

    def say(self, hint: str) -> None:
        """Say a hint, where that is wanted."""
        if self._spoken is not None and self.isChecked():
            self._spoken.say(hint)

    def stop(self) -> None:
        """Fall silent."""
        if self._spoken is not None:
            self._spoken.stop()

    def _find(self) -> None:
        voice = find_voice(self) if self._spoken is None else None
        if voice is not None:
            self._spoken = SpokenHints(voice)
            self.setVisible(True)
