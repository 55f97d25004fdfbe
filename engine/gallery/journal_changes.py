"""What an edit of the gallery was, told from the rows before and after it. Names are left out where they can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.gallery.undo import Snapshot

_OWN = frozenset(("id", "name_key", "search_text", "created_at"))
_WITH_VALUES = frozenset(("consent_date", "expires_on"))


@dataclass(frozen=True, slots=True)
class Told:
    """An edit as the history log has it.

    Attributes:
        people: ids of those it is about, the one it happened to first.
        merged_into: who took over what the gone one had; None where nobody did.
    """

    kind: str
    people: tuple[int, ...]
    details: Mapping[str, Any]
    merged_into: int | None = None


def told(before: Snapshot, after: Snapshot) -> Told | None:
    """Say what happened; None where nothing did."""
    gone = before.people.keys() - after.people.keys()
    new = after.people.keys() - before.people.keys()
    about = tuple(sorted(before.people.keys() | after.people.keys()))
    if gone or new:
        return _comings(before, after, gone, new)
    if (found := _pictures(before, after)) or (found := _particulars(before, after)):
        return found
    for kind, added, taken in (
        ("reject", after.rejections.keys() - before.rejections.keys(), False),
        ("unreject", before.rejections.keys() - after.rejections.keys(), True),
    ):
        if added:
            rows = before.rejections if taken else after.rejections
            return Told(kind, tuple(sorted({rows[id_]["person_id"] for id_ in added})), {"faces": len(added)})
    if pairs := before.kept_apart.keys() ^ after.kept_apart.keys():
        return Told("keep_apart", min(pairs), {})
    return None if before == after else Told("change", about, {"people": 1})


def _comings(before: Snapshot, after: Snapshot, gone: set[int], new: set[int]) -> Told:
    added = after.templates.keys() - before.templates.keys()
    taken = before.templates.keys() - after.templates.keys()
    left = {row["person_id"] for id_, row in before.templates.items() if id_ in after.templates}
    stay = sorted(after.people.keys() - new)
    if new and gone:
        return Told("change", tuple(sorted(gone | new)), {"people": len(gone | new)})
    if new:
        touched = tuple(sorted({after.templates[id_]["person_id"] for id_ in added} | new))
        moved = any(
            before.templates[id_]["person_id"] != row["person_id"]
            for id_, row in after.templates.items()
            if id_ in before.templates
        )
        # Pictures that change hands to somebody new are a split.
        kind = "change" if moved else "enroll"
        return Told(kind, touched, {"people": len(touched), "pictures": len(added), "new": True})
    if len(gone) == 1 and len(stay) == 1:
        (source,) = gone
        moved_pictures = sum(row["person_id"] == source for row in before.templates.values())
        return Told("merge", (source, stay[0]), {"pictures": moved_pictures}, stay[0])
    kind = "change" if left & gone else "delete"
    return Told(kind, tuple(sorted(gone)), {"people": len(gone), "pictures": len(taken)})


def _pictures(before: Snapshot, after: Snapshot) -> Told | None:
    if added := after.templates.keys() - before.templates.keys():
        owners = tuple(sorted({after.templates[id_]["person_id"] for id_ in added}))
        return Told("enroll", owners, {"people": len(owners), "pictures": len(added)})
    if taken := before.templates.keys() - after.templates.keys():
        owners = tuple(sorted({before.templates[id_]["person_id"] for id_ in taken}))
        return Told("delete_picture", owners, {"pictures": len(taken)})
    both = [(row, after.templates[id_]) for id_, row in before.templates.items()]
    if moved := [(old["person_id"], new["person_id"]) for old, new in both if old["person_id"] != new["person_id"]]:
        return Told("move", moved[0], {"pictures": len(moved)})
    if right := [new["person_id"] for old, new in both if old["confirmed"] != new["confirmed"]]:
        return Told("confirm", tuple(sorted(set(right))), {})
    return None


def _particulars(before: Snapshot, after: Snapshot) -> Told | None:
    for id_, old in before.people.items():
        new = after.people[id_]
        if old["name"] != new["name"]:
            # The only entry with names in it: it is wiped at once when the person is deleted.
            return Told("rename", (id_,), {"names": [old["name"], new["name"]]})
        changed = [name for name in new if name not in _OWN and old.get(name) != new[name]]
        if changed:
            fields = {name: [_day(old[name]), _day(new[name])] if name in _WITH_VALUES else None for name in changed}
            return Told("describe", (id_,), {"fields": fields})
    return None


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None
