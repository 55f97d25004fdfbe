"""The three-way answer of one followed face: a name neither flickers nor sticks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from engine.live_values import Verdict
from engine.tracking.looks import Look, hint_of
from engine.types import Candidate, Identification

MARGIN = 0.12
"""How much further than the best, as a share of the limit, another person must be for the name to be sure."""
HOLD_S = 1.0
"""How long a name stays while looks fall between the limit and the looser one."""
CHANGES_AFTER = 2
"""How many looks in a row must say something else before the answer changes."""
POOR = 0.3
"""A face of less weight than this that matches nobody is not called a stranger: it cannot be told."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of a face now.

    Attributes:
        person: the one named; None unless the verdict is a match.
        likely: whom it may be, where it is not sure.
        hint: what would help, where it is not sure.
    """

    verdict: Verdict
    person: Candidate | None = None
    likely: str = ""
    hint: str = ""

    @property
    def key(self) -> tuple[Verdict, int | None]:
        """What a change of answer is judged by."""
        return self.verdict, self.person.person_id if self.person else None


class Naming:
    """Keeps the answer of one track steady."""

    def __init__(self) -> None:
        self._shown: Answer | None = None
        self._against = 0
        self._confirmed_s = float("-inf")

    @property
    def shown(self) -> Answer | None:
        """What was said last."""
        return self._shown

    def decide(
        self,
        found: Identification,
        looser_limit: float,
        look: Look,
        taken: Collection[int],
        time_s: float,
        *,
        new_look: bool,
    ) -> Answer:
        """Say who it is.

        Args:
            found: the decision on the fused embedding.
            looser_limit: distance up to which it is not sure that it is nobody.
            look: the best look.
            taken: people whom other faces in the picture are.
            time_s: now.
            new_look: whether the fused embedding has changed since the last call.
        """
        raw = three_way(found, looser_limit, look, taken)
        shown = self._shown
        elsewhere = shown is not None and shown.person is not None and shown.person.person_id in taken
        if shown is None or raw.key == shown.key or elsewhere:
            return self._say(raw, time_s)
        self._against += new_look
        held = raw.person is None and self._held(found, looser_limit, time_s)
        return self._say(raw, time_s) if self._against >= CHANGES_AFTER and not held else shown

    def _say(self, answer: Answer, time_s: float) -> Answer:
        if answer.verdict is Verdict.MATCH:
            self._confirmed_s = time_s
        self._shown, self._against = answer, 0
        return answer

    def _held(self, found: Identification, looser_limit: float, time_s: float) -> bool:
        """Whether the name shown is still close enough to stay for a while."""
        shown = self._shown.person if self._shown else None
        nearest = next((one for one in found.candidates if shown and one.person_id == shown.person_id), None)
        if nearest is None or nearest.rejected_at is not None or nearest.distance > looser_limit:
            return False
        return time_s - self._confirmed_s <= HOLD_S


def three_way(found: Identification, looser_limit: float, look: Look, taken: Collection[int]) -> Answer:
    """The answer by the numbers alone."""
    allowed = [one for one in found.candidates if one.rejected_at is None]
    if found.person is not None:
        rival = _rival(found, found.person, allowed, taken)
        if rival is None:
            return Answer(Verdict.MATCH, found.person)
        return _unsure(f"{found.person.name} or {rival.name}", look)
    nearest = allowed[0] if allowed else None
    if nearest is not None and nearest.person_id in taken:
        if nearest.distance <= found.threshold:
            return Answer(Verdict.NOT_SURE, None, nearest.name, f"{nearest.name} is in the picture already")
    elif nearest is not None and nearest.distance <= looser_limit:
        return _unsure(nearest.name, look)
    elif nearest is not None and look.weight < POOR and hint_of(look.face.quality):
        return _unsure("", look)
    return Answer(Verdict.NO_MATCH)


def _rival(
    found: Identification, person: Candidate, allowed: Collection[Candidate], taken: Collection[int]
) -> Candidate | None:
    """Someone else who is within the limit and hardly further away: the two cannot be told apart by this face."""
    others = (one for one in allowed if one.person_id != person.person_id and one.person_id not in taken)
    limit = min(found.threshold, person.distance + MARGIN * found.threshold)
    return next((one for one in others if one.distance <= limit), None)


def _unsure(likely: str, look: Look) -> Answer:
    return Answer(Verdict.NOT_SURE, None, likely, hint_of(look.face.quality) or "look here")
