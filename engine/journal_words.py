"""What entries of the history log say, as sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from engine.errors import shown
from engine.wording import counted, people, pictures

SOMEBODY = "somebody deleted"
"""What people are called who are no longer there."""
_FIELDS = {"consent_date": "consent", "expires_on": "last day"}


@dataclass(frozen=True, slots=True)
class Said:
    """What an entry has to say: its details, and the names of those it is about."""

    details: Mapping[str, Any]
    people: tuple[str, ...]

    @property
    def one(self) -> str:
        """Whom it is about."""
        return self._name(0)

    @property
    def other(self) -> str:
        """The second of those it is about."""
        return self._name(1)

    @property
    def pictures(self) -> str:
        """How many pictures."""
        return pictures(int(self.details.get("pictures", 0)))

    @property
    def many(self) -> int:
        """How many people."""
        return int(self.details.get("people", 1))

    @property
    def numbers(self) -> str:
        """What a decision was made from."""
        told = self.details
        metric = str(told["metric"]).replace("_", " ").capitalize()
        return f"{metric} distance {told['distance']:.3f}, limit {told['limit']:.3f}, {told['pack']}."

    def _name(self, place: int) -> str:
        name = self.people[place] if place < len(self.people) else SOMEBODY
        return name if name == SOMEBODY else f"“{shown(name)}”"


def in_words(kind: str, details: Mapping[str, Any], people: tuple[str, ...]) -> str:
    """Say what an entry says."""
    made = _WORDS.get(kind)
    words = made(Said(details, people)) if made else str(details.get("what", ""))
    return words[:1].upper() + words[1:]


def pause_in_words(seconds: float) -> str:
    """Say how long a pause is."""
    whole = max(1, ceil(seconds))
    return counted(whole, "second") if whole < 120 else f"{ceil(whole / 60)} minutes"


def _enroll(said: Said) -> str:
    if said.many > 1:
        return f"{people(said.many)} were enrolled, with {said.pictures}."
    return f"{said.one} was enrolled with {said.pictures}." if said.details.get("new") else _added(said)


def _added(said: Said) -> str:
    return f"{said.pictures} added to {said.one}."


def _rename(said: Said) -> str:
    before, after = (f"“{shown(str(name))}”" for name in said.details["names"])
    return f"{before} was renamed to {after}."


def _describe(said: Said) -> str:
    changes = []
    for name, values in said.details["fields"].items():
        changed = _FIELDS.get(name, name)
        if values:
            before, after = (one or "none" for one in values)
            changed += f" from {before} to {after}"
        changes.append(changed)
    return f"of {said.one} was changed: {', '.join(changes)}."


def _delete(said: Said) -> str:
    who = f"{people(said.many)} were" if said.many > 1 else f"{said.one} was"
    return f"{who} deleted, with {said.pictures}."


def _change(said: Said) -> str:
    who = people(said.many) if said.many > 3 else ", ".join(f"“{shown(name)}”" for name in said.people)
    return f"{who or 'the gallery'} changed."


def _again(verb: str) -> Callable[[Said], str]:
    return lambda said: f"{verb}: {in_words(str(said.details.get('what', 'change')), said.details, said.people)}"


def _verify(said: Said) -> str:
    answer = "is" if said.details["match"] else "is not"
    failed = " That was a failed attempt." if said.details.get("failed") else ""
    return f"“{said.details['source']}” {answer} {said.one}. {said.numbers}{failed}"


def _compare(said: Said) -> str:
    answer = "the same person" if said.details["match"] else "different people"
    return f"“{said.details['source']}” and “{said.details['other']}”: {answer}. {said.numbers}"


def _identify(said: Said) -> str:
    shows = f"shows {said.one}" if said.details["match"] else f"shows nobody known; the nearest is {said.one}"
    return f"“{said.details['source']}” {shows}. {said.numbers}"


def _live(said: Said) -> str:
    began, ended = (datetime.fromisoformat(said.details[key]) for key in ("began", "ended"))
    return f"{said.one} was before “{said.details['source']}” from {began:%H:%M:%S} to {ended:%H:%M:%S}."


def _pause(said: Said) -> str:
    times = counted(int(said.details["failures"]), "attempt")
    return f"{times} as {said.one} failed: a pause of {said.details['pause_s']:.0f} seconds."


def _transfer(verb: str) -> Callable[[Said], str]:
    def sentence(said: Said) -> str:
        # A table of people holds no pictures.
        with_pictures = f" with {said.pictures}" if said.details.get("pictures") else ""
        return f"{people(said.many)}{with_pictures} {verb} {said.details['what']}."

    return sentence


def _erase(said: Said) -> str:
    who = "somebody was" if said.many == 1 else f"{people(said.many)} were"
    receipt = f" (receipt {said.details['receipt']})" if said.details.get("receipt") else ""
    return f"{who} erased for good{receipt}: {said.details['what']}."


def _prune(said: Said) -> str:
    dropped = counted(int(said.details["entries"]), "entry", "entries")
    return f"{dropped} older than {counted(int(said.details['days']), 'day')} dropped."


_WORDS: Mapping[str, Callable[[Said], str]] = {
    "enroll": _enroll,
    "rename": _rename,
    "describe": _describe,
    "merge": lambda said: f"{said.one} was merged into {said.other}, with {said.pictures}.",
    "move": lambda said: f"{said.pictures} moved from {said.one} to {said.other}.",
    "delete_picture": lambda said: f"{said.pictures} of {said.one} deleted.",
    "delete": _delete,
    "change": _change,
    "reject": lambda said: f"a face was said not to be {said.one}.",
    "unreject": lambda said: f"a face no longer counts as not being {said.one}.",
    "keep_apart": lambda said: f"{said.one} and {said.other} were said not to be the same.",
    "confirm": lambda said: f"a picture of {said.one} was said to be right.",
    "undo": _again("taken back"),
    "redo": _again("done again"),
    "verify": _verify,
    "compare": _compare,
    "identify": _identify,
    "live": _live,
    "pause": _pause,
    "import": _transfer("imported from"),
    "export": _transfer("exported to"),
    "erase": _erase,
    "unlock": lambda said: f"opened after {counted(int(said.details['failures']), 'wrong passphrase')}.",
    "accept": lambda _said: "the gallery was accepted as it is, though it is not the one that was last used here.",
    "prune": _prune,
}
