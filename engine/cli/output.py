"""Results as JSON-ready values and as text for people."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from engine.types import (
    Box,
    Comparison,
    EngineInfo,
    Enrollment,
    EnrollmentCandidate,
    Identification,
    IdentifiedPicture,
    Metric,
    Person,
    Template,
    Verification,
)
from engine.wording import counted, people, pictures

Json = dict[str, Any]
_METRICS = {Metric.SQUARED_L2: "Squared L2", Metric.L2: "L2", Metric.L1: "L1", Metric.COSINE: "Cosine"}


def tell(request: argparse.Namespace, data: object, text: str) -> None:
    """Print a result as was asked for: `data` as JSON, or `text` for people."""
    said = json.dumps(data, ensure_ascii=False, indent=2, default=str) if request.json else text
    sys.stdout.write(said.encode("utf-8", "backslashreplace").decode() + "\n")


def enrollment(result: Enrollment, candidates: Sequence[EnrollmentCandidate]) -> Json:
    """What `enroll` stored and left out."""
    return {
        "name": result.person.name,
        "added": result.added,
        "templates": result.person.template_count,
        "skipped": [{"image": skipped.source, "reasons": list(skipped.refusals)} for skipped in result.skipped],
        "look_alikes": [
            {"image": c.source, "name": c.look_alike.name, "distance": round(c.look_alike.distance, 6)}
            | ({"false_match_rate": c.look_alike.false_match.rate} if c.look_alike.false_match else {})
            for c in candidates
            if c.look_alike
        ],
        "resemblances": [
            {
                "image": c.source,
                "name": c.resembles.name,
                "distance": round(c.resembles.distance, 6),
                "false_match_rate": c.resembles.false_match.rate,
            }
            for c in candidates
            if c.resembles
        ],
    }


def enrollment_text(result: Enrollment, candidates: Sequence[EnrollmentCandidate]) -> str:
    """The same for people."""
    lines = [f"“{result.person.name}”: {pictures(result.added)} enrolled."]
    lines += [f"  skipped {skipped.source}: {' '.join(skipped.refusals)}" for skipped in result.skipped]
    lines += [
        f"  {c.source} looks like “{c.look_alike.name}”, already enrolled (distance {c.look_alike.distance:.3f})."
        + (f" {c.look_alike.false_match.sentence}" if c.look_alike.false_match else "")
        for c in candidates
        if c.look_alike
    ]
    lines += [f"  {c.source}: {c.resembles.sentence}" for c in candidates if c.resembles]
    return "\n".join(lines)


def verification(result: Verification) -> Json:
    """The answer to `verify`."""
    return {
        "name": result.name,
        "match": result.match,
        "distance": round(result.distance, 6),
        "threshold": round(result.threshold, 6),
        "metric": result.metric.value,
        "rejected_at": None if result.rejected_at is None else round(result.rejected_at, 6),
        "liveness": None if result.liveness is None else asdict(result.liveness),
    }


def verification_text(result: Verification) -> str:
    """The same for people."""
    answer = f"Match: this is “{result.name}”" if result.match else f"No match: this is not “{result.name}”"
    if result.rejected_at is not None:
        answer += f", by a face that you rejected (distance to it {result.rejected_at:.3f})"
    if result.refused_as_not_live:
        answer += f", though near enough: {result.refused_as_not_live.removesuffix('.')}"
    return _decision_text(answer, result)


def comparison(result: Comparison) -> Json:
    """The answer to `compare`."""
    return {
        "match": result.match,
        "distance": round(result.distance, 6),
        "threshold": round(result.threshold, 6),
        "metric": result.metric.value,
    }


def comparison_text(result: Comparison) -> str:
    """The same for people."""
    return _decision_text("Match: the same person" if result.match else "No match: two different people", result)


def _decision_text(answer: str, result: Verification | Comparison) -> str:
    line = f"{answer}. {_METRICS[result.metric]} distance {result.distance:.3f}, limit {result.threshold:.3f}."
    return f"{line} {result.false_match.sentence}" if result.false_match else line


def _box(box: Box) -> list[float]:
    return [round(value, 1) for value in box]


def _identification(found: Identification) -> Json:
    return {
        "box": _box(found.face.box),
        "score": round(found.face.score, 4),
        "name": found.person.name if found.person else None,
        "candidates": [
            {"name": c.name, "distance": round(c.distance, 6)}
            | ({} if c.rejected_at is None else {"rejected_at": round(c.rejected_at, 6)})
            for c in found.candidates
        ],
    }


def identified(picture: IdentifiedPicture) -> Json:
    """Everyone in one picture, for `identify`."""
    result: Json = {"image": picture.source, "faces": [_identification(found) for found in picture.identifications]}
    if picture.error:
        result["error"] = picture.error
    return result


def identified_text(pictures: Sequence[IdentifiedPicture]) -> str:
    """The same for people."""
    lines = []
    for picture in pictures:
        if picture.error:
            continue
        lines.append(f"{picture.source}: {counted(len(picture.identifications), 'face')}")
        for found in picture.identifications:
            nearest = found.candidates[0] if found.candidates else None
            distance = f", nearest “{nearest.name}” at {nearest.distance:.3f}" if nearest else ""
            limit = f" (limit {found.threshold:.3f})" if nearest else ""
            limit += (
                ", but a face like this was rejected for them" if nearest and nearest.rejected_at is not None else ""
            )
            lines.append(f"  {found.person.name if found.person else 'unknown'}{distance}{limit}")
    return "\n".join(lines)


def person(someone: Person) -> Json:
    """One person of the gallery."""
    return {
        "name": someone.name,
        "templates": someone.template_count,
        "tags": list(someone.tags),
        "notes": someone.notes,
        "consent_date": someone.consent_date.isoformat() if someone.consent_date else None,
        "purpose": someone.purpose,
        "expires_on": someone.expires_on.isoformat() if someone.expires_on else None,
        "created_at": someone.created_at.isoformat(timespec="seconds"),
    }


def people_text(people: Sequence[Person]) -> str:
    """Everyone, for people."""
    if not people:
        return "Nobody. Enroll someone with: visavis enroll NAME IMAGE..."
    return "\n".join(
        f"{someone.name}: {counted(someone.template_count, 'template')}"
        + (f", to be kept until {someone.expires_on.isoformat()}" if someone.expires_on else "")
        for someone in people
    )


def person_details(someone: Person, templates: Sequence[Template]) -> Json:
    """One person with their templates; never the embeddings."""
    listed = [
        {
            "id": template.id,
            "source": template.source,
            "packs": sorted(template.embeddings),
            "created_at": template.created_at.isoformat(timespec="seconds"),
            "quality": {key: round(value, 3) for key, value in template.quality.items()},
        }
        for template in templates
    ]
    return {**person(someone), "templates": listed}


def person_text(someone: Person, templates: Sequence[Template]) -> str:
    """The same for people."""
    lines = [f"{someone.name}: {counted(len(templates), 'template')}"]
    if someone.tags:
        lines.append(f"  tags: {', '.join(someone.tags)}")
    if someone.notes:
        lines.append(f"  notes: {someone.notes}")
    if someone.consent_date:
        lines.append(f"  consent: {someone.consent_date.isoformat()}")
    if someone.purpose:
        lines.append(f"  purpose: {someone.purpose}")
    if someone.expires_on:
        lines.append(f"  to be kept until: {someone.expires_on.isoformat()}")
    for template in templates:
        packs = ", ".join(sorted(template.embeddings))
        lines.append(f"  {template.id}: {template.source}, {template.created_at:%Y-%m-%d %H:%M}, {packs}")
    return "\n".join(lines)


def info_text(info: EngineInfo) -> str:
    """What the engine runs on, for people."""
    versions = ", ".join(f"{name} {version}" for name, version in info.versions.items())
    lines = (
        f"Device:   {info.device}, {info.precision}. {info.device_reason}",
        f"Pack:     {info.pack} ({info.pack_licence})",
        f"Detector: {info.detector}",
        f"Gallery:  {info.gallery_path}: {people(info.people)}, {counted(info.templates, 'template')}",
        *([f"          {info.protection}"] if info.on_server else []),
        f"Versions: {versions}",
    )
    return "\n".join(lines)
