"""V02: the power goes, and of what had not been made durable any part may be on the disk."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from engine.gallery import file_backend, vault
from engine.gallery.database import erase_leftovers
from engine.gallery.store import Gallery
from tests.engine.gallery.conftest import template

from .conftest import PASSPHRASE, State, copied, looked_at, opened, state
from .victim import OPERATIONS

SECTOR = 512
LOSSES = int(os.environ.get("VISAVIS_LOSSES", "25"))
"""How many of each kind."""


def _enroll(number: int) -> Callable[[Gallery], object]:
    return lambda gallery: gallery.enroll(f"Person {number}", [template(20 + number), template(40 + number)])


CHANGES: tuple[Callable[[Gallery], object], ...] = (
    *(_enroll(number) for number in range(4)),
    OPERATIONS["merge"],
    _enroll(4),
    OPERATIONS["import"],
    lambda gallery: gallery.delete_person(gallery.find("Joan Clarke").id),
    _enroll(5),
)


@pytest.fixture(params=["plain", "encrypted"])
def stored(request: pytest.FixtureRequest, path: Path) -> Path:
    if request.param == "encrypted":
        with opened(path) as gallery:
            gallery.protect(partial(vault.set_passphrase, passphrase=PASSPHRASE, ask_at_start=True))
    return path


def wal(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def test_that_what_was_acknowledged_outlives_a_loss_of_power(
    stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acknowledged: list[tuple[int, State]] = []
    # As when somebody else reads: what was deleted stays in the log for a while.
    monkeypatch.setattr(file_backend, "erase_leftovers", lambda engine: False)
    with opened(stored) as gallery:
        for change in CHANGES:
            change(gallery)
            acknowledged.append((wal(stored).stat().st_size, state(gallery)))
        log, before = wal(stored).read_bytes(), copied(stored, tmp_path / "before")
    sizes = [size for size, _ in acknowledged]
    assert sizes[0] > 0, "all of it is in the write-ahead log"
    assert sizes == sorted(set(sizes))
    chance = random.Random(2)  # noqa: S311 - which sectors is no secret
    for _ in range(LOSSES):
        last = chance.randrange(len(acknowledged) - 1)
        (durable, then), (_, next_) = acknowledged[last], acknowledged[last + 1]
        trial = copied(before, tmp_path / "trial")
        wal(trial).write_bytes(log[:durable] + some_sectors(log[durable : chance.randint(durable, len(log))], chance))
        trial.with_name(f"{trial.name}-shm").unlink(missing_ok=True)
        assert looked_at(trial) in (then, next_, *(seen for _, seen in acknowledged[last + 2 :]))


def test_that_a_loss_of_power_while_the_log_is_emptied_loses_nothing(
    stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[bytes] = []

    def note(engine: object) -> bool:
        pages.append(stored.read_bytes())
        copied(stored, tmp_path / "before")
        done = erase_leftovers(engine)  # type: ignore[arg-type]  # it is the gallery's
        pages.append(stored.read_bytes())
        return done

    with opened(stored) as gallery:
        gallery.enroll("Alan Turing", [template(number) for number in range(60, 66)])
        with monkeypatch.context() as patch:
            patch.setattr(file_backend, "erase_leftovers", note)
            gallery.delete_person(gallery.find("Ada Lovelace").id)
        wanted = state(gallery)
    old, new = pages
    chance = random.Random(3)  # noqa: S311 - as above
    for _ in range(LOSSES):
        trial = copied(tmp_path / "before" / stored.name, tmp_path / "trial")
        trial.write_bytes(mixed(old, new, chance))
        trial.with_name(f"{trial.name}-shm").unlink(missing_ok=True)
        assert looked_at(trial) == wanted


def some_sectors(content: bytes, chance: random.Random) -> bytes:
    """Of what was on its way to the disk, some sectors arrived; the others hold nothing."""
    sectors = [content[place : place + SECTOR] for place in range(0, len(content), SECTOR)]
    return b"".join(sector if chance.random() < 0.8 else bytes(len(sector)) for sector in sectors)


def mixed(old: bytes, new: bytes, chance: random.Random) -> bytes:
    """Some sectors of the new file, the others still of the old one."""
    length = max(len(old), len(new))
    sectors = [chance.choice((old, new))[place : place + SECTOR] for place in range(0, length, SECTOR)]
    whole = b"".join(sector.ljust(SECTOR, b"\0") for sector in sectors)
    return whole[: chance.choice((len(old), len(new)))]
