"""Events, and the lines of JSON that they travel as."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias, get_args

from engine.errors import BadInputError
from engine.learning.evaluation import Evaluation
from engine.learning.plain import built, plain
from engine.learning.training import (
    BenchResult,
    Checked,
    Hardest,
    Progressed,
    RunEnded,
    RunStarted,
    Said,
    Stepped,
    Validated,
)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An evaluation is done."""

    evaluation: Evaluation


@dataclass(frozen=True, slots=True)
class LivenessTrained:
    """A network over time was trained on clips and compared with single frames.

    Attributes:
        better: whether it was put to use.
        text: what it is worth, in lines.
    """

    better: bool
    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not work, and why, as a sentence."""

    sentence: str


Event: TypeAlias = (
    Progressed
    | Said
    | RunStarted
    | Stepped
    | Validated
    | Hardest
    | RunEnded
    | BenchResult
    | Checked
    | Evaluated
    | LivenessTrained
    | Failed
)
_EVENTS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(Event)}


def to_line(event: Event) -> str:
    """Write an event as one line of JSON."""
    return json.dumps({"event": type(event).__name__, **plain(asdict(event))}, ensure_ascii=True)


def from_line(line: str) -> Event:
    """Read an event.

    Raises:
        BadInputError: the line is none.
    """
    try:
        stored = json.loads(line)
        event: Event = built(_EVENTS[stored.pop("event")], stored)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInputError("The training process said something that cannot be understood.") from error
    return event
