"""Pictures of found faces, fetched when they are first looked at, a few at a time and the latest first."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QPixmap

from engine.types import PixelArray
from gui.engine_client import EngineClient
from gui.theme.style import THEME
from gui.widgets.basics import image_of, rounded

_MOST_KEPT = 3000
"""In memory: about 110 MB at the most."""
_MOST_WANTED = 300
"""Those that were scrolled by are asked for again when they are next in sight."""
_AT_ONCE = 12
"""So many are drawn within a frame."""
_RATIO = 2.0


class Thumbnails(QObject):
    """Pictures of faces, by their numbers."""

    arrived = Signal(list)
    """The numbers of faces whose pictures are there now."""

    def __init__(self, client: EngineClient, side_px: int, parent: QObject) -> None:
        super().__init__(parent)
        self._client, self._side_px = client, side_px
        self._kept: dict[int, QPixmap | None] = {}
        self._wanted: dict[int, None] = {}
        self._tile: QPixmap | None = None
        self._fetching = False
        self._fetch = QTimer(self)
        self._fetch.setSingleShot(True)
        self._fetch.setInterval(0)
        self._fetch.timeout.connect(self._fetch_wanted)
        THEME.changed.connect(self._forget_tile)

    def of(self, face_id: int) -> QPixmap:
        """A face's picture; an empty tile until it is there, and where there is none."""
        if face_id not in self._kept:
            self._wanted.pop(face_id, None)
            self._wanted[face_id] = None
            if not self._fetching:
                self._fetch.start()
        kept = self._kept.get(face_id)
        if kept is not None:
            return kept
        if self._tile is None:
            self._tile = rounded(None, self._side_px)
        return self._tile

    def _fetch_wanted(self) -> None:
        latest = list(self._wanted)[-_MOST_WANTED:]
        now = latest[-_AT_ONCE:]
        self._wanted = dict.fromkeys(latest[:-_AT_ONCE])
        if not now:
            return
        while len(self._kept) > _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._fetching = True

        def keep(crops: dict[int, PixelArray]) -> None:
            for face_id in now:
                crop = crops.get(face_id)
                # One that is gone or damaged is not asked for at every look.
                self._kept[face_id] = None if crop is None else rounded(image_of(crop), self._side_px, _RATIO)
            self.arrived.emit(now)

        job = self._client.sorted_crops(now, round(self._side_px * _RATIO))
        job.succeeded.connect(keep)
        job.finished.connect(self._go_on)

    def _go_on(self) -> None:
        self._fetching = False
        if self._wanted:
            self._fetch.start()

    def _forget_tile(self) -> None:
        self._tile = None
