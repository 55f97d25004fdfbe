"""Small building blocks: text, buttons, cards, pictures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QColor, QImage, QKeySequence, QPainter, QPainterPath, QPixmap, QShortcut
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from engine.types import PixelArray
from gui.theme import tokens as t
from gui.theme.icons import icon, pixmap
from gui.theme.style import THEME


def label(text: str = "", look: str = "", *, wrap: bool = False, selectable: bool = False) -> QLabel:
    """Make a label that shows text as it is: a person's name may look like markup."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if selectable:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    set_look(made, look)
    return made


def set_look(widget: QWidget, look: str) -> None:
    """Give a widget one of the stylesheet's looks, now."""
    if widget.property("look") == look:
        return
    widget.setProperty("look", look)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def button(text: str, clicked: Callable[[], object], look: str = "", icon_name: str = "") -> QPushButton:
    """Make a button; its icon follows the theme."""
    made = QPushButton(text)
    set_look(made, look)
    made.setCursor(Qt.CursorShape.PointingHandCursor)
    made.clicked.connect(lambda _checked: clicked())
    if icon_name:
        set_icon(made, icon_name, "on_accent" if look == "primary" else "")
    return made


def icon_button(name: str, clicked: Callable[[], object], icon_name: str, tip: str = "") -> QPushButton:
    """Make a quiet button that shows only an icon; its name is told to screen readers, and in the tip."""
    made = button("", clicked, "quiet")
    made.setProperty("bare", "true")
    made.setAccessibleName(name)
    made.setToolTip(tip or name)
    set_icon(made, icon_name, beside=0)
    return made


def give_key(target: QAbstractButton, keys: str, tip: str = "") -> None:
    """Let keys press a button while it can be seen and pressed, and say so in its tip.

    A button's own shortcut would be lost with its next text.

    Args:
        target: the button.
        keys: as "Ctrl+Return".
        tip: what is done, where the button's text does not say it.
    """
    sequence = QKeySequence(keys)
    QShortcut(sequence, target).activated.connect(target.click)
    told = sequence.toString(QKeySequence.SequenceFormat.NativeText)
    target.setToolTip(f"{tip} ({told})" if tip else told)


def set_icon(target: QPushButton, name: str, role: str = "", beside: int = t.ICON_GAP) -> None:
    """Give a button an icon in a palette colour, which follows the theme.

    Args:
        target: the button.
        name: of the icon.
        role: of the colour in the palette; the text's by default.
        beside: room between icon and text, in pixels, of which Qt by itself leaves too little.
    """

    def draw() -> None:
        target.setIcon(icon(name, getattr(THEME.palette, role) if role else "", beside))

    for former in target.findChildren(_ThemeFollower):
        former.stop()
    target.setIconSize(QSize(t.ICON_PX + beside, t.ICON_PX))
    draw()
    _ThemeFollower(target, draw)


def icon_label(name: str, size_px: int, role: str = "muted") -> QLabel:
    """Make a label that shows an icon in a palette colour."""
    made = QLabel()

    def draw() -> None:
        made.setPixmap(pixmap(name, size_px, getattr(THEME.palette, role)))

    draw()
    _ThemeFollower(made, draw)
    return made


class _ThemeFollower(QObject):
    """Draws a widget again whenever the theme changes, as long as the widget lives."""

    def __init__(self, widget: QWidget, draw: Callable[[], None]) -> None:
        super().__init__(widget)
        self._draw = draw
        THEME.changed.connect(self._run)

    def stop(self) -> None:
        """Leave the widget to another one."""
        THEME.changed.disconnect(self._run)
        self.setParent(None)
        self.deleteLater()

    def _run(self) -> None:
        self._draw()


def lead_tab_to(checked: QAbstractButton) -> None:
    """Let the Tab key reach only the checked button of a group, which the arrow keys leave; Qt would take the first."""
    for one in checked.group().buttons():
        one.setFocusPolicy(Qt.FocusPolicy.StrongFocus if one is checked else Qt.FocusPolicy.ClickFocus)


