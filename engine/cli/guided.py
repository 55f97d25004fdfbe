"""`enroll NAME --guided --camera SOURCE`: the best views of a camera, a video or a folder."""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.capture.stills import frames_of
from engine.errors import BadInputError
from engine.guided import STANDARD_PLAN, TITLES, GuidedReport, Shot, in_words
from engine.service import FaceService
from engine.types import Enrollment
from engine.wording import pictures

Json = dict[str, Any]


def enroll(service: FaceService, name: str, source: str | None, consent: date | None, purpose: str) -> tuple[Json, str]:
    """Watch a source until every view is there or it ends, leave out what hurts, and enroll the rest."""
    if not source:
        raise BadInputError("Guided enrollment needs a camera, a video or a folder: --camera SOURCE.")
    desk = service.guided
    live, frames = frames_of(source)
    guidance = desk.begin(name, consent, purpose=purpose, plan=STANDARD_PLAN, live=live)
    try:
        for frame in frames:
            guidance = desk.see(frame)
            if guidance.complete:
                break
        report = desk.report()
        enrolled = desk.finish([shot.id for shot in report.shots if not shot.kept])
    finally:
        desk.stop()
    return _json(report, enrolled), _text(report, enrolled)


def _json(report: GuidedReport, enrolled: Enrollment) -> Json:
    alike = report.look_alike
    return {
        "name": enrolled.person.name,
        "added": enrolled.added,
        "templates": enrolled.person.template_count,
        "live": report.live,
        "shots": [_shot(shot) for shot in report.shots],
        "missing": [sector.value for sector in report.missing],
        "recognised": report.passing,
        "compared": report.compared,
        "at_least": round(report.bound, 4),
        "look_alike": alike and {"name": alike.name, "distance": round(alike.distance, 6)},
        "verdict": report.headline,
    }


def _shot(shot: Shot) -> Json:
    face = shot.candidate.face
    return {
        "view": shot.sector.value,
        "image": shot.candidate.source,
        "worth": shot.worth.value,
        "kept": shot.kept,
        "genuine": round(shot.genuine, 6),
        "impostor": round(shot.impostor, 6),
        "quality": dict(face.quality.components) if face else {},
    }


def _text(report: GuidedReport, enrolled: Enrollment) -> str:
    lines = [f"“{enrolled.person.name}”: {pictures(enrolled.added)} enrolled. {report.source_text}"]
    for shot in report.shots:
        mark = "" if shot.kept else " (left out)"
        lines.append(f"  {TITLES[shot.sector]}: {shot.sentence}{mark}")
    if report.missing:
        lines.append(f"  Not seen: {in_words(report.missing)}.")
    lines += [f"{report.headline}. {report.recognition}", report.look_alike_text]
    return "\n".join(lines)
