"""What the history log has of decisions: the numbers they were made from, never an embedding, a picture or a path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.errors import shown
from engine.gallery.journal import Note
from engine.types import Comparison, Identification, Verification

AWAY_S = 10.0
"""Whoever was not seen for so long is seen anew."""


def label(source: str) -> str:
    """What a picture or camera is called, without where it lies."""
    return shown(Path(source).name or source)


def verification(found: Verification, source: str, *, failed: bool) -> Note:
    """Say how a claim was decided."""
    numbers = _numbers(found.metric, found.distance, found.threshold, found.probe.pack_id)
    details = {"match": found.match, "source": label(source), "failed": failed, **numbers}
    return Note("verify", details, [found.person_id])


def comparison(found: Comparison, first: str, second: str) -> Note:
    """Say how two pictures were compared."""
    numbers = _numbers(found.metric, found.distance, found.threshold, found.first.pack_id)
    return Note("compare", {"match": found.match, "source": label(first), "other": label(second), **numbers})


def identification(found: Identification, source: str, kind: str = "identify") -> Note | None:
    """Say who a face was taken for; None where there was nobody to be compared with."""
    if not found.candidates:
        return None
    nearest = found.person or found.candidates[0]
    numbers = _numbers(found.metric, nearest.distance, found.threshold, found.face.pack_id)
    return Note(kind, {"match": found.person is not None, "source": label(source), **numbers}, [nearest.person_id])


class Sightings:
    """People before a camera: each counts once, until they have been away for a while."""

    def __init__(self) -> None:
        self._seen: dict[int, float] = {}

    def new(self, found: Sequence[Identification], source: str, time_s: float) -> list[Note]:
        """Return what is new in a frame, on the frames' clock."""
        notes = []
        for one in found:
            if one.person is None:
                continue
            last = self._seen.get(one.person.person_id)
            self._seen[one.person.person_id] = time_s
            note = identification(one, source, "live")
            if note is not None and (last is None or not 0 <= time_s - last < AWAY_S):
                notes.append(note)
        return notes


def _numbers(metric: str, distance: float, limit: float, pack_id: str) -> dict[str, Any]:
    return {"metric": str(metric), "distance": round(distance, 6), "limit": round(limit, 6), "pack": pack_id}