def card(*, vertical: bool = True) -> tuple[QFrame, QBoxLayout]:
    """Make a card and its layout."""
    frame = QFrame()
    set_look(frame, "card")
    layout: QBoxLayout = QVBoxLayout(frame) if vertical else QHBoxLayout(frame)
    layout.setContentsMargins(t.GUTTER, t.GUTTER, t.GUTTER, t.GUTTER)
    layout.setSpacing(t.GAP)
    return frame, layout


def row(*items: QWidget | QLayout | None, spacing: int = t.GAP) -> QHBoxLayout:
    """Lay widgets and layouts side by side; None stretches."""
    layout = QHBoxLayout()
    layout.setSpacing(spacing)
    _fill(layout, items)
    return layout


def column(*items: QWidget | QLayout | None, spacing: int = t.GAP) -> QVBoxLayout:
    """Lay widgets and layouts under one another; None stretches."""
    layout = QVBoxLayout()
    layout.setSpacing(spacing)
    _fill(layout, items)
    return layout


def _fill(layout: QBoxLayout, items: tuple[QWidget | QLayout | None, ...]) -> None:
    for item in items:
        if item is None:
            layout.addStretch(1)
        elif isinstance(item, QWidget):
            layout.addWidget(item)
        else:
            layout.addLayout(item)


def scrolled(inside: QWidget | QLayout, name: str) -> QScrollArea:
    """Let what may be higher than its place be scrolled, up and down only; the name is heard."""
    if isinstance(inside, QLayout):
        layout, inside = inside, QWidget()
        inside.setLayout(layout)
    area = QScrollArea()
    area.setAccessibleName(name)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(inside)
    return area


def fit_height(window: QWidget, layout: QLayout) -> None:
    """Make a window as high as all words of its layout need, which wrap."""
    layout.activate()
    width = max(window.width(), window.minimumWidth())
    window.resize(width, max(layout.totalHeightForWidth(width), layout.totalSizeHint().height()))


def clear(layout: QLayout) -> None:
    """Remove and delete everything in a layout."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()


def image_of(pixels: PixelArray) -> QImage:
    """Wrap (H, W, 3) uint8 RGB as an image; the pixels are copied, so the array may go."""
    height, width = pixels.shape[:2]
    contiguous = np.ascontiguousarray(pixels)
    return QImage(contiguous.data, width, height, 3 * width, QImage.Format.Format_RGB888).convertToFormat(
        QImage.Format.Format_RGB32
    )


class RoundedPicture(QLabel):
    """A square picture with rounded corners, or an empty tile."""

    def __init__(self, side_px: int, accessible_name: str = "") -> None:
        super().__init__()
        self._side_px = side_px
        self._image: QImage | None = None
        self.setFixedSize(side_px, side_px)
        self.setAccessibleName(accessible_name)
        self.redraw()
        THEME.changed.connect(self.redraw)

    def show_pixels(self, pixels: PixelArray | None) -> None:
        """Show a picture, or nothing."""
        self._image = None if pixels is None else image_of(pixels)
        self.redraw()

    def redraw(self) -> None:
        """Paint again, in the theme's colours."""
        self.setPixmap(rounded(self._image, self._side_px, self.devicePixelRatioF()))


def rounded(image: QImage | None, side_px: int, ratio: float = 1.0) -> QPixmap:
    """Return a picture scaled to a square with rounded corners; without one, an empty tile."""
    drawn = QPixmap(round(side_px * ratio), round(side_px * ratio))
    drawn.setDevicePixelRatio(ratio)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    path = QPainterPath()
    path.addRoundedRect(0, 0, side_px, side_px, t.RADIUS_SMALL, t.RADIUS_SMALL)
    painter.setClipPath(path)
    if image is None:
        painter.fillPath(path, QColor(THEME.palette.raised))
        size = min(side_px // 2, t.ILLUSTRATION_PX)
        offset = (side_px - size) // 2
        painter.drawPixmap(offset, offset, pixmap("unknown", size, THEME.palette.border))
    else:
        mode = Qt.TransformationMode.SmoothTransformation
        aspect = Qt.AspectRatioMode.KeepAspectRatioByExpanding
        side = round(side_px * ratio)
        scaled = image.scaled(side, side, aspect, mode)
        scaled.setDevicePixelRatio(ratio)
        painter.drawImage(0, 0, scaled)
    painter.end()
    return drawn
