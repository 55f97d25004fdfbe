"""What every page has: a title, a body, and a say in drops, pastes and leaving."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.types import Person
from gui.context import Context
from gui.theme import tokens as t
from gui.widgets.basics import label
from gui.widgets.sides import SidesLayout


class Page(QWidget):
    """One task of the window. Subclasses fill `body` and `header`."""

    title = ""
    takes_pictures = False
    """Whether pictures may be dropped and pasted anywhere on the page."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.setAccessibleName(self.title)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(t.MARGIN, t.MARGIN, t.MARGIN, t.MARGIN)
        self.body.setSpacing(t.GUTTER)
        self.header = SidesLayout()
        self.header.lead(label(self.title, "display"))
        self.body.addLayout(self.header)

    def entered(self) -> None:
        """The page has come into sight."""

    def left(self) -> None:
        """The page is about to go out of sight."""

    def take_pictures(self, pictures: Sequence[Path | bytes]) -> None:
        """Pictures were dropped or pasted; called only where `takes_pictures`."""

    def choose_pictures(self) -> None:
        """Let the user browse for pictures; called only where `takes_pictures`."""

    def take_back(self) -> None:
        """Take back the latest edit: of the gallery, unless the page has edits of its own."""
        self.context.undo()

    def do_again(self) -> None:
        """Do again what was taken back last: of the gallery, unless the page has edits of its own."""
        self.context.redo()

    def receive(self, person: Person) -> None:
        """Another page asks for this one to be about a person."""
