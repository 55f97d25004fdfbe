"""V01: a process is killed at random moments of everything that changes a gallery."""

from __future__ import annotations

import hashlib
import os
import random
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from engine.gallery import database
from engine.gallery.keys import keys_path
from engine.gallery.vault import set_passphrase
from tests.engine.gallery.conftest import template

from .conftest import Victims, copied, looked_at, opened
from .victim import OPERATIONS, PASSPHRASE

KILLS = int(os.environ.get("VISAVIS_KILLS", "6"))
"""How many of each kind, of a plain and of an encrypted gallery each; 200 for the figure in docs/benchmarks.md."""
CHANGES = [one for one in OPERATIONS if one != "import, and stand still"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("path", "operation"),
    [(kind, one) for kind in ("plain", "passphrase") for one in CHANGES if (kind, one) != ("plain", "rekey")],
    indirect=["path"],
)
def test_that_a_kill_leaves_the_state_before_or_after(
    path: Path, operation: str, tmp_path: Path, victims: Victims
) -> None:
    encrypted = keys_path(path).exists()
    prepare(operation, path)
    before = None if operation == "migrate" else looked_at(path)
    whole = victims(operation, copied(path, tmp_path / "whole"), None)
    assert whole["code"] == 0
    after = looked_at(tmp_path / "whole" / path.name)
    moments = random.Random(f"{operation} {encrypted}")  # noqa: S311 - which moments is no secret
    killed = 0
    for _ in range(KILLS):
        trial = copied(path, tmp_path / "trial")
        outcome = victims(operation, trial, moments.uniform(0, 1.1) * whole["took_s"])
        killed += outcome["code"] == -9
        # A backup that was put in place, but not noted yet, is an older gallery: it says so, and can be accepted.
        found = looked_at(trial, may_be_older=operation == "restore")
        assert found in (before or after, after), "half of it was done"
        if outcome["done"]:
            assert found == after, "what was acknowledged is gone"
    assert killed, "every trial was over before it was killed"


def prepare(operation: str, path: Path) -> None:
    """Make the gallery one that an operation can be done to."""
    if operation == "restore":
        with opened(path) as gallery:
            gallery.back_up()
            gallery.delete_person(gallery.find("Joan Clarke").id)
    elif operation == "undo":
        with opened(path) as gallery:
            gallery.merge(gallery.find("Ada Lovelace").id, gallery.find("Grace Hopper").id)
    elif operation == "migrate":
        encrypted = keys_path(path).exists()
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()
        make_old(path)
        if encrypted:
            set_passphrase(path, None, PASSPHRASE, ask_at_start=True)
    elif operation == "rekey":
        with opened(path) as gallery:
            gallery.recovery_code()


def make_old(path: Path) -> None:
    """A gallery as the first version made it."""
    engine = create_engine(f"sqlite:///{path}")
    config = Config()
    migrations = Path(database.__file__).parent / "migrations"
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"pragma application_id = {database.APPLICATION_ID}")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for number in range(1, 40):
            new = template(number)
            connection.exec_driver_sql(
                "insert into people (id, name, name_key, notes, created_at)"
                " values (?, ?, ?, '', '2026-01-02 03:04:05')",
                (number, f"Person {number}", f"person {number}"),
            )
            connection.exec_driver_sql(
                "insert into templates"
                " (person_id, pack_id, embedding, crop_jpeg, crop_sha256, source, quality, created_at)"
                " values (?, ?, ?, ?, ?, 'a.jpg', '{}', '2026-01-02 03:04:05')",
                (
                    number,
                    new.pack_id,
                    new.embedding.tobytes(),
                    new.crop_jpeg,
                    hashlib.sha256(new.crop_jpeg).hexdigest(),
                ),
            )
    engine.dispose()
