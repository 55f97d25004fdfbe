"""Recording clips to train a liveness network over time on: faces as they are, in the user's own folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from pathlib import Path
from time import time

from engine.clip_values import READY_S, RECORD_S, ClipCount, ClipSetup, ClipState
from engine.errors import BadInputError, CameraError, shown
from engine.live_values import Blur, LiveResult
from engine.liveness.clips import FRAMES_A_SECOND, VIDEOS, listed, without_copies
from engine.networks.temporal import FRAMES
from engine.recording import Recorder
from engine.types import Frame

_STEPS_A_SECOND = 10
_LEAST_SHARE = FRAMES / (FRAMES_A_SECOND * RECORD_S)
"""Of the frames must show a face, or the trainer finds no two seconds of one."""
_NO_NAME = '/\\:*?"<>|'
_LONGEST_NAME = 80
_UNDER_WAY_S = 60.0
"""What was written to within so long may be the clip of another window."""


@dataclass(slots=True)
class _Take:
    """One clip under way."""

    setup: ClipSetup
    made: list[Path]
    recorder: Recorder
    source: str = ""
    began_s: float | None = None
    looked_s: float = float("-inf")
    looked: int = 0
    faces: int = 0
    missing: bool = False


class ClipsDesk:
    """Records one clip after the other. Synchronous, as the service."""

    def __init__(self, sees_face: Callable[[Frame], bool]) -> None:
        """Record nothing yet.

        Args:
            sees_face: whether there is a face in a frame.
        """
        self._sees_face = sees_face
        self._take: _Take | None = None
        self._kept: set[Path] = set()

    def count(self, folder: Path) -> ClipCount:
        """What a folder of recordings holds; nothing where there is none yet.

        Raises:
            BadInputError: it cannot be read.
        """
        found = listed(folder)
        problem = ""
        try:
            without_copies(folder, found)
        except BadInputError as error:
            problem = str(error)
        live, spoof = ([group for _, is_live, group in found if is_live is label] for label in (True, False))
        return ClipCount(len(live), len(spoof), len({*live}), len({*spoof}), len({*live, *spoof}), problem)

    def begin(self, setup: ClipSetup) -> ClipState:
        """Get ready to record; what was under way is given up.

        Raises:
            BadInputError: nobody can be called that.
            CameraError: nothing can be written there.
        """
        self.cancel()
        place = _place(setup)
        _sweep(setup.folder)
        made = _make_folders(place)
        name = f"{datetime.now().astimezone():%Y-%m-%d %H.%M.%S}"
        path = place / f"{name}.mp4"
        number = 2
        while path.exists():
            path, number = place / f"{name} {number}.mp4", number + 1
        try:
            recorder = Recorder(path, Blur.NOBODY)
        except CameraError:
            _remove(made)
            raise
        self._take = _Take(setup, made, recorder)
        return self._state(self._take, 0.0)

    def see(self, frame: Frame) -> ClipState | None:
        """Take in a frame of the camera; None where nothing is recorded.

        Raises:
            CameraError: the clip cannot be written, or the camera is another one; nothing is left of it.
            BadInputError: there was no face in it; nothing is left of it.
        """
        take = self._take
        if take is None:
            return None
        try:
            return self._see(take, frame)
        except Exception:
            self.cancel()
            raise

    def _see(self, take: _Take, frame: Frame) -> ClipState:
        if take.began_s is None:
            take.began_s, take.source = frame.time_s, frame.source
        if frame.source != take.source:
            raise CameraError("The camera was changed while it recorded, so nothing of it is kept. Record it again.")
        since_s = frame.time_s - take.began_s
        recording = since_s >= READY_S
        if frame.time_s - take.looked_s >= 1 / FRAMES_A_SECOND:
            take.looked_s, take.missing = frame.time_s, not self._sees_face(frame)
            if recording:
                take.looked += 1
                take.faces += not take.missing
        if recording:
            take.recorder.add(LiveResult(frame, (), None, {}))
            if since_s >= READY_S + RECORD_S:
                return self._finish(take)
        return self._state(take, since_s)

    def _finish(self, take: _Take) -> ClipState:
        if take.faces < _LEAST_SHARE * take.looked:
            raise BadInputError(
                "A face was seen for less than two seconds, from which nothing can be learned, so the clip is not "
                "kept. Come closer, or make it brighter, and record it again."
            )
        take.recorder.finish()
        self._take = None
        path = take.recorder.path
        self._kept.add(path)
        steps = round(RECORD_S * _STEPS_A_SECOND)
        return ClipState(f"Kept in “{shown(take.setup.folder)}”.", steps, steps, saved=path)

    def _state(self, take: _Take, since_s: float) -> ClipState:
        nobody = " No face is seen." if take.missing else ""
        steps = round(RECORD_S * _STEPS_A_SECOND)
        if since_s < READY_S:
            left_s = READY_S - since_s
            return ClipState(f"Get ready: {ceil(left_s)}.{nobody}", 0, steps, left_s)
        left_s = max(READY_S + RECORD_S - since_s, 0.0)
        what = "Move your head: turn, nod, come closer." if take.setup.live else "Move and turn the picture."
        done = steps - round(left_s * _STEPS_A_SECOND)
        return ClipState(f"{what}{nobody}", done, steps, left_s, recording=True)

    def cancel(self) -> None:
        """Give up the clip under way; nothing is left of it, nor of folders that were made for it."""
        take, self._take = self._take, None
        if take is not None:
            with suppress(OSError):
                take.recorder.abandon()
            _remove(take.made)

    def discard(self, clip: Path) -> None:
        """Delete a clip that was recorded since the start, and its folders where nothing else is in them.

        Raises:
            BadInputError: it cannot be deleted.
        """
        if clip not in self._kept:
            raise BadInputError(f"The clip “{shown(clip)}” was not recorded here. Delete it in its folder.")
        try:
            clip.unlink(missing_ok=True)
        except OSError as error:
            raise BadInputError(
                f"The clip “{shown(clip)}” could not be deleted: {error.strerror}. Delete it in its folder."
            ) from error
        _remove([clip.parent.parent, clip.parent])


def _place(setup: ClipSetup) -> Path:
    """Where somebody's clips of one label lie.

    Raises:
        BadInputError: nobody can be called that, or it is not a folder of clips.
    """
    who = setup.who.strip()
    if not who:
        raise BadInputError("Say whom the clip shows; initials will do. All clips of one person belong together.")
    usable = who.isprintable() and not set(who) & set(_NO_NAME) and who[0] != "." and who[-1] != "."
    if not usable or len(who) > _LONGEST_NAME:
        raise BadInputError(f"A folder cannot be called “{shown(who)}”. Use letters, numbers and spaces.")
    place = setup.folder / ("live" if setup.live else "spoof") / _known_as(setup.folder, who)
    inside = [one for one in place.iterdir() if one.name[0] != "."] if place.is_dir() else []
    if inside and not any(one.is_dir() or one.suffix.lower() in VIDEOS for one in inside):
        raise BadInputError(f"“{shown(place)}” is a recording by itself, frame by frame. Use another name.")
    return place


def _known_as(folder: Path, who: str) -> str:
    """The name as somebody's folder has it, in capitals or not."""
    return next((one.name for one in _people(folder) if one.name.casefold() == who.casefold()), who)


