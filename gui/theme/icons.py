"""Line icons, drawn in the theme's colours."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from gui.theme.style import THEME

_SCALE = 2
"""Icons are drawn at twice their size, so that they are sharp on dense screens."""


def icon(name: str, colour: str = "") -> QIcon:
    """Return an icon by its file's name, in the text colour unless another is given."""
    palette = THEME.palette
    result = QIcon(pixmap(name, 24, colour or palette.text))
    result.addPixmap(pixmap(name, 24, palette.muted), QIcon.Mode.Disabled)
    return result


def pixmap(name: str, size_px: int, colour: str) -> QPixmap:
    """Draw an icon.

    Args:
        name: of the file in assets/icons, without its suffix.
        size_px: side in logical pixels.
        colour: as #rrggbb.
    """
    renderer = QSvgRenderer(QByteArray(_svg(name).replace("#000", colour).encode()))
    drawn = QPixmap(size_px * _SCALE, size_px * _SCALE)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    renderer.render(painter, QRectF(0, 0, size_px * _SCALE, size_px * _SCALE))
    painter.end()
    drawn.setDevicePixelRatio(_SCALE)
    return drawn


@cache
def _svg(name: str) -> str:
    return files("assets").joinpath("icons", f"{name}.svg").read_text("utf-8")
