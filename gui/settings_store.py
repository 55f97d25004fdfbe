"""The settings in force: pages read and change them here; they are written to their file in the background."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from engine import settings as settings_file
from engine.errors import SettingsError
from engine.settings import Settings, Value


class SettingsStore(QObject):
    """One `Settings` value and its file."""

    changed = Signal(str)
    """The key of the option that has another value now."""
    failed = Signal(str)
    """The settings could not be saved: the sentence for the user."""

    def __init__(self, settings: Settings, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.value = settings
        self._path = path
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="settings")
        self._failed_later = _Relay(self)
        self._failed_later.sentence.connect(self.failed, Qt.ConnectionType.QueuedConnection)

    def change(self, key: str, value: Value) -> None:
        """Give one option another value and remember it.

        Raises:
            SettingsError: it cannot have that value.
        """
        if getattr(self.value, key) == value:
            return
        self.value = self.value.with_value(key, value)
        self._writer.submit(self._save, self.value)
        self.changed.emit(key)

    def close(self) -> None:
        """Wait until everything is written."""
        self._writer.shutdown()

    def _save(self, settings: Settings) -> None:
        try:
            settings_file.save(settings, self._path)
        except SettingsError as error:
            self._failed_later.sentence.emit(str(error))


class _Relay(QObject):
    """Carries a sentence from the writing thread to the GUI thread."""

    sentence = Signal(str)
