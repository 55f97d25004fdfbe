"""What docs/server.md says of Citus, held against the schema as PostgreSQL's catalogue has it.

There is no Citus here: its functions are stood in for, and its rules for keys are checked by hand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.gallery.server_connection import connect
from engine.server_address import ServerAddress
from tests.postgres import Server

_PAGE = Path(__file__).parents[3] / "docs" / "server.md"
_STAND_INS = """
CREATE TABLE visavis.placed (name text, distributed_by text, beside text);
CREATE FUNCTION visavis.create_reference_table(name text) RETURNS void LANGUAGE sql AS
    'INSERT INTO visavis.placed VALUES (name)';
CREATE FUNCTION visavis.create_distributed_table(name text, by text, colocate_with text DEFAULT 'default')
    RETURNS void LANGUAGE sql AS 'INSERT INTO visavis.placed VALUES (name, by, colocate_with)'
"""
_TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'visavis'::regnamespace AND relkind = 'r'"
_NAMES = """
CREATE FUNCTION pg_temp.names(of oid, numbers int2[]) RETURNS text[] LANGUAGE sql AS
    'SELECT array_agg(attname::text ORDER BY i) FROM unnest(numbers) WITH ORDINALITY u(n, i)
    JOIN pg_attribute ON attrelid = of AND attnum = n'
"""
_UNIQUE = """
SELECT relname, pg_temp.names(indrelid, indkey::int2[]) FROM pg_index JOIN pg_class c ON c.oid = indrelid
    WHERE indisunique AND relnamespace = 'visavis'::regnamespace
"""
_FOREIGN = """
SELECT a.relname, pg_temp.names(conrelid, conkey), b.relname, pg_temp.names(confrelid, confkey), confdeltype::text,
    confupdtype::text FROM pg_constraint JOIN pg_class a ON a.oid = conrelid JOIN pg_class b ON b.oid = confrelid
    WHERE contype = 'f' AND a.relnamespace = 'visavis'::regnamespace
"""
_TRIGGERS = "SELECT relname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid WHERE NOT tgisinternal"
_LEAVES, _DOES_NOTHING = ("n", "d"), "a"
"""What a foreign key does: SET NULL and SET DEFAULT; NO ACTION."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the page puts each table.

    Attributes:
        place: what can be asked, after the page's commands were run.
        references: tables that every node has whole.
        distributed: the distribution column of each table that has one.
    """

    place: ServerAddress
    references: set[str]
    distributed: dict[str, str]

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Read from the catalogue."""
        with connect(self.place) as connection:
            connection.execute(_NAMES)
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def plan(postgres: Server) -> Plan:
    name = postgres.new_database()
    place = ServerAddress(postgres.url(name))
    section = _PAGE.read_text(encoding="utf-8").partition("## Further: Citus")[2]
    (commands,) = re.findall(r"```sql\n(.*?)```", section, re.DOTALL)
    with connect(place) as connection:
        connection.execute(_STAND_INS)
        connection.execute(commands.replace("DATABASE staff", f"DATABASE {name}"))
        placed = connection.execute("SELECT * FROM placed").fetchall()
        connection.execute("DROP TABLE placed")
    assert ("embeddings", "template_id", "templates") in placed, "what belongs together lies together"
    return Plan(place, {row[0] for row in placed if row[1] is None}, {row[0]: row[1] for row in placed if row[1]})


def test_that_each_table_has_its_place(plan: Plan) -> None:
    everything = {row[0] for row in plan.ask(_TABLES)}
    plain = everything - plan.references - plan.distributed.keys()
    assert plan.references | plan.distributed.keys() <= everything
    assert plain == {"gallery_state", "gallery_changes", "alembic_version"}


def test_that_the_distribution_column_is_in_every_key_of_a_distributed_table(plan: Plan) -> None:
    keys = [(table, columns) for table, columns in plan.ask(_UNIQUE) if table in plan.distributed]
    assert {table for table, _ in keys} == plan.distributed.keys()
    for table, columns in keys:
        assert plan.distributed[table] in columns, f"{table} {columns}"


def test_that_foreign_keys_lead_where_citus_can_follow_them(plan: Plan) -> None:
    seen = set()
    for table, columns, to, keys, deleted, updated in plan.ask(_FOREIGN):
        seen.add((table, to))
        if to in plan.references:
            assert table in plan.references | plan.distributed.keys(), f"{table} is not on every node, {to} is"
        else:
            assert table in plan.distributed, f"{table} refers to a distributed table"
            pairs = list(zip(columns, keys, strict=True))
            assert (plan.distributed[table], plan.distributed[to]) in pairs, f"{table} to {to}: {pairs}"
        if plan.distributed.get(table) in columns:
            assert deleted not in _LEAVES
            assert updated == _DOES_NOTHING
    assert {("embeddings", "templates"), ("templates", "people")} <= seen


def test_that_only_a_plain_table_has_a_trigger(plan: Plan) -> None:
    assert plan.ask(_TRIGGERS) == [("gallery_state",)]
