"""Over the live picture: an oval to put the face in, and a ring that fills as the head turns."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from engine.guided import TITLES, Guidance, Sector
from gui.theme import tokens as t
from gui.theme.icons import pixmap

_HEIGHT, _ASPECT = 0.62, 0.76
"""The oval's height as a share of the picture's, and its width as a share of its height."""
_LARGER, _SMALLER = 1.22, 0.78
_ARC_DEG = 64
_PLACES = {Sector.RIGHT: 0, Sector.UP: 90, Sector.LEFT: 180, Sector.DOWN: 270}
"""Where each way to turn lies on the ring in a mirrored picture, counter-clockwise from the right, in degrees."""
# On a picture the scheme does not matter: the dark palette stands out on light and dark alike.
_ON_PICTURE = t.DARK


class GuideOverlay(QWidget):
    """Lies over another widget and keeps its size. Ticks say what is covered; colour only underlines it."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAccessibleName("Views covered")
        self._guidance: Guidance | None = None
        self.mirrored = True
        self._picture = (16, 9)
        over.installEventFilter(self)
        self.setGeometry(over.rect())

    def show_guidance(
        self, guidance: Guidance | None, *, mirrored: bool, picture: tuple[int, int] | None = None
    ) -> None:
        """Show how far it is; None shows nothing.

        Args:
            guidance: what is covered, and what is wanted.
            mirrored: whether the picture is shown like a mirror.
            picture: its width and height, of which the widget shows as large a copy as fits.
        """
        self._picture = picture or self._picture
        self._guidance, self.mirrored = guidance, mirrored
        covered = [TITLES[sector] for sector in guidance.plan if sector in guidance.covered] if guidance else []
        self.setAccessibleDescription(f"Covered: {', '.join(covered) or 'nothing yet'}" if guidance else "")
        self.setVisible(guidance is not None)
        self.update()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return False

    def oval(self) -> QRectF:
        """Where the face is to be put: larger where it should come closer."""
        size = {Sector.NEAR: _LARGER, Sector.FAR: _SMALLER}
        wanted = self._guidance.wanted if self._guidance else None
        across, down = self._picture
        shown = min(self.height(), self.width() * down / max(across, 1))
        height = shown * _HEIGHT * (size.get(wanted, 1.0) if wanted else 1.0)
        shape = QRectF(0, 0, height * _ASPECT, height)
        shape.moveCenter(QRectF(self.rect()).center())
        return shape

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        guidance = self._guidance
        if guidance is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        oval = self.oval()
        around = QPainterPath()
        around.addRect(QRectF(self.rect()))
        around.addEllipse(oval)
        shade = QColor(_ON_PICTURE.scrim)
        shade.setAlpha(120)
        painter.fillPath(around, shade)
        self._outline(painter, oval, guidance)
        ring = oval.adjusted(-2 * t.UNIT, -2 * t.UNIT, 2 * t.UNIT, 2 * t.UNIT)
        for sector, place in _PLACES.items():
            if sector in guidance.plan:
                self._arc(painter, ring, sector, place, guidance)

    def _outline(self, painter: QPainter, oval: QRectF, guidance: Guidance) -> None:
        colour = _ON_PICTURE.warning if guidance.paused or guidance.reasons else _ON_PICTURE.on_scrim
        pen = QPen(QColor(colour), t.BOX_LINE_PX)
        if guidance.paused:
            pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(oval)

    def _arc(self, painter: QPainter, ring: QRectF, sector: Sector, place: int, guidance: Guidance) -> None:
        middle = place if self.mirrored or place in (90, 270) else 180 - place
        covered, wanted = sector in guidance.covered, sector is guidance.wanted
        faint = QColor(_ON_PICTURE.on_scrim)
        faint.setAlpha(90)
        colour = QColor(_ON_PICTURE.good) if covered else QColor(_ON_PICTURE.accent) if wanted else faint
        pen = QPen(colour, t.UNIT if covered or wanted else t.UNIT / 2)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawArc(ring, round((middle - _ARC_DEG / 2) * 16), _ARC_DEG * 16)
        if covered:
            self._badge(painter, _on(ring, middle))

    def _badge(self, painter: QPainter, centre: QPointF) -> None:
        radius = 1.5 * t.UNIT
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(_ON_PICTURE.good))
        painter.drawEllipse(centre, radius, radius)
        tick = pixmap("check", t.GUTTER, _ON_PICTURE.on_accent)
        painter.drawPixmap(QPointF(centre.x() - t.GUTTER / 2, centre.y() - t.GUTTER / 2), tick)


def _on(ring: QRectF, degrees: float) -> QPointF:
    """The place on an ellipse, as Qt's arcs count degrees."""
    path = QPainterPath()
    path.arcMoveTo(ring, degrees)
    return path.currentPosition()
