"""What the history log has of decisions: the numbers they were made from, never an embedding, a picture or a path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.errors import shown
from engine.gallery.journal import Note
from engine.live_values import Visit
from engine.types import Comparison, Identification, Verification


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


def identification(found: Identification, source: str) -> Note | None:
    """Say who a face was taken for; None where there was nobody to be compared with."""
    if not found.candidates:
        return None
    nearest = found.person or found.candidates[0]
    numbers = _numbers(found.metric, nearest.distance, found.threshold, found.face.pack_id)
    return Note(
        "identify", {"match": found.person is not None, "source": label(source), **numbers}, [nearest.person_id]
    )


def visit(seen: Visit, source: str) -> Note:
    """Say who was before a camera, from when to when."""
    began, ended = (at.isoformat(timespec="seconds") for at in (seen.first, seen.last))
    return Note("live", {"source": label(source), "began": began, "ended": ended}, [seen.person_id])


def _numbers(metric: str, distance: float, limit: float, pack_id: str) -> dict[str, Any]:
    return {"metric": str(metric), "distance": round(distance, 6), "limit": round(limit, 6), "pack": pack_id}
