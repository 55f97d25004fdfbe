"""A picture with the faces found in it: boxes, names, selection by mouse and keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from engine.types import Box, PixelArray
from gui.theme import tokens as t
from gui.theme.icons import pixmap
from gui.theme.style import THEME
from gui.widgets.basics import image_of

Tone: TypeAlias = Literal["good", "unknown", "bad"]
_GLIDE = 0.45
"""Share of the way to its new place that a box moves with each frame."""
_SAME_FACE = 1.0
"""A box whose centre moved by less than this share of its width is the same face's."""


@dataclass(frozen=True, slots=True)
class FaceMark:
    """One face as the canvas shows it.

    Attributes:
        box: in pixels of the picture shown.
        text: the name.
        detail: how sure it is, in short.
        tone: good has a check mark and a solid line, unknown a question mark and dashes, bad a cross.
    """

    box: Box
    text: str
    detail: str = ""
    tone: Tone = "unknown"


class FaceCanvas(QWidget):
    """Shows a picture as large as fits. Arrow keys move between faces, Enter or a click chooses one."""

    face_chosen = Signal(int)

    def __init__(self, accessible_name: str) -> None:
        super().__init__()
        self._image: QImage | None = None
        self._scaled: QImage | None = None
        self._marks: tuple[FaceMark, ...] = ()
        self._shown: list[Box] = []
        self._selected = -1
        self._hovered = -1
        self.label_places: list[QRectF] = []
        self._mirrored = self._moving = False
        self._name = accessible_name
        self.setAccessibleName(accessible_name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        THEME.changed.connect(self.update)

    @override
    def sizeHint(self) -> QSize:
        return QSize(640, 400)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(240, 160)

    @property
    def marks(self) -> tuple[FaceMark, ...]:
        """The faces shown."""
        return self._marks

    @property
    def selected(self) -> int:
        """Number of the selected face, or -1."""
        return self._selected

    def show_still(self, pixels: PixelArray | None, marks: Sequence[FaceMark] = ()) -> None:
        """Show a picture with its faces; None clears."""
        self._image = None if pixels is None else image_of(pixels)
        self._scaled = None
        self._mirrored = self._moving = False
        self._marks, self._shown = tuple(marks), [mark.box for mark in marks]
        self._selected = self._hovered = -1
        self._describe()
        self.update()

    def show_frame(self, pixels: PixelArray, *, mirrored: bool) -> None:
        """Show the next frame of a moving picture; boxes glide on."""
        self._image, self._scaled = image_of(pixels), None
        self._mirrored, self._moving = mirrored, True
        self._glide()
        self.update()

    def mark_faces(self, marks: Sequence[FaceMark]) -> None:
        """Say what is in the moving picture; boxes glide there from where they are."""
        before, shown = list(self._shown), []
        for mark in marks:
            near = min(before, key=lambda box: _distance(box, mark.box), default=None)
            if near is not None and _distance(near, mark.box) < _SAME_FACE * mark.box.width:
                before.remove(near)
                shown.append(near)
            else:
                shown.append(mark.box)
        self._marks, self._shown = tuple(marks), shown
        self._selected = min(self._selected, len(marks) - 1)
        self._describe()
        self.update()

    def select(self, number: int) -> None:
        """Select a face; -1 selects none."""
        if -1 <= number < len(self._marks):
            self._selected = number
            self._describe()
            self.update()

    def face_at(self, place: QPointF) -> int:
        """Number of the face whose box is there, the smallest if several are; -1 for none."""
        hits = [(box.area, number) for number, box in enumerate(self._shown) if self._on_screen(box).contains(place)]
        return min(hits)[1] if hits else -1

    def _glide(self) -> None:
        for number, mark in enumerate(self._marks):
            here, there = self._shown[number], mark.box
            self._shown[number] = Box(*(a + (b - a) * _GLIDE for a, b in zip(here, there, strict=True)))

    def _describe(self) -> None:
        faces = "; ".join(f"{mark.text} {mark.detail}".strip() for mark in self._marks)
        self.setAccessibleDescription(f"{_counted(len(self._marks))}: {faces}" if self._marks else "no faces")

    # --- geometry -----------------------------------------------------------------------------------------------

    def _target(self) -> QRectF:
        """Where the picture lies in the widget."""
        if self._image is None:
            return QRectF()
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        x, y = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
        return QRectF(x, y, size.width(), size.height())

    def _on_screen(self, box: Box) -> QRectF:
        if self._image is None:
            return QRectF()
        target = self._target()
        scale = target.width() / self._image.width()
        left = self._image.width() - box.x - box.width if self._mirrored else box.x
        return QRectF(target.x() + left * scale, target.y() + box.y * scale, box.width * scale, box.height * scale)

    # --- painting -----------------------------------------------------------------------------------------------

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._image is None:
            return
        self._paint_picture(painter, self._image)
        self.label_places = []
        for number in range(len(self._marks)):
            self.label_places.append(self._paint_mark(painter, number, self.label_places))

    def _paint_picture(self, painter: QPainter, image: QImage) -> None:
        target = self._target()
        if self._moving:
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            if self._mirrored:
                painter.translate(self.width(), 0)
                painter.scale(-1, 1)
            painter.drawImage(target, image)
            painter.restore()
            return
        ratio = self.devicePixelRatioF()
        wanted = QSize(round(target.width() * ratio), round(target.height() * ratio))
        if self._scaled is None or self._scaled.size() != wanted:
            mode = Qt.TransformationMode.SmoothTransformation
            self._scaled = image.scaled(wanted, Qt.AspectRatioMode.IgnoreAspectRatio, mode)
        painter.drawImage(target, self._scaled)

    def _paint_mark(self, painter: QPainter, number: int, taken: Sequence[QRectF]) -> QRectF:
        mark, rectangle = self._marks[number], self._on_screen(self._shown[number])
        colour = QColor(_colour(mark.tone))
        chosen = number in (self._selected, self._hovered)
        dark = QPen(QColor(0, 0, 0, 110), t.BOX_LINE_PX + 2)
        pen = QPen(colour, t.BOX_LINE_PX + chosen)
        if mark.tone == "unknown":
            pen.setDashPattern([4, 3])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for line in (dark, pen):
            painter.setPen(line)
            painter.drawRoundedRect(rectangle, t.RADIUS_SMALL, t.RADIUS_SMALL)
        if number == self._selected and self.hasFocus():
            painter.setPen(QPen(QColor(THEME.palette.on_scrim), 1, Qt.PenStyle.DotLine))
            painter.drawRoundedRect(rectangle.adjusted(-4, -4, 4, 4), t.RADIUS_SMALL, t.RADIUS_SMALL)
        return self._paint_label(painter, mark, rectangle, taken)

    def _paint_label(self, painter: QPainter, mark: FaceMark, rectangle: QRectF, taken: Sequence[QRectF]) -> QRectF:
        """Write the name above the box, or where it covers no other name; returns the place."""
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        metrics = QFontMetricsF(font)
        text = f"{mark.text}  {mark.detail}".strip()
        if not text:
            return QRectF()
        room = max(rectangle.width(), 24.0 * t.UNIT)
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        icon_px, pad = 14, 6.0
        width, height = metrics.horizontalAdvance(text) + icon_px + 3 * pad, metrics.height() + pad
        x = min(max(rectangle.center().x() - width / 2, 0.0), max(0.0, self.width() - width))
        above, below = rectangle.top() - height - 4, rectangle.bottom() + 4
        heights = [above, below, above - height - 2, below + height + 2]
        inside = [y for y in heights if 0 <= y <= self.height() - height] or [0.0]
        places = [QRectF(x, y, width, height) for y in inside]
        free = (place for place in places if not any(place.intersects(other) for other in taken))
        place = next(free, places[0])
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(12, 14, 20, 205))
        painter.drawRoundedRect(place, height / 2, height / 2)
        icon_place = QPointF(x + pad + 1, place.top() + (height - icon_px) / 2)
        painter.drawPixmap(icon_place, pixmap(_ICON[mark.tone], icon_px, _colour(mark.tone)))
        painter.setFont(font)
        painter.setPen(QColor(THEME.palette.on_scrim))
        painter.drawText(place.adjusted(icon_px + 2 * pad, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, text)
        return place

    # --- mouse and keyboard -------------------------------------------------------------------------------------

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hovered = self.face_at(event.position())
        if hovered != self._hovered:
            self._hovered = hovered
            self.setCursor(Qt.CursorShape.PointingHandCursor if hovered >= 0 else Qt.CursorShape.ArrowCursor)
            self.update()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self.face_at(event.position())
        if number >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.select(number)
            self.face_chosen.emit(number)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, count = event.key(), len(self._marks)
        if count and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.select((self._selected + (1 if key == Qt.Key.Key_Right else -1)) % count)
        elif self._selected >= 0 and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.face_chosen.emit(self._selected)
        else:
            super().keyPressEvent(event)


_ICON: dict[Tone, str] = {"good": "check", "unknown": "unknown", "bad": "close"}


def _colour(tone: Tone) -> str:
    """On a picture the scheme does not matter: these stand out on light and dark alike."""
    return {"good": "#5fd39a", "unknown": "#f0bd5e", "bad": "#ff8a80"}[tone]


def _counted(faces: int) -> str:
    return "1 face" if faces == 1 else f"{faces} faces"


def _distance(one: Box, other: Box) -> float:
    (ax, ay), (bx, by) = one.centre, other.centre
    return float(((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5)
