"""Taking somebody out of what training keeps: crops and embeddings in the cache, and their name in runs.

A folder of people says who somebody is by the name of their own folder; that is compared with the name in the gallery.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from engine.erasure import ERASED
from engine.files import write_whole
from engine.gallery.names import name_key

log = logging.getLogger(__name__)


def forget_person(name: str, caches: Path, runs: Iterable[Path], *, only_count: bool = False) -> tuple[int, int]:
    """Take somebody out of every cached folder of people and every run.

    Args:
        name: as in the gallery.
        caches: holds one folder for each folder of people that was looked at.
        runs: folders that hold runs.
        only_count: say what would be done.

    Returns:
        How many aligned crops were deleted, and from how many runs the name was taken.
    """
    key = name_key(name)
    crops = sum(_forget_cached(cache, key, only_count=only_count) for cache in _folders(caches))
    return crops, sum(_forget_run(run, key, only_count=only_count) for place in runs for run in _folders(place))


def _folders(place: Path) -> list[Path]:
    return [one for one in place.iterdir() if one.is_dir()] if place.is_dir() else []


def _forget_cached(cache: Path, key: str, *, only_count: bool) -> int:
    index = cache / "index.json"
    try:
        stored = json.loads(index.read_text("utf-8"))
        theirs = [one for one in stored["pictures"] if _is(one["person"], key)]
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    others = {one.get("sha256") for one in stored["pictures"] if one not in theirs}
    digests = {one["sha256"] for one in theirs if one.get("sha256")} - others
    if theirs and not only_count:
        for digest in digests:
            (cache / "crops" / f"{digest}.jpg").unlink(missing_ok=True)
        for arrays in cache.glob("embeddings-*.npz"):
            _drop_embeddings(arrays, digests)
        stored["pictures"] = [one for one in stored["pictures"] if one not in theirs]
        write_whole(index, json.dumps(stored).encode())
    return len(digests)


def _drop_embeddings(place: Path, digests: set[str]) -> None:
    try:
        with np.load(place) as arrays:
            names, embeddings = arrays["names"], arrays["embeddings"]
    except (OSError, ValueError, KeyError):
        # Without its index it is made again from nothing.
        place.unlink(missing_ok=True)
        return
    kept = np.array([name not in digests for name in names.tolist()], bool)
    temporary = place.with_name("embeddings.tmp.npz")
    with temporary.open("wb") as file:
        np.savez(file, names=names[kept], embeddings=embeddings[kept])
    temporary.chmod(0o600)
    temporary.replace(place)


def _forget_run(run: Path, key: str, *, only_count: bool) -> int:
    found = False
    for place in (*run.glob("*.json"), *run.glob("*.jsonl")):
        try:
            lines = place.read_text("utf-8").splitlines() if place.suffix == ".jsonl" else [place.read_text("utf-8")]
        except (OSError, UnicodeDecodeError):
            continue
        changed = [_without(line, key) for line in lines]
        if changed != lines:
            found = True
            if not only_count:
                write_whole(place, ("\n".join(changed) + "\n" * (place.suffix == ".jsonl")).encode())
    return int(found)


def _without(line: str, key: str) -> str:
    try:
        stored = json.loads(line)
    except ValueError:
        return line
    replaced = _replaced(stored, key)
    return line if replaced == stored else json.dumps(replaced)


def _replaced(value: Any, key: str) -> Any:
    """The same without the name, also where it is a folder in a path."""
    if isinstance(value, str):
        return "/".join(ERASED if _is(part, key) else part for part in value.split("/"))
    if isinstance(value, Mapping):
        return {_replaced(name, key): _replaced(one, key) for name, one in value.items()}
    return [_replaced(one, key) for one in value] if isinstance(value, list) else value


def _is(text: str, key: str) -> bool:
    return bool(text) and name_key(text) == key
