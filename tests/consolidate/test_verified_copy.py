"""The proof that follows a copy in one process reads both sides as they are by then."""

import asyncio

import psycopg
import pytest
from rule_worlds import MakeTables
from worlds import World, query

from payrollx_db.cli.copy_verified import CopyAndProof
from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.pipeline import Report, Task
from payrollx_db.errors import LayoutMismatchError
from payrollx_db.postgres.introspect import Database, KnownCatalogs, inspect
from payrollx_db.postgres.session_pool import SessionPool
from payrollx_db.postgres.url import DatabaseUrl

TABLE = "CREATE TABLE {}pays (id integer PRIMARY KEY, amount numeric);"
ROWS = "INSERT INTO pays SELECT n, n FROM generate_series(1, 40) AS n;"
INDEX = "CREATE INDEX pays_amount ON app.pays (amount);"


@pytest.fixture
def world(make_tables: MakeTables) -> World:
    source, target = TABLE.format(""), TABLE.format("app.")
    return make_tables(source + ROWS, target + INDEX, {"pays": {"id": "integer", "amount": "numeric?"}})


def prove(world: World, place: DatabaseUrl, *statements: str) -> CopyAndProof:
    """Copy and verify; in between, somebody else runs these statements at ``place``."""
    done = CopyAndProof()

    async def copied(task: Task, report: Report) -> None:
        done.report = report
        for statement in statements:
            query(place, statement)

    done.verdict = asyncio.run(pipeline.copy_and_verify(world.task(), copied))
    return done


def test_what_changes_in_the_target_after_the_copy_is_seen(world: World) -> None:
    verdict = prove(
        world, world.target, "DELETE FROM app.pays WHERE id = 3", "UPDATE app.pays SET amount = 0 WHERE id = 4",
        "DROP INDEX app.pays_amount",
    ).verdict  # fmt: skip

    assert verdict is not None
    assert (verdict.totals["missing"], verdict.totals["changed"]) == (1, 1)
    assert verdict.structure is not None
    assert ["pays_amount" in finding.message for finding in verdict.structure.differences] == [True]


def test_what_changes_in_the_source_after_the_copy_is_seen(world: World) -> None:
    (source,) = world.urls.values()
    verdict = prove(world, source, "INSERT INTO pays VALUES (41, 1)").verdict

    assert verdict is not None
    assert (verdict.identical, verdict.totals["missing"]) == (False, 1)


def test_a_column_that_comes_meanwhile_ends_the_proof_and_what_was_copied_is_told(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    (source,) = world.urls.values()
    done = CopyAndProof()

    async def copied(task: Task, report: Report) -> None:
        done.report = report
        query(source, "ALTER TABLE pays ADD COLUMN extra text")

    with pytest.raises(LayoutMismatchError):
        asyncio.run(pipeline.copy_and_verify(world.task(), copied))

    assert done.answer(as_json=False) == 3
    assert "40 rows read" in capsys.readouterr().out


async def read_twice(world: World, *statements: str) -> tuple[Database, Database]:
    """Read a source's catalog twice with what is known of it; in between, somebody else runs these statements."""
    (source,) = world.task().placed().sources.values()
    known = KnownCatalogs()
    async with SessionPool() as sessions:
        first = await inspect(sessions, source, known)
        for statement in statements:
            await asyncio.to_thread(query, source.url, statement)
        return first, await inspect(sessions, source, known)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE pays ALTER amount SET NOT NULL",
        "CREATE UNIQUE INDEX ON pays (amount)",
        "REVOKE ALL ON pays FROM PUBLIC",
        "INSERT INTO pays VALUES (41, 1)",
        "BEGIN; CREATE TABLE more (id int); ROLLBACK",
    ],
)
def test_a_catalog_is_read_again_once_anything_was_written_on_its_server(world: World, statement: str) -> None:
    first, second = asyncio.run(read_twice(world, statement))

    assert first.tables is not second.tables


def test_a_catalog_is_read_once_where_nothing_was_written(world: World) -> None:
    """The server may do something of its own in between, so one of several tries is enough."""
    tries = (asyncio.run(read_twice(world)) for _ in range(30))

    assert any(first.tables is second.tables for first, second in tries)


def test_a_change_that_was_under_way_while_the_catalog_was_read_is_seen_afterwards(world: World) -> None:
    async def read() -> tuple[Database, Database]:
        (source,) = world.task().placed().sources.values()
        known = KnownCatalogs()
        async with SessionPool() as sessions:
            with psycopg.connect(source.url.conninfo()) as other:
                other.execute("CREATE TABLE more (id integer)")
                first = await inspect(sessions, source, known)
                other.commit()
            return first, await inspect(sessions, source, known)

    first, second = asyncio.run(read())
    assert ("public.more" in first.tables, "public.more" in second.tables) == (False, True)
