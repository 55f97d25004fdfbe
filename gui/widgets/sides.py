"""Widgets at both ends of a line, which goes on in further lines where they do not fit."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QWidget
from typing_extensions import override

from gui.theme import tokens as t


class SidesLayout(QLayout):
    """Leading widgets stand on the left, all others on the right; nothing is cut off while one of them fits.

    The last of the leading ones takes what room is left where it likes to grow.
    """

    def __init__(self, *, centred: bool = False) -> None:
        """Make it.

        Args:
            centred: whether each line stands in the middle instead.
        """
        super().__init__()
        self._centred = centred
        self._items: list[QLayoutItem] = []
        self._leading = 0
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(t.GAP)

    def lead(self, widget: QWidget) -> None:
        """Add a widget on the left."""
        self.addWidget(widget)
        self._items.insert(self._leading, self._items.pop())
        self._leading += 1

    @override
    def addItem(self, item: QLayoutItem, /) -> None:
        self._items.append(item)

    @override
    def count(self) -> int:
        return len(self._items)

    @override
    def itemAt(self, index: int, /) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    @override
    def takeAt(self, index: int, /) -> QLayoutItem | None:
        if not 0 <= index < len(self._items):
            return None
        self._leading -= index < self._leading
        return self._items.pop(index)

    @override
    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int, /) -> int:
        lines = self._lines(width)
        return sum(self._height(line) for line in lines) + self.spacing() * (len(lines) - 1)

    @override
    def sizeHint(self) -> QSize:
        shown = self._shown()
        return QSize(self._width(shown), self._height(shown))

    @override
    def minimumSize(self) -> QSize:
        shown = self._shown()
        return QSize(max((item.minimumSize().width() for item in shown), default=0), self._height(shown))

    @override
    def setGeometry(self, rect: QRect, /) -> None:
        super().setGeometry(rect)
        top = rect.top()
        for line in self._lines(rect.width()):
            height = self._height(line)
            leading = [item for item in line if item in self._items[: self._leading]]
            rest = line[len(leading) :]
            if self._centred:
                self._stand(line, rect.left() + (rect.width() - self._width(line)) // 2, top, height)
            else:
                free = rect.width() - self._width(line) if leading else 0
                self._stand(leading, rect.left(), top, height, free)
                self._stand(rest, rect.right() + 1 - self._width(rest), top, height)
            top += height + self.spacing()

    def _stand(self, items: list[QLayoutItem], left: int, top: int, height: int, free: int = 0) -> None:
        """Place items side by side, in the middle of their line; the last one may grow by what is free."""
        for number, item in enumerate(items, 1):
            size = item.sizeHint()
            if number == len(items) and _likes_to_grow(item):
                size.setWidth(size.width() + max(0, free))
            place = QPoint(max(left, self.geometry().left()), top + (height - size.height()) // 2)
            item.setGeometry(QRect(place, size.boundedTo(QSize(self.geometry().width(), size.height()))))
            left += size.width() + self.spacing()

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _width(self, items: list[QLayoutItem]) -> int:
        return sum(item.sizeHint().width() for item in items) + self.spacing() * max(0, len(items) - 1)

    @staticmethod
    def _height(items: list[QLayoutItem]) -> int:
        return max((item.sizeHint().height() for item in items), default=0)

    def _lines(self, width: int) -> list[list[QLayoutItem]]:
        """What stands in each line of a width."""
        lines: list[list[QLayoutItem]] = [[]]
        for item in self._shown():
            if lines[-1] and self._width([*lines[-1], item]) > width:
                lines.append([])
            lines[-1].append(item)
        return lines


def _likes_to_grow(item: QLayoutItem) -> bool:
    """Whether it expands, or asks for no width and takes what there is."""
    widget = item.widget()
    takes_any = widget is not None and widget.sizePolicy().horizontalPolicy() is QSizePolicy.Policy.Ignored
    return takes_any or bool(item.expandingDirections() & Qt.Orientation.Horizontal)
