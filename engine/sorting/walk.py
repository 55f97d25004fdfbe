"""Through a folder of photographs, a few pictures at a time: what is stored is never looked at twice."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TypeAlias

from engine.capture.folders import find_pictures
from engine.errors import BadInputError, ImageError, shown
from engine.gallery.sorting_layout import LookedAt
from engine.gallery.sorting_store import SortingStore
from engine.sorting.faces import kept
from engine.sorting_values import SortStep
from engine.types import CancelToken, Face, Frame

PICTURES_AT_ONCE = 16
"""How many pictures share one pass through the pipeline and one transaction."""
_PIXELS_AT_ONCE = 48_000_000
"""Large photographs share a pass with fewer others, so that memory stays within bounds."""

ReadPicture: TypeAlias = Callable[[Path], Frame]
FindFaces: TypeAlias = Callable[[Sequence[Frame]], Sequence[Sequence[Face]]]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A picture that has to be looked at, as the file was when it was listed."""

    path: str
    file: Path
    size: int
    modified_ns: int


class Walk:
    """A look through one folder. What was found so far is in the store after each step, whatever happens then."""

    def __init__(
        self,
        folder: Path,
        store: SortingStore,
        sorting_id: int,
        *,
        read: ReadPicture,
        find: FindFaces,
        token: CancelToken,
    ) -> None:
        """List the pictures, and compare them with what was looked at before.

        Raises:
            BadInputError: there is no such folder, or no picture in it.
            OperationCancelledError: the token was turned.
        """
        if not folder.is_dir():
            raise BadInputError(f"“{shown(folder)}” is not a folder, or cannot be reached. Choose another one.")
        self.sorting_id = sorting_id
        self._store, self._read, self._find = store, read, find
        known = store.looked_at(sorting_id)
        there: list[str] = []
        self._waiting: list[_Waiting] = []
        for file in find_pictures([folder], token):
            one = _waiting(folder, file)
            there.append(one.path)
            if known.get(one.path) != (one.size, one.modified_ns):
                self._waiting.append(one)
        if not there:
            raise BadInputError(f"There is no picture in “{shown(folder)}”. Choose another folder.")
        store.count(sorting_id, there)
        self._total, self._next, self._faces = len(there), 0, 0
        self._text = ""

    @property
    def step(self) -> SortStep:
        """How far it is."""
        done = self._total - len(self._waiting) + self._next
        return SortStep(self.sorting_id, done, self._total, self._faces, self._text)

    def go_on(self, seconds: float, token: CancelToken) -> SortStep:
        """Look at more pictures, for about so long; at least at a few.

        Raises:
            OperationCancelledError: the token was turned; what was found before is kept.
            GalleryError: it could not be stored; the same pictures are looked at next time.
        """
        until = monotonic() + seconds
        while self._next < len(self._waiting):
            token.check()
            self._look(token)
            if monotonic() >= until:
                break
        return self.step

    def _look(self, token: CancelToken) -> None:
        """Look at the next few pictures and store what is in them."""
        looked: list[LookedAt] = []
        frames: list[Frame] = []
        places: list[int] = []
        pixels = 0
        for one in self._few():
            token.check()
            try:
                frame = self._read(one.file)
            except ImageError as error:
                looked.append(LookedAt(one.path, one.size, one.modified_ns, str(error)))
                continue
            frames.append(frame)
            places.append(len(looked))
            looked.append(LookedAt(one.path, one.size, one.modified_ns))
            pixels += frame.pixels.shape[0] * frame.pixels.shape[1]
            if pixels >= _PIXELS_AT_ONCE:
                break
        found = self._find(frames) if frames else ()
        token.check()
        for place, faces in zip(places, found, strict=True):
            seen = looked[place]
            looked[place] = LookedAt(seen.path, seen.size, seen.modified_ns, faces=tuple(kept(face) for face in faces))
        self._store.keep(self.sorting_id, looked)
        self._next += len(looked)
        self._faces += sum(len(one.faces) for one in looked)
        self._text = looked[-1].path

    def _few(self) -> Iterator[_Waiting]:
        yield from self._waiting[self._next : self._next + PICTURES_AT_ONCE]


def _waiting(folder: Path, file: Path) -> _Waiting:
    path = os.fsencode(file.relative_to(folder).as_posix()).decode("utf-8", "backslashreplace")
    try:
        status = file.stat()
    except OSError:
        # Reading it will say what is wrong.
        return _Waiting(path, file, -1, -1)
    return _Waiting(path, file, status.st_size, status.st_mtime_ns)
