"""What the faults are done to: a gallery of three people, its state to compare, and processes that are killed."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from sqlalchemy import select

from engine.gallery import keys, vault
from engine.gallery.database import connect
from engine.gallery.schema import EmbeddingRow, PersonRow, TemplateRow
from engine.gallery.store import Gallery
from tests.engine.gallery.conftest import template

from . import victim

PASSPHRASE = victim.PASSPHRASE
State: TypeAlias = list[Any]


def opened(path: Path) -> closing[Gallery]:
    """Open a gallery, with the passphrase where it has one."""
    return closing(victim.opened(path))


def state(gallery: Gallery) -> State:
    """Everything about everyone, with every crop compared with its digest."""
    with gallery.reading() as session:
        people = session.execute(select(PersonRow.id, PersonRow.name, PersonRow.notes).order_by(PersonRow.id)).all()
        columns = TemplateRow.id, TemplateRow.person_id, TemplateRow.crop_jpeg, TemplateRow.crop_sha256
        templates = session.execute(select(*columns).order_by(TemplateRow.id)).all()
        made = session.execute(
            select(EmbeddingRow.template_id, EmbeddingRow.pack_id, EmbeddingRow.embedding, EmbeddingRow.seal).order_by(
                EmbeddingRow.template_id, EmbeddingRow.pack_id
            )
        ).all()
    for row in templates:
        assert hashlib.sha256(row.crop_jpeg).hexdigest() == row.crop_sha256
    owners, seals = {row.id: row.person_id for row in templates}, gallery._backend.seals
    for row in made:
        assert row.seal == seals.of_embedding(owners[row.template_id], row.template_id, row.pack_id, row.embedding)
    return [
        [tuple(row) for row in people],
        [(row.id, row.person_id, row.crop_sha256) for row in templates],
        [tuple(row[:3]) for row in made],
    ]


def looked_at(path: Path, *, may_be_older: bool = False) -> State:
    """Open a gallery after a fault: it opens as the one it was, its file is whole, and this is in it.

    Args:
        path: its file.
        may_be_older: whether it may say that it is not the one that was last used here.
    """
    with opened(path) as gallery:
        found = state(gallery)
        assert may_be_older or not gallery.journal.notice
    with closing(connect(path, gallery.key)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return found


def copied(source: Path, target: Path) -> Path:
    """Copy a gallery with its keys and backups; returns its new path."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source.parent, target)
    return target / source.name


def seal(gallery: Gallery) -> None:
    """Encrypt it behind the passphrase."""
    gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))


@pytest.fixture
def path(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gallery of three people, of whom two were moved and one renamed; it is closed.

    With the parameter "keyring" or "passphrase" it is encrypted, and that opens it.
    """
    place, kind = tmp_path / "own" / "gallery.db", getattr(request, "param", "plain")
    if kind != "plain":
        monkeypatch.setattr(keys.Sealed, "of", classmethod(victim.seal_quickly))
    if kind == "keyring":
        request.getfixturevalue("system_keyring")
    with closing(Gallery.open(place)) as gallery:
        gallery.enroll("Ada Lovelace", [template(1), template(2)])
        grace = gallery.enroll("Grace Hopper", [template(3)])
        gallery.enroll("Joan Clarke", [template(number) for number in range(4, 10)])
        gallery.describe(grace.id, notes="Rear admiral")
        if kind == "passphrase":
            seal(gallery)
        assert gallery.encrypted == (kind != "plain")
    return place


class Victims:
    """Has operations carried out in processes that are killed."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.victim"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, operation: str, path: Path, after_s: float | None) -> dict[str, Any]:
        """Do it to a gallery and kill it after a time; None lets it end."""
        return self._ask({"operation": operation, "path": str(path), "after_s": after_s})

    def stopped(self, operation: str, path: Path) -> int:
        """Do it to a gallery until the process stands still in the middle; returns which one it is."""
        answer = self._ask({"operation": operation, "path": str(path), "until_it_stands_still": True})
        assert answer["stopped"]
        return int(answer["child"])

    def go_on(self, child: int) -> dict[str, Any]:
        """Let it go on to its end."""
        return self._ask({"operation": "go on", "child": child})

    def as_nobody(self, path: Path, what: str) -> str:
        """Change a copy as somebody who may not write its "folder" or "file", or whose it is not ("another's").

        Returns:
            What they are told.
        """
        # The folders of pytest are closed to others.
        with tempfile.TemporaryDirectory() as open_to_all:
            Path(open_to_all).chmod(0o755)
            place = copied(path, Path(open_to_all) / "own")
            return str(self._ask({"operation": "as nobody", "path": str(place), "what": what})["said"])

    def _ask(self, request: dict[str, object]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=20)


@pytest.fixture(scope="session")
def victims() -> Iterator[Victims]:
    """One process for all trials of the session."""
    made = Victims()
    yield made
    made.close()
