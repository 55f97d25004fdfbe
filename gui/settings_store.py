"""The settings in force: pages read and change them here; they are written to their file in the background."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from engine import settings as settings_file
from engine.errors import SettingsError
from engine.options import Value
from engine.settings import Settings

_WRITTEN_WITHIN_S = 5.0


class SettingsStore(QObject):
    """One `Settings` value and its file."""

    changed = Signal(str, object)
    """The key of the option that has another value now, and the value before."""
    failed = Signal(str)
    """The settings could not be saved: the sentence for the user."""
    _save_failed = Signal(str)

    def __init__(
        self,
        settings: Settings,
        path: Path,
        overrides: Mapping[str, Value] | None = None,
        parent: QObject | None = None,
    ) -> None:
        """Take charge of settings.

        Args:
            settings: as they are in the file.
            path: the file.
            overrides: what the command line asks for; in force until the option is changed, and never written.
        """
        super().__init__(parent)
        self._stored = settings
        self._overrides = dict(overrides or {})
        self._path = path
        self._compose()
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="settings")
        self._last: Future[None] | None = None
        self._save_failed.connect(self.failed, Qt.ConnectionType.QueuedConnection)

    @property
    def value(self) -> Settings:
        """The settings in force."""
        return self._value

    def change(self, key: str, value: Value) -> None:
        """Give one option another value and remember it.

        Raises:
            SettingsError: it cannot have that value.
        """
        before = getattr(self._value, key)
        self._stored = self._stored.with_value(key, value)
        self._overrides.pop(key, None)
        self._compose()
        if before != value:
            self._last = self._writer.submit(self._save, self._stored)
            self.changed.emit(key, before)

    def ask_to_stop(self) -> None:
        """Do nothing: what was changed is being written."""

    def close(self, within_s: float = _WRITTEN_WITHIN_S) -> None:
        """Wait until everything is written; a disk that does not answer is not waited for longer than that."""
        written = self._last is None or bool(wait([self._last], within_s).done)
        self._writer.shutdown(wait=written)

    def _compose(self) -> None:
        self._value = self._stored
        for key, value in self._overrides.items():
            self._value = self._value.with_value(key, value)

    def _save(self, settings: Settings) -> None:
        try:
            settings_file.save(settings, self._path)
        except SettingsError as error:
            self._save_failed.emit(str(error))
