"""The version of a gallery's tables, and bringing older ones up to date. The same steps for every database."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


class Age(Enum):
    """How old a gallery's tables are, by this program's measure."""

    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"


def head() -> str:
    """The version that this program works with."""
    return ScriptDirectory.from_config(_alembic()).get_current_head() or ""


def age(connection: Connection) -> Age:
    """Compare the tables of an open gallery with what this program works with."""
    current = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    script = ScriptDirectory.from_config(_alembic())
    if current == script.get_current_head():
        return Age.CURRENT
    known = [revision.revision for revision in script.walk_revisions()]
    return Age.OLDER if current in known else Age.NEWER


def upgrade(connection: Connection, key: bytes | None = None) -> None:
    """Make the tables, or bring them up to date.

    Args:
        connection: to the gallery.
        key: its data key, for what is sealed under it; None where it is not encrypted.
    """
    config = _alembic()
    config.attributes |= {"connection": connection, "key": key}
    command.upgrade(config, "head")


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
