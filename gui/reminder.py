"""Words at start: about people who have expired or do so soon, and about a gallery that is odd or could be lost.

Nobody is ever deleted by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import QObject

from engine.care import due_in_words
from engine.types import EngineInfo
from gui.context import Context


class Reminder(QObject):
    """Speaks once of each, when the people are first there."""

    def __init__(
        self,
        context: Context,
        *,
        show: Callable[[], object],
        show_log: Callable[[], object],
        make_code: Callable[[], object],
        in_sight: Callable[[], bool],
        parent: QObject,
    ) -> None:
        """Remind.

        Args:
            context: the window's shared parts.
            show: opens the list of those people.
            show_log: opens the history log, where a gallery that is not the one last used can be accepted.
            make_code: makes a recovery code and shows it.
            in_sight: whether the page that says so itself is open.
            parent: as long as it lives.
        """
        super().__init__(parent)
        self._context, self._show, self._show_log, self._in_sight = context, show, show_log, in_sight
        self._make_code = make_code
        self._told = self._warned = False
        context.people.modelReset.connect(self._on_people)
        context.client.ready.connect(self._on_info)

    def _on_people(self) -> None:
        if self._told or not self._context.people.loaded:
            return
        self._told = True
        text = due_in_words(self._context.people.people, date.today())
        self._context.client.drive_notice().succeeded.connect(self._on_drive)
        self._context.client.log_notice().succeeded.connect(self._on_notice)
        if text and not self._in_sight():
            self._context.toasts.show(text, action="Show", act=self._show)

    def _on_info(self, info: EngineInfo) -> None:
        if info.hangs_by_keyring and not self._warned:
            self._warned = True
            said = f"Only {info.keyring or 'the keyring'} opens this gallery. Make a recovery code, in case it is lost."
            self._context.toasts.show(said, action="Make one", act=self._make_code)

    def _on_drive(self, sentence: str) -> None:
        if sentence:
            self._context.toasts.show(sentence, "bad")

    def _on_notice(self, sentence: str) -> None:
        if sentence:
            self._context.toasts.show(sentence, "bad", action="History log", act=self._show_log)
