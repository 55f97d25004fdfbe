"""Values of learning as JSON has them, and back."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any, Union, get_args, get_origin, get_type_hints

from engine.errors import BadInputError


def build(kind: type[Any], stored: dict[str, Any]) -> Any:
    """Build a dataclass of this package from what JSON made of it.

    Raises:
        BadInputError: it is not one.
    """
    try:
        return built(kind, stored)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInputError(f"What is stored is no {kind.__name__}; it was made by another version.") from error


def plain(value: Any) -> Any:
    """What JSON can hold of a value. It has no infinities: they become null, which is read as such."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, float) and not isfinite(value):
        return None
    return value


def built(kind: Any, value: Any) -> Any:
    """The value of a type that JSON made something of. Whatever does not fit raises what Python raises."""
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return kind(**{one.name: built(hints[one.name], value[one.name]) for one in fields(kind) if one.name in value})
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        inner = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(built(each, item) for each, item in zip(inner, value, strict=True))
    if origin in (Union, types.UnionType):
        return None if value is None else built(arguments[0], value)
    if kind is float:
        return float("nan") if value is None else float(value)
    return value
