"""A picture with the faces found in it: boxes, names, selection by mouse and keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from time import monotonic

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from engine.types import Box, PixelArray
from engine.wording import counted
from gui.theme import tokens as t
from gui.theme.style import THEME
from gui.widgets.basics import image_of
from gui.widgets.mark_labels import DASHES, MarkLabels, Tone, colour_of

_TICK_MS = 16
"""How often boxes move on: at the rate of the screen, whatever the camera's and the engine's."""
_SETTLE_S = 0.06
"""In so long a box covers two thirds of the way to where its face is."""
_AHEAD_S = 0.15
"""So far a face is taken to go on as it did, until the next answer."""
_STILL_PX = 0.3
_ROOM_PX = 13 * t.UNIT
"""Around a box: its label, its notes and its line."""
_SAME_FACE = 1.0
"""A box whose centre moved by less than this share of its width is the same face's."""


@dataclass(frozen=True, slots=True)
class FaceMark:
    """One face as the canvas shows it.

    Attributes:
        box: in pixels of the picture shown.
        text: the name.
        detail: how sure it is, in short.
        tone: good has a check mark and a solid line, unsure a warning and dots, unknown a question mark and dashes,
            bad a cross.
        key: stays the same while it is the same face; 0 where that is not known.
        speed_px_s: how fast it moves, pixels of the picture per second.
        notes: what else is said of it, each with its tone; below the box.
    """

    box: Box
    text: str
    detail: str = ""
    tone: Tone = "unknown"
    key: int = 0
    speed_px_s: tuple[float, float] = (0.0, 0.0)
    notes: tuple[tuple[str, Tone], ...] = ()


