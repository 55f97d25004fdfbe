"""Short news at the bottom of the window: a result with an action, or an error with its details."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from gui.theme import tokens as t
from gui.widgets.basics import button, icon_label, label, row, set_look

Kind: TypeAlias = Literal["good", "bad", "info"]
SHOWN_MS, SHOWN_ERROR_MS = 6000, 15000
_MOST = 3


class Toast(QFrame):
    """One message."""

    def __init__(
        self,
        parent: QWidget,
        text: str,
        kind: Kind,
        *,
        details: str = "",
        action: str = "",
        act: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(parent)
        set_look(self, "card")
        self.setFixedWidth(t.FORM_PX - 10 * t.UNIT)
        self._act = act
        layout = QVBoxLayout(self)
        layout.setContentsMargins(t.GUTTER, t.GAP, t.GAP, t.GAP)
        name, role = {"good": ("check", "good"), "bad": ("warning", "bad"), "info": ("info", "accent")}[kind]
        self.message = label(text, wrap=True, selectable=True)
        self.message.setMinimumHeight(4 * t.UNIT)
        buttons: list[QWidget] = []
        if act is not None:
            buttons.append(button(action, self._do, "quiet"))
        if details:
            buttons.append(button("Details", self._unfold, "quiet"))
        close = button("", self.dismiss, "quiet", "close")
        close.setAccessibleName("Close the message")
        line = row(icon_label(name, t.ICON_PX, role), self.message, *buttons, close, spacing=t.GAP)
        line.setStretch(1, 1)
        layout.addLayout(line)
        self._details = QPlainTextEdit(details)
        self._details.setReadOnly(True)
        self._details.setAccessibleName("Details of the error")
        self._details.setFixedHeight(18 * t.UNIT)
        self._details.hide()
        layout.addWidget(self._details)
        self._copy = button("Copy", lambda: QGuiApplication.clipboard().setText(f"{text}\n\n{details}"), "quiet")
        self._copy.hide()
        layout.addWidget(self._copy, alignment=Qt.AlignmentFlag.AlignRight)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismiss)
        self._timer.start(SHOWN_ERROR_MS if kind == "bad" else SHOWN_MS)

    def dismiss(self) -> None:
        """Take the message away."""
        self._timer.stop()
        self.hide()
        self.deleteLater()

    def _do(self) -> None:
        if self._act is not None:
            self._act()
        self.dismiss()

    def _unfold(self) -> None:
        self._timer.stop()
        folded = self._details.isHidden()
        self._details.setVisible(folded)
        self._copy.setVisible(folded)
        self.adjustSize()


class ToastHost(QObject):
    """Stacks messages at the bottom of a widget."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self._toasts: list[Toast] = []
        over.installEventFilter(self)
        if isinstance(over, QStackedWidget):
            # The page that comes into sight would lie over the messages.
            over.currentChanged.connect(self._on_page)

    def show(
        self,
        text: str,
        kind: Kind = "info",
        details: str = "",
        action: str = "",
        act: Callable[[], object] | None = None,
    ) -> Toast:
        """Show a message, in place of the same one if that is still there."""
        for old in [toast for toast in self._toasts if toast.message.text() == text] + self._toasts[: 1 - _MOST]:
            old.dismiss()
        toast = Toast(self._over, text, kind, details=details, action=action, act=act)
        self._toasts.append(toast)
        toast.destroyed.connect(self._arrange)
        toast.installEventFilter(self)
        toast.show()
        self._arrange()
        return toast

    def dismiss(self, *texts: str) -> None:
        """Take messages away that have been dealt with, where they are still there."""
        for old in [toast for toast in self._toasts if toast.message.text() in texts]:
            old.dismiss()

    def clear(self) -> None:
        """Take all messages away."""
        for old in list(self._toasts):
            old.dismiss()

    @property
    def texts(self) -> list[str]:
        """The messages on screen, oldest first."""
        return [toast.message.text() for toast in self._toasts if not toast.isHidden()]

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Hide):
            if event.type() is QEvent.Type.Hide and isinstance(watched, Toast) and watched in self._toasts:
                self._toasts.remove(watched)
            self._arrange()
        return False

    def _on_page(self, _place: int) -> None:
        self._arrange()

    def _arrange(self) -> None:
        bottom = self._over.height() - t.MARGIN
        for toast in reversed(self._toasts):
            height = toast.sizeHint().height()
            toast.setGeometry((self._over.width() - toast.width()) // 2, bottom - height, toast.width(), height)
            toast.raise_()
            bottom -= height + t.GAP
