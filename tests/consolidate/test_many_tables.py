"""More tables than a server has locks for in one transaction: each step takes only so many at once."""

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from conftest import THROW_AWAY
from worlds import World, query, snapshot_of

from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.check import own_keys
from payrollx_db.consolidate.copy import emptying, rows, schedule
from payrollx_db.consolidate.plan.destination import Destination
from payrollx_db.consolidate.plan.plan import parents_first
from payrollx_db.consolidate.verify import batches as verify_batches
from payrollx_db.devserver import Programs, Server
from payrollx_db.errors import PayrollxError
from payrollx_db.model.catalog import Catalog, Service
from payrollx_db.model.layout import Layout, LegacyDatabase, SourceTable, TableMap

NAMES = tuple(f"t{number:03}" for number in range(90))
COLUMNS = {"id": "integer", "parent": "integer?", "one": "integer", "two": "integer"}
# A twentieth of what a server has of locks by default; what is taken at once is scaled alike.
FEW_LOCKS = {
    "max_locks_per_transaction": "10",
    "max_connections": "16",
    "max_prepared_transactions": "0",
    "max_worker_processes": "1",
    "max_wal_senders": "0",
    "autovacuum_max_workers": "1",
}
TABLE = """
CREATE TABLE {schema}.{name} (id integer PRIMARY KEY, parent integer, one integer NOT NULL, two integer NOT NULL);
CREATE INDEX ON {schema}.{name} (parent);
CREATE INDEX ON {schema}.{name} (one);
CREATE INDEX ON {schema}.{name} (two);
CREATE INDEX ON {schema}.{name} (one, two);
CREATE INDEX ON {schema}.{name} (two, one);
CREATE INDEX ON {schema}.{name} (parent, one);
CREATE INDEX ON {schema}.{name} (parent, two);
CREATE INDEX ON {schema}.{name} (one, parent);
CREATE INDEX ON {schema}.{name} (two, parent);
"""
CATALOG = Catalog("many", (Service("many", "many", "many_service", NAMES),), owner_role="many_owner",
                  reader_role="many_reader")  # fmt: skip
LAYOUT = Layout("many", (
    LegacyDatabase("old", "OLD", "old", tuple(TableMap(SourceTable(name, COLUMNS), f"many.{name}") for name in NAMES)),
))  # fmt: skip


@pytest.fixture(scope="module")
def crowded() -> Iterator[World]:
    """A chain of tables, each of which points at the one before, on a server with few locks."""
    try:
        Programs.find()
    except PayrollxError as missing:
        pytest.skip(str(missing))
    server = Server(Path(tempfile.mkdtemp(prefix="payrollx-db-")), settings=THROW_AWAY | FEW_LOCKS)
    try:
        url = server.up()
        for name in ("old", "new"):
            query(url, f"CREATE DATABASE {name}")
        old, new = url.with_database("old"), url.with_database("new")
        query(new, "CREATE SCHEMA many")
        for place, schema in ((old, "public"), (new, "many")):
            with psycopg.connect(place.conninfo(), autocommit=True) as connection:
                for above, name in zip((None, *NAMES), NAMES, strict=False):
                    connection.execute(TABLE.format(schema=schema, name=name).encode())
                    if schema == "public":
                        connection.execute(
                            f"INSERT INTO {name} SELECT n, n, n, n FROM generate_series(1, 3) n".encode()
                        )
                    if above:
                        key = f"ALTER TABLE {schema}.{name} ADD FOREIGN KEY (parent) REFERENCES {schema}.{above}"
                        connection.execute(key.encode())
                connection.execute("ANALYZE" if schema == "public" else "SELECT")
        yield World({"old": old}, new, LAYOUT, CATALOG)
    finally:
        server.destroy()


@pytest.fixture(autouse=True)
def scaled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a tenth of what is taken at once on a server of the usual size."""
    monkeypatch.setattr(schedule, "BATCH_LOCKS", 40)
    monkeypatch.setattr(verify_batches, "MOST_LOCKS", 20)
    monkeypatch.setattr(emptying, "MOST_LOCKS", 100)
    monkeypatch.setattr(rows, "GROUP", 10)
    monkeypatch.setattr(own_keys, "MOST_LOCKS", 40)


def test_a_chain_of_references_may_be_as_long_as_there_are_tables() -> None:
    tables = [SimpleNamespace(target_name=f"t{n}", destination=Destination(f"t{n}")) for n in range(3_000)]
    above = {f"t{number}": (number + 1,) for number in range(2_999)}
    plan: Any = SimpleNamespace(copies=tables, enforced_by_table=above, parents_of=lambda _, number: (tables[number],))

    assert parents_first(plan) == tables[::-1]


@pytest.mark.long  # with what it is the premise of
def test_all_tables_at_once_are_too_many(crowded: World) -> None:
    together = " UNION ALL ".join(f"SELECT count(*) FROM many.{name}" for name in NAMES)

    with pytest.raises(psycopg.errors.OutOfMemory):
        query(crowded.target, together)


def test_what_is_verified_in_one_query_takes_no_more_locks_than_a_server_has() -> None:
    tables: Any = [
        SimpleNamespace(
            database="old", owner=None, small=True, source=SimpleNamespace(kind="r", size=8192, indexes=range(2)),
            target=SimpleNamespace(kind="r", indexes=range(4)),
        )
        for _ in range(50)
    ]  # fmt: skip

    alone, groups = verify_batches.in_batches(tables, lambda _: False)

    assert alone == []
    assert [len(group) for group in groups] == [4] * 12 + [2]  # of twenty locks


@pytest.mark.long
@pytest.mark.parametrize("small_tables", [1_000_000, 0])
def test_copied_verified_and_started_anew(crowded: World, small_tables: int) -> None:
    world = replace(crowded, small_tables=small_tables)
    before = snapshot_of(world.target)["objects"]

    report = asyncio.run(pipeline.copy(world.task(), restart=True))
    verdict = world.verify()
    again = asyncio.run(pipeline.copy(world.task(), restart=True))

    assert report.run.status == again.run.status == "done"
    assert verdict.identical
    assert {table.rows_written for table in again.tables} == {3}
    assert snapshot_of(world.target)["objects"] == before
