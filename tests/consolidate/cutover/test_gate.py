"""A closed gate refuses every way of writing its tables, whoever writes, and lets the rows through that follow."""

import asyncio
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from conftest import unique
from fenced_databases import GATED, TABLES, Fort, query, value
from watchers import eventually

from payrollx_db.consolidate.cutover.preparing import prepare_gates, remove_gates
from payrollx_db.consolidate.follow import gate as gates
from payrollx_db.postgres.session import run, session
from payrollx_db.postgres.sqlstates import READ_ONLY

WAYS = {
    "insert": "INSERT INTO items VALUES (5)",
    "no rows": "DELETE FROM items WHERE false",
    "update": 'UPDATE "Odd % ""Name" SET note = NULL',
    "delete": "DELETE FROM months",
    "truncate": "TRUNCATE items",
    "truncate of others": "TRUNCATE owners CASCADE",
    "upsert": "INSERT INTO items VALUES (-1) ON CONFLICT DO NOTHING",
    "in a query": "WITH gone AS (DELETE FROM items RETURNING id) SELECT count(*) FROM gone",
    "a partition": "INSERT INTO months_1 VALUES (7, 1)",
    "a partition's own": "UPDATE months_2 SET note = 'x'",
    "a leaf below": "DELETE FROM months_2_1",
    "a parent": "UPDATE above SET note = 'x'",
    "a parent truncated": "TRUNCATE above",
    "an heir": "INSERT INTO heirs_below VALUES (7, 'x')",
    "a view": "UPDATE shown SET note = 'x'",
    "a function": "SELECT note(9)",
    "a rule": "INSERT INTO aside VALUES (8, 'items')",
    "a cascade": "DELETE FROM owners WHERE id = 1",
    "a block": "DO $$ BEGIN INSERT INTO items VALUES (11); END $$",
    "as a replica": "SET session_replication_role = replica; INSERT INTO items VALUES (5)",
    "read-write": "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE; INSERT INTO items VALUES (5)",
    "another search_path": "SET search_path = pg_temp; INSERT INTO public.items VALUES (5)",
    "prepared": "PREPARE one AS INSERT INTO items VALUES (5); EXECUTE one",
}
MERGE = "MERGE INTO items USING owners ON items.id = owners.id WHEN NOT MATCHED THEN INSERT (id) VALUES (owners.id)"
SAME = "SELECT count(*), sum(hashtext(i::text)) FROM items AS i"


@pytest.fixture(scope="module")
def fort(server: Any) -> Iterator[Fort]:
    """A database with gates at its tables, which are closed."""
    url = server.create_database("t_gates")
    query(url, TABLES)
    fort = Fort(url)

    async def close() -> None:
        fenced = await fort.fenced()
        await prepare_gates(fenced)
        async with session(fenced.writing) as connection:
            await run(connection, fort.gate.close())

    asyncio.run(close())
    yield fort
    server.drop_database("t_gates")


def _refused(fort: Fort, statement: str) -> psycopg.Error:
    with pytest.raises(psycopg.Error) as refused:
        query(fort.url, statement)
    assert refused.value.sqlstate == READ_ONLY, refused.value
    return refused.value


@pytest.mark.parametrize("way", WAYS)
def test_no_way_of_writing_passes(fort: Fort, way: str) -> None:
    before = query(fort.url, SAME)
    _refused(fort, WAYS[way])
    assert query(fort.url, SAME) == before


def test_neither_does_merge_nor_copy(server: Any, fort: Fort) -> None:
    if server.version >= 150000:
        _refused(fort, MERGE)
    with psycopg.connect(fort.url.conninfo()) as connection:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            with connection.cursor().copy("COPY months_1 FROM STDIN") as copy:
                copy.write("8\t1\tx\n")


def test_the_refusal_says_what_to_do(fort: Fort) -> None:
    error = _refused(fort, "INSERT INTO items VALUES (5)")
    assert "fort has moved" in str(error.diag.message_primary)
    assert "unified" in str(error.diag.message_hint)


def test_reading_and_other_tables_are_as_ever(fort: Fort) -> None:
    assert value(fort.url, "SELECT count(*) FROM months") == 2
    assert query(fort.url, "SELECT id FROM items FOR UPDATE") == [(-1,)]
    query(fort.url, "UPDATE aside SET note = 'x'; DELETE FROM aside; DELETE FROM owners WHERE id = 99")


def test_rows_that_follow_pass_in_their_transaction_alone(fort: Fort) -> None:
    with psycopg.connect(fort.url.conninfo(), autocommit=True) as connection:
        with connection.transaction(force_rollback=True):
            connection.execute(gates.LET_THROUGH)
            connection.execute("INSERT INTO items (id) VALUES (6)")
            connection.execute("TRUNCATE months")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("INSERT INTO items (id) VALUES (6)")


