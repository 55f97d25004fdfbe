"""How decisions look as marks on faces."""

from __future__ import annotations

from engine.live_values import TrackedFace, Verdict
from engine.types import Identification, Verification
from gui.widgets.face_canvas import FaceMark
from gui.widgets.mark_labels import Tone


def found_mark(found: Identification, scale: float = 1.0) -> FaceMark:
    """Mark a face of a still picture that is shown at a scale."""
    box = found.face.box.scaled(scale)
    if found.person is None:
        return FaceMark(box, "Unknown")
    return FaceMark(box, found.person.name, f"{found.person.distance:.2f}", "good")


def tracked_mark(tracked: TrackedFace, verification: Verification | None = None) -> FaceMark:
    """Mark a followed face; with a verification, as whom it claims to be."""
    text, detail, tone = words_of(tracked) if verification is None else _claim(verification)
    notes = tuple((one.text, one.tone) for one in tracked.observations)
    return FaceMark(tracked.box, text, detail, tone, tracked.track_id, tracked.speed_px_s, notes)


def words_of(tracked: TrackedFace) -> tuple[str, str, Tone]:
    """Name, detail and tone of a followed face."""
    person = tracked.identification.person
    if person is not None:
        return person.name, f"{person.distance:.2f}", "good"
    if tracked.verdict is Verdict.NOT_SURE:
        return f"{tracked.likely}?" if tracked.likely else "Not sure", tracked.hint, "unsure"
    return "Unknown", "", "unknown"


def _claim(verification: Verification) -> tuple[str, str, Tone]:
    text = verification.name if verification.match else f"Not {verification.name}"
    if verification.refused_as_not_live:
        text = f"{verification.name}?"
    return text, f"{verification.distance:.2f}", "good" if verification.match else "bad"
