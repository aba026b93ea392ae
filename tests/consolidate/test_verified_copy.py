"""The proof that follows a copy in one process reads both sides as they are by then."""

import asyncio

import pytest
from rule_worlds import MakeTables
from worlds import World, query

from payrollx_db.cli.copy_verified import CopyAndProof
from payrollx_db.consolidate import pipeline
from payrollx_db.consolidate.pipeline import Report, Task
from payrollx_db.errors import LayoutMismatchError
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
