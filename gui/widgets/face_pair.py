"""One or two small pictures side by side, each with a name below: for the icon of a list item."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QIcon, QImage, QPainter, QPixmap

from engine.types import PixelArray
from gui.theme import tokens as t
from gui.theme.style import THEME
from gui.widgets.basics import image_of, rounded

SIDE_PX = 2 * t.SMALL_THUMBNAIL_PX
_GAP_PX = t.GAP
_NAME_PX = 2 * t.GAP
_RATIO = 2.0


def icon_size(pictures: int) -> QSize:
    """The size of an icon of so many pictures."""
    # Qt leaves next to nothing between an icon and its text.
    return QSize(pictures * (SIDE_PX + _GAP_PX), SIDE_PX + (_NAME_PX if pictures > 1 else 0))


def face_icon(shown: Sequence[tuple[PixelArray | None, str]], pictures: int) -> QIcon:
    """Draw pictures with their names; the names only where there are several to tell apart.

    Args:
        shown: the pixels and the name of each.
        pictures: how many there is room for.
    """
    size = icon_size(pictures)
    drawn = QPixmap(size * _RATIO)
    drawn.setDevicePixelRatio(_RATIO)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    font = QFont(painter.font())
    font.setPointSizeF(t.CAPTION_PT - 1)
    painter.setFont(font)
    painter.setPen(QColor(THEME.palette.muted))
    metrics = QFontMetricsF(font)
    for place, (pixels, name) in enumerate(shown):
        left = place * (SIDE_PX + _GAP_PX)
        painter.drawPixmap(left, 0, _whole(pixels))
        if pictures > 1:
            words = metrics.elidedText(name.replace("_", " "), Qt.TextElideMode.ElideRight, SIDE_PX)
            box = QRectF(left, SIDE_PX, SIDE_PX, _NAME_PX)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
    painter.end()
    return QIcon(drawn)


def _whole(pixels: PixelArray | None) -> QPixmap:
    """A picture in a square tile; one that is not square is shown whole, because nobody knows where the face is."""
    if pixels is None or pixels.shape[0] == pixels.shape[1]:
        return rounded(None if pixels is None else image_of(pixels), SIDE_PX, _RATIO)
    height, width = pixels.shape[:2]
    side = max(height, width)
    square = QImage(side, side, QImage.Format.Format_RGB32)
    square.fill(QColor(THEME.palette.raised))
    painter = QPainter(square)
    painter.drawImage((side - width) // 2, (side - height) // 2, image_of(pixels))
    painter.end()
    return rounded(square, SIDE_PX, _RATIO)
