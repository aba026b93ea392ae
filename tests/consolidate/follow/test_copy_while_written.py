"""The copy of databases that are being written: what waits for a common moment, and what is there at its end."""

import asyncio
from dataclasses import replace

import pytest
from worlds import World, query, value

from payrollx_db.consolidate import pipeline
from payrollx_db.errors import ConfigurationError
from payrollx_db.model.policy import Policies

FOREIGN_KEYS = """
SELECT count(*) FROM pg_constraint WHERE contype = 'f'
AND connamespace::regnamespace::text !~ '^(pg_|information_schema|payrollx_meta)'
"""
INDEXES = """
SELECT schemaname || '.' || indexname FROM pg_indexes
WHERE schemaname !~ '^(pg_|payrollx_meta)' AND schemaname <> 'information_schema' ORDER BY 1
"""


def copy_following(world: World, policies: Policies | None = None) -> pipeline.Report:
    task = replace(world.task(), following=True, policies=policies or Policies())
    return asyncio.run(pipeline.copy(task))


def test_foreign_keys_stay_down_and_are_recorded(world: World) -> None:
    designed, indexes = value(world.target, FOREIGN_KEYS), query(world.target, INDEXES)

    report = copy_following(world)

    assert report.run.status == "done"
    assert value(world.target, FOREIGN_KEYS) == 0
    recorded = "SELECT count(*) FROM payrollx_meta.objects WHERE kind = 'foreign key' AND restored_at IS NULL"
    assert value(world.target, recorded) == designed
    assert query(world.target, INDEXES) == indexes
    assert all(table.balanced for table in report.tables if table.kind == "copy")


def test_the_plan_knows_the_keys_that_are_down(world: World) -> None:
    before = {str(reference) for reference in world.plan().enforced}

    copy_following(world)

    assert {str(reference) for reference in world.plan().enforced} == before


@pytest.mark.parametrize("policy", ["drift=newest", "stranded=adopt"])
def test_policies_that_take_rows_from_duplicates_are_refused(reading_world: World, policy: str) -> None:
    with pytest.raises(ConfigurationError, match="duplicate tables"):
        copy_following(reading_world, Policies.read([policy]))

    assert value(reading_world.target, "SELECT to_regclass('payrollx_meta.runs') IS NULL")


def test_orphans_and_drift_of_the_moment_block_no_copy(world: World) -> None:
    one = "id = (SELECT min(id) FROM employees)"
    query(world.urls["payrollx_employee"], f'UPDATE employees SET "userId" = gen_random_uuid()::text WHERE {one}')

    report = copy_following(world)

    assert {f.severity for f in report.findings if f.code == "orphan"} == {"warn"}