def _people(folder: Path) -> Iterator[Path]:
    for label in ("live", "spoof"):
        if (folder / label).is_dir():
            yield from (one for one in sorted((folder / label).iterdir()) if one.is_dir())


def _make_folders(place: Path) -> list[Path]:
    """Make a folder and those above it; those that were made, outermost first.

    Raises:
        CameraError: it cannot be made.
    """
    made: list[Path] = []
    if not place.parents[2].is_dir():
        raise CameraError(f"“{shown(place.parents[1])}” cannot be reached. Choose another folder for the clips.")
    try:
        for folder in reversed([one for one in (place, *place.parents) if not one.exists()]):
            folder.mkdir(0o700)
            made.append(folder)
    except OSError as error:
        _remove(made)
        raise CameraError(
            f"The folder “{shown(place)}” could not be made: {error.strerror}. Choose another folder."
        ) from error
    return made


def _sweep(folder: Path) -> None:
    """Delete what a program that was killed has left: nobody would look for faces in there."""
    for left in folder.glob("*/*/.*.tmp.mp4"):
        with suppress(OSError):
            if time() - left.stat().st_mtime > _UNDER_WAY_S:
                left.unlink()


def _remove(folders: list[Path]) -> None:
    """Remove folders that are empty, innermost first."""
    for folder in reversed(folders):
        try:
            folder.rmdir()
        except OSError:
            return
