"""A button that opens a menu of things to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton

from gui.widgets.basics import set_icon


class MenuButton(QPushButton):
    """A labelled button with a menu; opens with a click, Space, or Alt and Down."""

    def __init__(self, text: str, icon_name: str, entries: Sequence[tuple[str, str, Callable[[], object]]]) -> None:
        """Make it.

        Args:
            text: on the button.
            icon_name: of its icon.
            entries: text, explanation and what is done, of each entry.
        """
        super().__init__(text)
        set_icon(self, icon_name)
        self.setProperty("menu", "true")
        self.choices = QMenu(self)
        self.choices.setToolTipsVisible(True)
        for entry, note, act in entries:
            action = self.choices.addAction(entry)
            action.setToolTip(note)
            action.triggered.connect(lambda _checked=False, act=act: act())
        self.setMenu(self.choices)

    def choose(self, text: str) -> None:
        """Do what an entry does."""
        self._entry(text).trigger()

    def allow(self, text: str, allowed: bool) -> None:
        """Let an entry be chosen, or not."""
        self._entry(text).setEnabled(allowed)

    def _entry(self, text: str) -> QAction:
        return next(action for action in self.choices.actions() if action.text() == text)
