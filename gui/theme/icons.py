"""Line icons, drawn in the theme's colours."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from gui.theme import tokens as t
from gui.theme.style import THEME

_SCALE = 2
"""Icons are drawn at twice their size, so that they are sharp on dense screens."""


def icon(name: str, colour: str = "", beside_px: int = 0) -> QIcon:
    """Return an icon by its file's name, in the text colour unless another is given, with room on its right."""
    palette = THEME.palette
    result = QIcon(pixmap(name, t.ICON_PX, colour or palette.text, beside_px))
    result.addPixmap(pixmap(name, t.ICON_PX, palette.muted, beside_px), QIcon.Mode.Disabled)
    return result


def pixmap(name: str, size_px: int, colour: str, beside_px: int = 0) -> QPixmap:
    """Draw an icon.

    Args:
        name: of the file in assets/icons, without its suffix.
        size_px: side in logical pixels.
        colour: as #rrggbb.
        beside_px: width of the empty room on its right.
    """
    renderer = QSvgRenderer(QByteArray(_svg(name).replace("#000", colour).encode()))
    drawn = QPixmap((size_px + beside_px) * _SCALE, size_px * _SCALE)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    renderer.render(painter, QRectF(0, 0, size_px * _SCALE, size_px * _SCALE))
    painter.end()
    drawn.setDevicePixelRatio(_SCALE)
    return drawn


@cache
def _svg(name: str) -> str:
    return files("assets").joinpath("icons", f"{name}.svg").read_text("utf-8")