class FaceCanvas(QWidget):
    """Shows a picture as large as fits. Arrow keys move between faces, Enter or a click chooses one."""

    face_chosen = Signal(int)

    def __init__(self, accessible_name: str) -> None:
        super().__init__()
        self._image: QImage | None = None
        self._scaled: QImage | QPixmap | None = None
        self._told_s = self._moved_s = 0.0
        self._ticker = QTimer(self)
        self._ticker.setInterval(_TICK_MS)
        self._ticker.setTimerType(Qt.TimerType.PreciseTimer)
        self._ticker.timeout.connect(self._glide)
        self._marks: tuple[FaceMark, ...] = ()
        self._shown: list[Box] = []
        self._selected = -1
        self._hovered = -1
        self.labels = MarkLabels(self)
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
        self._ticker.stop()
        self._describe()
        self.update()

    def show_frame(self, pixels: PixelArray, *, mirrored: bool) -> None:
        """Show the next frame of a moving picture; boxes glide on."""
        self._image, self._scaled = image_of(pixels), None
        self._mirrored, self._moving = mirrored, True
        self._move_on()
        self.update()

    def mark_faces(self, marks: Sequence[FaceMark]) -> None:
        """Say what is in the moving picture; boxes glide there from where they are."""
        self._move_on()
        chosen = self._marks[self._selected].key if self._selected >= 0 else 0
        known = {mark.key: box for mark, box in zip(self._marks, self._shown, strict=True) if mark.key}
        unnamed = [box for mark, box in zip(self._marks, self._shown, strict=True) if not mark.key]
        self._shown = [known.get(mark.key) or _nearest(mark.box, unnamed) for mark in marks]
        again = next((number for number, mark in enumerate(marks) if mark.key and mark.key == chosen), -1)
        self._selected = again if chosen else min(self._selected, len(marks) - 1)
        self._marks, self._told_s = tuple(marks), monotonic()
        self._hovered = min(self._hovered, len(marks) - 1)
        if marks:
            self._ticker.start()
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
        """Move on between frames, painting only what moves."""
        before = list(self._shown)
        self._move_on()
        for old, new in zip(before, self._shown, strict=True):
            if max(abs(a - b) for a, b in zip(old, new, strict=True)) > 0:
                room = self._on_screen(old).united(self._on_screen(new))
                wide = max(0.0, 20.0 * t.UNIT)
                self.update(room.adjusted(-wide, -_ROOM_PX, wide, _ROOM_PX).toAlignedRect())
        if not self._marks or monotonic() - self._told_s > 1:
            self._ticker.stop()

    def _move_on(self) -> None:
        """Bring every box nearer to where its face is by now."""
        now = monotonic()
        share = 1 - exp(-max(0.0, now - self._moved_s) / _SETTLE_S)
        ahead = min(now - self._told_s, _AHEAD_S)
        self._moved_s = now
        for number, mark in enumerate(self._marks):
            x, y = mark.speed_px_s
            here, there = self._shown[number], mark.box._replace(x=mark.box.x + x * ahead, y=mark.box.y + y * ahead)
            if max(abs(a - b) for a, b in zip(here, there, strict=True)) > _STILL_PX:
                self._shown[number] = Box(*(a + (b - a) * share for a, b in zip(here, there, strict=True)))

    def _describe(self) -> None:
        faces = "; ".join(
            " ".join((mark.text, mark.detail, *(text for text, _ in mark.notes))).strip() for mark in self._marks
        )
        self.setAccessibleDescription(f"{counted(len(self._marks), 'face')}: {faces}" if self._marks else "no faces")

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
        self.labels.begin()
        for number in range(len(self._marks)):
            self._paint_mark(painter, number)

    def _paint_picture(self, painter: QPainter, image: QImage) -> None:
        target = self._target()
        ratio = self.devicePixelRatioF()
        wanted = QSize(round(target.width() * ratio), round(target.height() * ratio))
        if self._scaled is None or self._scaled.size() != wanted:
            self._scaled = _drawn(image, wanted, mirrored=self._mirrored) if self._moving else _reduced(image, wanted)
        if isinstance(self._scaled, QPixmap):
            painter.drawPixmap(target.toRect(), self._scaled)
        else:
            painter.drawImage(target, self._scaled)

    def _paint_mark(self, painter: QPainter, number: int) -> None:
        mark, rectangle = self._marks[number], self._on_screen(self._shown[number])
        colour = QColor(colour_of(mark.tone))
        chosen = number in (self._selected, self._hovered)
        dark = QPen(QColor(0, 0, 0, 110), t.BOX_LINE_PX + 2)
        pen = QPen(colour, t.BOX_LINE_PX + chosen)
        if mark.tone in DASHES:
            pen.setDashPattern(DASHES[mark.tone])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for line in (dark, pen):
            painter.setPen(line)
            painter.drawRoundedRect(rectangle, t.RADIUS_SMALL, t.RADIUS_SMALL)
        if number == self._selected and self.hasFocus():
            painter.setPen(QPen(QColor(THEME.palette.on_scrim), 1, Qt.PenStyle.DotLine))
            painter.drawRoundedRect(rectangle.adjusted(-4, -4, 4, 4), t.RADIUS_SMALL, t.RADIUS_SMALL)
        self.labels.write_name(painter, mark.tone, f"{mark.text}  {mark.detail}".strip(), rectangle)
        for text, tone in mark.notes:
            self.labels.write_note(painter, tone, text, rectangle)

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


def _nearest(box: Box, others: list[Box]) -> Box:
    """Where the box of a face without a key was; taken out of the others. Itself, where it is new."""
    near = min(others, key=lambda other: _distance(other, box), default=None)
    if near is None or _distance(near, box) >= _SAME_FACE * box.width:
        return box
    others.remove(near)
    return near


def _reduced(image: QImage, size: QSize) -> QImage:
    return image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)


def _drawn(image: QImage, size: QSize, *, mirrored: bool) -> QPixmap:
    """A frame at its size on screen, drawn once, so that boxes can move over it between frames at little cost."""
    drawn = QPixmap(size)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    if mirrored:
        painter.translate(size.width(), 0)
        painter.scale(-1, 1)
    painter.drawImage(QRectF(0, 0, size.width(), size.height()), image)
    painter.end()
    return drawn


def _distance(one: Box, other: Box) -> float:
    (ax, ay), (bx, by) = one.centre, other.centre
    return float(((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5)
