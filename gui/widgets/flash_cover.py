"""The whole window in one colour after another: the light that a face must reflect. Never without having been asked."""

from __future__ import annotations

from time import monotonic

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QMessageBox, QVBoxLayout, QWidget
from typing_extensions import override

from engine.liveness_values import FlashPlan
from gui.widgets.basics import button, label

_EVERY_MS = 15
WARNING = (
    "For six seconds the window shows strong colours that change up to three times a second. Do not use this if "
    "flashing light makes you or anyone who can see the screen unwell: choose the movements instead."
)


def ask_to_flash(parent: QWidget) -> QMessageBox:
    """Warn of the colours; `accepted` follows if they are wanted."""
    box = QMessageBox(QMessageBox.Icon.Warning, "Check liveness by colours", WARNING, parent=parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.addButton("Show the colours", QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.open()
    return box


class FlashCover(QWidget):
    """Lies over its window while a plan's colours are shown; Escape or the button stops it."""

    stopped = Signal()
    """The user has had enough."""
    ended = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAccessibleName("Colours for the liveness check")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._window = window
        self._plan: FlashPlan | None = None
        self.colour: tuple[int, int, int] = (128, 128, 128)
        self._clock = QTimer(self)
        self._clock.setTimerType(Qt.TimerType.PreciseTimer)
        self._clock.setInterval(_EVERY_MS)
        self._clock.timeout.connect(self._tick)
        text = label("Hold still and look at the screen.", "title")
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        stop = button("Stop", self._stop)
        stop.setToolTip("Escape")
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        layout.addWidget(text, alignment=Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(stop, alignment=Qt.AlignmentFlag.AlignCenter)
        layout.addStretch(1)
        self._text = text
        window.installEventFilter(self)
        self.hide()

    def play(self, plan: FlashPlan) -> None:
        """Show a plan's colours at their times."""
        self._plan = plan
        self.setGeometry(self._window.rect())
        self.raise_()
        self.show()
        self.setFocus()
        self._clock.start()

    def stop(self) -> None:
        """Go away."""
        self._clock.stop()
        self._plan = None
        self.hide()

    def _stop(self) -> None:
        self.stop()
        self.stopped.emit()

    def _tick(self) -> None:
        if self._plan is None:
            return
        now = monotonic()
        if now >= self._plan.end_s:
            self.stop()
            self.ended.emit()
            return
        colour = self._plan.colour_at(now)
        if colour is not None and colour != self.colour:
            self.colour = colour
            bright = 0.3 * colour[0] + 0.6 * colour[1] + 0.1 * colour[2] > 128
            self._text.setStyleSheet(f"color: {'#000000' if bright else '#ffffff'}")
            self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), QColor(*self.colour))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._stop()
        else:
            super().keyPressEvent(event)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._window.rect())
        return super().eventFilter(watched, event)
