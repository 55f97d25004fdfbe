"""Which pack was made of which training run."""

from __future__ import annotations

from pathlib import Path

from engine.packs.installed import described


def packs_of_runs(folder: Path | None = None) -> dict[tuple[str, str], str]:
    """The packs that were trained here: their id by the run's name and when it was begun.

    The name alone would not do: a run can be deleted and its name used again.
    """
    return {
        (str(about["run"]), str(about["begun"])): pack_id
        for pack_id, about in described(folder)
        if "run" in about and "begun" in about
    }
