"""Options declared once: the file, the forms of the window and the command line follow from the declaration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, TypeAlias, TypeVar

from engine.errors import SettingsError

Value: TypeAlias = str | bool | int | float
T = TypeVar("T", str, bool, int, float)


@dataclass(frozen=True, slots=True)
class Option:
    """How one option is told to people, and what it may be.

    Attributes:
        choices: each possible value with its label; empty when any from `low` to `high`, or any of the type, will do.
        percent: whether it is a share that is shown in percent.
        hidden: whether it is remembered without being shown in a form.
    """

    section: str
    label: str
    note: str = ""
    choices: tuple[tuple[Value, str], ...] = ()
    low: float | None = None
    high: float | None = None
    unit: str = ""
    hidden: bool = False
    percent: bool = False


def option(default: T, declared: Option) -> T:
    """Make a dataclass field that carries its declaration."""
    return field(default=default, metadata={"option": declared})


def options_of(owner: type[Any]) -> Mapping[str, Option]:
    """Return the declarations of a dataclass, by key, in order."""
    return {declared.name: declared.metadata["option"] for declared in fields(owner)}


def check_options(value: Any) -> None:
    """Check every option of a dataclass.

    Raises:
        SettingsError: a value has another type, is out of range, or is none of the choices.
    """
    for declared in fields(value):
        _check(declared, getattr(value, declared.name))


def _check(declared: Field[Any], value: object) -> None:
    known: Option = declared.metadata["option"]
    kind = type(declared.default)
    fits = type(value) is kind or (kind is float and type(value) is int)
    if fits and known.choices:
        fits = value in [choice for choice, _ in known.choices]
    if fits and known.low is not None and known.high is not None:
        fits = isinstance(value, int | float) and known.low <= value <= known.high
    if not fits:
        raise SettingsError(f"The setting “{declared.name}” cannot be {value!r}.")
