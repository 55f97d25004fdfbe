"""`reject`, and what `gallery` does about getting people right: `rejections`, `review`, `list --due`."""

from __future__ import annotations

import shlex
from datetime import date
from typing import Any

from engine.care import Finding, Rejection, Review, days_left, is_due
from engine.errors import BadInputError
from engine.service import FaceService, source_of
from engine.types import Person, Picture
from engine.wording import counted

Json = dict[str, Any]


def reject(service: FaceService, name: str, picture: Picture) -> tuple[Json, str]:
    """Remember that the largest face of a picture is not a person."""
    person = service.person_named(name)
    face = service.probe(picture)
    made = service.care.reject(person.id, face, source_of(picture))
    count = len(service.care.rejections(person.id))
    text = (
        f"The face in “{made.source}” is kept as not being “{person.name}” (number {made.id}); faces like it are no "
        f"match for them from now on. {_faces(count)} kept so. "
        f"Take it back with: visavis gallery rejections {shlex.quote(person.name)} --remove {made.id}"
    )
    return {"name": person.name, "rejected": rejection(made), "rejections": count}, text


def rejections(service: FaceService, name: str, remove: int | None) -> tuple[Json, str]:
    """List the faces that are not a person, or take one back."""
    person = service.person_named(name)
    kept = service.care.rejections(person.id)
    if remove is None:
        lines = [f"{person.name}: {_faces(len(kept))} kept as not being them"]
        lines += [f"  {one.id}: {one.source}, {one.created_at:%Y-%m-%d %H:%M}" for one in kept]
        return {"name": person.name, "rejections": [rejection(one) for one in kept]}, "\n".join(lines)
    gone = next((one for one in kept if one.id == remove), None)
    if gone is None:
        raise BadInputError(f"“{person.name}” has no rejected face of number {remove}. List them without --remove.")
    service.care.forget_rejection(gone.id)
    text = f"The face from “{gone.source}” no longer counts as not being “{person.name}”."
    return {"name": person.name, "removed": rejection(gone)}, text


def review(service: FaceService) -> tuple[Json, str]:
    """Look through the gallery for people and pictures that are not right."""
    found = service.care.review()
    data = {"people": found.people, "left_out": found.left_out, "findings": [finding(one) for one in found.findings]}
    return data, review_text(found)


def due(people: list[Person]) -> list[Person]:
    """Those who have expired or do so soon, the first to expire first."""
    today = date.today()
    return sorted((one for one in people if is_due(one, today)), key=lambda one: days_left(one, today) or 0)


# --- in words -------------------------------------------------------------------------------------------------------


def rejection(one: Rejection) -> Json:
    """One rejected face."""
    return {"id": one.id, "source": one.source, "created_at": one.created_at.isoformat(timespec="seconds")}


def finding(one: Finding) -> Json:
    """One finding of the check-up."""
    return {
        "kind": one.kind.value,
        "name": one.name,
        "other": one.other_name or None,
        "template": one.template_id,
        "other_template": one.other_template_id,
        "distance": round(one.distance, 6),
        "limit": round(one.limit, 6),
        "false_match_rate": one.false_match.rate,
        "passing": one.passing,
        "pictures": one.pictures,
        "sentence": one.sentence,
        "advice": one.advice,
    }


def review_text(found: Review) -> str:
    """What the check-up found, for people."""
    if not found.findings:
        return f"{counted(found.people, 'person was', 'people were')} compared. Nothing stands out."
    lines = [f"{one.sentence}\n  {one.advice}" for one in found.findings]
    if found.left_out:
        lines.append(f"And {found.left_out:,} more.")
    return "\n".join(lines)


def _faces(count: int) -> str:
    return counted(count, "face is", "faces are")
