"""Which pack was made of which training run."""

from __future__ import annotations

import json
from pathlib import Path

from engine.packs.installed import packs_folder


def packs_of_runs(folder: Path | None = None) -> dict[tuple[str, str], str]:
    """The packs that were trained here: their id by the run's name and when it was begun.

    The name alone would not do: a run can be deleted and its name used again.
    """
    found = {}
    for place in sorted((folder or packs_folder()).glob("[!.]*/pack.json")):
        try:
            about = json.loads(place.read_text("utf-8"))
            found[str(about["run"]), str(about["begun"])] = place.parent.name
        except (OSError, ValueError, KeyError, TypeError):
            # Brought along from elsewhere, or damaged: of no run.
            continue
    return found
