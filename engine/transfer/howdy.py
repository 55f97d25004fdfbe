"""Howdy's models: a JSON file per user, with dlib descriptors, which are of our default pack's network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from engine.errors import shown
from engine.exchange import Tally
from engine.gallery.exchange import PortablePerson, PortableTemplate
from engine.transfer.files import content_of
from engine.transfer.judged import unusable_source
from engine.transfer.vectors import grouped, pictureless, unit_vector

_MOST_BYTES = 64 * 2**20


def people_of(place: Path, tally: Tally) -> list[PortablePerson]:
    """Read one user's models; the file's name is the user's.

    Raises:
        BadInputError: it cannot be read, or is no such file.
    """
    try:
        models = json.loads(content_of(place, _MOST_BYTES))
    except (ValueError, RecursionError) as error:
        raise unusable_source(place, "it is not readable as JSON. Choose one of Howdy's model files.") from error
    if not isinstance(models, list) or not all(isinstance(model, dict) and "data" in model for model in models):
        raise unusable_source(place, "it is no list of Howdy's models. Choose a file of /etc/howdy/models.")
    return grouped((place.stem, template) for template in _templates(place, models, tally))


def _templates(place: Path, models: list[dict[str, object]], tally: Tally) -> Iterator[PortableTemplate]:
    for number, model in enumerate(models, 1):
        label = model.get("label")
        called = f"Howdy, model “{shown(label) if isinstance(label, str) and label else number}”"
        rows = model["data"]
        for row_number, row in enumerate(rows if isinstance(rows, list) else [rows], 1):
            vector, problem = unit_vector(row)
            if vector is None:
                tally.leave_out(f"{place.name}, model {number}, row {row_number}", problem)
            else:
                yield pictureless(vector, called, _moment(model.get("time")))


def _moment(seconds: object) -> datetime | None:
    """When the model was made; None where the file does not say so sensibly."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None