def test_a_transaction_with_an_old_snapshot_is_refused_as_well(fort: Fort) -> None:
    """What a repeatable read sees is older than the gate; its triggers go by what the catalog says now."""

    async def switch(*, closed: bool) -> None:
        async with session((await fort.fenced()).writing) as connection:
            await run(connection, fort.gate.close() if closed else fort.gate.open())

    asyncio.run(switch(closed=False))
    with psycopg.connect(fort.url.conninfo()) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute("UPDATE items SET note = 'passes' WHERE id = 99")
        asyncio.run(switch(closed=True))
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("UPDATE items SET note = 'too late'")


def test_what_stands_is_known_and_what_is_tampered_with_is_mended(fort: Fort) -> None:
    async def look(*, mend: bool = False) -> list[str]:
        async with session((await fort.fenced()).writing) as connection:
            if mend:
                await gates.attach(connection, fort.gate, fort.oids)
            return await gates.stands(connection, fort.gate, fort.oids)

    assert asyncio.run(look()) == []
    query(fort.url, "ALTER TABLE months_2_1 DISABLE TRIGGER payrollx_moved; DROP TRIGGER payrollx_moved ON heirs_below")
    query(fort.url, "CREATE TABLE months_3 PARTITION OF months FOR VALUES IN (3)")
    missing = asyncio.run(look())
    assert len(missing) == 3
    assert all(any(name in line for line in missing) for name in ("months_2_1", "heirs_below", "months_3"))
    assert asyncio.run(look(mend=True)) == []
    _refused(fort, "INSERT INTO months_3 VALUES (1, 3)")


def test_it_goes_without_a_trace(server: Any) -> None:
    url = server.create_database("t_no_trace")
    try:
        query(url, TABLES)
        fort = Fort(
            url, name="A % 'quoted' \"and\" very long name, longer than any identifier may be there, of a database"
        )
        objects = "SELECT (SELECT count(*) FROM pg_trigger), (SELECT count(*) FROM pg_proc)"
        before = query(url, objects)

        async def make_and_remove() -> list[str]:
            fenced = await fort.fenced()
            names = await prepare_gates(fenced)
            assert await prepare_gates(fenced) == []
            await remove_gates(fenced)
            return names

        names = asyncio.run(make_and_remove())
        assert {"public.months_2_1", "public.above", "public.heirs_below", 'public.Odd % "Name'} <= set(names)
        assert len(names) > len(GATED)
        assert query(url, objects) == before
    finally:
        server.drop_database("t_no_trace")


def test_the_worker_of_a_subscription_is_refused_as_well(logical_server: Any) -> None:
    """It fires no trigger of a statement, and writes a partition by the name of the whole table."""
    server = logical_server
    if server.version < 150000:
        pytest.skip("the server counts no errors of subscriptions")
    names = {"publisher": unique("publisher"), "subscriber": unique("subscriber")}
    publisher, subscriber = (server.create_database(name) for name in names.values())
    name = names["subscriber"]
    try:
        query(publisher, TABLES)
        query(subscriber, TABLES)
        root = "WITH (publish_via_partition_root = true)"
        query(publisher, f"CREATE PUBLICATION theirs FOR TABLE items, months {root}")
        query(publisher, f"SELECT pg_create_logical_replication_slot('{name}', 'pgoutput')")
        conninfo = psycopg.conninfo.make_conninfo(**publisher.params)
        query(subscriber, f"CREATE SUBSCRIPTION {name} CONNECTION '{conninfo}' PUBLICATION theirs"
              f" WITH (create_slot = false, slot_name = '{name}', copy_data = false, enabled = false)")  # fmt: skip
        fort = Fort(subscriber)

        async def close() -> None:
            fenced = await fort.fenced()
            await prepare_gates(fenced)
            assert await prepare_gates(fenced) == []
            async with session(fenced.writing) as connection:
                await run(connection, fort.gate.close())
                assert await gates.stands(connection, fort.gate, fort.oids) == []

        asyncio.run(close())
        query(publisher, "INSERT INTO months VALUES (3, 2, 'new')")
        query(subscriber, f"ALTER SUBSCRIPTION {name} ENABLE")
        errors = f"SELECT apply_error_count FROM pg_stat_subscription_stats WHERE subname = '{name}'"
        eventually(lambda: value(subscriber, errors) > 0, "an error of the subscription")
        assert value(subscriber, "SELECT count(*) FROM months") == 2
    finally:
        query(subscriber, f"ALTER SUBSCRIPTION {name} DISABLE; ALTER SUBSCRIPTION {name} SET (slot_name = NONE)")
        query(subscriber, f"DROP SUBSCRIPTION {name}")
        for database in reversed(names.values()):
            server.drop_database(database)
